"""The command line as a process of its own: start-up, signals, terminals, pipes, and the real model."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rnncompress import __version__, corpora

RNNC = [sys.executable, "-m", "rnncompress"]
HEAVY = ("torch", "numba", "constriction", "rich")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is found from every current folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file that the real model compressed, by way of two pipes."""
    sample = corpora.get("sample")
    text = sample.path(sample.files[0]).read_bytes()[:600]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run(
        [*RNNC, "encode", "-", "-q"], input=text, capture_output=True, env=environment, check=True
    )
    return run.stdout


def heavy_modules(*arguments: str, **environment: str) -> str:
    """What the command imports of the packages that take long."""
    code = f"""
import atexit, sys
atexit.register(lambda: print(*(m for m in {HEAVY} if m in sys.modules), file=sys.stderr))
from rnncompress.cli import main
main({list(arguments)}, prog_name="rnncompress")
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout
    return run.stderr.strip()


def test_light_commands_import_nothing_heavy(folder, packed):
    """--help, --version, corpus list, info, presets and completion answer without loading the model."""
    Path("ein Archiv.rnnc").write_bytes(packed)
    for arguments in (
        ["--help"],
        ["encode", "--help"],
        ["decode", "--help"],
        ["--version"],
        ["-V"],
        ["corpus", "list"],
        ["info", "ein Archiv.rnnc"],
        ["presets"],
    ):
        assert heavy_modules(*arguments) == "", arguments
    assert heavy_modules(_RNNCOMPRESS_COMPLETE="bash_source") == ""


def test_help_does_not_wait_for_the_network() -> None:
    """What speaks HTTP is loaded only to fetch something."""
    code = "import sys, rnncompress.cli; assert not {'urllib.request', 'http.client', 'zipfile'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_help_imports_no_command() -> None:
    """The overview is a table: it waits for nothing but the parser of command lines."""
    code = """
import atexit, sys
atexit.register(lambda: print(*sorted(m for m in sys.modules if m.startswith("rnncompress.")), file=sys.stderr))
from rnncompress.cli import main
main(["--help"], prog_name="rnncompress")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.split() == [
        f"rnncompress.{name}"
        for name in (
            "_version", "cli", "cli.defaults", "cli.failures", "cli.program", "cli.signals", "errors",
        )
    ]  # fmt: skip


def test_completion_knows_commands_presets_and_corpora():
    """The shell is offered commands, preset names and names of corpora."""
    for words, expected in (
        (["rnncompress", "enc"], "encode"),
        (["rnncompress", "encode", "--preset", "d"], "default"),
        (["rnncompress", "corpus", "fetch", "enw"], "enwik9"),
    ):
        environment = {
            "_RNNCOMPRESS_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        run = subprocess.run(RNNC, capture_output=True, text=True, env=os.environ | environment, check=False)
        assert f"plain,{expected}" in run.stdout.split(), run


def test_help_documents_exit_codes_and_completion():
    """The help of the program names every exit code and how to switch completion on."""
    run = subprocess.run([*RNNC, "--help"], capture_output=True, text=True, check=True)
    for code in (0, 1, 2, 3, 4, 130, 141):
        assert f"\n    {code:3}  " in run.stdout
    assert "_RNNCOMPRESS_COMPLETE=bash_source" in run.stdout
    version = subprocess.run([*RNNC, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"rnncompress {__version__}\n"


def test_real_model_round_trip_in_pipes(packed):
    """With the real model, what went through encode and decode in pipes is what came."""
    run = subprocess.run([*RNNC, "decode", "-", "-q"], input=packed, capture_output=True, check=True)
    sample = corpora.get("sample")
    assert run.stdout == sample.path(sample.files[0]).read_bytes()[:600]
    assert run.stderr == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_nothing_half_written(folder, number):
    """Ctrl-C and SIGTERM in the middle of the work end with 130, one line, and no new file."""
    Path("lang ü").write_bytes(bytes(range(256)) * 4000)
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import rnncompress.__main__"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "encode", "lang ü", "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        until = time.monotonic() + 60
        while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        assert len(list(folder.iterdir())) == 2, "the temporary output should be there by now"
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"rnncompress: interrupted\n")
    assert [path.name for path in folder.iterdir()] == ["lang ü"]


def on_terminal(*arguments: str, stream: str) -> tuple[int, str]:
    """Exit code and what a terminal at ``stream`` ("stdout" or "stderr") showed; the other goes nowhere."""
    ours, theirs = pty.openpty()
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs}
    with subprocess.Popen([*RNNC, *arguments], **streams) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # Linux tells the end of a terminal as an error
            pass
        os.close(ours)
    return process.returncode, shown.decode()


def test_compressed_bytes_never_go_to_a_terminal(folder):
    """encode -c on a terminal is refused; nothing is printed there."""
    Path("neu").write_bytes(b"text")
    assert on_terminal("encode", "neu", "-c", stream="stdout") == (1, "")
    assert on_terminal("encode", "neu", "-o", "-", stream="stdout") == (1, "")


def test_progress_is_a_bar_on_a_terminal(folder, packed):
    """On a terminal stderr shows a bar with percent and bpc."""
    Path("[neu].rnnc").write_bytes(packed)
    code, shown = on_terminal("decode", "[neu].rnnc", stream="stderr")
    assert code == 0
    assert "decoding [neu].rnnc" in shown
    assert "100%" in shown
    assert "bpc" in shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_standard_output(folder, packed):
    """If stdout takes no more, the command ends with 1 and one line."""
    for arguments in (["decode", "-", "-q"], ["presets"]):
        with Path("/dev/full").open("wb") as full:
            run = subprocess.run(
                [*RNNC, *arguments], input=packed, stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert (run.returncode, run.stderr.count(b"\n")) == (1, 1), run
        assert b"No space left on device" in run.stderr


def test_reader_that_went_away(folder, packed):
    """If the reader of the pipe has gone, every command ends as other programs do: silently, with SIGPIPE's code."""
    Path("ein Archiv.rnnc").write_bytes(packed)
    for arguments in (
        ["decode", "-", "-q"],
        ["decode", "ein Archiv.rnnc", "-c", "-q"],
        ["info", "ein Archiv.rnnc"],
        ["presets"],
        ["presets", "--json"],
        ["corpus", "list"],
        ["verify", "ein Archiv.rnnc"],
        ["--help"],
        ["encode", "--help"],
        ["--version"],
    ):
        ours, theirs = os.pipe()
        os.close(ours)
        run = subprocess.run(
            [*RNNC, *arguments], input=packed, stdout=theirs, stderr=subprocess.PIPE, check=False
        )
        os.close(theirs)
        assert (run.returncode, run.stderr) == (141, b""), arguments
