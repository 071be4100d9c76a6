"""Plots: sound SVG, names that do not lie on each other, and text of the width that was asked for."""

import re
import sys
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncompress.drawing import curves as drawn_curves
from rnncompress.drawing import png
from rnncompress.drawing.curves import Series, bounds, curves
from rnncompress.drawing.scatter import Point, front, scatter
from rnncompress.drawing.svg import HUES, Box, Frame, amount, element, text_width, ticks
from rnncompress.drawing.terminal import plot
from rnncompress.errors import OutputError

SVG = "{http://www.w3.org/2000/svg}"
numbers = st.floats(1e-3, 1e9)
points = st.builds(Point, st.text(min_size=1, max_size=8), numbers, st.floats(0.01, 8), st.booleans())
series = st.builds(
    Series,
    st.text(max_size=20),
    st.lists(st.tuples(st.floats(1, 1e9), st.floats(0.001, 30)), min_size=1, max_size=30).map(
        lambda found: tuple(sorted(found))
    ),
    st.booleans(),
    st.booleans(),
)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.encode("utf-8", "replace"))


@given(st.lists(points, min_size=1, max_size=20))
def test_a_scatter_is_sound_and_has_every_point(found: list[Point]) -> None:
    """Ours are named in any case that there is room for; all of them are told to those who cannot see."""
    root = parsed(scatter(found, title="<title> & more", note="when"))
    assert len(root.findall(f"{SVG}circle")) == len(found)
    assert root.find(f"{SVG}title").text == "<title> & more"
    assert root.attrib["role"] == "img"


def test_names_do_not_lie_on_each_other() -> None:
    """However close the points are, ours have theirs."""
    found = [Point(f"program {n}", 1e6 * (1 + n / 50), 2 + n / 100, n % 3 == 0) for n in range(9)]
    root = parsed(scatter(found, title="t"))
    boxes = []
    for each in root.findall(f"{SVG}text"):
        if each.attrib.get("class") in ("own", "name", ""):
            width = text_width(each.text, bold=each.attrib["class"] == "own")
            shift = {"start": 0.0, "middle": width / 2, "end": width}[each.attrib["text-anchor"]]
            boxes.append(
                (each.text, Box(float(each.attrib["x"]) - shift, float(each.attrib["y"]) - 11, width, 12))
            )
    assert {name for name, _ in boxes} >= {point.name for point in found if point.own}
    assert not any(one.meets(other) for (_, one), (_, other) in combinations(boxes, 2))


def test_the_front_is_what_nothing_beats() -> None:
    """A point that another equals in both is not told twice."""
    a, b, c, d = Point("a", 1, 1), Point("b", 2, 2), Point("c", 1.5, 3), Point("d", 2, 2)
    assert [point.name for point in front([c, b, a, d])] == ["a", "b"]


@given(st.lists(series, min_size=1, max_size=8), st.booleans())
def test_curves_are_sound_and_stay_in_their_field(found: list[Series], whole: bool) -> None:
    """Every line is drawn and named; none leaves the picture."""
    root = parsed(curves(found, title="t", all_of_it=whole))
    lines = root.findall(f"{SVG}path")
    assert len(lines) == len(found)
    for line in lines:
        places = [float(n) for n in re.findall(r"-?[\d.]+", line.attrib["d"])]
        assert all(-1 <= place <= 860 for place in places)
    most, low, high = bounds(found, all_of_it=whole)
    assert low < high
    assert most == max(each.points[-1][0] for each in found)


def test_colours_come_again() -> None:
    """There are more runs than colours."""
    svg = curves([Series(str(n), ((1, 1), (2, 1)), hue=n) for n in range(HUES + 1)], title="t")
    assert svg.count('class="line hue0"') == 2


@given(st.lists(series, min_size=1, max_size=8), st.integers(20, 200))
def test_the_terminal_is_not_wider_than_it_is(found: list[Series], columns: int) -> None:
    """Nothing wraps; each run has a mark and a line of its own."""
    lines = plot(found, columns=columns).splitlines()
    assert len(lines) == 16 + 2 + len(found)
    assert max(map(len, lines)) <= max(columns, 29)


def test_this_is_what_a_terminal_shows() -> None:
    """Two runs over each other."""
    one = Series("one", tuple((1000.0 * n, 2 + 2 / n) for n in range(1, 11)))
    two = Series("two", tuple((1000.0 * n, 3.0) for n in range(1, 6)), marks=True)
    assert plot([one, two], columns=40, rows=8) == SHOWN


SHOWN = """\
     4 ┤   ●
       │    ●
   3.5 ┤
       │     ●
     3 ┤   ○  ○● ○  ○  ○
       │        ●●●
   2.5 ┤           ●●●●●●
       │                 ●●●●●●●●●●●●●●
       └───────────────────────────────
        0                         10 kB
● one  2.2000
○ two  3.0000"""


@given(st.floats(0, 100), st.floats(0.01, 1000), st.integers(2, 9))
def test_ticks_are_round_and_inside(low: float, width: float, wanted: int) -> None:
    """About as many as are wanted."""
    found = ticks(low, low + width, wanted)
    assert all(low - width * 1e-6 <= value <= low + width * (1 + 1e-6) for value in found)
    assert len(found) <= 2 * wanted + 2


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5 B"), (999, "999 B"), (999.6, "1 kB"), (3e6, "3 MB"), (2e15, "2e+03 TB")]
)
def test_amounts_have_the_prefix_that_suits(value: float, text: str) -> None:
    """Three digits."""
    assert amount(value, "B") == text


def test_elements_escape_what_they_are_given() -> None:
    """Text in attributes cannot end them."""
    assert (
        element("a", class_='"<&', stroke_width=2.0, x=None)
        == '<a class="&quot;&lt;&amp;" stroke-width="2"/>'
    )
    assert "xmlns" not in Frame(10, 10).svg("t", alone=False)
    assert drawn_curves.curves([Series("<b>", ((1, 1),))], title="t").count("&lt;b&gt;") >= 2


def test_png_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear error says which, and what else can be done."""
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(OutputError, match=r"needs the package cairosvg .* write \.svg instead"):
        png.as_png("<svg/>")
