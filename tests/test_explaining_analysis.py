"""What costs are added up to."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncompress.explaining.analysis import (
    CHEAPEST,
    DEAREST,
    KINDS,
    PASSAGE,
    analyse,
    is_text,
    passages,
    place_in_word,
)
from rnncompress.explaining.costs import Costs


def costs_of(data: bytes, seed: int = 0) -> Costs:
    bits = np.random.default_rng(seed).random((3, len(data))).astype(np.float32)
    return Costs(bits[0], bits[1], {"counts": bits[2]})


@given(st.binary(max_size=600))
def test_every_way_of_adding_up_has_all_bytes(data: bytes) -> None:
    """Kinds, tenths and places are each a division of the file."""
    costs = costs_of(data)
    found = analyse(data, costs)
    for parts in (found.kinds, found.tenths, found.places):
        assert sum(part.bytes for part in parts) == len(data)
        assert sum(part.coded for part in parts) == pytest.approx(costs.coded.sum(dtype=float))
        assert sum(part.saved["counts"] for part in parts) == pytest.approx(
            costs.saved["counts"].sum(dtype=float)
        )
    assert {part.name for part in found.kinds} <= set(KINDS)
    assert sum(word.count for word in found.words) <= len(data)


def test_words_are_added_up_wherever_they_stand() -> None:
    """The dearest altogether are not the dearest single ones."""
    data = "der Ziegel, der Dächerflüsterer: der!".encode()
    coded = np.zeros(len(data), np.float32)
    for at in (0, 12, 34):
        coded[data.index(b"der", at) : data.index(b"der", at) + 3] = 2
    coded[data.index("ä".encode())] = 9
    found = analyse(data, Costs(coded))
    assert [(word.word.decode(), word.count, word.coded) for word in found.words[:2]] == [
        ("der", 3, 18), ("Dächerflüsterer", 1, 9),
    ]  # fmt: skip
    first = found.surprises[0]
    assert data[first.start : first.start + first.bytes].decode() == "Dächerflüsterer"
    assert first.coded == 9
    assert found.to_dict()["words"][0]["word"] == "der"


def test_places_in_words_are_counted_from_their_beginning() -> None:
    """Up to a place that stands for all later ones."""
    assert place_in_word(np.frombuffer(b"a bcd, efghijklmno", np.uint8)).tolist() == [
        1, 0, 1, 2, 3, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8,
    ]  # fmt: skip


def test_passages_are_the_largest_and_do_not_overlap() -> None:
    """Whatever there is of them; a short file is one passage."""
    coded = np.full(5000, 0.5, np.float32)
    coded[1280:1300] = 9
    coded[4000:4010] = 5
    found = passages(coded, DEAREST)
    assert found[0].start <= 1280 < 1300 <= found[0].start + PASSAGE
    assert any(each.start <= 4000 < each.start + PASSAGE for each in found[1:2])
    starts = sorted(each.start for each in found)
    assert all(later - earlier >= PASSAGE for earlier, later in pairwise(starts))
    assert len(passages(-coded, CHEAPEST)) == CHEAPEST
    short = passages(coded[:100], 5)
    assert [(each.start, each.bytes, each.coded) for each in short] == [(0, 100, 50.0)]
    assert passages(coded[:0], 5) == ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", True),
        ("Größe\n".encode(), True),
        (b"a\0b", False),
        (bytes(range(1, 32)), False),
        (b"\xff\xd8" * 9, True),
    ],
)
def test_text_is_what_people_can_read(data: bytes, expected: bool) -> None:
    """Zeros and control codes are not in it."""
    assert is_text(data) is expected


def test_what_is_no_text_is_told_by_values_and_offsets() -> None:
    """There are no words in it."""
    data = bytes([0, 7, 7, 255]) * 8
    found = analyse(data, Costs(np.array([1, 2, 3, 4] * 8, np.float32)))
    assert [(word.word, word.count, word.coded) for word in found.words] == [
        (b"\x07", 16, 40), (b"\xff", 8, 32), (b"\0", 8, 8),
    ]  # fmt: skip
    assert [part.bpc for part in found.places[:4]] == [1, 2, 3, 4]
    assert not found.surprises
