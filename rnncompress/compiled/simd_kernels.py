# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
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

from rnncompress.compiled.compile import kernel

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


def fetch_line(builder: Any, address: Any) -> None:
    """Have the cache line at ``address`` fetched without waiting for it; the address need not exist."""
    byte = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte, _I32, _I32, _I32])
    prefetch = builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind)
    read, keep, data = (ir.Constant(_I32, n) for n in (0, 3, 1))
    builder.call(prefetch, [builder.bitcast(address, byte), read, keep, data])


def _make_tile(rows: int, accumulate: bool, x_pair: int = 1) -> Any:
    """The kernel for a fixed number of rows, storing or adding into ``out``.

    Meanwhile the panel ``ahead`` elements further on, which is needed next, is fetched into the cache: that makes a
    step of few streams through large matrices up to 1.4 times as fast. ``x_pair`` is the distance of two pairs of a row
    of x, in pairs: 1, or PANEL if x is a panel itself.
    """

    @intrinsic
    def tile(_context, x, x_start, x_stride, panel, panel_start, ahead, pairs, out, out_start, out_stride):
        size = types.intp
        signature = types.void(x, size, size, panel, size, size, size, out, size, size)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            def data(index: int) -> Any:
                return context.make_array(signature.args[index])(context, builder, value=args[index]).data

            def at(base: Any, start: Any, stride: Any, row: int, kind: Any) -> Any:
                offset = builder.add(start, builder.mul(stride, ir.Constant(_I64, row)))
                return builder.bitcast(builder.gep(base, [offset]), kind.as_pointer())

            pairs = args[6]
            parts = PANEL // _LANES
            sums = ir.VectorType(_I32, _LANES)
            halves = ir.VectorType(_I16, 2 * _LANES)
            inputs = [at(data(0), args[1], args[2], row, _I32) for row in range(rows)]
            columns = builder.bitcast(builder.gep(data(3), [args[4]]), halves.as_pointer())
            following_columns = builder.gep(columns, [builder.sdiv(args[5], ir.Constant(_I64, 2 * _LANES))])
            outputs = [at(data(7), args[8], args[9], row, sums) for row in range(rows)]

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
                if part == 0:
                    fetch_line(builder, builder.gep(following_columns, [offset]))
            for row in range(rows):
                step = builder.mul(pair, ir.Constant(_I64, x_pair)) if x_pair > 1 else pair
                both = builder.load(builder.gep(inputs[row], [step]))
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
_panel_6, _panel_4 = (_make_tile(rows, False, x_pair=PANEL) for rows in (ROWS, 4))


@kernel
def product(
    x, x_start, x_group, x_row, groups, rows, panels, panel_start, panel_stride, count, pairs,
    out, out_start, out_group, out_row, add,
):  # fmt: skip
    """``out[g, r, 16*p + j] (+)= sum_k x[g, r, k] * panel[p][k, j]``: ``groups`` of ``rows``, ``count`` panels, k <
    2*pairs.

    All arrays are flat; ``start`` and the distances of groups, rows and panels count elements. ``x`` and the panels are
    int16, ``out`` int32. A panel stays in the cache for all groups.
    """
    for p in range(count):
        w = panel_start + p * panel_stride
        for g in range(groups):
            xs = x_start + g * x_group
            os = out_start + g * out_group + p * PANEL
            left = rows
            while left > 0:
                if left >= ROWS and left != ROWS + 1 and left != ROWS + 2:
                    taken = ROWS
                    if add:
                        _add_6(x, xs, x_row, panels, w, panel_stride, pairs, out, os, out_row)
                    else:
                        _store_6(x, xs, x_row, panels, w, panel_stride, pairs, out, os, out_row)
                elif left >= 4:
                    taken = 4
                    if add:
                        _add_4(x, xs, x_row, panels, w, panel_stride, pairs, out, os, out_row)
                    else:
                        _store_4(x, xs, x_row, panels, w, panel_stride, pairs, out, os, out_row)
                elif left >= 2:
                    taken = 2
                    if add:
                        _add_2(x, xs, x_row, panels, w, panel_stride, pairs, out, os, out_row)
                    else:
                        _store_2(x, xs, x_row, panels, w, panel_stride, pairs, out, os, out_row)
                else:
                    taken = 1
                    if add:
                        _add_1(x, xs, x_row, panels, w, panel_stride, pairs, out, os, out_row)
                    else:
                        _store_1(x, xs, x_row, panels, w, panel_stride, pairs, out, os, out_row)
                left -= taken
                xs += taken * x_row
                os += taken * out_row


_A16, _A32, _SIZE = types.int16[::1], types.int32[::1], types.intp
product.compile((_A16, *[_SIZE] * 5, _A16, *[_SIZE] * 4, _A32, *[_SIZE] * 3, types.boolean))
product.disable_compile()  # else numba would compile it again for every constant in a call


@kernel
def block_product(x, x_start, panel, panel_start, pairs, out):
    """``out[16*i + j] = sum_k x[i, k] * panel[j, k]`` of two panels, for i, j < 16, k < 2*pairs; ``out`` (256,)."""
    _panel_6(x, x_start, 2, panel, panel_start, 0, pairs, out, 0, PANEL)
    _panel_6(x, x_start + 2 * ROWS, 2, panel, panel_start, 0, pairs, out, ROWS * PANEL, PANEL)
    _panel_4(x, x_start + 4 * ROWS, 2, panel, panel_start, 0, pairs, out, 2 * ROWS * PANEL, PANEL)


block_product.compile((_A16, _SIZE, _A16, _SIZE, _SIZE, _A32))
block_product.disable_compile()


@kernel
def span_product(x, x_start, x_stream, x_step, streams, steps, panels, panel_start, panel_stride, count, pairs,
                 out, out_start, out_stream, out_step, add):  # fmt: skip
    """``product`` of the rows of some streams and steps, grouped by the shorter of the two."""
    if steps >= streams:
        product(x, x_start, x_stream, x_step, streams, steps, panels, panel_start, panel_stride, count, pairs,
                out, out_start, out_stream, out_step, add)  # fmt: skip
    else:
        product(x, x_start, x_step, x_stream, steps, streams, panels, panel_start, panel_stride, count, pairs,
                out, out_start, out_step, out_stream, add)  # fmt: skip


span_product.compile((_A16, *[_SIZE] * 5, _A16, *[_SIZE] * 4, _A32, *[_SIZE] * 3, types.boolean))
span_product.disable_compile()
