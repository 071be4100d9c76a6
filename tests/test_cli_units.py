"""Sizes and times on the command line are written in one way, whatever the option."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncompress.cli.units import parse_seconds, parse_size, seconds, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("500000", 500_000),
        ("500B", 500),
        ("500b", 500),
        ("1k", 1 << 10),
        ("1K", 1 << 10),
        ("1kB", 10**3),
        ("1KB", 10**3),
        ("1KiB", 1 << 10),
        ("10M", 10 << 20),
        ("10MB", 10 * 10**6),
        ("10MiB", 10 << 20),
        ("16G", 16 << 30),
        ("16GB", 16 * 10**9),
        ("16 GiB", 16 << 30),
        ("2T", 2 << 40),
        ("2TB", 2 * 10**12),
    ],
)
def test_sizes(text: str, expected: int) -> None:
    """Decimal with a B, binary with iB or alone."""
    assert size(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("30s", 30), ("5min", 300), ("1.5 h", 5400), ("0.25s", 0.25)])
def test_times(text: str, expected: float) -> None:
    """Seconds, minutes, hours."""
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "M", "5m", "-1", "1.5G", "1e6", "10MBit", "٣", "1 0", "9" * 99, "5s", "5min"]
)
def test_what_is_no_size(text: str) -> None:
    """A lone m could be minutes; a number that has no end is none."""
    with pytest.raises(click.BadParameter, match="is no size such as"):
        size(text)


@pytest.mark.parametrize("text", ["", "5", "5m", "5M", "0s", "-5s", "1d", "5 sec", "inf s", "nans", "5S"])
def test_what_is_no_time(text: str) -> None:
    """Without a unit it is none."""
    with pytest.raises(click.BadParameter, match="is no time such as"):
        seconds(text)


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{1,4}[A-Za-z]{0,3}", fullmatch=True))
def test_nothing_is_both(text: str) -> None:
    """No text is a size for one option and a time for another."""
    assert parse_size(text) is None or parse_seconds(text) is None
