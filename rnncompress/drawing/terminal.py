"""Learning curves as text, for terminals of any width and for logs: one mark for each run, no colours needed."""

from collections.abc import Sequence
from typing import Final

from rnncompress.drawing.curves import Series, bounds
from rnncompress.drawing.svg import amount, ticks

MARKS: Final = "●○◆◇▲△■□"
"""Of runs in turn."""
_MARGIN: Final = 8
"""Columns before the field."""
_LEAST: Final = 20
"""Columns of the field."""


def plot(series: Sequence[Series], *, columns: int, rows: int = 16, unit: str = "B") -> str:
    """``series`` in so many columns, and ``rows`` rows beside the axis and a line for each name."""
    wide = max(_LEAST, columns - _MARGIN - 1)
    most, low, high = bounds(series)
    field = [[" "] * wide for _ in range(rows)]
    for each, mark in zip(series, _marks(len(series)), strict=True):
        for column, bits in _columns(each, most, wide):
            if bits <= high:
                row = min(rows - 1, int((high - bits) / (high - low) * rows))
                field[row][column] = mark
    labels = {
        min(rows - 1, int((high - value) / (high - low) * rows)): f"{value:g}"
        for value in ticks(low, high, 5)
    }
    lines = [
        f"{labels.get(n, ''):>{_MARGIN - 2}} {'┤' if n in labels else '│'}{''.join(row)}".rstrip()
        for n, row in enumerate(field)
    ]
    end = amount(most, unit)
    lines.append(" " * (_MARGIN - 1) + "└" + "─" * wide)
    lines.append(" " * _MARGIN + "0" + end.rjust(wide - 1))
    for each, mark in zip(series, _marks(len(series)), strict=True):
        name = "".join(letter if letter.isprintable() else "\ufffd" for letter in each.name)
        value = f"{each.final:.4f}"
        room = max(8, columns - len(value) - 4)
        lines.append(f"{mark} {name if len(name) <= room else '…' + name[1 - room :]}  {value}")
    return "\n".join(lines)


def _marks(count: int) -> str:
    return (MARKS * (count // len(MARKS) + 1))[:count]


def _columns(series: Series, most: float, wide: int) -> list[tuple[int, float]]:
    """For each column that a line crosses its value there; where several points lie in one, the last."""
    found: list[tuple[int, float]] = []
    before: tuple[float, float] | None = None
    for done, bits in series.points:
        column = min(wide - 1, int(done / most * wide)) if most else 0
        if before is not None and not series.marks:
            start, value = before
            gap = range(int(start) + 1, column)
            found += [(c, value + (bits - value) * (c - start) / (column - start)) for c in gap]
        found.append((column, bits))
        before = column, bits
    return found
