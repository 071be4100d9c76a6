"""Size against speed: points with names, and the front of those that nothing beats in both."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rnncompress.drawing.svg import (
    FONT_SIZE,
    Anchor,
    Box,
    Frame,
    Scale,
    amount,
    element,
    escaped,
    path,
    text,
    text_width,
    ticks,
)

_AWAY: Final = (10, 22, 34, 48, 64, 86)
"""How far from its point a name may stand; more than the first with a line between them."""
_DIRECTIONS: Final = 16


@dataclass(frozen=True, slots=True)
class Point:
    """A program on some input."""

    name: str
    speed: float
    """Bytes a second; more is better."""
    bpc: float
    """Less is better."""
    own: bool = False
    """Drawn so that it is seen first, and named in any case."""


def front(points: Sequence[Point]) -> list[Point]:
    """Those to which no other is both as fast and as small; the slowest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (-point.speed, point.bpc)):
        if not best or point.bpc < best[-1].bpc:
            best.append(point)
    return best[::-1]


def scatter(
    points: Sequence[Point],
    *,
    title: str,
    note: str = "",
    speed_name: str = "speed",
    width: float = 860,
    height: float = 480,
    alone: bool = True,
) -> str:
    """An SVG of ``points``, of which there are some. Both axes are logarithmic. ``note`` stands small at its foot."""
    speeds, sizes = [point.speed for point in points], [point.bpc for point in points]
    frame = Frame(width, height, top=52, bottom=64 if note else 46)
    pad = (max(sizes) / min(sizes)) ** 0.06 * 1.01
    x = frame.scale(min(speeds) / 3, max(speeds) * 2.2, logarithmic=True)
    low, high = min(sizes) / pad, max(sizes) * pad
    y = frame.scale(low, high, vertical=True, logarithmic=True)
    decades = range(math.ceil(math.log10(min(speeds) / 3)), math.floor(math.log10(max(speeds) * 2.2)) + 1)
    xs = [(10.0**n, amount(10.0**n, "B/s")) for n in decades]
    frame.axes(x, xs, y, [(value, f"{value:g}") for value in ticks(low, high, 7)])
    right = width - frame.right
    frame.add(
        text(10, 20, title, class_="title"),
        text(10, 40, "bits per character, ↓ smaller"),
        text(right, frame.field.y + frame.field.height + 36, f"{speed_name}, faster →", "end"),
    )
    if note:
        frame.add(text(10, height - 8, note))
    best = front(points)
    corners = _stairs(best, x, y)
    frame.add(element("path", class_="front", d=path(corners)))
    _marks(frame, points, best, x, y)
    _names(frame, points, best, corners, x, y)
    described = "; ".join(
        f"{point.name}: {point.bpc:.3f} bpc at {amount(point.speed, 'B/s')}"
        for point in sorted(points, key=lambda point: point.bpc)
    )
    return frame.svg(title, described, alone=alone)


def _stairs(best: Sequence[Point], x: Scale, y: Scale) -> list[tuple[float, float]]:
    """The front as a line: whoever wants to be faster than one point must take the size of the next."""
    corners = [(x(best[0].speed), y(best[0].bpc))]
    for before, point in pairwise(best):
        corners += [(x(before.speed), y(point.bpc)), (x(point.speed), y(point.bpc))]
    return corners


def _marks(frame: Frame, points: Sequence[Point], best: Sequence[Point], x: Scale, y: Scale) -> None:
    for point in sorted(points, key=lambda point: point.own):
        kind = "own-mark" if point.own else "best-mark" if point in best else "other-mark"
        told = f"{point.name}: {point.bpc:.3f} bpc, {amount(point.speed, 'B/s')}"
        frame.add(
            element(
                "circle", element("title", escaped(told)), class_=kind, cx=x(point.speed), cy=y(point.bpc),
                r=6 if point.own else 4.5,
            )
        )  # fmt: skip


def _names(
    frame: Frame,
    points: Sequence[Point],
    best: Sequence[Point],
    corners: Sequence[tuple[float, float]],
    x: Scale,
    y: Scale,
) -> None:
    """Names where there is room for them, ours and those of the front first."""
    taken = [Box(x(point.speed) - 7, y(point.bpc) - 7, 14, 14) for point in points]
    taken += [
        Box(min(ax, bx) - 1, min(ay, by) - 1, abs(ax - bx) + 2, abs(ay - by) + 2)
        for (ax, ay), (bx, by) in pairwise(corners)
    ]
    names: list[Box] = []
    inside = Box(frame.left, frame.top - 6, frame.width - frame.left - 4, frame.field.height + 4)
    for point in sorted(points, key=lambda point: (-point.own, -(point in best), point.bpc)):
        at = x(point.speed), y(point.bpc)
        for far, (tx, ty, anchor, box) in _places(at, text_width(point.name, bold=point.own) + 2):
            if any(box.meets(other) for other in taken) or not _within(box, inside):
                continue
            end = min(max(at[0], box.x), box.x + box.width), min(max(at[1], box.y), box.y + box.height)
            if far and any(dot.meets(name) for dot in _dots(at, end) for name in names):
                continue
            taken.append(box)
            names.append(box)
            if far:
                frame.add(element("line", class_="leader", x1=at[0], y1=at[1], x2=end[0], y2=end[1]))
            frame.label(tx, ty, point.name, anchor, "own" if point.own else "name" if point in best else "")
            break


def _places(at: tuple[float, float], wide: float) -> Iterator[tuple[bool, tuple[float, float, Anchor, Box]]]:
    """Places of a name, the better ones first: whether it needs a line, its place and anchor, and its box."""
    for away in _AWAY:
        for n in range(_DIRECTIONS):
            angle = 2 * math.pi * n / _DIRECTIONS * (-1 if n % 2 else 1)
            dx, dy = away * math.cos(angle), away * math.sin(angle)
            anchor: Anchor = "start" if dx > 2 else "end" if dx < -2 else "middle"
            left = at[0] + dx - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
            base = at[1] + dy + 4 + (3 if dy > 6 else -3 if dy < -6 else 0)
            box = Box(left - 1, base - FONT_SIZE + 1, wide + 2, FONT_SIZE + 2)
            yield away > _AWAY[0], (at[0] + dx, base, anchor, box)


def _dots(start: tuple[float, float], end: tuple[float, float]) -> list[Box]:
    """Small boxes along a line."""
    return [
        Box(
            start[0] + (end[0] - start[0]) * n / _DIRECTIONS,
            start[1] + (end[1] - start[1]) * n / _DIRECTIONS,
            0,
            0,
        )
        for n in range(_DIRECTIONS)
    ]


def _within(box: Box, outer: Box) -> bool:
    return (
        outer.x <= box.x
        and outer.y <= box.y
        and box.x + box.width <= outer.x + outer.width
        and box.y + box.height <= outer.y + outer.height
    )
