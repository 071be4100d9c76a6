"""SVG as text: elements, axes, and labels that do not lie on each other."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, Literal

HUES: Final = 6
"""Colours of lines; after these they come again."""
FONT_SIZE: Final = 12

STYLE: Final = """\
.plot { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Helvetica, Arial, sans-serif; }
.plot text { fill: #5b6678; }
.plot .ground { fill: #ffffff; }
.plot .grid { stroke: #e8ebf0; }
.plot .axis { stroke: #c3cad5; }
.plot .halo { stroke: #ffffff; stroke-width: 3.5px; stroke-linejoin: round; }
.plot .name { fill: #1b2230; }
.plot .own { fill: #c2410c; font-weight: 700; }
.plot .title { fill: #1b2230; font-weight: 700; }
.plot .front { fill: none; stroke: #1b2230; stroke-width: 1.4px; opacity: 0.5; }
.plot .leader { stroke: #9aa5b5; }
.plot .other-mark { fill: #ffffff; stroke: #66748a; stroke-width: 2px; }
.plot .best-mark { fill: #66748a; stroke: #66748a; stroke-width: 2px; }
.plot .own-mark { fill: #c2410c; stroke: #c2410c; stroke-width: 2px; }
.plot .line { fill: none; stroke-width: 2.2px; stroke-linejoin: round; }
.plot .thin { stroke-width: 1px; opacity: 0.55; }
.plot .dashed { stroke-dasharray: 5 4; }
.plot .hue0 { stroke: #c2410c; } .plot .hue1 { stroke: #1864ab; } .plot .hue2 { stroke: #087f5b; }
.plot .hue3 { stroke: #5f3dc4; } .plot .hue4 { stroke: #a61e4d; } .plot .hue5 { stroke: #846000; }
.plot text.ink0 { fill: #c2410c; } .plot text.ink1 { fill: #1864ab; } .plot text.ink2 { fill: #087f5b; }
.plot text.ink3 { fill: #5f3dc4; } .plot text.ink4 { fill: #a61e4d; } .plot text.ink5 { fill: #846000; }
@media (prefers-color-scheme: dark) {
.plot text { fill: #a3aec0; }
.plot .ground { fill: #161a21; }
.plot .grid { stroke: #252c38; }
.plot .axis { stroke: #424c5c; }
.plot .halo { stroke: #161a21; }
.plot .name, .plot .title { fill: #e6eaf1; }
.plot .own { fill: #ff9a62; }
.plot .front { stroke: #e6eaf1; }
.plot .leader { stroke: #66748a; }
.plot .other-mark { fill: #161a21; stroke: #8795ab; }
.plot .best-mark { fill: #8795ab; stroke: #8795ab; }
.plot .own-mark { fill: #ff8a4c; stroke: #ff8a4c; }
.plot .hue0 { stroke: #ff8a4c; } .plot .hue1 { stroke: #74b9f5; } .plot .hue2 { stroke: #3bc9a0; }
.plot .hue3 { stroke: #b197fc; } .plot .hue4 { stroke: #f783ac; } .plot .hue5 { stroke: #e6c34a; }
.plot text.ink0 { fill: #ff8a4c; } .plot text.ink1 { fill: #74b9f5; } .plot text.ink2 { fill: #3bc9a0; }
.plot text.ink3 { fill: #b197fc; } .plot text.ink4 { fill: #f783ac; } .plot text.ink5 { fill: #e6c34a; }
}
"""
"""Of all plots. A page that has plots in it needs it once; a plot that is a file has it inside."""

Anchor = Literal["start", "middle", "end"]
Scale = Callable[[float], float]
Tick = tuple[float, str]

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NARROW: Final = "fijlrtI.,:;'|![]()/ -"
_WIDE: Final = "mwMW@%—"
_WIDTHS: Final = {"narrow": 0.38, "usual": 0.61, "wide": 0.95}
"""Of letters of the usual fonts, in font sizes; a little more than they are."""


def element(name: str, *children: str, **attributes: float | str | None) -> str:
    """An element with these children, which are SVG already; attributes of None are left out.

    An underscore in a name stands for a hyphen; one behind it is dropped, for words of Python such as ``class_``.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{''.join(children)}</{name}>" if children else f"<{name}{told}/>"


def escaped(content: str) -> str:
    """Any text as XML; what XML cannot hold becomes U+FFFD."""
    return escape(_NO_XML.sub("\ufffd", content))


def _value(value: float | str) -> str:
    return escaped(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def text(x: float, y: float, content: str, anchor: Anchor = "start", class_: str | None = None) -> str:
    """A line of text, ``y`` is its base line."""
    return element("text", escaped(content), x=x, y=y, text_anchor=anchor, class_=class_)


def text_width(content: str, *, bold: bool = False) -> float:
    """How wide a text is, about."""
    widths = (
        _WIDTHS["narrow" if letter in _NARROW else "wide" if letter in _WIDE else "usual"]
        for letter in content
    )
    return sum(widths) * FONT_SIZE * (1.12 if bold else 1)


def path(points: Sequence[tuple[float, float]]) -> str:
    """What ``d`` of a path says to draw lines from point to point."""
    return "".join(f"{'L' if n else 'M'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(points))


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """About so many round numbers from ``low`` to ``high``."""
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / wanted))
    step = next(step for n in (1, 2, 5, 10, 20) if (step := n * power) >= (high - low) / wanted)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{n * step:.12g}") for n in range(first, last + 1)]


def amount(value: float, unit: str) -> str:
    """A number with the prefix that suits it: 20 kB, 1.5 MB/s."""
    for prefix in ("", "k", "M", "G", "T"):
        if abs(value) < 999.5 or prefix == "T":
            return f"{value:.3g} {prefix}{unit}".rstrip()
        value /= 1000
    raise AssertionError


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: "Box") -> bool:
        """Whether they have anything in common."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass
class Frame:
    """An SVG in the making: a field for the plot, and margins."""

    width: float
    height: float
    left: float = 44
    right: float = 16
    top: float = 30
    bottom: float = 46
    body: list[str] = field(default_factory=list)

    @property
    def field(self) -> Box:
        """Where points lie."""
        return Box(
            self.left, self.top, self.width - self.left - self.right, self.height - self.top - self.bottom
        )

    def add(self, *elements: str) -> None:
        """Draw them over what is there."""
        self.body += elements

    def label(self, x: float, y: float, content: str, anchor: Anchor, class_: str) -> None:
        """A text that can be read over lines."""
        halo = f"halo {class_}".strip()  # of the same weight, or it looks out beside the text
        self.add(text(x, y, content, anchor, halo), text(x, y, content, anchor, class_))

    def scale(self, low: float, high: float, *, vertical: bool = False, logarithmic: bool = False) -> Scale:
        """Places in the field of the numbers from ``low``, left or below, to ``high``."""
        f = (lambda value: math.log(value)) if logarithmic else float
        first, span = f(low), (f(high) - f(low)) or 1.0
        box = self.field
        if vertical:
            return lambda value: box.y + box.height * (1 - (f(value) - first) / span)
        return lambda value: box.x + box.width * (f(value) - first) / span

    def axes(self, x: Scale, xs: Sequence[Tick], y: Scale, ys: Sequence[Tick]) -> None:
        """Lines of a grid, and what they stand for."""
        box = self.field
        right, base = box.x + box.width, box.y + box.height
        for value, content in ys:
            at = y(value)
            self.add(
                element("line", class_="grid", x1=box.x, x2=right, y1=at, y2=at),
                text(box.x - 8, at + 4, content, "end"),
            )
        for value, content in xs:
            at = x(value)
            self.add(
                element("line", class_="grid", x1=at, x2=at, y1=box.y, y2=base),
                text(at, base + 18, content, "middle"),
            )
        self.add(element("line", class_="axis", x1=box.x, x2=right, y1=base, y2=base))

    def svg(self, title: str, description: str = "", *, alone: bool = True) -> str:
        """All of it. ``title`` and ``description`` are for those who cannot see it; ``alone``: a file of its own."""
        about = [element("title", escaped(title))]
        if description:
            about.append(element("desc", escaped(description)))
        if alone:
            about.append(element("style", STYLE))
        ground = element("rect", class_="ground", width=self.width, height=self.height)
        return element(
            "svg", *about, ground, *self.body,
            xmlns="http://www.w3.org/2000/svg" if alone else None,
            class_="plot", viewBox=f"0 0 {self.width:g} {self.height:g}",
            width=self.width if alone else None, height=self.height if alone else None, role="img",
        )  # fmt: skip
