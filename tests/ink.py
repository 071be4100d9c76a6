"""Pen strokes in the formats that are recognised, for tests."""

from collections.abc import Sequence

from hypothesis import strategies as st

Stroke = Sequence[tuple[str, ...]]
"""The points of a stroke: numbers as they are written."""


def omniglot(strokes: Sequence[Stroke]) -> bytes:
    """A drawing as Omniglot's text files tell it."""
    lines = ["START"]
    for stroke in strokes:
        lines += [*map(",".join, stroke), "BREAK"]
    return "".join(f"{line}\n" for line in lines).encode()


def iam(strokes: Sequence[Stroke]) -> bytes:
    """A line as IAM-OnDB's XML tells it."""
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<WhiteboardCaptureSession>\n  <StrokeSet>\n'
    for stroke in strokes:
        text += '    <Stroke colour="black" start_time="1.5" end_time="2">\n'
        text += "".join(f'      <Point x="{x}" y="{y}" time="{t}"/>\n' for x, y, t in stroke)
        text += "    </Stroke>\n"
    return (text + "  </StrokeSet>\n</WhiteboardCaptureSession>\n").encode()


def inkml(strokes: Sequence[Stroke]) -> bytes:
    """A document of InkML."""
    text = '<ink xmlns="http://www.w3.org/2003/InkML">\n'
    for number, stroke in enumerate(strokes):
        text += f'<trace id="t{number}">\n{", ".join(map(" ".join, stroke))}\n</trace>\n'
    return (text + "</ink>\n").encode()


def json_lines(strokes: Sequence[Stroke]) -> bytes:
    """A drawing in a line of JSON."""
    told = ", ".join(f"[{', '.join('[' + ', '.join(point) + ']' for point in stroke)}]" for stroke in strokes)
    return f'{{"name": "a", "strokes": [{told}]}}\n'.encode()


FORMATS = {"omniglot": omniglot, "iam": iam, "inkml": inkml, "json": json_lines}


def line(count: int, start: int = 0, step: int = 1, time: int = 0) -> list[tuple[str, str, str]]:
    """A stroke of ``count`` points, from ``time`` on."""
    return [(str(start + n * step), str(start - n), str(time + 8 * n)) for n in range(count)]


def numbers(decimals: int) -> st.SearchStrategy[str]:
    """Numbers with up to so many decimals, mostly small."""
    values = st.one_of(st.integers(-300, 300), st.integers(-(10**9), 10**9), st.integers(-(10**18), 10**18))
    return values.map(lambda value: f"{value / 10**decimals:.{decimals}f}")


@st.composite
def drawings(draw: st.DrawFn) -> list[Stroke]:
    """Some strokes of three columns."""
    places = [draw(st.integers(0, 4)) for _ in range(3)]
    point = st.tuples(*map(numbers, places))
    return draw(st.lists(st.lists(point, min_size=1, max_size=12), min_size=1, max_size=6))
