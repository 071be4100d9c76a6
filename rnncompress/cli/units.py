"""Sizes and times as people write them on the command line: one way of writing each, for all options.

A size is a number of bytes: 500000, or with a unit. kB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB, and the
letters k, M, G, T alone, are powers of 1024, as with the GNU programs. Capitals do not matter, but a lone m means
nothing, since it could be taken for minutes. A time is a number of s, min or h.
"""

import math
import re
from collections.abc import Callable
from typing import Final

import click

_DIGITS: Final = 15
"""Longer numbers are no sizes of anything."""

_SIZES: Final[dict[str, int]] = {"": 1, "b": 1} | {
    letter + rest: base**power
    for power, letter in enumerate("kmgt", 1)
    for rest, base in (("b", 1000), ("ib", 1024), ("", 1024))
}
_TIMES: Final = {"s": 1, "min": 60, "h": 3600}


def size(text: str) -> int:
    """A number of bytes, such as 500000, 512MiB or 16GB. Raises click.BadParameter."""
    if (found := parse_size(text)) is None:
        raise click.BadParameter(f"{text!r} is no size such as 500000, 64kB, 512MiB or 16G")
    return found


def seconds(text: str) -> float:
    """A time, such as 30s, 1.5min or 1h. Raises click.BadParameter."""
    if (found := parse_seconds(text)) is None:
        raise click.BadParameter(f"{text!r} is no time such as 30s, 5min or 1h")
    return found


def thousandths(least: float, most: int) -> Callable[[str], int]:
    """Reads a number from ``least`` to ``most``, in thousandths. It raises click.BadParameter."""

    def number(text: str) -> int:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise click.BadParameter(f"{text!r} is no number from {least} to {most}")
        return round(1000 * value)

    return number


def parse_size(text: str) -> int | None:
    """The bytes that ``text`` means; None if it is no size."""
    found = re.fullmatch(rf"([0-9]{{1,{_DIGITS}}}) ?([A-Za-z]*)", text)
    unit = _SIZES.get(found[2].lower()) if found and found[2] != "m" else None
    return int(found[1]) * unit if found and unit else None


def parse_seconds(text: str) -> float | None:
    """The seconds, more than 0, that ``text`` means; None if it is no time."""
    found = re.fullmatch(rf"([0-9]{{1,{_DIGITS}}}(?:\.[0-9]{{1,{_DIGITS}}})?) ?(s|min|h)", text)
    value = float(found[1]) * _TIMES[found[2]] if found else 0.0
    return value or None
