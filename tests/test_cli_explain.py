"""The command line: ``explain`` and ``plot``, and the page that explain writes."""

import json
import re
import sys
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import fake
import numpy as np
import pytest

import rnncompress
from rnncompress import presets
from rnncompress.config import Config
from rnncompress.engine import build
from rnncompress.explaining import costs, heat, page
from rnncompress.explaining.analysis import Passage
from rnncompress.explaining.costs import Costs
from rnncompress.presets import Preset

TINY = Config(
    layers=1, hidden=16, streams=2, lanes=1, window=8, contexts=1 << 1, context_bits=4, mixing=0b1001011,
    sets=2, slot_bits=4, past_bits=12, frozen=4,
)  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks; nothing is checked about this machine."""
    monkeypatch.setitem(presets.PRESETS, "default", Preset("small", ((0, TINY),)))
    monkeypatch.setattr(costs, "measure", partial(costs.measure, build=build))


class Checker(HTMLParser):
    """Counts elements, and sees that each that is opened is closed."""

    EMPTY = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("src", "href", "srcset")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "pre" in self.open and "u" not in self.open:
            self.text += data


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert not checker.open
    return checker


def test_explain_prints_tables(cli, folder, text):
    """Sizes first, then what the parts cost; nothing is left behind."""
    (folder / "text").write_bytes(text)
    result = cli("explain", "text")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"text: {len(text):,} → ")
    for head in ("as coded", "network alone", "without the counts", "kind of byte", "lower-case letters",
                 "10 to 20 %", "letter 1 of a word", "dearest passages"):  # fmt: skip
        assert any(line.startswith(head) for line in lines), head
    assert any("Ziegel" in line for line in lines)
    assert max(map(len, lines)) <= 100
    assert [path.name for path in folder.iterdir()] == ["text"]


def test_explain_writes_a_page_that_needs_nothing(cli, folder, text):
    """Sound HTML, no script, nothing from elsewhere, and all of the text in it."""
    (folder / "te<xt").write_bytes(text)
    result = cli("explain", "te<xt", "-o", "out.html", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    html = (folder / "out.html").read_text(encoding="utf-8")
    found = checked(html)
    assert not {"script", "link", "img", "iframe"} & set(found.seen)
    assert not found.links
    assert "url(" not in html
    assert "@import" not in html
    assert found.text == text.decode()
    assert told["command"] == "explain"
    assert told["whole"]["bytes"] == len(text)
    assert told["whole"]["coded"] / 8 == pytest.approx(told["compressed_bytes"], abs=99)
    assert set(told["whole"]["saved"]) == {"network", "counts", "matches"}


def test_what_is_no_text_is_shown_in_hexadecimal(cli, folder):
    """With offsets, in lines of 16 bytes."""
    data = bytes(range(256)) * 2 + b"<end>"
    (folder / "data").write_bytes(data)
    assert cli("explain", "data", "-o", "out.html").exit_code == 0
    html = (folder / "out.html").read_text(encoding="utf-8")
    checked(html)
    assert bytes.fromhex("".join(re.findall(r">([0-9a-f]{2})</i>", html))) == data
    assert "<u>00000200</u>" in html
    assert "&lt;end&gt;" in html


def test_of_a_large_file_passages_are_shown(cli, folder, monkeypatch, text):
    """And the beginning; the page does not grow with the file."""
    monkeypatch.setattr(page, "WHOLE_TEXT", 1000)
    monkeypatch.setattr(costs, "measure", partial(costs.measure, build=fake.build))
    sizes = []
    for times in (10, 20):
        (folder / "text").write_bytes(text * times)
        assert cli("explain", "text", "-f", "-o", "out.html", "-q").exit_code == 0
        html = (folder / "out.html").read_text(encoding="utf-8")
        checked(html)
        assert "The dearest passages" in html
        assert "from byte 0<" in html
        sizes.append(len(html))
    assert sizes[1] < 1.5 * sizes[0]


def test_an_empty_file_is_explained(cli, folder):
    """In little."""
    (folder / "empty").write_bytes(b"")
    result = cli("explain", "empty", "-o", "out.html")
    assert result.exit_code == 0, result.stderr
    checked((folder / "out.html").read_text())


def test_a_page_is_as_private_as_its_file(cli, folder, text):
    """Who cannot read the one cannot read the other; standard input has no mode."""
    (folder / "text").write_bytes(text)
    (folder / "text").chmod(0o600)
    assert cli("explain", "text", "-o", "out.html", "-q").exit_code == 0
    assert (folder / "out.html").stat().st_mode & 0o777 == 0o600
    assert cli("explain", "-", "-o", "piped.html", "-q", stdin=text).exit_code == 0
    assert (folder / "piped.html").stat().st_size == (folder / "out.html").stat().st_size - 6


def test_explain_refuses_what_encode_refuses(refuses, folder, text):
    """Outputs that exist, inputs that do not."""
    (folder / "text").write_bytes(text)
    (folder / "out.html").write_bytes(b"")
    refuses(1, "explain", "text", "-o", "out.html", says=r"^out\.html exists already")
    refuses(1, "explain", "none", says="cannot read none")
    refuses(1, "explain", "text", "-f", "-o", "text", says="the input itself")


def test_colours_and_words_stand_for_costs():
    """A letter of two bytes has the colour of its dearer one; what cannot be shown is told as a number."""
    data = "aä <b>\x01".encode() + b"\xff"
    bits = np.array([0.01, 0.2, 6.0, 0, 0, 0, 0, 9.0, 13.0], np.float32)
    html = heat.as_text(data, Costs(bits), Passage(0, len(data), 0.0))
    assert "a<i class=h7>ä</i>" in html
    assert 'title="6.2 bits at 0"' in html
    assert " &lt;b" in html
    assert "<i class=h8><u>01</u></i>" in html
    assert "<i class=h9><u>ff</u></i>" in html
    cut = heat.as_text(data, Costs(bits), Passage(2, 1, 0.0))
    assert "ä" in cut


def test_costs_from_python(text):
    """One number for each byte."""
    found = rnncompress.explain(text)
    assert len(found) == len(text) == len(found.coded)
    assert found.coded.sum() / 8 < len(rnncompress.compress(text)) < found.coded.sum() / 8 + 200
    with pytest.raises(ValueError, match="name no preset"):
        rnncompress.explain(text, "fast", model=object())


@pytest.fixture
def runs(folder: Path) -> list[str]:
    """Reports of coding, training and evaluation."""
    curve = [[100 * n, 2 + 1 / n] for n in range(1, 9)]
    documents = {
        "encode": {"command": "encode", "curve": curve},
        "train": {"command": "train", "curve": curve, "passes": [{"symbols": 800, "valid": 2.5}]},
        "evaluate": {"command": "evaluate", "alphabet": "words",
                     "evaluations": {"static": {"curve": curve}, "dynamic": {"curve": curve[:4]}}},
    }  # fmt: skip
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return [f"{name}.json" for name in documents]


@pytest.mark.parametrize("columns", [60, 100])
def test_plot_draws_in_the_terminal(cli, runs, monkeypatch, columns):
    """All curves over each other, as wide as the terminal is."""
    monkeypatch.setenv("COLUMNS", str(columns))
    result = cli("plot", *runs)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) < columns
    assert max(map(len, lines)) > columns - 5
    names = ["encode", "train, learning", "train, validation", "evaluate, static", "evaluate, dynamic"]
    assert [line[2:].rsplit("  ", 1)[0] for line in lines[-5:]] == names


def test_plot_writes_svg(cli, folder, runs):
    """The same curves; bytes where all symbols are bytes."""
    assert cli("plot", *runs, "-o", "all.svg").exit_code == 0
    assert cli("plot", runs[0], "-o", "one.svg", "--title", "A & B").exit_code == 0
    every, one = ((folder / name).read_text() for name in ("all.svg", "one.svg"))
    assert every.count("<path") == 5
    assert "bits per symbol" in every
    assert "A &amp; B" in one
    assert "bytes read" in one


def test_plot_of_what_encode_reports(cli, folder, text):
    """A report is drawn as it is written."""
    (folder / "text").write_bytes(text * 4)
    assert cli("encode", "text", "--report", "run.json").exit_code == 0
    assert "● run  " in cli("plot", "run.json").stdout


def test_plot_tells_what_is_wrong(cli, refuses, folder, runs, monkeypatch):
    """One line: no report, no curve, no such format, no package."""
    (folder / "text").write_text("[]")
    (folder / "stored.json").write_text('{"command": "encode", "curve": []}')
    (folder / "odd.json").write_text('{"command": "encode", "curve": [1]}')
    refuses(1, "plot", "text", says="^text is no report of a run")
    refuses(1, "plot", "stored.json", says=r"^stored\.json holds no curve")
    refuses(1, "plot", "odd.json", says=r"^odd\.json holds a curve that makes no sense")
    refuses(1, "plot", runs[0], "-o", runs[1] + ".svg/x.svg", says="its folder does not exist")
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    refuses(1, "plot", runs[0], "-o", "c.png", says="PNG needs the package cairosvg")
    assert cli("plot", runs[0], "-o", "c.gif").exit_code == 2
