"""A file of strokes as bytes for the engine, and back.

::

    packed = columns (k), hands, number of records (4 bytes, the lowest first), records, described,
             block of drawings, block of far, rest
    described = for each column: block of what stands behind its numbers, significant, least, rising;
                mark, number of sets of grids, for each set and column: decimals, step, start

The records come first, so that what predicts them knows where they are: see :mod:`rnncompress.mixing.point_kernels`.
A block has its number of bytes before it; single numbers are varints, but for those before the records. ``drawings``
has the number of the set of grids of each drawing. ``hands`` says after how many drawings the same hand comes again:
then the times between points are alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.strokes import numerals, records, scanning
from rnncompress.strokes.dialects import Spelling, recognise
from rnncompress.strokes.grids import Finder, Grid, nearest
from rnncompress.strokes.layout import BEGINS, COUNT_BYTES, LIFT, MOST_COLUMNS
from rnncompress.strokes.numbers import Reader, block, varints
from rnncompress.strokes.numerals import MOST, MOST_DECIMALS, Ints, Style

MOST_BYTES: Final = 1 << 26
"""Larger files are not looked at: all numbers of a file are taken into memory."""
LEAST_POINTS: Final = 16
LEAST_SHARE: Final = 0.3
"""Of the bytes of a file, those of its points must be at least so many that it is one of strokes."""
_HANDS: Final = 64
"""Hands that are looked for at most."""
_LEAST_DRAWINGS: Final = 4 * _HANDS
_ALIKE: Final = 74
"""Bits / 1024 of a point that must be saved."""
_FALLING: Final = 0.001
"""Of the points, those before which time may fall back within a stroke."""


Grids = tuple[Grid, ...]
"""One for each column."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number of each point."""

    style: Style
    rising: bool
    """Whether it never falls within a drawing: time."""


@dataclass(frozen=True, slots=True)
class Strokes:
    """A file, taken apart."""

    spelling: Spelling
    columns: tuple[Column, ...]
    mark: int
    rest: bytes
    runs: list[Ints]
    """Points (n, k) of each run, on the grids of its drawing."""
    begins: list[bool]
    """Whether a run begins a drawing."""
    grids: list[Grids]
    """Of each drawing, for each column."""


def parse(data: bytes) -> Strokes | None:
    """The strokes of a file; None if it has none, or too few."""
    if len(data) > MOST_BYTES:
        return None
    scans = [scanning.scan(data, spelling) for spelling in recognise(data)]
    scans = [each for each in scans if each.runs]
    if not scans:
        return None
    strokes = _on_grids(min(scans, key=lambda each: sum(map(len, each.texts))))
    points = sum(map(len, strokes.runs)) if strokes else 0
    if not strokes or points < LEAST_POINTS or len(data) - len(strokes.rest) < LEAST_SHARE * len(data):
        return None
    return strokes


def text(strokes: Strokes, length: int) -> bytes:
    """The file again. Raises ValueError or OverflowError if there is no such file, or it is not of this length."""
    shortest = sum(map(len, strokes.spelling)) + len(strokes.spelling)
    if sum(max(0, len(run) - 1) for run in strokes.runs) * shortest + len(strokes.rest) > length:
        raise ValueError("it is longer than it should be")
    found = scanning.join(strokes.spelling, strokes.mark, strokes.rest, _texts(strokes))
    if len(found) != length:
        raise ValueError("it has another length")
    return found


def pack(strokes: Strokes) -> bytes:
    """All of it as bytes."""
    rising = [column.rising for column in strokes.columns]
    table, far = records.encode(strokes.runs, strokes.begins, rising)
    sets = list(dict.fromkeys(strokes.grids))
    numbers = {grids: number for number, grids in enumerate(sets)}
    described = b""
    for between, column in zip(strokes.spelling, strokes.columns, strict=True):
        described += block(between) + varints((column.style.significant, column.style.least, column.rising))
    described += varints((strokes.mark, len(sets)))
    for grid in (grid for grids in sets for grid in grids):
        described += varints((grid.decimals, grid.step, grid.start))
    drawings = varints(numbers[grids] for grids in strokes.grids)
    return _with_head(table) + described + block(drawings) + block(far) + strokes.rest


def points_alone(strokes: Strokes) -> bytes:
    """As :func:`pack`, but the records are all: what a model learns from, or is evaluated with."""
    table, _ = records.encode(strokes.runs, strokes.begins, [column.rising for column in strokes.columns])
    return _with_head(table)


def table_of(reader: Reader) -> records.Bytes:
    """The records (n, k) with which packed strokes begin. Raises ValueError if there are none."""
    columns, _, *count = reader.take(2 + COUNT_BYTES)
    if not 2 <= columns <= MOST_COLUMNS:
        raise ValueError(f"its points have {columns} columns")
    rows = int.from_bytes(bytes(count), "little")
    return np.frombuffer(reader.take(rows * columns), np.uint8).reshape(rows, columns)


def divided(strokes: Strokes, share: float) -> tuple[Strokes, Strokes]:
    """The first drawings, which have about this ``share`` of the points, and the others: the first runs, if there is
    but one drawing. The rest is left out. Raises ValueError if there is but one run."""
    if len(strokes.runs) < 2:
        raise ValueError("a single stroke cannot be divided")
    sizes = np.cumsum([len(run) for run in strokes.runs])
    wanted = int(np.searchsorted(sizes, share * sizes[-1])) + 1
    firsts = [number for number, new in enumerate(strokes.begins) if new and number]
    at = min(firsts, key=lambda number: abs(number - wanted)) if firsts else wanted
    at = min(max(at, 1), len(strokes.runs) - 1)
    here = sum(strokes.begins[:at])
    second = replace(
        strokes,
        rest=b"",
        runs=strokes.runs[at:],
        begins=[True, *strokes.begins[at + 1 :]],
        grids=strokes.grids[here - (not strokes.begins[at]) :],
    )
    first = replace(
        strokes, rest=b"", runs=strokes.runs[:at], begins=strokes.begins[:at], grids=strokes.grids[:here]
    )
    return first, second


def unpack(packed: bytes) -> Strokes:
    """The inverse of :func:`pack`. Raises ValueError if there are no strokes."""
    reader = Reader(packed)
    table = table_of(reader)
    columns = table.shape[1]
    spelling, described = [], []
    for _ in range(columns):
        spelling.append(reader.block())
        significant, least, rising = reader.varint(), reader.varint(), reader.varint()
        if max(significant, least) > MOST_DECIMALS or rising > 1:
            raise ValueError("a column is impossible")
        described.append(Column(Style(significant, least), bool(rising)))
    mark, sets = reader.varint(), reader.varint()
    if mark > 255:
        raise ValueError("its mark is no byte")
    grids = [tuple(_grid(reader) for _ in range(columns)) for _ in range(sets)]
    numbers, drawings = Reader(reader.block()), []
    far = Reader(reader.block())
    runs, begins = records.decode(table, far, [column.rising for column in described])
    for _ in range(sum(begins)):
        number = numbers.varint()
        if number >= sets:
            raise ValueError("a drawing has no grid")
        drawings.append(grids[number])
    return Strokes(tuple(spelling), tuple(described), mark, reader.rest(), runs, begins, drawings)


def _with_head(table: records.Bytes) -> bytes:
    """Records, and before them what tells how many there are."""
    head = bytes([table.shape[1], hands(table)]) + len(table).to_bytes(COUNT_BYTES, "little")
    return head + table.tobytes()


def hands(table: records.Bytes) -> int:
    """After how many drawings the times in the first column of ``table`` (n, k) are alike; 1 if that is no use.

    In a collection the same people draw one thing after the other, each with a screen that tells points in its rhythm.
    """
    lifts = table[:, 0] == LIFT
    drawings = np.cumsum(lifts & (table[:, 1] == BEGINS))[~lifts] - 1
    count = int(drawings[-1]) + 1 if len(drawings) else 0
    if count < _LEAST_DRAWINGS:
        return 1
    seen = np.zeros((count, 256), np.int64)
    np.add.at(seen, (drawings, table[~lifts, 0]), 1)
    smooth = 20 * seen + 1
    likely = _log2(smooth) - _log2(smooth.sum(axis=1, keepdims=True))
    gains = [int((seen[each:] * likely[:-each]).sum() // seen[each:].sum()) for each in range(1, _HANDS + 1)]
    # Multiples are as good, but for chance.
    best = next(n for n, gain in enumerate(gains) if gain > max(gains) - _ALIKE // 2)
    return best + 1 if gains[best] > gains[0] + _ALIKE else 1


def _log2(numbers: Ints) -> Ints:
    """Logarithms of positive integers in units of 1/1024, rounded down: by integers, so the same on every machine."""
    found, where = np.unique(numbers, return_inverse=True)
    logs = np.array([(number**1024).bit_length() - 1 for number in found.tolist()], np.int64)
    return logs[where].reshape(numbers.shape)


def _grid(reader: Reader) -> Grid:
    decimals, step, start = reader.varint(), reader.varint(), reader.varint()
    if decimals > MOST_DECIMALS or not step or start >= MOST:
        raise ValueError("a grid is impossible")
    return Grid(decimals, step, start)


def _texts(strokes: Strokes) -> Iterator[list[bytes]]:
    """The numbers of each run, those of its points one after the other."""
    for first, last, grids in _drawings(strokes.begins, strokes.grids):
        runs = strokes.runs[first:last]
        points = np.concatenate(runs)
        k = len(strokes.columns)
        numbers = [b""] * points.size
        for column, (grid, told) in enumerate(zip(grids, strokes.columns, strict=True)):
            numbers[column::k] = grid.write(points[:, column], told.style)
        at = 0
        for run in runs:
            yield numbers[at : at + run.size]
            at += run.size


def _drawings(begins: Sequence[bool], grids: Sequence[Grids]) -> Iterator[tuple[int, int, Grids]]:
    """The first run of each drawing, the one after its last, and its grids."""
    firsts = [number for number, new in enumerate(begins) if new]
    if begins and not begins[0]:
        raise ValueError("its first stroke belongs to no drawing")
    yield from zip(firsts, [*firsts[1:], len(begins)], grids, strict=True)


def _on_grids(scan: scanning.Scan) -> Strokes | None:
    """Strokes whose numbers are integers on grids; points that are on none are left in the rest. None if all are."""
    k = len(scan.spelling)
    sizes = [len(run) // k for run in scan.runs]
    texts = [[number for run in scan.runs for number in run[column::k]] for column in range(k)]
    decimals = [numerals.decimals_of(column) for column in texts]
    values = [numerals.read(column, places) for column, places in zip(texts, decimals, strict=True)]
    styles = [numerals.style_of(*each) for each in zip(texts, values, decimals, strict=True)]
    steps: dict[int, list[int]] = {places: [] for places in decimals}
    finders = [Finder(places, style, steps[places]) for places, style in zip(decimals, styles, strict=True)]
    ends = np.cumsum(sizes)
    begins = _begins(values[-1], ends) if k > 2 else np.arange(len(sizes)) == 0
    firsts = np.flatnonzero(begins)
    bounds = [0, *ends[firsts[1:] - 1].tolist(), int(ends[-1])]
    grids, parts, wrong = [], [], []
    for first, last in pairwise(bounds):
        here = [(column[first:last], own[first:last]) for column, own in zip(values, texts, strict=True)]
        found = tuple(finder.find(*each) for finder, each in zip(finders, here, strict=True))
        integers, differs = np.zeros((last - first, k), np.int64), np.zeros(last - first, np.bool_)
        for column, (grid, (own, written)) in enumerate(zip(found, here, strict=True)):
            integers[:, column] = nearest(grid, own, decimals[column])
            again = grid.write(integers[:, column], styles[column])
            differs |= np.fromiter((a != b for a, b in zip(again, written, strict=True)), np.bool_, len(own))
        grids.append(found)
        parts.append(integers)
        wrong.append(differs)
    points, bad = np.concatenate(parts), np.concatenate(wrong)
    if k > 2:
        bad |= _falling(points[:, -1], bounds)
    kept = scanning.without(scan, np.split(bad, ends[:-1]))
    left = ~bad
    if not left.any():
        return None
    drawings = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))[left]
    return _put_together(kept, points[left], styles, drawings, grids)


def _falling(times: Ints, bounds: Sequence[int]) -> NDArray[np.bool_]:
    """Points whose time is before that of an earlier point of the drawing; none if the column can be no time."""
    latest = [np.maximum.accumulate(times[first:last]) for first, last in pairwise(bounds)]
    falling: NDArray[np.bool_] = times < np.concatenate(latest)
    return falling if falling.sum() <= _FALLING * len(times) else np.zeros_like(falling)


def _put_together(
    scan: scanning.Scan,
    points: Ints,
    styles: Sequence[Style],
    drawings: Ints,
    grids: Sequence[Grids],
) -> Strokes:
    """Runs, and the marks that stand for them; ``drawings`` (n,) tells to which each of ``points`` (n, k) belongs."""
    k = len(scan.spelling)
    mark, rest, there = scanning.mark_up(scan.texts)
    sizes = np.zeros(len(there), np.int64)
    sizes[there] = [len(run) // k for run in scan.runs]
    ends = np.cumsum(sizes)
    runs = np.split(points, ends[:-1])
    # A mark of the text belongs to the drawing before it, or to the first one.
    padded = np.concatenate([drawings, drawings[-1:]])
    of_runs = np.maximum.accumulate(np.where(sizes > 0, padded[ends - sizes], padded[0]))
    begins = np.diff(of_runs, prepend=-1) != 0
    last = np.zeros(len(points), np.bool_)
    last[1:] = drawings[1:] == drawings[:-1]
    falls = (np.diff(points, axis=0, prepend=0) < 0) & last[:, None] | (points < 0)
    rising = [not falls[:, column].any() for column in range(k)]
    columns = tuple(Column(style, up) for style, up in zip(styles, rising, strict=True))
    own = [grids[number] for number in of_runs[begins]]
    return Strokes(scan.spelling, columns, mark, rest, runs, begins.tolist(), own)


def _begins(times: Ints, ends: Ints) -> NDArray[np.bool_]:
    """Whether each run begins a drawing: if the last column is time, where that falls back."""
    falls = np.diff(times, prepend=times[:1]) < 0
    starts = np.concatenate([[0], ends[:-1]])
    begins: NDArray[np.bool_] = falls[starts]
    if falls.sum() - begins.sum() > _FALLING * len(times):
        begins[:] = False
    begins[0] = True
    return begins
