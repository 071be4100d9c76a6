"""Bundles: archives that restore their original where there is a C compiler, and no Python."""

import subprocess
from pathlib import Path

import models
import pytest
from click.testing import CliRunner
from golden.pin import HERE, PACKED
from portable import CC, needs_compiler
from test_portable import encoded

from rnncompress import portable
from rnncompress.cli import main
from rnncompress.config import Config
from rnncompress.pretrained import adapt

pytestmark = needs_compiler

CONFIG = Config(layers=1, hidden=16, streams=2, window=4, contexts=0b10, context_bits=4)
NAME = "größter Text's ever"


@pytest.fixture
def restored(tmp_path, monkeypatch):
    """Makes a bundle of an original, runs it in an empty folder, and gives what that leaves there."""

    def run(data: bytes, *options: str, model=None) -> tuple[int, dict[str, bytes]]:
        monkeypatch.chdir(tmp_path)
        packed = tmp_path / f"{NAME}.rnnc"
        packed.write_bytes(encoded(data, adapt(model, len(data)) if model else CONFIG, model))
        result = CliRunner().invoke(main, ["bundle", str(packed), *options])
        assert result.exit_code == 0, result.output
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        done = subprocess.run(
            ["sh", tmp_path / f"{NAME}.sh"], cwd=elsewhere, capture_output=True, check=False
        )
        return done.returncode, {path.name: path.read_bytes() for path in elsewhere.iterdir()}

    return run


@pytest.mark.parametrize("options", [[], ["--binary"]])
def test_an_archive_restores_its_original(restored, options):
    """Under its name, with all its bytes."""
    assert restored(models.TEXT, *options) == (0, {NAME: models.TEXT})


@pytest.mark.parametrize("form", PACKED)
def test_an_archive_of_strokes_or_words(folder, form):
    """It restores the original, not what was coded in its place."""
    Path("a.rnnc").write_bytes((HERE / f"{form}.rnnc").read_bytes())
    result = CliRunner().invoke(main, ["bundle", "a.rnnc"])
    assert result.exit_code == 0, result.output
    subprocess.run(["sh", "a.sh", "restored"], check=True)
    assert Path("restored").read_bytes() == PACKED[form][0]


def test_an_archive_of_one_c_file(tmp_path, monkeypatch):
    """A compiler alone restores from it, with a trained model in it or without; what is there is kept."""
    model = models.trained()
    model.save(tmp_path / "m.rnnm")
    monkeypatch.chdir(tmp_path)
    for given in (None, model):
        config = adapt(given, len(models.TEXT)) if given else CONFIG
        Path(f"{NAME}.rnnc").write_bytes(encoded(models.TEXT, config, given))
        options = ["--model", "m.rnnm"] if given else []
        result = CliRunner().invoke(main, ["bundle", f"{NAME}.rnnc", "-fo", "archive.c", *options])
        assert result.exit_code == 0, result.output
        subprocess.run([*CC, "-O1", "-o", "restore", "archive.c"], check=True)
        assert [subprocess.run(["./restore", *out], check=False).returncode for out in ([], ["other"])] == [
            0,
            0,
        ]
        assert Path(NAME).read_bytes() == Path("other").read_bytes() == models.TEXT
        assert subprocess.run(["./restore", "other"], capture_output=True, check=False).returncode == 1
        Path("other").unlink()
        Path(NAME).unlink()


def test_a_c_file_holds_no_program(folder):
    """Source and --binary exclude each other."""
    Path("a.rnnc").write_bytes(encoded(models.TEXT, CONFIG))
    result = CliRunner().invoke(main, ["bundle", "a.rnnc", "--binary", "-o", "archive.c"])
    assert result.exit_code == 2
    assert "--binary" in result.output
    assert not Path("archive.c").exists()


def test_an_archive_with_a_model(restored, tmp_path):
    """The trained model is in it, too."""
    model = models.trained()
    model.save(tmp_path / "my model.rnnm")
    assert restored(models.TEXT, "--model", str(tmp_path / "my model.rnnm"), model=model) == (
        0,
        {NAME: models.TEXT},
    )


def test_an_archive_without_the_model_is_refused(refuses, folder):
    """It could not be restored."""
    model = models.trained()
    Path("a.rnnc").write_bytes(encoded(models.TEXT, adapt(model, len(models.TEXT)), model))
    refuses(4, "bundle", "a.rnnc", says="--model")


def test_a_damaged_file_is_refused(refuses, folder):
    """It is checked before it is put in."""
    Path("a.rnnc").write_bytes(b"\x89RNN damaged")
    refuses(1, "bundle", "a.rnnc", says="a.rnnc")


def test_without_a_compiler(refuses, folder, monkeypatch):
    """A binary cannot be made; the line says what can be done."""
    monkeypatch.setenv("CC", "no-such-compiler")
    Path("a.rnnc").write_bytes(encoded(models.TEXT, CONFIG))
    refuses(1, "bundle", "a.rnnc", "--binary", says="no C compiler 'no-such-compiler'")


def test_comments_and_blanks_are_stripped_and_nothing_else():
    """Strings keep what looks like a comment; what would mean something else without its blank keeps it."""
    assert portable.stripped('a = "/* x */ - y"; /* one\n two */ b  c\n\n  d(x, \'"\');\n') == (
        'a= "/* x */ - y"; b c\nd(x,\'"\');\n'
    )
    assert portable.stripped("a - -b / *c + 0xE + 1\n#define F (x)\n") == "a- -b/ *c+0xE +1\n#define F (x)\n"
