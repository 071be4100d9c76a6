"""Bytes coloured by what they cost, as HTML: as text, or in hexadecimal; and the whole file as a picture."""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

import numpy as np

from rnncompress.drawing.svg import element
from rnncompress.explaining.analysis import KIND, KINDS, Passage
from rnncompress.explaining.costs import Bits, Costs

EDGES: Final = (0.05, 0.15, 0.4, 0.8, 1.5, 3.0, 5.0, 8.0, 12.0)
"""Bits of a byte that the colours lie between."""
ROW: Final = 16
"""Bytes in a line of the hex view."""
CELLS: Final = 2400
"""Of the picture of the whole file, at most."""
_CELLS_WIDE: Final = 100
_CELL: Final = 8
_WORD: Final = {KINDS.index(name) for name in ("lower-case letters", "capitals", "128 and above", "digits")}
_SIGNS: Final = {"\t": "→\t", "\r": "␍"}
"""What cannot be seen."""


def levels(bits: Bits) -> list[int]:
    """The numbers of the colours, from 0."""
    found: list[int] = np.searchsorted(EDGES, bits).tolist()
    return found


def legend() -> str:
    """The colours, and what they stand for."""
    shown = (
        f"<i class=h{n}>{'below' if n == 0 else 'from'} {EDGES[max(0, n - 1)]:g}</i>"
        for n in range(len(EDGES) + 1)
    )
    return f"<p class=legend>bits of a byte: {' '.join(shown)}</p>"


def as_text(data: bytes, costs: Costs, passage: Passage) -> str:
    """A passage as text: the colour of a letter is its cost; over a word there is what the whole word cost."""
    end = passage.start + passage.bytes
    words = [_word(data, costs, start, stop) for start, stop in _tokens(data, passage.start, end)]
    return f"<pre class=heat>{''.join(words)}</pre>"


def _tokens(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Words, and what stands between them, from ``start`` to ``end``; no letter of UTF-8 is cut."""
    while start > 0 and data[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    for _, group in groupby(range(start, end), lambda at: int(KIND[data[at]]) in _WORD):
        places = list(group)
        yield places[0], places[-1] + 1


def _word(data: bytes, costs: Costs, start: int, end: int) -> str:
    letters = []
    for at, letter in _letters(data, start, end):
        cost = costs.coded[at : at + max(1, len(letter.encode("utf-8", "surrogateescape")))].max()
        letters.append((int(np.searchsorted(EDGES, cost)), _shown(letter)))
    runs = [
        (level, "".join(shown for _, shown in group))
        for level, group in groupby(letters, lambda each: each[0])
    ]
    inner = "".join(f"<i class=h{level}>{shown}</i>" if level else shown for level, shown in runs)
    total = float(costs.coded[start:end].sum())
    if total < EDGES[4] or data[start:end].isspace():
        return inner
    return f'<b title="{escape(_told(costs, start, end), quote=True)}">{inner}</b>'


def _letters(data: bytes, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Where each letter begins; bytes that are no UTF-8 each are one."""
    at = start
    for letter in data[start:end].decode("utf-8", "surrogateescape"):
        yield at, letter
        at += len(letter.encode("utf-8", "surrogateescape"))


def _shown(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff" or (letter < " " and letter not in "\n\t\r") or letter == "\x7f":
        return f"<u>{ord(letter) & 0xFF:02x}</u>"
    return escape(_SIGNS.get(letter, letter))


def _told(costs: Costs, start: int, end: int) -> str:
    """What some bytes cost, in words."""
    here = slice(start, end)
    text = f"{costs.coded[here].sum():.1f} bits at {start:,}"
    if costs.network is not None and costs.saved:
        text += f"; network alone {costs.network[here].sum():.1f}"
    return text + "".join(f"; {name} saved {bits[here].sum():.1f}" for name, bits in costs.saved.items())


def as_hex(data: bytes, costs: Costs, passage: Passage) -> str:
    """A passage as hexadecimal numbers, with what is readable of it beside them."""
    first, last = passage.start // ROW * ROW, passage.start + passage.bytes
    rows = []
    for start in range(first, last, ROW):
        row = data[start : start + ROW]
        colours = levels(costs.coded[start : start + ROW])
        cells = " ".join(
            f'<i class=h{level} title="{bits:.2f} bits">{byte:02x}</i>'
            for byte, level, bits in zip(row, colours, costs.coded[start : start + ROW].tolist(), strict=True)
        )
        readable = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in row)
        rows.append(f"<u>{start:08x}</u>  {cells}{'   ' * (ROW - len(row))}  {escape(readable)}\n")
    return f"<pre class=heat>{''.join(rows)}</pre>"


def picture(costs: Costs) -> str:
    """The whole file as an SVG of cells, in the order of reading, each coloured by the mean of its bytes."""
    n = len(costs)
    count = min(CELLS, -(-n // 16))
    edges = np.arange(count) * n // count
    sizes = np.diff(np.append(edges, n))
    means = np.add.reduceat(costs.coded.astype(np.float64), edges) / sizes
    cells = [
        element(
            "rect", class_=f"h{level}", x=k % _CELLS_WIDE * _CELL, y=k // _CELLS_WIDE * _CELL,
            width=_CELL, height=_CELL,
        )
        for k, level in enumerate(levels(means.astype(np.float32)))
    ]  # fmt: skip
    high = -(-count // _CELLS_WIDE) * _CELL
    title = element("title", f"The whole file, {n / count:,.0f} bytes a cell, line by line")
    return element(
        "svg", title, *cells, class_="map", viewBox=f"0 0 {_CELLS_WIDE * _CELL} {high}", role="img"
    )
