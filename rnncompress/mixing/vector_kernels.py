# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""What the mixer does to vectors, as LLVM code: products, steps of learning, copies, runs, and fetches into the cache.

Each has a plain form that says what is computed; numba compiles the other.
"""

from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic, overload

from rnncompress.compiled.simd_kernels import fetch_line
from rnncompress.mixing.sizes import LANES

ERROR_SHIFT: Final = 15
"""A weight moves by input * error / 2^15, rounded; 2^14 is a weight of 1."""

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_V16, _V32 = ir.VectorType(_I16, LANES), ir.VectorType(_I32, LANES)
_SUMS = ir.VectorType(_I32, LANES // 2)


def _data(context: Any, builder: Any, signature: Any, args: Any, index: int, start: int = 0) -> Any:
    """Where argument ``index``, an array, is at the element that argument ``start``, or the one behind it, names."""
    base = context.make_array(signature.args[index])(context, builder, value=args[index]).data
    return builder.gep(base, [args[start or index + 1]])


def _load(builder: Any, base: Any, offset: Any) -> Any:
    """16 integers of 16 bits, and the same with 32."""
    value = builder.load(builder.bitcast(builder.gep(base, [offset]), _V16.as_pointer()))
    value.align = 2
    return value, builder.sext(value, _V32)


def _shuffle(builder: Any, vector: Any, index: list[int]) -> Any:
    kind = ir.VectorType(_I32, len(index))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), ir.Constant(kind, index))


_HAS_HIGH_PRODUCT: Final = "+avx2" in cpu_target.target_context.codegen().magic_tuple()[2].split(",")


def _high_product(builder: Any, a: Any, b: Any) -> Any:
    """a * b / 2^15, rounded: one instruction, which LLVM does not find by itself, or what it stands for."""
    if _HAS_HIGH_PRODUCT:
        kind = ir.FunctionType(_V16, [_V16, _V16])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx2.pmul.hr.sw")
        return builder.call(function, [a, b])
    half, one = (ir.Constant(_V32, [value] * LANES) for value in (ERROR_SHIFT - 1, 1))
    product = builder.ashr(builder.mul(builder.sext(a, _V32), builder.sext(b, _V32)), half)
    return builder.trunc(builder.ashr(builder.add(product, one), one), _V16)


@intrinsic
def _dot(_context, x, x_start, w, w_start, count):
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        inputs, weights = (_data(context, builder, signature, args, n) for n in (0, 2))
        before = builder.block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        at, total = builder.phi(_I64), builder.phi(_SUMS)
        at.add_incoming(ir.Constant(_I64, 0), before)
        total.add_incoming(ir.Constant(_SUMS, None), before)
        products = builder.mul(_load(builder, inputs, at)[1], _load(builder, weights, at)[1])
        # Neighbours are added first: where there is one, this is the multiply-add instruction.
        even, odd = (_shuffle(builder, products, list(range(start, LANES, 2))) for start in (0, 1))
        sums = builder.add(total, builder.add(even, odd))
        total.add_incoming(sums, loop)
        following = builder.add(at, ir.Constant(_I64, LANES))
        at.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, args[4]), loop, done)
        builder.position_at_end(done)
        result = ir.Constant(_I64, 0)
        for lane in range(LANES // 2):
            part = builder.extract_element(sums, ir.Constant(_I32, lane))
            result = builder.add(result, builder.sext(part, _I64))
        return result

    return types.int64(x, types.int64, w, types.int64, types.int64), generate


@intrinsic
def _train(_context, x, x_start, w, w_start, count, error):
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        inputs, weights = (_data(context, builder, signature, args, n) for n in (0, 2))
        one = builder.insert_element(
            ir.Constant(_V16, ir.Undefined), builder.trunc(args[5], _I16), ir.Constant(_I32, 0)
        )
        e = _shuffle(builder, one, [0] * LANES)
        saturating = ir.FunctionType(_V16, [_V16, _V16])
        adding = cgutils.get_or_insert_function(builder.module, saturating, f"llvm.sadd.sat.v{LANES}i16")
        before = builder.block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        at = builder.phi(_I64)
        at.add_incoming(ir.Constant(_I64, 0), before)
        step = _high_product(builder, _load(builder, inputs, at)[0], e)
        moved = builder.call(adding, [_load(builder, weights, at)[0], step])
        target = builder.bitcast(builder.gep(weights, [at]), _V16.as_pointer())
        builder.store(moved, target).align = 2
        following = builder.add(at, ir.Constant(_I64, LANES))
        at.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, args[4]), loop, done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(x, types.int64, w, types.int64, types.int64, types.int64), generate


@intrinsic
def _copy_histories(_context, slots, start, out, out_start):
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.VectorType(ir.IntType(8), LANES)
        found = builder.icmp_signed(">=", args[1], ir.Constant(_I64, 0))
        safe = [args[0], builder.select(found, args[1], ir.Constant(_I64, 0))]
        value = builder.load(builder.bitcast(_data(context, builder, signature, safe, 0), kind.as_pointer()))
        value.align = 1
        target = builder.bitcast(_data(context, builder, signature, args, 2), kind.as_pointer())
        builder.store(builder.select(found, value, ir.Constant(kind, None)), target).align = 1
        return context.get_dummy_value()

    return types.void(slots, types.int64, out, types.int64), generate


@intrinsic
def _follow_runs(_context, runs, values, start, count, i, c0, x, x_start):
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bytes_of, values, out = (
            _data(context, builder, signature, args, n, at) for n, at in ((0, 2), (1, 2), (6, 7))
        )

        def everywhere(value: Any) -> Any:
            vector = ir.Constant(_V16, ir.Undefined)
            one = builder.insert_element(vector, builder.trunc(value, _I16), ir.Constant(_I32, 0))
            return _shuffle(builder, one, [0] * LANES)

        def constant(value: int) -> Any:
            return ir.Constant(_I64, value)

        shift = everywhere(builder.sub(constant(8), args[4]))
        following = everywhere(builder.sub(constant(7), args[4]))
        bits, zero, one = everywhere(args[5]), ir.Constant(_V16, None), ir.Constant(_V16, [1] * LANES)
        before = builder.block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        at = builder.phi(_I64)
        at.add_incoming(constant(0), before)
        expected, value = _load(builder, bytes_of, at)[0], _load(builder, values, at)[0]
        holds = builder.icmp_signed("==", builder.lshr(expected, shift), bits)
        bit = builder.icmp_signed("!=", builder.and_(builder.lshr(expected, following), one), zero)
        said = builder.select(bit, value, builder.sub(zero, value))
        target = builder.bitcast(builder.gep(out, [at]), _V16.as_pointer())
        builder.store(builder.select(holds, said, zero), target).align = 2
        next_at = builder.add(at, constant(LANES))
        at.add_incoming(next_at, loop)
        builder.cbranch(builder.icmp_signed("<", next_at, args[3]), loop, done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    n = types.int64
    return types.void(runs, values, n, n, n, n, x, n), generate


@intrinsic
def _fetch(_context, array, start):
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        fetch_line(builder, _data(context, builder, signature, args, 0))
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def dot(x: Any, x_start: int, w: Any, w_start: int, count: int) -> int:
    """The sum of ``count`` products of inputs and weights: exact while |x| < 2^11 and count <= 256."""
    return sum(x[x_start + n] * w[w_start + n] for n in range(count))


def train(x: Any, x_start: int, w: Any, w_start: int, count: int, error: int) -> None:
    """Move each weight by its input times ``error``, which has 16 bits; a weight stays within 16 bits."""
    for n in range(count):
        step = ((x[x_start + n] * error >> ERROR_SHIFT - 1) + 1) >> 1
        w[w_start + n] = min(max(w[w_start + n] + step, -32768), 32767)


def copy_histories(slots: Any, start: int, out: Any, out_start: int) -> None:
    """Copy 16 bytes from ``slots[start]`` on to ``out[out_start]`` on; zeros if ``start`` is below 0."""
    for n in range(LANES):
        out[out_start + n] = slots[start + n] if start >= 0 else 0


def follow_runs(
    runs: Any, values: Any, start: int, count: int, i: int, c0: int, x: Any, x_start: int
) -> None:
    """Set ``count`` inputs: values[n], negative for a 0, where runs[n] (a byte behind a 1) goes on after ``c0``.

    The others are 0. ``c0`` are the ``i`` bits before, behind a 1. ``count`` is a multiple of ``LANES``.
    """
    for n in range(count):
        expected, value = runs[start + n], values[start + n]
        said = value if expected >> (7 - i) & 1 else -value
        x[x_start + n] = said if expected >> (8 - i) == c0 else 0


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


@overload(copy_histories)
def _overload_copy_histories(slots, start, out, out_start):
    return lambda slots, start, out, out_start: _copy_histories(slots, start, out, out_start)


@overload(follow_runs)
def _overload_follow_runs(runs, values, start, count, i, c0, x, x_start):
    return lambda runs, values, start, count, i, c0, x, x_start: _follow_runs(
        runs, values, start, count, i, c0, x, x_start
    )
