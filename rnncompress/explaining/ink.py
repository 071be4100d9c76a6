"""What the points of strokes cost: totals by what they tell, and the drawings coloured by it."""

from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.explaining import expected
from rnncompress.explaining.costs import Bits, Costs
from rnncompress.strokes import packing, picture
from rnncompress.strokes.layout import BEGINS, HEAD, LIFT
from rnncompress.strokes.numbers import Reader

DRAWINGS: Final = 64
"""Of a file that are shown at most: the first."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Bits of all points of a file, by what they tell."""

    points: int
    strokes: int
    drawings: int
    columns: tuple[float, ...]
    """Of each number of the points, in the order of the file."""
    lifts: float
    """Of what tells that a stroke ends."""
    rest: float
    """Of what is no point: grids, what is far, the text around strokes."""

    def lines(self) -> list[str]:
        """For people."""
        rows = [(("x", "y")[n] if n < 2 else f"number {n + 1}", bits) for n, bits in enumerate(self.columns)]
        rows += [("ends of strokes", self.lifts), ("the rest", self.rest)]
        total = sum(bits for _, bits in rows) or 1.0
        told = [f"{self.points:,} points, {self.strokes:,} strokes, {self.drawings:,} drawings"]
        told += ["", f"{'':26}{'bytes':>12}{'bits/point':>12}{'of all bits':>13}"]
        for name, bits in rows:
            told.append(f"{name:26}{bits / 8:12,.0f}{bits / max(1, self.points):12.3f}{bits / total:13.1%}")
        return told

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def analyse(packed: bytes, costs: Costs) -> Ink:
    """What the costs of packed strokes come to."""
    bits, lifts = _of_records(packed, costs)
    begins = int((packing.table_of(Reader(packed))[lifts, 1] == BEGINS).sum())
    by_column = bits[~lifts].sum(axis=0, dtype=np.float64)
    return Ink(
        points=int((~lifts).sum()),
        strokes=int(lifts.sum()),
        drawings=begins,
        columns=tuple(np.roll(by_column, -1).tolist()),
        lifts=float(bits[lifts].sum(dtype=np.float64)),
        rest=float(costs.coded.sum(dtype=np.float64) - bits.sum(dtype=np.float64)),
    )


def as_html(name: str, packed: bytes, costs: Costs, summary: str) -> str:
    """A page with drawings of the file ``name``, the line to each point in the colour of its cost."""
    strokes = packing.unpack(packed)
    bits, lifts = _of_records(packed, costs)
    places = np.flatnonzero(lifts)
    of_runs: list[Bits] = [part[1:].sum(axis=1) for part in np.split(bits, places[1:])]
    numbers = np.cumsum(strokes.begins) - 1
    shown = [number for number, drawing in enumerate(numbers) if drawing < DRAWINGS]
    svg = picture.drawings(
        [strokes.runs[n] for n in shown], [strokes.begins[n] for n in shown], [of_runs[n] for n in shown]
    )
    expectation = ""
    if costs.densities is not None and len(costs.densities):
        expectation = (
            "<section><h2>Where the pen was expected</h2>\n<p>The darker, the more often or the more surely the next "
            "point was expected there; the lines are what was drawn. "
            f"The first {expected.DRAWINGS} drawings at most.</p>\n"
            f"{expected.as_svg(packed, costs.densities)}</section>\n"
        )
    told = "\n".join(analyse(packed, costs).lines())
    some = f"<p>The first {DRAWINGS} drawings.</p>\n" if numbers[-1] >= DRAWINGS else ""
    style = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(name)}: what each point cost</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(name)}</h1>\n<p>{escape(summary)}</p>\n<section><h2>Where the bits go</h2>\n<pre>{escape(told)}"
        f"</pre></section>\n<section><h2>The drawings</h2>\n{picture.legend()}\n{some}{svg}</section>\n"
        f"{expectation}</main>\n</body>\n</html>\n"
    )


def _of_records(packed: bytes, costs: Costs) -> tuple[Bits, NDArray[np.bool_]]:
    """Bits (n, k) of all bytes of the records, and which of these are lifts."""
    table = packing.table_of(Reader(packed))
    bits = costs.coded[HEAD : HEAD + table.size].reshape(table.shape)
    return bits, table[:, 0] == LIFT
