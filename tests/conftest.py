"""Fixtures for all tests."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import fake
import pytest
from click.testing import CliRunner, Result
from hypothesis import settings

from rnncompress import codec
from rnncompress.cli import main

settings.register_profile("any machine", deadline=None)  # a busy one may take long for an example
settings.load_profile("any machine")

Cli = Callable[..., Result]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for corpora, in force during the test; no proxy before the loopback address."""
    folder = tmp_path / "cache of ours"
    monkeypatch.setenv("RNNCOMPRESS_CACHE", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder whose name has a space and non-ASCII letters."""
    here = tmp_path / "Ordner für Ñandú"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def cli(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs the command line in this process, in ``folder``, with a small predictor for the network."""
    monkeypatch.setattr(codec, "encode", partial(codec.encode, build=fake.build))
    monkeypatch.setattr(codec, "decode", partial(codec.decode, build=fake.build))

    def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(main, list(map(str, arguments)), input=stdin)

    return run


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in ``folder`` by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def refuses(cli: Cli, folder: Path) -> Callable[..., None]:
    """Runs a command that must end with ``code``, one line on stderr that ``says`` why, no file changed."""

    def check(code: int, *arguments: str | Path, says: str, stdin: bytes = b"") -> None:
        before = contents(folder)
        result = cli(*arguments, stdin=stdin)
        line = re.fullmatch(r"rnncompress: error: ([^\n]*)\n", result.stderr)
        assert line, result.stderr
        assert re.search(says, line[1]), line[1]
        assert (result.exit_code, result.stdout_bytes) == (code, b"")
        assert contents(folder) == before

    return check


@pytest.fixture
def text() -> bytes:
    """Some bytes that compress."""
    return "Der Dächerflüsterer zählt Ziegel, und die Ziegel zählen ihn. ".encode() * 40
