# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""From activations to frequencies, and back to the gradient at the logits."""

import triton
import triton.language as tl

from rnncompress.exact.frequencies import TOTAL as _TOTAL
from rnncompress.lstm.cuda.backward_kernels import dithered
from rnncompress.lstm.cuda.number_kernels import FORWARD_UNIT, exp, high_slice, low_slice
from rnncompress.lstm.cuda.product_kernels import add_products, sums

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
def logit(table, bias, mask, a):
    """Logits (rows, symbols a) from their sums."""
    x = tl.load(table + a[None, :], mask=mask, other=0).to(tl.float32) * FORWARD_UNIT
    return x + tl.load(bias + a[None, :], mask=mask, other=0.0)


@triton.jit
def raw_share(table, bias, mask, a, top, raw_scale):
    """Integer exponentials (rows, symbols a); 0 where masked."""
    shifted = tl.where(mask, logit(table, bias, mask, a) - top[:, None], -1024.0)  # whose exponential is 0
    return (exp(shifted) * raw_scale).to(tl.int32)


@triton.jit(do_not_specialize=["first", "rows"])
def frequencies(
    table, bias, first, rows, raw_scale, ALPHABET: tl.constexpr, ROWS: tl.constexpr, SYMBOLS: tl.constexpr
):  # fmt: skip
    """Replace the logits' sums of a block of rows by frequencies: :mod:`rnncompress.exact.frequencies`."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    row_mask = (row < rows)[:, None]
    table += (first + row).to(tl.int64)[:, None] * ALPHABET
    top = tl.full((ROWS,), float("-inf"), tl.float32)
    best = tl.zeros((ROWS,), tl.int32)
    for start in range(0, ALPHABET, SYMBOLS):
        a = start + tl.arange(0, SYMBOLS)
        mask = row_mask & (a < ALPHABET)[None, :]
        x = tl.where((a < ALPHABET)[None, :], logit(table, bias, mask, a), float("-inf"))
        highest = tl.max(x, axis=1)
        first_best = tl.min(tl.where(x == highest[:, None], a[None, :], ALPHABET), axis=1)
        best = tl.where(highest > top, first_best, best)
        top = tl.maximum(highest, top)
    total = tl.zeros((ROWS,), tl.int32)
    for start in range(0, ALPHABET, SYMBOLS):
        a = start + tl.arange(0, SYMBOLS)
        mask = row_mask & (a < ALPHABET)[None, :]
        total += tl.sum(raw_share(table, bias, mask, a, top, raw_scale), axis=1)
    total = tl.where(row < rows, total, 1)
    share = tl.div_rn(tl.full((ROWS,), TOTAL - ALPHABET, tl.float32), total.to(tl.float32))[:, None]
    left = tl.full((ROWS,), TOTAL - ALPHABET, tl.int32)
    for start in range(0, ALPHABET, SYMBOLS):
        a = start + tl.arange(0, SYMBOLS)
        mask = row_mask & (a < ALPHABET)[None, :]
        raw = raw_share(table, bias, mask, a, top, raw_scale)
        left -= tl.sum((raw.to(tl.float32) * share).to(tl.int32), axis=1)
    for start in range(0, ALPHABET, SYMBOLS):
        a = start + tl.arange(0, SYMBOLS)
        mask = row_mask & (a < ALPHABET)[None, :]
        raw = raw_share(table, bias, mask, a, top, raw_scale)
        frequency = (raw.to(tl.float32) * share).to(tl.int32) + 1
        frequency += tl.where(a[None, :] == best[:, None], left[:, None], 0)
        tl.store(table + a[None, :], frequency, mask=mask)


@triton.jit(do_not_specialize=["rows"])
def pick(table, symbols, cum, freq, rows, ALPHABET: tl.constexpr, ROWS: tl.constexpr, SYMBOLS: tl.constexpr):
    """The two numbers the encoder needs of each row: cumulative and own frequency of the symbol coded."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    row_mask = row < rows
    symbol = tl.load(symbols + row, mask=row_mask, other=0)
    table += row.to(tl.int64) * ALPHABET
    below = tl.full((ROWS,), 1, tl.int32)
    for start in range(0, ALPHABET, SYMBOLS):
        a = start + tl.arange(0, SYMBOLS)
        mask = row_mask[:, None] & (a[None, :] < symbol[:, None])
        below += tl.sum(tl.load(table[:, None] + a[None, :], mask=mask, other=0), axis=1)
    tl.store(cum + row, below, mask=row_mask)
    tl.store(freq + row, tl.load(table + symbol, mask=row_mask), mask=row_mask)


@triton.jit(do_not_specialize=["rows"])
def follow_paths(table, symbols, paths, rows, PATH: tl.constexpr, ROWS: tl.constexpr):
    """The ``paths`` (rows, PATH) of the bytes coded, of a block of rows; see :mod:`rnncompress.network`."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    row_mask = row < rows
    symbol = tl.load(symbols + row, mask=row_mask, other=0)
    a = tl.arange(0, 256)[None, :]
    frequency = tl.load(table + row[:, None].to(tl.int64) * 256 + a, mask=row_mask[:, None], other=0)
    path = paths + row.to(tl.int64) * PATH
    for bit in tl.static_range(8):
        middle = (symbol >> (7 - bit) | 1) << (7 - bit)
        tl.store(path + bit, tl.sum(tl.where(a < middle[:, None], frequency, 0), axis=1), mask=row_mask)
    most = tl.max(frequency, axis=1)
    tl.store(path + 8, tl.min(tl.where(frequency == most[:, None], a, 256), axis=1), mask=row_mask)
    tl.store(path + 9, most, mask=row_mask)


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
    store_at_logits(
        tl.where(known, dithered(dz, key, place), 0), row[:, None], a[None, :],
        row_mask[:, None] & (a < PADDED)[None, :], dz_high, dz_low, dz_columns_high, dz_columns_low,
        TOTAL_ROWS, PADDED,
    )  # fmt: skip


@triton.jit
def store_at_logits(
    d, row, a, mask, high, low, columns_high, columns_low, TOTAL_ROWS: tl.constexpr, PADDED: tl.constexpr
):  # fmt: skip
    """Write the gradient integers d of rows and symbols in both orders."""
    place = row * PADDED + a
    columns = a.to(tl.int64) * TOTAL_ROWS + row
    tl.store(high + place, high_slice(d), mask=mask)
    tl.store(low + place, low_slice(d), mask=mask)
    tl.store(columns_high + columns, high_slice(d), mask=mask)
    tl.store(columns_low + columns, low_slice(d), mask=mask)
