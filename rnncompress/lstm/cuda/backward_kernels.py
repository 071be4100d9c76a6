# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The backward pass through the recurrent layers: one kernel for a wave, from the last step and the top layer.

What reaches h of layer l at step t comes from the softmax, from the layer's own step t + 1 and from layer l + 1 at
step t: three integer products added into the same sums. In wave w layer l computes step T - 1 - (w - (L - 1 - l)).
"""

import triton
import triton.language as tl

from rnncompress.lstm.cuda.number_kernels import BACKWARD_UNIT, gradient, high_slice, low_slice, uniform
from rnncompress.lstm.cuda.product_kernels import add_products, sums


@triton.jit
def dithered(d, key, counter):
    """Gradient integers, int32."""
    return gradient(d, uniform(key, counter.to(tl.uint32)))


@triton.jit(do_not_specialize=["wave", "lowest"])
def backward_wave(
    c, records, dz_high, dz_low, softmax, weights, d_high, d_low, d_columns_high, d_columns_low, dc, keys, wave, lowest,
    LAYERS: tl.constexpr, STEPS: tl.constexpr, STREAMS: tl.constexpr, HIDDEN: tl.constexpr, GATES: tl.constexpr,
    ALPHABET: tl.constexpr, ROWS: tl.constexpr, UNITS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Gradient at the gates of layer ``lowest + program 2`` at its step, for a block of streams and of units.

    ``softmax`` and ``weights`` are the high slices with the dimension of the gradients last; ALPHABET is padded.
    Shapes: see :class:`rnncompress.lstm.cuda.memory.Memory`.
    """
    N: tl.constexpr = GATES * HIDDEN
    layer = (lowest + tl.program_id(2)).to(tl.int64)
    t = STEPS - 1 - (wave - (LAYERS - 1 - layer))
    b = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    j = tl.program_id(1) * UNITS + tl.arange(0, UNITS)
    b_mask, j_mask = b < STREAMS, j < HIDDEN

    high = tl.zeros((UNITS, ROWS), tl.int32)
    low = tl.zeros((UNITS, ROWS), tl.int32)
    rows = t * STREAMS + b
    high, low = add_products(
        high, low, softmax + (layer * HIDDEN + j) * ALPHABET, j_mask,
        dz_high + rows * ALPHABET, dz_low + rows * ALPHABET, b_mask, 0, ALPHABET, ALPHABET, DEPTH,
    )  # fmt: skip
    rows = (layer * STEPS + t + 1) * STREAMS + b
    high, low = add_products(
        high, low, weights + (layer * HIDDEN + j) * N, j_mask,
        d_high + rows * N, d_low + rows * N, b_mask, 0, tl.where(t + 1 < STEPS, N, 0), N, DEPTH,
    )  # fmt: skip
    rows = ((layer + 1) * STEPS + t) * STREAMS + b
    high, low = add_products(
        high, low, weights + ((LAYERS + layer) * HIDDEN + j) * N, j_mask,
        d_high + rows * N, d_low + rows * N, b_mask, 0, tl.where(layer + 1 < LAYERS, N, 0), N, DEPTH,
    )  # fmt: skip

    dh = tl.trans(sums(high, low)).to(tl.float32) * BACKWARD_UNIT
    mask = b_mask[:, None] & j_mask[None, :]
    step = (layer * STEPS + t) * STREAMS
    place = b[:, None] * HIDDEN + j[None, :]
    d_high, d_low = d_high + step * N, d_low + step * N
    d_place = b[:, None] * N + j[None, :]
    first = layer * N * STEPS * STREAMS + t * STREAMS
    columns_high, columns_low = d_columns_high + first, d_columns_low + first
    columns = j[None, :] * (STEPS * STREAMS) + b[:, None]
    key = tl.load(keys + layer).to(tl.uint32, bitcast=True)
    counter = t.to(tl.uint32) * (STREAMS * N) + d_place.to(tl.uint32)
    if GATES == 4:
        record = records + step * (5 * HIDDEN) + place
        o = tl.load(record + 3 * STREAMS * HIDDEN, mask=mask, other=0.0)
        y = tl.load(record + 4 * STREAMS * HIDDEN, mask=mask, other=0.0)
        store_gradient(
            dh * y * (o * (1.0 - o)), key, counter, d_high, d_low, d_place, columns_high, columns_low, columns, mask,
            3, STEPS * STREAMS, HIDDEN,
        )  # fmt: skip
        dc_place = dc + layer * (STREAMS * HIDDEN) + place
        dc_next = tl.where(t + 1 < STEPS, tl.load(dc_place, mask=mask, other=0.0), 0.0)
        dc_now = dc_next + dh * o * (1.0 - y * y)
        f = tl.load(record + STREAMS * HIDDEN, mask=mask, other=0.0)
        c_old = tl.load(c + (step + layer * STREAMS) * HIDDEN + place, mask=mask, other=0.0)
        tl.store(dc_place, dc_now * f, mask=mask)
        store_gradient(
            dc_now * c_old * (f * (1.0 - f)), key, counter,
            d_high, d_low, d_place, columns_high, columns_low, columns, mask, 1, STEPS * STREAMS, HIDDEN,
        )  # fmt: skip
        i = tl.load(record, mask=mask, other=0.0)
        g = tl.load(record + 2 * STREAMS * HIDDEN, mask=mask, other=0.0)
        store_gradient(
            dc_now * g * (i * (1.0 - i)), key, counter,
            d_high, d_low, d_place, columns_high, columns_low, columns, mask, 0, STEPS * STREAMS, HIDDEN,
        )  # fmt: skip
        store_gradient(
            dc_now * i * (1.0 - g * g), key, counter,
            d_high, d_low, d_place, columns_high, columns_low, columns, mask, 2, STEPS * STREAMS, HIDDEN,
        )  # fmt: skip
    else:
        y = tl.load(records + step * HIDDEN + place, mask=mask, other=0.0)
        store_gradient(
            dh * (1.0 - y * y), key, counter,
            d_high, d_low, d_place, columns_high, columns_low, columns, mask, 0, STEPS * STREAMS, HIDDEN,
        )  # fmt: skip


@triton.jit
def store_gradient(
    d, key, counter, high, low, place, columns_high, columns_low, columns, mask,
    GATE: tl.constexpr, TOTAL_ROWS: tl.constexpr, HIDDEN: tl.constexpr,
):  # fmt: skip
    """Write the gradient integers of one gate in both orders."""
    integer = dithered(d, key, counter + GATE * HIDDEN)
    high_integer, low_integer = high_slice(integer), low_slice(integer)
    tl.store(high + GATE * HIDDEN + place, high_integer, mask=mask)
    tl.store(low + GATE * HIDDEN + place, low_integer, mask=mask)
    tl.store(columns_high + GATE * HIDDEN * TOTAL_ROWS + columns, high_integer, mask=mask)
    tl.store(columns_low + GATE * HIDDEN * TOTAL_ROWS + columns, low_integer, mask=mask)
