# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The inner loop of every matrix product: 16-bit integers in two slices of 8 bits times integers of 8 bits.

Tensor cores multiply 8-bit integers and add into 32 bits. A weight or gradient x = 256 * high + low therefore takes two
products, which share the loads of the other operand; ``sums`` puts them together modulo 2**32.

Both operands have the dimension that is summed over last in memory, which is the only order in which the tensor cores
take 8-bit operands. Each of the two sums stays below 2**31 as long as fewer than 2**17 products are summed, so it
matters to no one that some instructions saturate where others wrap.
"""

from typing import Final

import triton
import triton.language as tl

LONGEST: Final = tl.constexpr(1 << 17)
"""Products that may be added into one pair of sums: 2**17 * 127 * 128 < 2**31."""


@triton.jit
def add_products(
    high, low, whole, whole_mask, part_high, part_low, part_mask, start, stop, LIMIT: tl.constexpr, DEPTH: tl.constexpr
):  # fmt: skip
    """Add the products of rows over start ≤ k < stop to ``high`` and ``low`` (rows of whole, rows of parts).

    ``whole`` (pointers to the rows of the 8-bit operand) and ``part_high``, ``part_low`` (of the two slices); ``stop``
    is a multiple of DEPTH, or LIMIT, the length of the rows.
    """
    k = tl.arange(0, DEPTH)
    for first in range(start, stop, DEPTH):
        x_mask, p_mask = whole_mask[:, None], part_mask[:, None]
        if LIMIT % DEPTH:
            x_mask = x_mask & (first + k < LIMIT)[None, :]
            p_mask = p_mask & (first + k < LIMIT)[None, :]
        x = tl.load(whole[:, None] + (first + k)[None, :], mask=x_mask, other=0)
        a = tl.load(part_high[:, None] + (first + k)[None, :], mask=p_mask, other=0)
        b = tl.load(part_low[:, None] + (first + k)[None, :], mask=p_mask, other=0)
        high = tl.dot(x, tl.trans(a), high, out_dtype=tl.int32)
        low = tl.dot(x, tl.trans(b), low, out_dtype=tl.int32)
    return high, low


@triton.jit
def sums(high, low):
    """The 32-bit sums that the two slices make."""
    return (high << 8) + low
