"""The figures of README are those of the results in the repository."""

import json
import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from rnncompress import measured, presets
from rnncompress.bench.report import Line, sections
from rnncompress.bench.results import newest, read_folder
from rnncompress.cli.info import in_short, measured_costs

ROOT: Final = Path(__file__).parent.parent
picture = SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "picture.py")))
README: Final = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
NOT_KEPT: Final = {
    "562,022": "paq8px v216 -8",
    "574,553": "fxcm v15",
    "826,898": "lstm-compress v3",
    "770,620": "the preset lstm",
}
"""Sizes of README that were measured apart from bench, and whose results are not in the repository."""


@pytest.fixture(scope="module")
def lines() -> dict[str, Line]:
    """What was measured on the text that README speaks of, by name."""
    rows = [row for row in newest(read_folder(picture.latest())) if row.input.name == picture.INPUT]
    [section] = sections(rows)
    return {line.label: line for line in section.lines}


def test_sizes(lines: dict[str, Line]) -> None:
    """Every size of a compressed file was measured; the programs are the ones named."""
    told = dict(re.findall(r"(paq8px v216 -8|fxcm v15|zpaq -m5|xz -9e) (\d{3},\d{3})", README))
    told["rnncompress default"] = re.search(r"enwik8: (\d{3},\d{3}) bytes", README)[1]  # type: ignore[index]
    measured = {label: f"{lines[label].compressed_bytes:,}" for label in told if label in lines}
    assert measured == {label: size for label, size in told.items() if size not in NOT_KEPT}
    sizes = set(re.findall(r"\b\d{3},\d{3}\b(?!,)(?<!,\d{3},\d{3})", README)) - set(told.values())
    assert sizes <= set(NOT_KEPT)
    assert f"{lines['rnncompress default'].bpc:.3f} bits per character" in README


def test_comparisons(lines: dict[str, Line]) -> None:
    """How much smaller than zpaq, how much slower, and than what is smaller still."""
    ours, zpaq = lines["rnncompress default"], lines["zpaq -m5"]
    assert ours.compressed_bytes
    assert zpaq.compressed_bytes
    assert f"{100 * (1 - ours.compressed_bytes / zpaq.compressed_bytes):.0f} % smaller" in README
    assert ours.encode_speed
    assert zpaq.encode_speed
    assert round(zpaq.encode_speed / ours.encode_speed) == 11
    assert "encodes eleven times as fast" in README
    fxcm, paq8px = (int(size.replace(",", "")) for size in ("574,553", "562,022"))
    gains = [f"{100 * (1 - other / ours.compressed_bytes):.1f}" for other in (fxcm, paq8px)]
    assert f"by {gains[0]} and {gains[1]} %" in README


@pytest.mark.parametrize("label", ["rnncompress default", "rnncompress fast", "zpaq -m5"])
def test_speeds(label: str, lines: dict[str, Line]) -> None:
    """In kB/s, of encoding and decoding."""
    told = {
        "rnncompress default": r"at (\d+) kB/s and decoded them at (\d+)",
        "rnncompress fast": r"`fast` at (\d+) and (\d+)",
        "zpaq -m5": r"zpaq -m5 at (\d+) and (\d+)",
    }
    found = re.search(told[label], README)
    assert found
    assert [
        round((speed or 0) / 1000) for speed in (lines[label].encode_speed, lines[label].decode_speed)
    ] == [int(speed) for speed in found.groups()]


def test_costs() -> None:
    """The table of what texts cost tells what ``rnncompress presets`` tells."""
    results = measured.load()
    rows = re.findall(r"\| `(\w+)` \|((?: ~?[\d.]+ bpc, [^|]+\|){3})", README)
    assert [name for name, _ in rows] == [name for name in presets.names() if measured_costs(name, results)]
    for name, cells in rows:
        told = [cell.strip() for cell in cells.split("|")[:3]]
        assert told == [in_short(cost) for cost in measured_costs(name, results)]


def test_small_files() -> None:
    """The table of files that start from a trained model."""
    path = max((ROOT / "benchmarks" / "results").glob("*-small-files.json"))
    [found] = [each for each in json.loads(path.read_text(encoding="utf-8"))["sets"] if each["set"] == "json"]
    count, original = found["files"]["compressed"], found["bytes"]["original"]

    def row(name: str, part: dict[str, Any]) -> str:
        return f"| {name} | {part['bytes'] / count:.0f} | {8 * part['bytes'] / original:.3f} |"

    assert row("from scratch", found["from scratch"]) in README
    assert row("**with a trained model**", found["with the model"]) in README.replace(
        "**161**", "161"
    ).replace("**0.382**", "0.382")
    assert f"It takes {found['with the model']['model_bytes'] / 1e6:.0f} MB" in README
