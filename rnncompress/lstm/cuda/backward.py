"""The backward pass through the recurrent layers: one kernel for a wave, from the last step and the top layer.

What reaches h of layer l at step t comes from the softmax, from the layer's own step t + 1 and from layer l + 1 at
step t: three integer products added into the same sums. In wave w layer l computes step T - 1 - (w - (L - 1 - l)).
"""

import triton
import triton.language as tl

from rnncompress.lstm.cuda.numbers import BACKWARD_UNIT, gradient, high_slice, low_slice, uniform
from rnncompress.lstm.cuda.products import add_products, sums


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
    place = b[:, None] * HIDDEN + j[None, :]
    rows = (layer * STEPS + t) * STREAMS + b
    key = tl.load(keys + layer).to(tl.uint32, bitcast=True)
    counter = (t * STREAMS + b[:, None]) * N + j[None, :]
    if GATES == 4:
        record = records + (layer * STEPS + t) * (5 * STREAMS * HIDDEN) + place
        i = tl.load(record, mask=mask, other=0.0)
        f = tl.load(record + STREAMS * HIDDEN, mask=mask, other=0.0)
        g = tl.load(record + 2 * STREAMS * HIDDEN, mask=mask, other=0.0)
        o = tl.load(record + 3 * STREAMS * HIDDEN, mask=mask, other=0.0)
        y = tl.load(record + 4 * STREAMS * HIDDEN, mask=mask, other=0.0)
        c_old = tl.load(c + (layer * (STEPS + 1) + t) * (STREAMS * HIDDEN) + place, mask=mask, other=0.0)
        dc_place = dc + layer * (STREAMS * HIDDEN) + place
        dc_next = tl.where(t + 1 < STEPS, tl.load(dc_place, mask=mask, other=0.0), 0.0)
        dc_now = dc_next + dh * o * (1.0 - y * y)
        tl.store(dc_place, dc_now * f, mask=mask)
        d_i = dithered(dc_now * g * (i * (1.0 - i)), key, counter)
        d_f = dithered(dc_now * c_old * (f * (1.0 - f)), key, counter + HIDDEN)
        d_g = dithered(dc_now * i * (1.0 - g * g), key, counter + 2 * HIDDEN)
        d_o = dithered(dh * y * (o * (1.0 - o)), key, counter + 3 * HIDDEN)
        d = tl.reshape(tl.join(tl.join(d_i, d_g), tl.join(d_f, d_o)), (ROWS, UNITS * 4))
    else:
        y = tl.load(records + (layer * STEPS + t) * (STREAMS * HIDDEN) + place, mask=mask, other=0.0)
        d = dithered(dh * (1.0 - y * y), key, counter)
    n = tl.program_id(1) * UNITS * GATES + tl.arange(0, UNITS * GATES)
    mask = b_mask[:, None] & (n < N)[None, :]
    d_high_slice, d_low_slice = high_slice(d), low_slice(d)
    tl.store(d_high + rows[:, None] * N + n[None, :], d_high_slice, mask=mask)
    tl.store(d_low + rows[:, None] * N + n[None, :], d_low_slice, mask=mask)
    columns = (layer * N + n[None, :]) * (STEPS * STREAMS) + t * STREAMS + b[:, None]
    tl.store(d_columns_high + columns, d_high_slice, mask=mask)
    tl.store(d_columns_low + columns, d_low_slice, mask=mask)
