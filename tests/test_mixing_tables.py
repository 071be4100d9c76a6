"""The tables of the mixing stage: pinned to the bit, and what they are made to be."""

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from rnncompress.mixing import tables

FOLLOWING, COUNTS = tables.histories()
STATES = int(FOLLOWING.max()) + 1


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (tables.squash(), "16431ecd5bd86675"),
        (tables.stretch(), "8c18c4a1824b69e7"),
        (FOLLOWING, "026030ec3591df40"),
        (COUNTS, "06405528452fc043"),
    ],
    ids=["squash", "stretch", "following", "counts"],
)
def test_tables_are_pinned(table: NDArray[np.generic], expected: str) -> None:
    """Every file depends on them."""
    data = table.astype(table.dtype.newbyteorder("<")).tobytes()
    assert hashlib.blake2b(data, digest_size=8).hexdigest() == expected


def test_squash_is_the_logistic_function() -> None:
    """To the nearest integer, symmetric, rising, and never certain."""
    squash = tables.squash().astype(np.int64)
    x = np.arange(-tables.SQUASH_LIMIT, tables.SQUASH_LIMIT + 1) / 256
    exact = 65536 / (1 + np.exp(-x))
    assert np.abs(squash - exact.clip(1, 65535)).max() <= 0.51
    assert (squash + squash[::-1] == 65536).all()
    assert (np.diff(squash) >= 0).all()
    assert (squash.min(), squash.max()) == (1, 65535)


def test_stretch_is_its_inverse() -> None:
    """Within its limits, and rising."""
    stretch, squash = tables.stretch().astype(np.int64), tables.squash()
    assert (np.diff(stretch) >= 0).all()
    assert (np.abs(stretch) <= tables.STRETCH_LIMIT).all()
    inside = np.abs(stretch) < tables.STRETCH_LIMIT
    p = 16 * np.arange(4096) + 8
    assert (squash[stretch + tables.SQUASH_LIMIT] >= p)[inside].all()
    assert (squash[stretch - 1 + tables.SQUASH_LIMIT] < p)[inside].all()


def test_histories_fit_into_a_byte_and_are_all_reached() -> None:
    """From that of nothing seen."""
    reached, new = set(), {0}
    while new:
        reached |= new
        new = {int(FOLLOWING[2 * state + bit]) for state in new for bit in (0, 1)} - reached
    assert STATES <= 256
    assert not COUNTS[0].any()
    assert max(reached) == STATES - 1


@pytest.mark.parametrize("bit", [0, 1])
def test_a_history_counts_what_it_sees(bit: int) -> None:
    """A bit never counts less after it was seen, the other one never more; what is seen once is counted once."""
    counts = COUNTS[:STATES].astype(np.int64)
    after = COUNTS[FOLLOWING[bit : 2 * STATES : 2]].astype(np.int64)
    assert (after[:, bit] >= np.minimum(counts[:, bit], after[:, bit])).all()
    assert (after[:, bit] >= 1).all()
    assert (after[:, 1 - bit] <= counts[:, 1 - bit]).all()
    assert tuple(after[0]) == ((1, 0), (0, 1))[bit]
    rare, other = np.sort(COUNTS[:STATES], axis=1).T
    assert (other <= np.array(tables.COUNTS)[rare]).all()
