"""Frequencies: exact sums and no zero, for any logits; compiled code gives the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnncompress.exact import grid
from rnncompress.exact.frequencies import frequencies, raw_scale
from rnncompress.lstm.cpu import head_kernels
from rnncompress.network import TOTAL

alphabets = st.sampled_from([1, 2, 3, 16, 49, 255, 256])
moderate = st.floats(-40, 40, width=32)
logits = alphabets.flatmap(
    lambda size: arrays(
        np.float32,
        (2, size),
        elements=st.floats(-(2.0**100), 2.0**100, width=32) | st.floats(-40, 40, width=32),
    )
)
sums = alphabets.flatmap(
    lambda size: st.tuples(
        arrays(np.int32, size, elements=st.integers(-(2**31), 2**31 - 1) | st.integers(-(2**22), 2**22)),
        arrays(np.float32, size, elements=st.floats(-4, 4, width=32)),
    )
)


def check(table: np.ndarray) -> None:
    assert table.dtype == np.int32
    assert table.min() >= 1
    assert (table.sum(axis=1) == TOTAL).all()


@given(logits)
def test_every_table_is_sound(values: np.ndarray) -> None:
    """Whatever the logits: every symbol at least 1, every row TOTAL, the most probable gets the most."""
    table = frequencies(values)
    check(table)
    rows = np.arange(len(values))
    assert (table[rows, values.argmax(axis=1)] == table.max(axis=1)).all()


@pytest.mark.parametrize(
    "row",
    [
        np.zeros(256),
        np.full(256, 1e30),
        np.full(256, -1e30),
        np.eye(256)[7] * 1e30,
        np.eye(256)[255] * -1e30,
        np.linspace(-2048, 2048, 256),
        np.linspace(0, 1e-6, 256),
    ],
    ids=["zero", "huge", "tiny", "one dominates", "one impossible", "wide", "nearly equal"],
)
def test_extreme_tables_are_sound(row: np.ndarray) -> None:
    """Equal, huge, dominant and impossible logits lead to sound tables."""
    check(frequencies(row[None].astype(np.float32)))


def test_equal_logits_share_equally() -> None:
    """Equal symbols get equal frequencies, but for the remainder, which goes to the first."""
    table = frequencies(np.full((1, 49), 3, np.float32))[0]
    assert len(set(table[1:])) == 1
    assert 0 <= table[0] - table[1] < 49


def test_frequencies_are_probabilities() -> None:
    """Above 2**-14 the shares are the softmax to within 1 in 20: logits 10 apart err by 10**2 / 2048."""
    values = np.random.default_rng(1).normal(0, 1.5, (200, 256)).astype(np.float32)
    true = np.exp(values.astype(np.float64))
    true /= true.sum(axis=1, keepdims=True)
    likely = true > 2**-14
    assert abs(frequencies(values) / TOTAL / true - 1)[likely].max() < 1 / 20


@settings(deadline=None)
@given(sums)
def test_compiled_code_gives_the_same_table(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """The kernel of the CPU engine turns integer sums and bias into the table of the specification."""
    total, bias = drawn
    expected = frequencies((total.astype(np.float32) * grid.FORWARD_UNIT + bias)[None])[0]
    table = total.copy()
    head_kernels.softmax(table, bias, len(bias), raw_scale(len(bias)), np.empty(len(bias), np.float32))
    assert (table == expected).all()
