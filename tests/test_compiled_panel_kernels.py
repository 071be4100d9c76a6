"""Rearranging integers into panels: every element arrives where the product expects it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.panel_kernels import prefetch_block, weave, write_block
from rnncompress.compiled.simd_kernels import PANEL
from rnncompress.exact.grid import WEIGHT_MAX

BLOCK = PANEL * PANEL
GUARD = 1234
"""What must not be touched."""


@kernel
def run_weave(even, even_start, odd, odd_start, target, target_start):
    weave(even, even_start, odd, odd_start, target, target_start)


@kernel
def run_write_block(block, block_start, forward, forward_start, backward, backward_start):
    write_block(block, block_start, forward, forward_start, backward, backward_start)


@kernel
def run_prefetch(integers, floats, start):
    prefetch_block(integers, start)
    prefetch_block(floats, start)


starts = st.integers(0, 5)
seeds = st.integers(0, 2**32 - 1)


def only(target: np.ndarray, start: int, size: int) -> np.ndarray:
    """The ``size`` elements from ``start`` on; all others must still be guards."""
    assert (np.delete(target, np.s_[start : start + size]) == GUARD).all()
    return target[start : start + size]


@settings(max_examples=20, deadline=None)
@given(seeds, starts, starts, starts)
def test_two_rows_are_woven(seed: int, even_start: int, odd_start: int, start: int) -> None:
    """Elements of two rows alternate, wherever the three arrays begin."""
    even, odd = np.random.default_rng(seed).integers(-(2**15), 2**15, (2, PANEL + 5)).astype(np.int16)
    target = np.full(2 * PANEL + 9, GUARD, np.int16)
    run_weave(even, even_start, odd, odd_start, target, start)
    rows = even[even_start : even_start + PANEL], odd[odd_start : odd_start + PANEL]
    assert (only(target, start, 2 * PANEL) == np.stack(rows, axis=1).reshape(-1)).all()


@settings(max_examples=30, deadline=None)
@given(seeds, starts, starts, starts, st.booleans())
def test_a_block_of_weights_goes_to_both_layouts(
    seed: int, start: int, forward_start: int, backward_start: int, extreme: bool
) -> None:
    """All bits in pairs of inputs, rounded high bytes in pairs of rows; the largest weights included."""
    generator = np.random.default_rng(seed)
    values = generator.integers(-WEIGHT_MAX, WEIGHT_MAX, BLOCK + 5, endpoint=True)
    block = (np.sign(values) * WEIGHT_MAX if extreme else values).astype(np.int16)
    forward, backward = np.full((2, BLOCK + 9), GUARD, np.int16)
    run_write_block(block, start, forward, forward_start, backward, backward_start)
    inputs_rows = block[start : start + BLOCK].reshape(PANEL, PANEL).astype(int)
    ahead = inputs_rows.reshape(PANEL // 2, 2, PANEL).transpose(0, 2, 1)
    back = ((inputs_rows + 128) >> 8).reshape(PANEL, PANEL // 2, 2).transpose(1, 0, 2)
    assert (only(forward, forward_start, BLOCK) == ahead.reshape(-1)).all()
    assert (only(backward, backward_start, BLOCK) == back.reshape(-1)).all()


def test_prefetching_changes_nothing() -> None:
    """Memory is as it was after it was fetched, even where the block reaches beyond the end."""
    integers, floats = np.arange(BLOCK, dtype=np.int16), np.arange(BLOCK, dtype=np.float32)
    run_prefetch(integers, floats, BLOCK // 2)
    assert (integers == np.arange(BLOCK)).all()
    assert (floats == np.arange(BLOCK)).all()
