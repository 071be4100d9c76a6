"""Slots: contexts find what was kept of them, and the least used gives way."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncompress.compiled.compile import plain
from rnncompress.mixing import slot_kernels, tables
from rnncompress.mixing.sizes import LINE_BYTES

find, claim, line_of, node = (
    plain(kernel)
    for kernel in (slot_kernels.find, slot_kernels.claim, slot_kernels.line_of, slot_kernels.node)
)
LINE_BITS = 3
hashes = st.integers(0, 2**32 - 1)


def empty(kinds: int = 2) -> Any:
    """What the kernels need of a memory."""
    lines = np.zeros((kinds << LINE_BITS) * LINE_BYTES, np.uint8)
    counts = tables.histories()[1].reshape(-1)
    return SimpleNamespace(line_bits=LINE_BITS, slots=lines.data, counts=counts.data)


@given(st.lists(st.tuples(st.integers(0, 1), hashes), max_size=40))
def test_a_claimed_slot_is_found_in_its_line(claims: list[tuple[int, int]]) -> None:
    """At once, whatever was claimed before; and no slot reaches beyond its line."""
    m = empty()
    for k, x in claims:
        line = line_of(m, k, x)
        at = claim(m, line, x)
        assert find(m.slots, line, x) == at
        assert k << LINE_BITS <= line // LINE_BYTES < k + 1 << LINE_BITS
        assert line <= at <= at + slot_kernels.SLOT <= line + LINE_BYTES


def test_what_was_not_claimed_is_not_found() -> None:
    """The check of 16 bits tells contexts of a line apart."""
    m = empty()
    claim(m, 0, 0x1234)
    assert find(m.slots, 0, 0x1235) == -1


def test_the_least_used_slot_gives_way() -> None:
    """A line has three; of the fourth context's, all that was kept in its place is gone."""
    m = empty()
    following = tables.histories()[0]
    places = []
    for x, uses in ((1, 3), (2, 1), (3, 2)):
        places.append(claim(m, 0, x))
        history = places[-1] + slot_kernels.HISTORIES
        for _ in range(uses):
            m.slots[history] = int(following[2 * m.slots[history]])
    assert len(set(places)) == 3
    m.slots[places[1] + slot_kernels.RUN_COUNT] = 9
    assert claim(m, 0, 4) == places[1]
    assert [find(m.slots, 0, x) for x in (1, 2, 3, 4)] == [places[0], -1, places[2], places[1]]
    assert not any(m.slots[places[1] + slot_kernels.HISTORIES : places[1] + slot_kernels.SLOT])


def test_every_node_of_a_half_has_its_place() -> None:
    """Fifteen of the upper half, and fifteen whatever the upper half was."""
    upper = [node(i, c0) for i in range(4) for c0 in range(1 << i, 2 << i)]
    expected = list(range(15))
    assert upper == expected
    assert slot_kernels.HISTORIES + 15 <= slot_kernels.RUN_BYTE
    for half in range(16):
        lower = [node(i + 4, (16 | half) << i | low) for i in range(4) for low in range(1 << i)]
        assert lower == expected
