"""The benchmark after Graves 2013, on networks and texts small enough for a test."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from rnncompress import lstm
from rnncompress.config import Config
from rnncompress.training import trainer

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "graves2013.py"
LINES = b" the cat sat on the mat and the dog \n the dog ate the <unk> of the cat \n a cat and a dog sat \n"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of the script, its small scale made tiny."""
    monkeypatch.setattr(trainer, "build_network", lstm.build)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    names = runpy.run_path(str(SCRIPT))
    tiny = Config(layers=1, hidden=16, streams=2, window=8, rate_first=9000)
    experiments = names["_experiments"](tiny.replace(cell="rnn"), tiny, tiny, tiny, 3)
    names["SCALES"]["small"] = names["Scale"](2000, 300, 1000, 1, experiments)
    return names


def test_it_runs_and_goes_on(script, tmp_path, monkeypatch, capsys) -> None:
    """All experiments are in the table, the paper's figures beside ours; a second run trains nothing again."""
    for name in ("train", "valid", "test"):
        (tmp_path / f"ptb.{name}.txt").write_bytes(LINES * 30)
    (tmp_path / "wiki").write_bytes(LINES * 40)
    arguments = [
        "--ptb",
        str(tmp_path),
        "--wiki",
        str(tmp_path / "wiki"),
        "--models",
        str(tmp_path / "models"),
    ]
    monkeypatch.setattr(sys, "argv", ["graves2013.py", *arguments, "--out", str(tmp_path / "out")])
    script["main"]()
    assert "rnn, pass 1: " in capsys.readouterr().out
    (table,) = (tmp_path / "out").glob("*-graves2013-small.md")
    assert "| words, LSTM | 1 × 16 lstm | 1,0" in table.read_text()
    assert "| 138 | 126 |" in table.read_text()
    document = json.loads(table.with_suffix(".json").read_text())
    assert list(document["rows"]) == list(script["SCALES"]["small"].experiments)
    script["main"]()
    assert "pass" not in capsys.readouterr().out.replace("passes", "").partition("# Graves")[0]
    again = json.loads(table.with_suffix(".json").read_text())
    assert again["rows"]["char"]["value"] == document["rows"]["char"]["value"]


def test_an_ordering_that_does_not_hold_is_told(script) -> None:
    """Where our figures contradict the paper the table says no."""

    def row(static: float, dynamic: float, valid: float) -> dict[str, Any]:
        values = {"static": static, "adam": dynamic, "rms": dynamic, "training text": 1.0}
        return {"value": values, "training": {"passes": [{"trained": 1.0, "valid": valid}]}}

    rows = {
        "rnn": row(2.0, 2.1, 2),
        "char": row(2.2, 1.9, 2),
        "char-again": row(1, 1, 1),
        "char-noise": row(2, 1, 2),
    }
    told = {what.partition(" (")[0]: so for what, so in script["orderings"](rows)}
    assert told == {
        "rnn: dynamic below static": False,
        "char: dynamic below static": True,
        "char-again: dynamic below static": False,
        "char-noise: dynamic below static": True,
        "LSTM below RNN, static": False,
        "char-noise: less overfitting than char-again": False,
        "char-noise: static below char-again": False,
    }
