# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""Moves data for the integer products (:mod:`rnncompress.compiled.simd_kernels`), as LLVM code.

16-bit integers go into panels, and memory into the cache.
"""

from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from rnncompress.compiled.simd_kernels import PANEL, fetch_line

_I16, _I32 = ir.IntType(16), ir.IntType(32)
_ROW = ir.VectorType(_I16, PANEL)
"""16 neighbours."""
_PAIRS = ir.VectorType(_I32, PANEL // 2)
"""The same as pairs that stay together."""
_HALF: Final = PANEL // 2
CACHE_LINE: Final = 64
"""Bytes."""


def _shuffle(builder: Any, a: Any, b: Any, mask: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_I32, len(mask)), mask))


def _weave(builder: Any, even: Any, odd: Any) -> Any:
    """a0 b0 a1 b1 ... of two rows."""
    return _shuffle(builder, even, odd, [n // 2 + PANEL * (n % 2) for n in range(2 * PANEL)])


def _transpose(builder: Any, rows: list[Any]) -> list[Any]:
    """The transpose of a square of as many vectors as each has elements: its quarters change places, and so on."""
    size = len(rows)
    width = size // 2
    while width:
        mixed = list(rows)
        low = [n + (size - width if n // width % 2 else 0) for n in range(size)]
        high = [n + (size if n // width % 2 else width) for n in range(size)]
        for n in range(size):
            if not n // width % 2:
                mixed[n] = _shuffle(builder, rows[n], rows[n + width], low)
                mixed[n + width] = _shuffle(builder, rows[n], rows[n + width], high)
        rows, width = mixed, width // 2
    return rows


def _pointer(context: Any, builder: Any, signature: Any, args: Any, index: int) -> Any:
    """Where argument ``index``, an array, is at, the argument behind it being the element."""
    data = context.make_array(signature.args[index])(context, builder, value=args[index]).data
    return builder.gep(data, [args[index + 1]])


def _load(builder: Any, base: Any, kind: Any, at: int) -> Any:
    value = builder.load(builder.bitcast(builder.gep(base, [ir.Constant(_I32, at)]), kind.as_pointer()))
    value.align = 2
    return value


def _store(builder: Any, value: Any, base: Any, at: int) -> None:
    target = builder.bitcast(builder.gep(base, [ir.Constant(_I32, at)]), value.type.as_pointer())
    builder.store(value, target).align = 2


@intrinsic
def weave(_context, even, even_start, odd, odd_start, target, target_start):
    """``target[2n], target[2n + 1] = even[n], odd[n]`` for n < 16: a pair of rows as it lies in a panel."""
    size = types.intp

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = [_load(builder, _pointer(context, builder, signature, args, n), _ROW, 0) for n in (0, 2)]
        _store(builder, _weave(builder, *rows), _pointer(context, builder, signature, args, 4), 0)
        return context.get_dummy_value()

    return types.void(even, size, odd, size, target, size), generate


@intrinsic
def write_block(_context, block, block_start, forward, forward_start, backward, backward_start):
    """Write the integers of 16 inputs (slow) by 16 rows (fast) of a weight matrix in the layouts of both products.

    ``forward`` gets pairs of inputs, (8, 16 rows, 2); ``backward`` the high bytes, (w + 128) >> 8, in pairs of rows,
    (8, 16 inputs, 2).
    """
    size = types.intp

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, ahead, back = (_pointer(context, builder, signature, args, n) for n in (0, 2, 4))
        rows = [_load(builder, source, _ROW, n * PANEL) for n in range(PANEL)]
        for pair in range(_HALF):
            _store(builder, _weave(builder, *rows[2 * pair : 2 * pair + 2]), ahead, pair * 2 * PANEL)
        half, shift = (ir.Constant(_ROW, [value] * PANEL) for value in (128, 8))
        high = [builder.bitcast(builder.ashr(builder.add(row, half), shift), _PAIRS) for row in rows]
        for start in (0, _HALF):
            for pair, inputs in enumerate(_transpose(builder, high[start : start + _HALF])):
                _store(builder, inputs, back, (pair * PANEL + start) * 2)
        return context.get_dummy_value()

    return types.void(block, size, forward, size, backward, size), generate


def _make_prefetch(count: int) -> Any:
    """Have ``count`` elements of ``array`` from ``start`` on fetched into the cache, without waiting for them."""

    @intrinsic
    def prefetch(_context, array, start):
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            base = _pointer(context, builder, signature, args, 0)
            line = CACHE_LINE // (array.dtype.bitwidth // 8)
            for n in range(0, count, line):
                fetch_line(builder, builder.gep(base, [ir.Constant(_I32, n)]))
            return context.get_dummy_value()

        return types.void(array, types.intp), generate

    prefetch.plain_form = lambda array, start: None
    return prefetch


prefetch_row, prefetch_block = _make_prefetch(PANEL), _make_prefetch(PANEL * PANEL)
