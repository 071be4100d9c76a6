"""Learning curves: what symbols cost along the way, several runs over each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from rnncompress.drawing.svg import HUES, Frame, amount, element, escaped, path, text, text_width, ticks


@dataclass(frozen=True, slots=True)
class Series:
    """A line."""

    name: str
    points: tuple[tuple[float, float], ...]
    """(symbols done, bits per symbol); at least one."""
    dashed: bool = False
    marks: bool = False
    """Whether each point has a dot."""
    thin: bool = False
    hue: int | None = None
    """The number of its colour; None for the next one."""

    @property
    def final(self) -> float:
        """Where it ends."""
        return self.points[-1][1]


def bounds(series: Sequence[Series], *, all_of_it: bool = False) -> tuple[float, float, float]:
    """Of the axes: the largest number of symbols; the least and the most bits.

    Unless it is to be ``all_of_it``, the most are few enough that what is late can be told apart.
    """
    finals = [each.final for each in series]
    values = [bits for each in series for _, bits in each.points]
    high = max(values) if all_of_it else min(max(values), max(2 * max(finals), 0.1))
    low = min(values)
    pad = max(0.05 * (high - low), 0.01)
    return max(each.points[-1][0] for each in series), max(0.0, low - pad), high + pad


def curves(
    series: Sequence[Series],
    *,
    title: str,
    y_name: str = "bits per character",
    x_name: str = "bytes coded",
    unit: str = "B",
    width: float = 860,
    height: float = 440,
    alone: bool = True,
    all_of_it: bool = False,
) -> str:
    """An SVG of ``series``, of which there are some; each is named at its end, by its value there.

    ``all_of_it``: see :func:`bounds`.
    """
    names = [f"{each.name} {each.final:.3f}" for each in series]
    wide = max(text_width(name, bold=True) for name in names) + 18
    frame = Frame(width, height, right=min(wide, width * 0.4), top=52)
    most, low, high = bounds(series, all_of_it=all_of_it)
    x, y = frame.scale(0, most), frame.scale(low, high, vertical=True)
    box = frame.field
    xs = [
        (value, amount(value, unit) if value else "0")
        for value in ticks(0, most, max(2, int(box.width // 110)))
    ]
    frame.axes(x, xs, y, [(value, f"{value:g}") for value in ticks(low, high, 7)])
    frame.add(
        text(10, 20, title, class_="title"),
        text(10, 40, f"{y_name}, ↓ better"),
        text(box.x + box.width, box.y + box.height + 36, f"{x_name} →", "end"),
    )
    hues = [(n if each.hue is None else each.hue) % HUES for n, each in enumerate(series)]
    for each, hue in zip(series, hues, strict=True):
        points = [(x(done), y(bits)) for done, bits in _below(each.points, high)]
        kind = f"line hue{hue}{' dashed' if each.dashed else ''}{' thin' if each.thin else ''}"
        told = element("title", escaped(f"{each.name}: {each.final:.4f}"))
        frame.add(element("path", told, class_=kind, d=path(points)))
        if each.marks:
            frame.add(*(element("circle", class_=f"line hue{hue}", cx=a, cy=b, r=3) for a, b in points))
    last = frame.top - 8.0
    for value, name, hue in sorted(
        (y(min(each.final, high)), name, hue) for each, name, hue in zip(series, names, hues, strict=True)
    ):
        last = max(value + 4, last + 15)
        frame.add(text(box.x + box.width + 8, last, name, class_=f"ink{hue}"))
    described = "; ".join(f"{each.name}: {each.final:.4f} after {each.points[-1][0]:,.0f}" for each in series)
    return frame.svg(title, described, alone=alone)


def _below(points: Sequence[tuple[float, float]], high: float) -> list[tuple[float, float]]:
    """The points from where the line comes down to ``high`` on; at least the last. Later ones are cut there."""
    first = next((n for n, (_, bits) in enumerate(points) if bits <= high), len(points) - 1)
    return [(done, min(bits, high)) for done, bits in points[first:]]
