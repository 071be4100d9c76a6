"""Where the pen was expected: the masses are those that are coded with, at the points that they are of."""

import base64
import io
import re
import zlib

import ink
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress import engine as engines
from rnncompress.config import Config
from rnncompress.drawing.raster import png
from rnncompress.explaining import expected
from rnncompress.explaining.costs import Costs, measure
from rnncompress.explaining.ink import as_html
from rnncompress.lstm.density import LARGEST, PARAMETERS, UNIT
from rnncompress.lstm.reference_density import ReferenceDensity, _table
from rnncompress.network import TOTAL
from rnncompress.strokes import packing
from rnncompress.strokes.layout import HEAD

CELLS = np.arange(-112, 113) - 0.5
SMALL = Config(layers=1, hidden=16, streams=1, window=12, components=3)


def frequencies(outputs: np.ndarray, dx: int) -> np.ndarray:
    """Those of the head of densities, as shares (224,) of the steps from -112 on; of dy after the byte ``dx``."""
    head = ReferenceDensity(SMALL.replace(components=len(outputs) // PARAMETERS))
    head.outputs[0, 0] = outputs
    row = np.zeros(256, np.int64)
    _table(head._arrays, 0, 0, dx, row.data, 0)
    return np.concatenate([row[223:0:-2], row[0:224:2]]) / TOTAL


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_masses_are_those_that_points_are_coded_with(components: int, seed: int, dx: int) -> None:
    """Of a step in x, and of one in y once x is known."""
    rng = np.random.default_rng(seed)
    logits = np.clip(rng.normal(0, 1.5, PARAMETERS * components), -LARGEST, LARGEST)
    outputs = np.rint(logits * UNIT).astype(np.int64)
    masses = expected.masses(outputs, CELLS, CELLS)
    of_x = expected.masses(outputs, CELLS, np.array([-1e4, 1e4]))[0]
    np.testing.assert_allclose(
        of_x / of_x.sum(), frequencies(outputs, -1), atol=3e-3
    )  # tables have 256 steps for 1
    column = masses[:, 112 + ((dx >> 1) ^ -(dx & 1))]
    if column.sum() > 0.01:
        np.testing.assert_allclose(column / column.sum(), frequencies(outputs, dx), atol=5e-3)
    upside_down = expected.masses(outputs, CELLS, CELLS, upwards=True)[::-1]
    np.testing.assert_allclose(upside_down, expected.masses(outputs, CELLS, -CELLS[::-1]), atol=1e-9)


def packed(drawings: int) -> bytes:
    strokes = packing.parse(
        b"".join(ink.omniglot([ink.line(20, n), ink.line(9, 5, time=300)]) for n in range(drawings))
    )
    assert strokes is not None
    return packing.pack(strokes)


def test_places_are_those_of_points_in_the_first_drawings() -> None:
    """A byte of each record, none of those that lift the pen."""
    data = packed(expected.DRAWINGS + 3)
    places = expected.places(data)
    assert len(places) == expected.DRAWINGS * 29
    assert (np.diff(places) > 0).all()
    assert set((places - HEAD) % 3) == {1}


def test_densities_are_noted_and_drawn() -> None:
    """One picture of each drawing, from what the network told; both engines tell the same."""
    data = packed(4)
    places = expected.places(data)
    costs, same = (
        measure(
            io.BytesIO(data), io.BytesIO(), SMALL, densities_at=places, engine=engine, build=engines.build
        )[1]
        for engine in ("cpu", "reference")
    )
    assert costs.densities is not None
    assert costs.densities.shape == (4 * 29, 3 * PARAMETERS)
    assert same.densities is not None
    assert (costs.densities == same.densities).all()
    page = as_html("a", data, costs, "")
    pictures = re.findall(r"data:image/png;base64,([^\"]*)", page)
    assert len(pictures) == 4
    assert len({base64.b64decode(each) for each in pictures}) > 1


def test_without_densities_none_are_drawn() -> None:
    """The page of a network with symbols has the drawings alone."""
    data = packed(2)
    assert "expected" not in as_html("a", data, Costs(np.ones(len(data), np.float32)), "")


def test_a_png_holds_its_pixels() -> None:
    """Behind each other in rows, with a filter that does nothing; all checksums are right."""
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    data = png(levels, ["#000000", "#0a0b0c"])
    assert data.startswith(b"\x89PNG")
    at, parts = 8, {}
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        parts[kind] = data[at + 8 : at + 8 + size]
        assert int.from_bytes(data[at + 8 + size : at + 12 + size], "big") == zlib.crc32(kind + parts[kind])
        at += 12 + size
    assert list(parts) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert parts[b"IHDR"][:8] == bytes([0, 0, 0, 3, 0, 0, 0, 2])
    assert parts[b"PLTE"] == bytes([0, 0, 0, 10, 11, 12])
    assert zlib.decompress(parts[b"IDAT"]) == bytes([0, 0, 1, 2, 0, 3, 4, 5])
