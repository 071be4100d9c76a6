"""Numbers as text: integers in units of a power of ten, and how a column of a file writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

MOST_DECIMALS: Final = 18
"""And digits."""
POWERS: Final = [10**n for n in range(MOST_DECIMALS + 1)]
MOST: Final = 1 << 62
"""Values stay below."""


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers are written that are known in units of 10^-``decimals``."""

    significant: int
    """Digits at most, without zeros in front, as ``%.8g`` has 8; 0 for as many as there are."""
    least: int
    """Decimals that are written at least; zeros behind them are left out."""

    def write(self, values: Ints, decimals: int) -> list[bytes]:
        """The texts of ``values``, in units of 10^-``decimals``."""
        places = self.last_place(values)
        sizes = (np.abs(values) + places // 2) // places * places
        unit = POWERS[decimals]
        texts = []
        for value, size in zip(values.tolist(), sizes.tolist(), strict=True):
            whole, part = divmod(size, unit)
            text = f"{part:0{decimals}d}" if decimals else ""
            shown = text.rstrip("0").ljust(self.least, "0")
            sign = "-" if value < 0 and size else ""
            texts.append(f"{sign}{whole}.{shown}" if shown else f"{sign}{whole}")
        return [text.encode() for text in texts]

    def last_place(self, values: Ints) -> Ints:
        """What the last digit that is written of each value counts: powers of ten."""
        powers = np.array(POWERS, np.int64)
        if not self.significant:
            return np.ones_like(values)
        digits = np.searchsorted(powers, np.abs(values), side="right")
        places: Ints = powers[np.clip(digits - self.significant, 0, MOST_DECIMALS)]
        return places


def decimals_of(texts: Sequence[bytes]) -> int:
    """Decimals of the number that has most."""
    return max((len(text) - 1 - text.index(b".") for text in texts if b"." in text), default=0)


def read(texts: Sequence[bytes], decimals: int) -> Ints:
    """The values of numbers in units of 10^-``decimals``, of which none has more; 2^62 for what is too large."""
    values = np.empty(len(texts), np.int64)
    for at, text in enumerate(texts):
        whole, _, part = text.partition(b".")
        value = int(whole + part) * POWERS[decimals - len(part)]
        values[at] = value if abs(value) < MOST else MOST
    return values


def style_of(texts: Sequence[bytes], values: Ints, decimals: int) -> Style:
    """The style in which most of some numbers are written."""
    digits = max((len(text.replace(b".", b"").lstrip(b"-0")) for text in texts), default=0)
    some = slice(0, _SAMPLE)
    styles = [Style(0, least) for least in sorted({0, min(1, decimals), decimals})]
    if decimals and digits <= MOST_DECIMALS:
        styles.insert(0, Style(digits, 0))

    def wrong(style: Style) -> int:
        return sum(a != b for a, b in zip(style.write(values[some], decimals), texts[some], strict=True))

    return min(styles, key=wrong)


_SAMPLE: Final = 2000
