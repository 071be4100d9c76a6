"""The forward pass through the recurrent layers: one kernel for a *wave*.

Layer l at step t needs its own step t - 1 and layer l - 1 at step t. So all layers can work at the same time, each one
step behind the layer below: in wave w layer l computes step w - l. A window of T steps takes T + L - 1 launches.

In memory the gates of a unit lie side by side (row 4j + gate of a matrix), so that one program owns all four and goes
on from the integer sums to the activation without leaving the chip.
"""

import triton
import triton.language as tl

from rnncompress.lstm.cuda.numbers import FORWARD_UNIT, activation, sigmoid, tanh
from rnncompress.lstm.cuda.products import add_products, sums


@triton.jit(do_not_specialize=["wave", "lowest"])
def forward_wave(
    h, h_columns, c, records, inputs, weights_high, weights_low, embeddings, wave, lowest,
    LAYERS: tl.constexpr, STEPS: tl.constexpr, STREAMS: tl.constexpr, HIDDEN: tl.constexpr, GATES: tl.constexpr,
    EMBEDDINGS: tl.constexpr, ROWS: tl.constexpr, UNITS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Layer ``lowest + program 2`` at its step of this wave, for a block of streams and a block of units.

    Shapes: see :class:`rnncompress.lstm.cuda.memory.Memory`.
    """
    N: tl.constexpr = GATES * HIDDEN
    layer = (lowest + tl.program_id(2)).to(tl.int64)
    t = wave - layer
    b = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    j = tl.program_id(1) * UNITS + tl.arange(0, UNITS)
    n = tl.program_id(1) * UNITS * GATES + tl.arange(0, UNITS * GATES)
    b_mask, n_mask = b < STREAMS, n < N

    before = (layer * (STEPS + 1) + t) * STREAMS
    below = before - STEPS * STREAMS  # the layer below after this step
    high = tl.zeros((ROWS, UNITS * GATES), tl.int32)
    low = tl.zeros((ROWS, UNITS * GATES), tl.int32)
    matrix = layer * N * HIDDEN + n * HIDDEN
    high, low = add_products(
        high, low, h + before * HIDDEN + b * HIDDEN, b_mask, weights_high + matrix, weights_low + matrix, n_mask,
        0, HIDDEN, HIDDEN, DEPTH,
    )  # fmt: skip
    matrix = (LAYERS + layer - 1) * N * HIDDEN + n * HIDDEN
    high, low = add_products(
        high, low, h + below * HIDDEN + b * HIDDEN, b_mask, weights_high + matrix, weights_low + matrix, n_mask,
        0, tl.where(layer > 0, HIDDEN, 0), HIDDEN, DEPTH,
    )  # fmt: skip

    x = tl.load(inputs + (t * STREAMS + b) * 2, mask=b_mask, other=0)
    guess = tl.load(inputs + (t * STREAMS + b) * 2 + 1, mask=b_mask, other=0)
    mask = b_mask[:, None] & n_mask[None, :]
    rows = embeddings + layer * EMBEDDINGS * N + n[None, :]
    pre = sums(high, low).to(tl.float32) * FORWARD_UNIT
    pre = pre + tl.load(rows + x[:, None].to(tl.int64) * N, mask=mask, other=0.0)
    pre = pre + tl.load(rows + guess[:, None].to(tl.int64) * N, mask=mask, other=0.0)

    mask = b_mask[:, None] & (j < HIDDEN)[None, :]
    place = b[:, None] * HIDDEN + j[None, :]
    if GATES == 4:
        pre_ig, pre_fo = tl.split(tl.reshape(pre, (ROWS, UNITS, 2, 2)))
        pre_i, pre_g = tl.split(pre_ig)
        pre_f, pre_o = tl.split(pre_fo)
        i, f, g, o = sigmoid(pre_i), sigmoid(pre_f), tanh(pre_g), sigmoid(pre_o)
        c_old = tl.load(c + before * HIDDEN + place, mask=mask, other=0.0)
        c_new = f * c_old + i * g
        tl.store(c + (before + STREAMS) * HIDDEN + place, c_new, mask=mask)
        y = tanh(c_new)
        record = records + (layer * STEPS + t) * (5 * STREAMS * HIDDEN) + place
        tl.store(record, i, mask=mask)
        tl.store(record + STREAMS * HIDDEN, f, mask=mask)
        tl.store(record + 2 * STREAMS * HIDDEN, g, mask=mask)
        tl.store(record + 3 * STREAMS * HIDDEN, o, mask=mask)
        tl.store(record + 4 * STREAMS * HIDDEN, y, mask=mask)
        h_new = activation(o * y)
    else:
        y = tanh(pre)
        tl.store(records + (layer * STEPS + t) * (STREAMS * HIDDEN) + place, y, mask=mask)
        h_new = activation(y)
    tl.store(h + (before + STREAMS) * HIDDEN + place, h_new, mask=mask)
    columns = (layer * HIDDEN + j[None, :]) * ((STEPS + 1) * STREAMS) + (t + 1) * STREAMS + b[:, None]
    tl.store(h_columns + columns, h_new, mask=mask)
