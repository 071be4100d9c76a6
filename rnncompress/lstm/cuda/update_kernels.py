# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The update: weight gradients as products over the rows of the window, Adam, and the new integers, in one pass.

The gradient of a matrix is the product of the gradients at its outputs and the activations at its inputs, summed over
the window. An embedding is a matrix whose inputs are zeros and ones, so its gradient is the same product.
"""

import triton
import triton.language as tl

from rnncompress.lstm.cuda.number_kernels import adam, high_slice, low_slice, weight
from rnncompress.lstm.cuda.product_kernels import LONGEST, add_products, sums


@triton.jit
def window_sums(
    whole, whole_mask, part_high, part_low, part_mask, stop,
    WHOLE: tl.constexpr, PARTS: tl.constexpr, TOTAL_ROWS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Integer sums (WHOLE, PARTS) over the rows of the window below ``stop``."""
    high = tl.zeros((WHOLE, PARTS), tl.int32)
    low = tl.zeros((WHOLE, PARTS), tl.int32)
    if TOTAL_ROWS <= LONGEST:
        high, low = add_products(
            high, low, whole, whole_mask, part_high, part_low, part_mask, 0, stop, TOTAL_ROWS, DEPTH
        )
        total = sums(high, low)
    else:
        total = tl.zeros((WHOLE, PARTS), tl.int32)
        for start in range(0, stop, LONGEST):
            end = tl.minimum(start + LONGEST, stop)
            some_high, some_low = add_products(
                high, low, whole, whole_mask, part_high, part_low, part_mask, start, end, TOTAL_ROWS, DEPTH
            )
            total += sums(some_high, some_low)
    return total


@triton.jit
def learn_matrices(
    h_columns, d_columns_high, d_columns_low, masters, moments, weights_high, weights_low, transposed, rates, unit,
    OUTPUTS: tl.constexpr, INPUTS: tl.constexpr, TOTAL_ROWS: tl.constexpr, STRIDE: tl.constexpr,
    WHOLE: tl.constexpr, PARTS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Move a block of matrix ``program 2`` (OUTPUTS, INPUTS), and write its integers for both products.

    ``h_columns`` (matrices, INPUTS, STRIDE) and ``d_columns_*`` (matrices, OUTPUTS, TOTAL_ROWS) have the rows of the
    window last. ``transposed`` (matrices, INPUTS, OUTPUTS) takes the high slices. ``rates`` holds step and blend.
    """
    matrix = tl.program_id(2).to(tl.int64)
    k = tl.program_id(0) * WHOLE + tl.arange(0, WHOLE)
    n = tl.program_id(1) * PARTS + tl.arange(0, PARTS)
    k_mask, n_mask = k < INPUTS, n < OUTPUTS
    parts = (matrix * OUTPUTS + n) * TOTAL_ROWS
    total = window_sums(
        h_columns + (matrix * INPUTS + k) * STRIDE, k_mask, d_columns_high + parts, d_columns_low + parts, n_mask,
        TOTAL_ROWS, WHOLE, PARTS, TOTAL_ROWS, DEPTH,
    )  # fmt: skip
    g = tl.trans(total).to(tl.float32) * unit
    mask = n_mask[:, None] & k_mask[None, :]
    first = matrix * OUTPUTS * INPUTS
    place = n[:, None] * INPUTS + k[None, :]
    v = tl.load(moments + first + place, mask=mask, other=0.0)
    w = tl.load(masters + first + place, mask=mask, other=0.0)
    w, v = adam(w, v, g, tl.load(rates + 1), tl.load(rates))
    tl.store(moments + first + place, v, mask=mask)
    tl.store(masters + first + place, w, mask=mask)
    integer = weight(w)
    high = high_slice(integer)
    tl.store(weights_high + first + place, high, mask=mask)
    tl.store(weights_low + first + place, low_slice(integer), mask=mask)
    tl.store(transposed + first + k[None, :] * OUTPUTS + n[:, None], high, mask=mask)


@triton.jit
def mark_inputs(
    inputs, marks, used, TOTAL_ROWS: tl.constexpr, EMBEDDINGS: tl.constexpr, E: tl.constexpr, R: tl.constexpr
):
    """marks[e, r] = 1 where row e of the embeddings was an input of row r of the window; used[e] = 1 if anywhere."""
    e = tl.program_id(0) * E + tl.arange(0, E)
    r = tl.program_id(1) * R + tl.arange(0, R)
    x = tl.load(inputs + 2 * r, mask=r < TOTAL_ROWS, other=-1)
    guess = tl.load(inputs + 2 * r + 1, mask=r < TOTAL_ROWS, other=-1)
    hit = ((e[:, None] == x[None, :]) | (e[:, None] == guess[None, :])).to(tl.int32)
    mask = (e < EMBEDDINGS)[:, None] & (r < TOTAL_ROWS)[None, :]
    tl.store(marks + e[:, None].to(tl.int64) * TOTAL_ROWS + r[None, :], hit.to(tl.int8), mask=mask)
    tl.atomic_max(used + e, tl.max(hit, axis=1), mask=e < EMBEDDINGS, sem="relaxed")


@triton.jit
def learn_embeddings(
    marks, d_columns_high, d_columns_low, embeddings, moments, used, seen, rates, unit, horizon,
    OUTPUTS: tl.constexpr, EMBEDDINGS: tl.constexpr, TOTAL_ROWS: tl.constexpr,
    WHOLE: tl.constexpr, PARTS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """Move a block of the embedding of layer ``program 2``: the rows that were inputs, each with its own blend."""
    layer = tl.program_id(2).to(tl.int64)
    e = tl.program_id(0) * WHOLE + tl.arange(0, WHOLE)
    n = tl.program_id(1) * PARTS + tl.arange(0, PARTS)
    e_mask, n_mask = e < EMBEDDINGS, n < OUTPUTS
    e_mask = e_mask & (tl.load(used + e, mask=e_mask, other=0) > 0)
    parts = (layer * OUTPUTS + n) * TOTAL_ROWS
    stop = tl.max(e_mask.to(tl.int32), axis=0) * TOTAL_ROWS
    total = window_sums(
        marks + e.to(tl.int64) * TOTAL_ROWS, e_mask, d_columns_high + parts, d_columns_low + parts, n_mask,
        stop, WHOLE, PARTS, TOTAL_ROWS, DEPTH,
    )  # fmt: skip
    g = total.to(tl.float32) * unit
    count = tl.minimum(tl.load(seen + e, mask=e_mask, other=1), horizon).to(tl.float32)
    blend = tl.div_rn(tl.full((WHOLE,), 1.0, tl.float32), count) * tl.load(rates + 2)
    mask = e_mask[:, None] & n_mask[None, :]
    place = (layer * EMBEDDINGS + e[:, None]) * OUTPUTS + n[None, :]
    w, v = tl.load(embeddings + place, mask=mask, other=0.0), tl.load(moments + place, mask=mask, other=0.0)
    w, v = adam(w, v, g, blend[:, None], tl.load(rates))
    tl.store(embeddings + place, w, mask=mask)
    tl.store(moments + place, v, mask=mask)


@triton.jit
def learn_bias(
    dz_columns_high, dz_columns_low, bias, moments, rates, unit,
    ALPHABET: tl.constexpr, TOTAL_ROWS: tl.constexpr, SYMBOLS: tl.constexpr, ROWS: tl.constexpr,
):  # fmt: skip
    """Move the softmax's bias of a block of symbols."""
    a = tl.program_id(0) * SYMBOLS + tl.arange(0, SYMBOLS)
    a_mask = a < ALPHABET
    high = tl.zeros((SYMBOLS,), tl.int32)
    low = tl.zeros((SYMBOLS,), tl.int32)
    for start in range(0, TOTAL_ROWS, ROWS):
        r = start + tl.arange(0, ROWS)
        place = a[:, None].to(tl.int64) * TOTAL_ROWS + r[None, :]
        mask = a_mask[:, None] & (r < TOTAL_ROWS)[None, :]
        high += tl.sum(tl.load(dz_columns_high + place, mask=mask, other=0).to(tl.int32), axis=1)
        low += tl.sum(tl.load(dz_columns_low + place, mask=mask, other=0).to(tl.int32), axis=1)
    g = sums(high, low).to(tl.float32) * unit
    w, v = tl.load(bias + a, mask=a_mask, other=0.0), tl.load(moments + a, mask=a_mask, other=0.0)
    w, v = adam(w, v, g, tl.load(rates + 1), tl.load(rates))
    tl.store(bias + a, w, mask=a_mask)
    tl.store(moments + a, v, mask=a_mask)


@triton.jit
def quantise(
    masters, weights_high, weights_low, transposed,
    OUTPUTS: tl.constexpr, INPUTS: tl.constexpr, N: tl.constexpr, K: tl.constexpr,
):  # fmt: skip
    """Write the integers of a block of matrix ``program 2``, as :func:`learn_matrices` does after a move."""
    matrix = tl.program_id(2).to(tl.int64)
    n = (tl.program_id(0) * N + tl.arange(0, N))[:, None]
    k = (tl.program_id(1) * K + tl.arange(0, K))[None, :]
    mask = (n < OUTPUTS) & (k < INPUTS)
    place = (matrix * OUTPUTS + n) * INPUTS + k
    integer = weight(tl.load(masters + place, mask=mask, other=0.0))
    tl.store(weights_high + place, high_slice(integer), mask=mask)
    tl.store(weights_low + place, low_slice(integer), mask=mask)
    tl.store(transposed + (matrix * INPUTS + k) * OUTPUTS + n, high_slice(integer), mask=mask)
