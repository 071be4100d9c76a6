# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The forward pass through the recurrent layers: one kernel for a *wave*.

Layer l at step t needs its own step t - 1 and layer l - 1 at step t. So all layers can work at the same time, each one
step behind the layer below: in wave w layer l computes step w - l. A window of T steps takes T + L - 1 launches.

A program takes all gates of its units (rows j, H + j, 2H + j and 3H + j of a matrix), so that it goes on from the
integer sums to the activation without leaving the chip.
"""

import triton
import triton.language as tl

from rnncompress.lstm.cuda.number_kernels import FORWARD_UNIT, activation, sigmoid, tanh
from rnncompress.lstm.cuda.product_kernels import add_products, sums


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
    b_mask = b < STREAMS
    column = tl.arange(0, UNITS * GATES)  # of the sums: the gates of a unit side by side
    unit = tl.program_id(1) * UNITS + column // GATES
    n, n_mask = column % GATES * HIDDEN + unit, unit < HIDDEN

    before = (layer * (STEPS + 1) + t) * STREAMS
    below = before - STEPS * STREAMS  # the layer below after this step
    high = tl.zeros((ROWS, UNITS * GATES), tl.int32)
    low = tl.zeros((ROWS, UNITS * GATES), tl.int32)
    matrix = (layer * N + n) * HIDDEN
    high, low = add_products(
        high, low, h + before * HIDDEN + b * HIDDEN, b_mask, weights_high + matrix, weights_low + matrix, n_mask,
        0, HIDDEN, HIDDEN, DEPTH,
    )  # fmt: skip
    matrix = ((LAYERS + layer - 1) * N + n) * HIDDEN
    high, low = add_products(
        high, low, h + below * HIDDEN + b * HIDDEN, b_mask, weights_high + matrix, weights_low + matrix, n_mask,
        0, tl.where(layer > 0, HIDDEN, 0), HIDDEN, DEPTH,
    )  # fmt: skip

    mask = b_mask[:, None] & (j < HIDDEN)[None, :]
    place = b[:, None] * HIDDEN + j[None, :]
    row = inputs + (t * STREAMS + b) * 2
    x = (layer * EMBEDDINGS + tl.load(row, mask=b_mask, other=0)) * N
    guess = (layer * EMBEDDINGS + tl.load(row + 1, mask=b_mask, other=0)) * N
    x, guess = embeddings + x[:, None] + j[None, :], embeddings + guess[:, None] + j[None, :]
    total = sums(high, low)
    if GATES == 4:
        sums_ig, sums_fo = tl.split(tl.reshape(total, (ROWS, UNITS, 2, 2)))
        sums_i, sums_g = tl.split(sums_ig)
        sums_f, sums_o = tl.split(sums_fo)
        record = records + (layer * STEPS + t) * (5 * STREAMS * HIDDEN) + place
        i = sigmoid(gate_input(sums_i, x, guess, mask))
        tl.store(record, i, mask=mask)
        f = sigmoid(gate_input(sums_f, x + HIDDEN, guess + HIDDEN, mask))
        tl.store(record + STREAMS * HIDDEN, f, mask=mask)
        g = tanh(gate_input(sums_g, x + 2 * HIDDEN, guess + 2 * HIDDEN, mask))
        tl.store(record + 2 * STREAMS * HIDDEN, g, mask=mask)
        c_new = f * tl.load(c + before * HIDDEN + place, mask=mask, other=0.0) + i * g
        tl.store(c + (before + STREAMS) * HIDDEN + place, c_new, mask=mask)
        y = tanh(c_new)
        tl.store(record + 4 * STREAMS * HIDDEN, y, mask=mask)
        o = sigmoid(gate_input(sums_o, x + 3 * HIDDEN, guess + 3 * HIDDEN, mask))
        tl.store(record + 3 * STREAMS * HIDDEN, o, mask=mask)
        h_new = activation(o * y)
    else:
        y = tanh(gate_input(total, x, guess, mask))
        tl.store(records + (layer * STEPS + t) * (STREAMS * HIDDEN) + place, y, mask=mask)
        h_new = activation(y)
    tl.store(h + (before + STREAMS) * HIDDEN + place, h_new, mask=mask)
    columns = (layer * HIDDEN + j[None, :]) * ((STEPS + 1) * STREAMS) + (t + 1) * STREAMS + b[:, None]
    tl.store(h_columns + columns, h_new, mask=mask)


@triton.jit
def gate_input(total, x, guess, mask):
    """What a gate is computed from: the sums, and the two rows of the embedding."""
    pre = total.to(tl.float32) * FORWARD_UNIT
    return pre + tl.load(x, mask=mask, other=0.0) + tl.load(guess, mask=mask, other=0.0)
