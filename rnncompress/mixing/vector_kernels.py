# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""What the mixer does to vectors, as LLVM code: a dot product, a step of learning, and a fetch into the cache.

Each has a plain form that says what is computed; numba compiles the other.
"""

from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

LANES: Final = 8
"""Inputs that are taken together: the length of a vector is a multiple."""
WEIGHT_LIMIT: Final = 1 << 30
"""Weights are clamped to ± this; 2^28 is a weight of 1."""

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_V16, _V32 = ir.VectorType(_I16, LANES), ir.VectorType(_I32, LANES)


def _data(context: Any, builder: Any, signature: Any, args: Any, index: int) -> Any:
    """Where argument ``index``, an array, is at the element that the argument behind it names."""
    base = context.make_array(signature.args[index])(context, builder, value=args[index]).data
    return builder.gep(base, [args[index + 1]])


def _load(builder: Any, base: Any, offset: Any, kind: Any, align: int) -> Any:
    value = builder.load(builder.bitcast(builder.gep(base, [offset]), kind.as_pointer()))
    value.align = align
    return value


def _splat(builder: Any, value: Any) -> Any:
    undefined = ir.Constant(_V32, ir.Undefined)
    return builder.shuffle_vector(
        builder.insert_element(undefined, value, ir.Constant(_I32, 0)),
        undefined,
        ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES),
    )


@intrinsic
def _dot(_context, x, x_start, w, w_start, count):
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        inputs, weights = (_data(context, builder, signature, args, n) for n in (0, 2))
        before = builder.block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        at = builder.phi(_I64)
        at.add_incoming(ir.Constant(_I64, 0), before)
        total = builder.phi(_V32)
        total.add_incoming(ir.Constant(_V32, None), before)
        a = builder.sext(_load(builder, inputs, at, _V16, 2), _V32)
        b = builder.ashr(_load(builder, weights, at, _V32, 4), ir.Constant(_V32, [16] * LANES))
        following_total = builder.add(total, builder.mul(a, b))
        total.add_incoming(following_total, loop)
        following = builder.add(at, ir.Constant(_I64, LANES))
        at.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, args[4]), loop, done)
        builder.position_at_end(done)
        result = ir.Constant(_I64, 0)
        for lane in range(LANES):
            part = builder.extract_element(following_total, ir.Constant(_I32, lane))
            result = builder.add(result, builder.sext(part, _I64))
        return result

    return types.int64(x, types.int64, w, types.int64, types.int64), generate


@intrinsic
def _train(_context, x, x_start, w, w_start, count, error):
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        inputs, weights = (_data(context, builder, signature, args, n) for n in (0, 2))
        e = _splat(builder, builder.sext(builder.trunc(args[5], _I16), _I32))
        high, low = (ir.Constant(_V32, [value] * LANES) for value in (WEIGHT_LIMIT, -WEIGHT_LIMIT))
        before = builder.block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        at = builder.phi(_I64)
        at.add_incoming(ir.Constant(_I64, 0), before)
        a = builder.sext(_load(builder, inputs, at, _V16, 2), _V32)
        moved = builder.add(_load(builder, weights, at, _V32, 4), builder.mul(a, e))
        moved = builder.select(builder.icmp_signed("<", moved, high), moved, high)
        moved = builder.select(builder.icmp_signed(">", moved, low), moved, low)
        target = builder.bitcast(builder.gep(weights, [at]), _V32.as_pointer())
        builder.store(moved, target).align = 4
        following = builder.add(at, ir.Constant(_I64, LANES))
        at.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, args[4]), loop, done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(x, types.int64, w, types.int64, types.int64, types.int64), generate


@intrinsic
def _fetch(_context, array, start):
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = builder.bitcast(_data(context, builder, signature, args, 0), ir.IntType(8).as_pointer())
        pointer, flag = address.type, ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", [pointer], ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])
        )
        builder.call(function, [address, *(ir.Constant(flag, n) for n in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def dot(x: Any, x_start: int, w: Any, w_start: int, count: int) -> int:
    """The sum of ``count`` products of inputs and the upper halves of weights: exact while |x| < 2^11, count < 248."""
    return sum(x[x_start + n] * (w[w_start + n] >> 16) for n in range(count))


def train(x: Any, x_start: int, w: Any, w_start: int, count: int, error: int) -> None:
    """Move each weight by its input times ``error``, which has 16 bits."""
    for n in range(count):
        moved = w[w_start + n] + x[x_start + n] * error
        w[w_start + n] = min(max(moved, -WEIGHT_LIMIT), WEIGHT_LIMIT)


def fetch(array: Any, start: int) -> None:
    """Have the cache line of ``array[start]`` fetched, without waiting for it."""


@overload(dot)
def _overload_dot(x, x_start, w, w_start, count):
    return lambda x, x_start, w, w_start, count: _dot(x, x_start, w, w_start, count)


@overload(train)
def _overload_train(x, x_start, w, w_start, count, error):
    return lambda x, x_start, w, w_start, count, error: _train(x, x_start, w, w_start, count, error)


@overload(fetch)
def _overload_fetch(array, start):
    return lambda array, start: _fetch(array, start)
