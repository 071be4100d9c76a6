"""Integer matrix products at the speed of the processor, written as LLVM vector code that numba inlines.

One inner kernel serves all products of the network. It multiplies rows of 16-bit integers with a *panel*: 16 columns,
stored so that the two neighbours of the inner dimension lie side by side,

    panel[pair, column, 0..1]    (pairs of the inner dimension, 16 columns, 2)

because that is what the multiply-add instruction of the processor takes (x86 ``pmaddwd``: two 16-bit products summed
into 32 bits). Sums are int32, modulo 2**32, hence independent of blocking, vector width and thread count.
"""

from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from rnncompress.exact.compile import kernel

PANEL: Final = 16
"""Columns of a panel."""
ROWS: Final = 6
"""Rows the kernel keeps in registers: with 16 columns that fills the 16 vector registers of AVX2."""

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)


def _lanes() -> tuple[int, str | None]:
    """Width in int32 lanes, and the instruction that multiplies and adds pairs, on the processor compiled for."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    enabled = features.split(",")
    if "+avx512bw" in enabled:
        return 16, "llvm.x86.avx512.pmaddw.d.512"
    if "+avx2" in enabled:
        return 8, "llvm.x86.avx2.pmadd.wd"
    if triple.startswith("x86_64"):
        return 4, "llvm.x86.sse2.pmadd.wd"
    return 4, None  # other processors: plain vector operations, which LLVM lowers to theirs


_LANES, _MULTIPLY_ADD = _lanes()


def _multiply_add(builder: Any, a: Any, b: Any) -> Any:
    """Vector of a[2j]*b[2j] + a[2j+1]*b[2j+1] as int32."""
    if _MULTIPLY_ADD:
        kind = ir.FunctionType(ir.VectorType(_I32, _LANES), [a.type, b.type])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, _MULTIPLY_ADD), [a, b])
    wide = ir.VectorType(_I32, 2 * _LANES)
    products = builder.mul(builder.sext(a, wide), builder.sext(b, wide))
    index = ir.VectorType(_I32, _LANES)
    even, odd = (
        builder.shuffle_vector(products, products, ir.Constant(index, list(range(start, 2 * _LANES, 2))))
        for start in (0, 1)
    )
    return builder.add(even, odd)


def _make_tile(rows: int, accumulate: bool) -> Any:
    """The kernel for a fixed number of rows, storing or adding into ``out``."""

    @intrinsic
    def tile(_context, x, x_start, x_stride, panel, panel_start, pairs, out, out_start, out_stride):
        size = types.intp
        signature = types.void(x, size, size, panel, size, size, out, size, size)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            def data(index: int) -> Any:
                return context.make_array(signature.args[index])(context, builder, value=args[index]).data

            def at(base: Any, start: Any, stride: Any, row: int, kind: Any) -> Any:
                offset = builder.add(start, builder.mul(stride, ir.Constant(_I64, row)))
                return builder.bitcast(builder.gep(base, [offset]), kind.as_pointer())

            pairs = args[5]
            parts = PANEL // _LANES
            sums = ir.VectorType(_I32, _LANES)
            halves = ir.VectorType(_I16, 2 * _LANES)
            inputs = [at(data(0), args[1], args[2], row, _I32) for row in range(rows)]
            columns = builder.bitcast(builder.gep(data(3), [args[4]]), halves.as_pointer())
            outputs = [at(data(6), args[7], args[8], row, sums) for row in range(rows)]

            def start_value(row: int, part: int) -> Any:
                if not accumulate:
                    return ir.Constant(sums, None)
                value = builder.load(builder.gep(outputs[row], [ir.Constant(_I64, part)]))
                value.align = 4
                return value

            starts = [[start_value(row, part) for part in range(parts)] for row in range(rows)]
            before = builder.block
            loop, done = builder.append_basic_block("pairs"), builder.append_basic_block("done")
            builder.branch(loop)
            builder.position_at_end(loop)
            pair = builder.phi(_I64)
            pair.add_incoming(ir.Constant(_I64, 0), before)
            totals = [[builder.phi(sums) for _ in range(parts)] for _ in range(rows)]
            vectors = []
            for part in range(parts):
                offset = builder.add(builder.mul(pair, ir.Constant(_I64, parts)), ir.Constant(_I64, part))
                vectors.append(builder.load(builder.gep(columns, [offset])))
                vectors[-1].align = 2
            for row in range(rows):
                both = builder.load(builder.gep(inputs[row], [pair]))
                both.align = 2
                undefined = ir.Constant(sums, ir.Undefined)
                spread = builder.shuffle_vector(
                    builder.insert_element(undefined, both, ir.Constant(_I32, 0)),
                    undefined,
                    ir.Constant(ir.VectorType(_I32, _LANES), [0] * _LANES),
                )
                spread = builder.bitcast(spread, halves)
                for part in range(parts):
                    total = totals[row][part]
                    total.add_incoming(starts[row][part], before)
                    total.add_incoming(
                        builder.add(total, _multiply_add(builder, vectors[part], spread)), loop
                    )
            following = builder.add(pair, ir.Constant(_I64, 1))
            pair.add_incoming(following, loop)
            builder.cbranch(builder.icmp_signed("<", following, pairs), loop, done)
            builder.position_at_end(done)
            for row in range(rows):
                for part in range(parts):
                    result = totals[row][part].incomings[1][0]
                    builder.store(result, builder.gep(outputs[row], [ir.Constant(_I64, part)])).align = 4
            return context.get_dummy_value()

        return signature, generate

    return tile


_store_6, _store_4, _store_2, _store_1 = (_make_tile(rows, False) for rows in (ROWS, 4, 2, 1))
_add_6, _add_4, _add_2, _add_1 = (_make_tile(rows, True) for rows in (ROWS, 4, 2, 1))


@kernel
def product(
    x,
    x_start,
    x_stride,
    rows,
    panels,
    panel_start,
    panel_stride,
    count,
    pairs,
    out,
    out_start,
    out_stride,
    add,
):
    """``out[r, 16*p + j] (+)= sum_k x[r, k] * panel[p][k, j]`` for r < rows, p < count panels, k < 2*pairs.

    All arrays are flat; ``start`` and ``stride`` count elements. ``x`` and the panels are int16, ``out`` int32.
    """
    for p in range(count):
        w = panel_start + p * panel_stride
        o = out_start + p * PANEL
        r = 0
        while r < rows:
            left = rows - r
            xs = x_start + r * x_stride
            os = o + r * out_stride
            if left >= ROWS and left != ROWS + 1 and left != ROWS + 2:
                if add:
                    _add_6(x, xs, x_stride, panels, w, pairs, out, os, out_stride)
                else:
                    _store_6(x, xs, x_stride, panels, w, pairs, out, os, out_stride)
                r += ROWS
            elif left >= 4:
                if add:
                    _add_4(x, xs, x_stride, panels, w, pairs, out, os, out_stride)
                else:
                    _store_4(x, xs, x_stride, panels, w, pairs, out, os, out_stride)
                r += 4
            elif left >= 2:
                if add:
                    _add_2(x, xs, x_stride, panels, w, pairs, out, os, out_stride)
                else:
                    _store_2(x, xs, x_stride, panels, w, pairs, out, os, out_stride)
                r += 2
            else:
                if add:
                    _add_1(x, xs, x_stride, panels, w, pairs, out, os, out_stride)
                else:
                    _store_1(x, xs, x_stride, panels, w, pairs, out, os, out_stride)
                r += 1


_A16, _A32, _SIZE = types.int16[::1], types.int32[::1], types.intp
product.compile((_A16, *[_SIZE] * 3, _A16, *[_SIZE] * 4, _A32, *[_SIZE] * 2, types.boolean))
product.disable_compile()  # else numba would compile it again for every constant in a call
