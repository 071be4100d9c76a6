"""From activations to frequencies, and back to the gradient at the logits."""

import triton
import triton.language as tl

from rnncompress.lstm.cuda.backward import dithered
from rnncompress.lstm.cuda.numbers import FORWARD_UNIT, exp, high_slice, low_slice
from rnncompress.lstm.cuda.products import add_products, sums
from rnncompress.predictor import TOTAL as _TOTAL

TOTAL = tl.constexpr(_TOTAL)
FREQUENCY_UNIT = tl.constexpr(2.0**-24)


@triton.jit(do_not_specialize=["first", "rows"])
def add_logits(
    h, weights_high, weights_low, table, first, rows,
    LAYERS: tl.constexpr, STEPS: tl.constexpr, STREAMS: tl.constexpr, HIDDEN: tl.constexpr, ALPHABET: tl.constexpr,
    ROWS: tl.constexpr, SYMBOLS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Add what layer ``program 2`` contributes to the logits' integer sums of ``rows`` rows of the window.

    Programs add to the same sums at the same time: of integers, that is exact.
    """
    layer = tl.program_id(2).to(tl.int64)
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    a = tl.program_id(1) * SYMBOLS + tl.arange(0, SYMBOLS)
    row_mask, a_mask = row < rows, a < ALPHABET
    row = (first + row).to(tl.int64)
    high = tl.zeros((ROWS, SYMBOLS), tl.int32)
    low = tl.zeros((ROWS, SYMBOLS), tl.int32)
    after = (layer * (STEPS + 1) + 1) * STREAMS + row
    matrix = a.to(tl.int64) * (LAYERS * HIDDEN) + layer * HIDDEN
    high, low = add_products(
        high, low, h + after * HIDDEN, row_mask, weights_high + matrix, weights_low + matrix, a_mask,
        0, HIDDEN, HIDDEN, DEPTH,
    )  # fmt: skip
    mask = row_mask[:, None] & a_mask[None, :]
    tl.atomic_add(table + row[:, None] * ALPHABET + a[None, :], sums(high, low), mask=mask, sem="relaxed")


@triton.jit
def logit(table, bias, a, ALPHABET: tl.constexpr):
    """Logits of the symbols a, from their sums."""
    x = tl.load(table + a, mask=a < ALPHABET, other=0).to(tl.float32) * FORWARD_UNIT
    return x + tl.load(bias + a, mask=a < ALPHABET, other=0.0)


@triton.jit
def raw_share(table, bias, a, top, raw_scale, ALPHABET: tl.constexpr):
    """Integer exponentials of the symbols a, 0 beyond the alphabet."""
    raw = (exp(logit(table, bias, a, ALPHABET) - top) * raw_scale).to(tl.int32)
    return tl.where(a < ALPHABET, raw, 0)


@triton.jit(do_not_specialize=["first"])
def frequencies(table, bias, first, raw_scale, ALPHABET: tl.constexpr, BLOCK: tl.constexpr):
    """Replace the logits' sums of row ``first + program`` by frequencies: :mod:`rnncompress.exact.frequencies`."""
    table += (first + tl.program_id(0)).to(tl.int64) * ALPHABET
    top = tl.full((), float("-inf"), tl.float32)
    best = tl.full((), 0, tl.int32)
    for start in range(0, ALPHABET, BLOCK):
        a = start + tl.arange(0, BLOCK)
        x = tl.where(a < ALPHABET, logit(table, bias, a, ALPHABET), float("-inf"))
        highest = tl.max(x, axis=0)
        best = tl.where(highest > top, tl.min(tl.where(x == highest, a, ALPHABET), axis=0), best)
        top = tl.maximum(highest, top)
    total = tl.full((), 0, tl.int32)
    for start in range(0, ALPHABET, BLOCK):
        a = start + tl.arange(0, BLOCK)
        total += tl.sum(raw_share(table, bias, a, top, raw_scale, ALPHABET), axis=0)
    share = tl.div_rn(tl.full((), TOTAL - ALPHABET, tl.float32), total.to(tl.float32))
    left = tl.full((), TOTAL - ALPHABET, tl.int32)
    for start in range(0, ALPHABET, BLOCK):
        a = start + tl.arange(0, BLOCK)
        raw = raw_share(table, bias, a, top, raw_scale, ALPHABET)
        left -= tl.sum((raw.to(tl.float32) * share).to(tl.int32), axis=0)
    for start in range(0, ALPHABET, BLOCK):
        a = start + tl.arange(0, BLOCK)
        raw = raw_share(table, bias, a, top, raw_scale, ALPHABET)
        frequency = (raw.to(tl.float32) * share).to(tl.int32) + 1
        tl.store(table + a, frequency + tl.where(a == best, left, 0), mask=a < ALPHABET)


@triton.jit
def pick(table, symbols, cum, freq, ALPHABET: tl.constexpr, BLOCK: tl.constexpr):
    """The two numbers the encoder needs of each row: cumulative and own frequency of the symbol coded."""
    row = tl.program_id(0)
    symbol = tl.load(symbols + row)
    table += row.to(tl.int64) * ALPHABET
    below = tl.full((), 1, tl.int32)
    for start in range(0, ALPHABET, BLOCK):
        a = start + tl.arange(0, BLOCK)
        below += tl.sum(tl.load(table + a, mask=a < symbol, other=0), axis=0)
    tl.store(cum + row, below)
    tl.store(freq + row, tl.load(table + symbol))


@triton.jit
def logit_gradient(
    table, symbols, keys, dz_high, dz_low, dz_columns_high, dz_columns_low,
    LAYERS: tl.constexpr, TOTAL_ROWS: tl.constexpr, ALPHABET: tl.constexpr, PADDED: tl.constexpr,
    ROWS: tl.constexpr, SYMBOLS: tl.constexpr,
):  # fmt: skip
    """Gradient at the logits of a block of rows and symbols, in both orders; zero from ALPHABET to PADDED."""
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    a = tl.program_id(1) * SYMBOLS + tl.arange(0, SYMBOLS)
    row_mask = row < TOTAL_ROWS
    symbol = tl.load(symbols + row, mask=row_mask, other=0)
    place = row[:, None] * ALPHABET + a[None, :]
    known = row_mask[:, None] & (a < ALPHABET)[None, :]
    p = tl.load(table + place, mask=known, other=0).to(tl.float32) * FREQUENCY_UNIT
    dz = p - tl.where(a[None, :] == symbol[:, None], 1.0, 0.0)
    key = tl.load(keys + LAYERS).to(tl.uint32, bitcast=True)
    d = tl.where(known, dithered(dz, key, place), 0)
    mask = row_mask[:, None] & (a < PADDED)[None, :]
    high, low = high_slice(d), low_slice(d)
    tl.store(dz_high + row[:, None] * PADDED + a[None, :], high, mask=mask)
    tl.store(dz_low + row[:, None] * PADDED + a[None, :], low, mask=mask)
    columns = a[None, :].to(tl.int64) * TOTAL_ROWS + row[:, None]
    tl.store(dz_columns_high + columns, high, mask=mask)
    tl.store(dz_columns_low + columns, low, mask=mask)
