"""The command line: ``train`` and ``evaluate``."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from models import TEXT

from rnncompress import lstm, presets
from rnncompress.cli import texts
from rnncompress.config import Config
from rnncompress.lstm.cpu.predictor import CpuPredictor
from rnncompress.model import Model
from rnncompress.presets import Preset
from rnncompress.training import trainer

TINY = Config(layers=1, hidden=16, streams=2, window=8, rate_first=8000, rate_last=1000)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual presets, with small networks; nothing is checked about this machine or waits for the disk."""
    for name in ("graves-ptb-char", "graves-ptb-word", "lstm"):
        kind = presets.PRESETS[name].alphabet
        monkeypatch.setitem(presets.PRESETS, name, Preset("small", ((0, TINY),), kind))
    contexts = Preset("small", ((0, TINY.replace(contexts=0b110, context_bits=8)),))
    monkeypatch.setitem(presets.PRESETS, "default", contexts)
    monkeypatch.setattr(trainer, "build_network", lstm.build)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def corpus(folder: Path) -> str:
    """The name of a text of some lines."""
    (folder / "text").write_bytes(TEXT.replace(b". ", b".\n"))
    return "text"


def test_train_writes_the_best_model(cli, folder, corpus):
    """Passes are told on stderr, the best one on stdout; the model file says what it was trained on."""
    result = cli("train", corpus, "-o", "m.rnnm", "--preset", "graves-ptb-char", "--epochs", 2)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("text → m.rnnm: ")
    assert ": pass 2 of 2 is the best: " in result.stdout.replace("bytes, ", ": ")
    assert "pass 1: " in result.stderr
    assert " bpc in validation\n" in result.stderr
    model = Model.load(folder / "m.rnnm")
    assert model.vocabulary.kind == "characters"
    assert model.config == TINY.replace(alphabet=model.vocabulary.size)
    assert model.training["number of passes"] == "2"
    assert sorted(path.name for path in folder.iterdir()) == ["m.rnnm", "text"]


def test_the_same_training_writes_the_same_file(cli, folder, corpus):
    """Threads and repetition change nothing."""
    for name, threads in (("a", 1), ("b", 2)):
        arguments = ("--preset", "lstm", "--epochs", 1, "--adaptive-noise", "-q")
        assert cli("train", corpus, "-o", name, "--threads", threads, *arguments).exit_code == 0
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()


def test_by_default_contexts_are_trained_once(cli, corpus):
    """A network with contexts makes one pass, one without makes more."""
    told = {}
    for preset in ("default", "lstm"):
        result = cli("train", corpus, "-o", preset, "--preset", preset, "--json")
        told[preset] = json.loads(result.stdout)["training"]["number of passes"]
    assert told == {"default": "1", "lstm": "10"}


def test_texts_and_validation_can_be_chosen(cli, folder, corpus):
    """Several texts are one; a part of it, or another file, is for validation."""
    (folder / "more").write_bytes(b"noch mehr Ziegel\n" * 20)
    whole = len((folder / "text").read_bytes()) + 340
    lengths = {}
    for name, options in {"split": ["--split", "1:1"], "valid": ["--valid", "more"]}.items():
        result = cli(
            "train", corpus, "more", "-o", name, "--preset", "lstm", "--epochs", 1, "--json", *options
        )
        training = json.loads(result.stdout)["training"]
        lengths[name] = [int(training[key].split()[0]) for key in ("text", "validation text")]
    assert lengths["valid"] == [whole, 340]
    assert sum(lengths["split"]) == whole
    assert abs(lengths["split"][0] - whole / 2) < 100


@pytest.mark.parametrize(
    ("text", "parts", "first"),
    [(b"ab\ncd\nef", (1, 1), b"ab\n"), (b"abcdefgh", (3, 1), b"abcdef"), (b"", (9, 1), b"")],
)
def test_a_split_is_made_between_lines(text, parts, first):
    """Where there are lines a text is cut at the end of one."""
    assert texts.cut(text, parts) == (first, text[len(first) :])


def test_a_training_begins_with_a_model(cli, folder, corpus):
    """--start takes network, vocabulary and weights of a model."""
    cli("train", corpus, "-o", "a", "--preset", "graves-ptb-char", "--epochs", 1)
    result = cli("train", corpus, "-o", "b", "--start", "a", "--epochs", 1, "--weight-noise", "0.01")
    assert result.exit_code == 0, result.stderr
    a, b = Model.load(folder / "a"), Model.load(folder / "b")
    assert b.training["model to begin with"] == a.digest.hex()
    assert b.training["noise"] == "0.01"
    assert b.vocabulary == a.vocabulary


def test_an_interrupted_training_is_resumed(cli, folder, corpus, monkeypatch):
    """What was done is kept in a checkpoint, and the result is that of a training without a break."""
    arguments = ("--preset", "lstm", "--epochs", 2)
    assert cli("train", corpus, "-o", "whole", *arguments).exit_code == 0
    learn, done = CpuPredictor.learn, []

    def until(network):
        learn(network)
        done.append(1)
        if len(done) == 90:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CpuPredictor, "learn", until)
        result = cli("train", corpus, "-o", "m", *arguments, "--checkpoint-every", "300b")
    assert result.exit_code == 130
    assert "the same command with --resume goes on" in result.stderr
    assert not (folder / "m").exists()
    result = cli("train", corpus, "-o", "m", *arguments, "--resume")
    assert (result.exit_code, "going on from" in result.stderr) == (0, True)
    assert (folder / "m").read_bytes() == (folder / "whole").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["m", "text", "whole"]


def test_a_training_shows_samples_and_writes_its_curve(cli, folder, corpus, refuses):
    """After each pass a text that the model makes up; the curve as a table and in the report."""
    arguments = (
        "--preset",
        "graves-ptb-char",
        "--epochs",
        2,
        "--sample",
        "--csv",
        "c.csv",
        "--report",
        "r.json",
    )
    result = cli("train", corpus, "-o", "m", *arguments)
    assert result.exit_code == 0, result.stderr
    told = json.loads((folder / "r.json").read_text())
    assert list(told["samples"]) == ["1", "2"]
    assert all(len(text) > 200 for text in told["samples"].values())
    assert "a sample after pass 2:\n" in result.stderr
    rows = [line.split(",") for line in (folder / "c.csv").read_text().splitlines()]
    assert rows[0] == ["symbols", "kind", "bits_per_symbol"]
    assert [row[1] for row in rows].count("validation") == 2
    assert [[int(a), float(c)] for a, b, c in rows if b == "learning"] == told["curve"]
    refuses(1, "train", corpus, "-o", "other", "--csv", "c.csv", says=r"^c\.csv exists already")


def test_a_sample_needs_a_network(cli, corpus):
    """Counts do not speak."""
    result = cli("train", corpus, "-o", "m", "--preset", "counts", "--sample")
    assert result.exit_code == 2
    assert "--sample needs a network" in result.stderr


def test_tensorboard_needs_its_package(refuses, corpus, monkeypatch):
    """Which is told before anything else is done."""
    monkeypatch.setitem(sys.modules, "tensorboard.summary", None)
    refuses(1, "train", corpus, "-o", "m", "--tensorboard", "logs", says="needs the package tensorboard")


def test_tensorboard_is_told_as_training_goes(cli, folder, corpus, monkeypatch):
    """Every point once, by the symbols read."""
    told, flushed = [], []

    class Writer:
        def __init__(self, name):
            told.append(name)

        def add_scalar(self, tag, value, step):
            told.append((tag.split("/")[1], step, value))

        def flush(self):
            flushed.append(len(told))

        def close(self):
            told.append("closed")

    monkeypatch.setitem(sys.modules, "tensorboard.summary", SimpleNamespace(Writer=Writer))
    monkeypatch.setattr(trainer, "PROGRESS_SECONDS", 0.0)
    result = cli(
        "train", corpus, "-o", "m", "--preset", "lstm", "--epochs", 2, "--tensorboard", "logs", "--json"
    )
    document = json.loads(result.stdout)
    assert (told[0], told[-1]) == ("logs", "closed")
    assert [list(each[1:]) for each in told[1:-1] if each[0] == "learning"] == document["curve"]
    assert [each[1:] for each in told[1:-1] if each[0] == "validation"] == [
        (each["symbols"], each["valid"]) for each in document["passes"]
    ]
    assert len(flushed) > 10


def test_evaluate_shows_both_side_by_side(cli, corpus):
    """Without a choice a text is evaluated statically and dynamically; the curves stand beside each other."""
    cli("train", corpus, "-o", "m", "--preset", "graves-ptb-char", "--epochs", 1)
    result = cli("evaluate", corpus, "--model", "m", "-v")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("text: ")
    assert lines[2].split() == ["read", "static", "dynamic"]
    assert len(lines) == 3 + 10 + 2
    assert lines[-2].split()[0] == "bpc"
    static, dynamic = map(float, lines[-2].split()[1:])
    assert dynamic < static


def test_evaluate_does_what_it_is_asked(cli, corpus):
    """One of the two, another rule, another rate: the document tells all of it."""
    cli("train", corpus, "-o", "m", "--preset", "graves-ptb-word", "--epochs", 1)
    arguments = ("--dynamic", "--rule", "rms", "--rate", "0.002", "--decay", "0.01", "--reset", 40, "--json")
    told = json.loads(cli("evaluate", corpus, "--model", "m", *arguments).stdout)
    assert list(told["evaluations"]) == ["dynamic"]
    assert told["evaluations"]["dynamic"]["rule"] == {"name": "rms", "rate": 2000, "decay": 0.01, "reset": 40}
    assert told["alphabet"] == "words"
    static = cli("evaluate", corpus, "--model", "m", "--static")
    assert "perplexity" in static.stdout
    assert "dynamic" not in static.stdout


def test_command_lines_that_make_no_sense(cli, corpus):
    """Options that contradict each other, or have no effect, are errors of usage."""
    for arguments in (
        ("train", corpus, "-o", "m", "--split", "9:1", "--valid", corpus),
        ("train", corpus, "-o", "m", "--split", "9"),
        ("train", corpus, "-o", "-"),
        ("train", corpus, "-o", "m", "--weight-noise", "0"),
        ("evaluate", corpus),
        ("evaluate", corpus, "--model", corpus, "--decay", "0.1"),
        ("evaluate", corpus, "--model", corpus, "--static", "--reset", "5"),
    ):
        assert cli(*arguments).exit_code == 2, arguments


def test_bad_input_loses_nothing(cli, refuses, folder, corpus):
    """What cannot be trained or evaluated is told in one line, and no file changes."""
    (folder / "short").write_bytes(b"too short")
    (folder / "empty").write_bytes(b"")
    (folder / "there").write_bytes(b"there")
    refuses(1, "train", "short", "-o", "m", says="too short a text")
    refuses(1, "train", "absent", "-o", "m", says="cannot read absent")
    refuses(1, "train", corpus, "-o", "there", says="there exists already")
    refuses(1, "train", corpus, "there", "-o", "there", "-f", says="is the input itself")
    refuses(1, "train", corpus, "-o", "m", "--start", "there", says="there is no model of rnncompress")
    refuses(1, "evaluate", corpus, "--model", "there", says="there is no model of rnncompress")
    refuses(1, "evaluate", corpus, "--model", "absent", says="cannot read absent")
    assert cli("train", corpus, "-o", "m", "--preset", "lstm", "--epochs", 1, "-q").exit_code == 0
    refuses(1, "evaluate", "empty", "--model", "m", says="the text is empty")
