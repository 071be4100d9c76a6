"""Strokes explained, learnt from, evaluated and made up."""

import io
import json
import re
from xml.etree import ElementTree

import ink
import numpy as np
import pytest

from rnncompress import presets
from rnncompress.config import Config
from rnncompress.explaining.costs import Costs
from rnncompress.explaining.ink import analyse, as_html
from rnncompress.strokes import files, packing, picture
from rnncompress.strokes.layout import HEAD
from rnncompress.strokes.made_up import records

DRAWINGS = b"".join(ink.omniglot([ink.line(20, n), ink.line(9, 5, time=300)]) for n in range(12))


@pytest.fixture
def small(monkeypatch):
    """The preset for training, with few units."""
    preset = presets.PRESETS["graves-strokes"]
    config = preset.steps[0][1].replace(hidden=16, components=2)
    monkeypatch.setitem(
        presets.PRESETS, "graves-strokes", presets.Preset(preset.summary, ((0, config),), preset.alphabet)
    )


@pytest.fixture
def model(cli, folder, small):
    """A model of drawings."""
    (folder / "a.txt").write_bytes(DRAWINGS)
    done = cli(
        "train",
        "a.txt",
        "--preset",
        "graves-strokes",
        "--epochs",
        "2",
        "-o",
        "m.rnnm",
        "--split",
        "3:1",
        "-q",
    )
    assert done.exit_code == 0, done.stderr
    return "m.rnnm"


def svg_of(text: str) -> ElementTree.Element:
    """The picture in a text, well-formed."""
    found = re.search(r"<svg.*?</svg>", text, re.DOTALL)
    assert found
    return ElementTree.fromstring(found[0])


def test_costs_of_points_add_up(cli, folder):
    """Numbers of points, lifts and the rest are all there is; the page shows each drawing."""
    (folder / "a.txt").write_bytes(DRAWINGS)
    done = cli("explain", "a.txt", "-o", "a.html", "--json", "-q")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    strokes = told["strokes"]
    assert (strokes["points"], strokes["strokes"], strokes["drawings"]) == (12 * 29, 24, 12)
    total = sum(strokes["columns"]) + strokes["lifts"] + strokes["rest"]
    assert total / 8 == pytest.approx(told["compressed_bytes"] - told["header_bytes"], abs=16)
    picture = svg_of((folder / "a.html").read_text())
    assert len(picture.findall(".//{*}circle")) == 24
    assert (folder / "a.html").read_text().count("<image") == 12  # where the pen was expected
    assert "348 points, 24 strokes, 12 drawings" in cli("explain", "a.txt").stdout
    assert "as coded" in cli("explain", "a.txt", "--as", "bytes").stdout


def test_columns_are_told_in_the_order_of_the_file():
    """Not in that of the records."""
    found = files.packed(io.BytesIO(DRAWINGS), sure=True)
    assert found is not None
    with found:
        found.seek(0)
        data = found.read()
    bits = np.zeros(len(data), np.float32)
    bits[HEAD + 3 : HEAD + 6] = 1, 2, 4  # time, x, y of the first point
    told = analyse(data, Costs(bits))
    assert told.columns == (2, 4, 1)
    assert "&lt;a&gt;" in as_html("<a>", data, Costs(bits), "&")


def test_a_model_of_strokes_codes_strokes(cli, folder, model):
    """It is looked for strokes because the model is for them; and decoded with it."""
    assert cli("encode", "a.txt", "--model", model, "-q").exit_code == 0
    assert cli("decode", "a.txt.rnnc", "--model", model, "-o", "b.txt", "-q").exit_code == 0
    assert (folder / "b.txt").read_bytes() == DRAWINGS
    (folder / "c.txt").write_bytes(b"no strokes")
    refused = cli("encode", "c.txt", "--model", model, "-q")
    assert refused.exit_code == 1
    assert "no strokes" in refused.stderr


def test_evaluation_tells_bits_of_a_point(cli, folder, model):
    """Static and dynamic, and what a drawing costs in nats."""
    told = json.loads(cli("evaluate", "a.txt", "--model", model, "--json", "-q").stdout)
    assert (told["points"], told["drawings"]) == (12 * 29, 12)
    assert "bits a point" in cli("evaluate", "a.txt", "--model", model).stdout


def test_what_is_made_up_is_the_same_everywhere(cli, folder, model):
    """An SVG; the same seed gives the same one."""
    one, same, other = (
        cli("sample", "--model", model, "--length", "60", "--seed", seed).stdout for seed in "112"
    )
    assert one == same != other
    svg_of(one)
    assert cli("sample", "--model", model, "--prime", "x").exit_code == 2


def test_strokes_are_needed_to_learn_them(cli, folder, small):
    """A text is none; a single stroke cannot be divided."""
    (folder / "a.txt").write_bytes(b"some text")
    done = cli("train", "a.txt", "--preset", "graves-strokes", "-o", "m.rnnm", "-q")
    assert (done.exit_code, "no strokes are found" in done.stderr) == (1, True)
    (folder / "b.txt").write_bytes(ink.omniglot([ink.line(60)]))
    done = cli("train", "b.txt", "--preset", "graves-strokes", "-o", "m.rnnm", "-q")
    assert (done.exit_code, "--valid" in done.stderr) == (1, True)


def test_a_folder_can_be_learnt_from(cli, folder, small):
    """As IAM-OnDB is one."""
    (folder / "lines").mkdir()
    for n in range(8):
        (folder / "lines" / f"{n}.xml").write_bytes(ink.iam([ink.line(30, n), ink.line(20, 7)]))
    done = cli(
        "train",
        "lines",
        "--preset",
        "graves-strokes",
        "--epochs",
        "1",
        "--adaptive-noise",
        "-o",
        "m.rnnm",
        "-q",
    )
    assert done.exit_code == 0, done.stderr


def test_drawings_are_divided_between_drawings():
    """Nothing is lost, and none is cut in two."""
    strokes = packing.parse(DRAWINGS)
    assert strokes is not None
    first, second = packing.divided(strokes, 0.75)
    assert sum(first.begins) == 9
    assert sum(second.begins) == 3
    assert len(first.grids) == 9
    assert sum(map(len, first.runs)) + sum(map(len, second.runs)) == 12 * 29
    one_drawing = packing.parse(ink.omniglot([ink.line(20), ink.line(20, step=2)]).replace(b",0\n", b",0\n"))
    assert one_drawing is not None
    packing.points_alone(packing.divided(one_drawing, 0.9)[1])


def test_noise_makes_no_picture_fail():
    """Whatever a model draws: lifts in a row, far steps, drawings without points."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        drawn = iter(rng.choice([0, 1, 5, 9, 223, 254, 255], 4000).tolist())
        runs, begins = records(lambda prime, drawn=drawn: drawn, 200)
        assert sum(map(len, runs)) <= 200
        svg_of(picture.drawings(runs, begins))
    assert picture.drawings([np.zeros((0, 2), np.int64)], [True]).startswith("<svg")


def test_the_presets_of_strokes():
    """One with symbols, one with densities, one for training."""
    assert presets.choose(1000, strokes=True) == presets.get("strokes", 1000)
    assert {name for name in presets.names() if presets.for_strokes(name)} == {
        "strokes", "strokes-symbols", "strokes-density", "graves-strokes",
    }  # fmt: skip
    assert not set(presets.for_bytes()) & {"strokes", "strokes-density"}
    assert not Config().strokes
