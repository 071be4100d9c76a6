"""The command line on bad input: the right exit code, one clear line, nothing lost, nothing half-written."""

import io
import json
import os
import resource
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fake
import pytest

from rnncompress import codec, container, devices, snapshot
from rnncompress.config import Config
from rnncompress.container import Header
from rnncompress.errors import SelfCheckError
from rnncompress.lstm.cuda import device

NAME = "größter Text ever.txt"


@pytest.fixture
def packed(cli, folder) -> Path:
    """A small compressed file without its original."""
    (folder / NAME).write_bytes(b"Ziegel zu Ziegel. " * 9)
    assert cli("encode", NAME, "-q").exit_code == 0
    (folder / NAME).unlink()
    return folder / f"{NAME}.rnnc"


def header(length: int, config: Config) -> bytes:
    """A header with right checksums that asks for what it likes."""
    target = io.BytesIO()
    container.Writer(target, Header("model", length, bytes(16), config))
    return target.getvalue()


@pytest.mark.parametrize("command", ["encode", "decode", "verify", "info"])
def test_missing_file(refuses, command):
    """A file that is not there ends with 1 and is named."""
    refuses(1, command, "gibt es nicht.rnnc", says=r"gibt es nicht\.rnnc: No such file")


@pytest.mark.parametrize("command", ["decode", "verify", "info"])
def test_folder_as_input(refuses, folder, command):
    """A folder is no compressed file."""
    (folder / "ein Ordner.rnnc").mkdir()
    refuses(1, command, "ein Ordner.rnnc", says=r"ein Ordner\.rnnc: Is a directory")


def test_empty_name(refuses):
    """An empty name, as an unset variable of a shell gives it, is refused."""
    refuses(1, "encode", "", says="Is a directory")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens but cannot be read")
@pytest.mark.parametrize("command", ["encode", "decode", "verify"])
def test_unreadable_input(refuses, command):
    """A file that cannot be read ends with 1, also where only reading fails and not opening."""
    arguments = [] if command == "verify" else ["-o", "neu"]
    refuses(1, command, "/proc/self/mem", *arguments, says="")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may do everything")
def test_forbidden_places(refuses, folder):
    """A file that one may not read and a folder that one may not write to end with 1."""
    (folder / "zu").write_bytes(b"geheim")
    (folder / "zu").chmod(0)
    refuses(1, "encode", "zu", "-o", "neu", says="zu: Permission denied")
    (folder / "zu").chmod(0o600)
    folder.chmod(0o500)
    refuses(1, "encode", "zu", says="Permission denied")
    folder.chmod(0o700)


def test_output_exists(refuses, folder, packed):
    """Neither encode nor decode replaces a file without -f."""
    (folder / NAME).write_bytes(b"mine")
    refuses(1, "decode", packed, says="exists already; use -f")
    refuses(1, "encode", NAME, says="exists already; use -f")
    refuses(1, "verify", packed, "--report", NAME, says="exists already")


def test_output_that_cannot_be(refuses, folder, packed):
    """An output in a folder that is none is refused before any work, and so is a report that is a folder."""
    (folder / "Datei").write_bytes(b"text")
    (folder / "Ordner").mkdir()
    for place, reason in (("fehlt/neu", "folder"), ("Datei/neu", "folder")):
        refuses(1, "encode", "Datei", "-o", place, says=reason)
        refuses(1, "decode", packed, "-o", place, says=reason)
        refuses(1, "decode", packed, "-o", "neu", "--report", place, says=reason)
    refuses(1, "decode", packed, "-o", "neu", "--report", "Ordner", says="no regular file")
    refuses(1, "encode", "Datei", "-o", "Datei/", says="Datei/Datei.rnnc: ")


def test_output_is_the_input(refuses, folder, packed):
    """Even with -f the input is not replaced by its own output."""
    (folder / NAME).write_bytes(b"mine")
    refuses(1, "encode", NAME, "-o", NAME, "-f", says="is the input itself")
    refuses(1, "decode", packed, "-o", packed, "-f", says="is the input itself")
    refuses(1, "encode", NAME, "--report", NAME, "-f", says="is the input itself")
    (folder / "x.ckpt").write_bytes(snapshot.MAGIC)
    refuses(1, "encode", "x.ckpt", "-o", "x", "-f", says="is the input itself")


@pytest.mark.parametrize("content", [b"", b"\x89", b"a text like any other", b"\x1f\x8b\x08\x00" + bytes(50)])
def test_other_formats(refuses, folder, content):
    """What is not our format is told as such, whatever it is."""
    (folder / "fremd.rnnc").write_bytes(content)
    for command in ("decode", "verify", "info"):
        refuses(1, command, "fremd.rnnc", says="")


def test_newer_version(refuses, folder, packed):
    """A file of a later format ends with 4 and the advice to update."""
    blob = packed.read_bytes()
    body = container.inspect(io.BytesIO(blob)).size - 4
    newer = blob[:4] + bytes([container.VERSION + 1]) + blob[5:body]
    packed.write_bytes(newer + zlib.crc32(newer).to_bytes(4, "little") + blob[body + 4 :])
    for command in ("decode", "verify", "info"):
        refuses(4, command, packed, says="version 2")


def test_truncated_anywhere(refuses, packed):
    """Every proper beginning of a file is refused."""
    blob = packed.read_bytes()
    for length in range(len(blob)):
        packed.write_bytes(blob[:length])
        refuses(1, "decode", packed, says="")


def test_one_flipped_bit_anywhere(refuses, packed):
    """Whichever byte has a flipped bit, decode refuses the file."""
    blob = packed.read_bytes()
    for n in range(len(blob)):
        flipped = bytearray(blob)
        flipped[n] ^= 1 << n % 8
        packed.write_bytes(flipped)
        refuses(1, "decode", packed, says="")


def test_trailing_garbage(refuses, packed):
    """What follows the end of the compressed data makes the file unsound."""
    packed.write_bytes(packed.read_bytes() + b"\n")
    refuses(1, "decode", packed, says="")
    refuses(1, "verify", packed, says="")


def test_absurd_model(refuses, cli, folder):
    """A model beyond the memory limit is refused at once; --memory-limit moves the limit."""
    Path("gierig.rnnc").write_bytes(header(1000, Config(layers=200, hidden=65536)))
    refuses(1, "decode", "gierig.rnnc", says="--memory-limit")
    refuses(1, "verify", "gierig.rnnc", "--memory-limit", "900G", says="--memory-limit")
    Path("bescheiden.rnnc").write_bytes(header(1000, Config()))
    refuses(1, "decode", "bescheiden.rnnc", "--memory-limit", "1M", says="limit is 1 MiB")
    refuses(1, "decode", "bescheiden.rnnc", "--memory-limit", "8589934592", says="ends")


def test_absurd_length(refuses, folder):
    """A header that announces more than the file can hold is found out before decoding."""
    Path("lang.rnnc").write_bytes(header(1 << 60, Config()))
    refuses(1, "decode", "lang.rnnc", says="ends")


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file can grow beyond ``size`` bytes, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_disk_full(refuses, folder, packed, text):
    """When the disk is full, the output disappears and the error names it."""
    (folder / "voll").write_bytes(text)
    with file_size_limit(60):
        refuses(1, "encode", "voll", says=r"cannot write voll\.rnnc: File too large")
        refuses(1, "decode", packed, says="cannot write .*txt: File too large")
        refuses(1, "encode", "-", "-c", stdin=text, says="cannot write temporary files")


def test_mismatch_while_verifying(cli, folder, packed, text):
    """If what was encoded does not decode to the input, the output stays, but never takes its name."""

    def wrong(source, target, **options):
        report = decode(source, target, **options)
        target.seek(3)
        target.write(b"?")
        return report

    decode = codec.decode
    (folder / "neu").write_bytes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "decode", wrong)
        result = cli("encode", "neu", "--verify")
    assert result.exit_code == 3
    assert "differs from neu from byte 3 on; what was made is left in" in result.stderr
    assert not (folder / "neu.rnnc").exists()
    assert codec.decode(
        io.BytesIO((folder / "neu.rnnc.rnnc-part").read_bytes()), io.BytesIO(), build=fake.build
    )


def test_other_original(refuses, folder, packed):
    """verify --against ends with 3 for another file, a shorter one, a longer one; with 1 for none."""
    original = b"Ziegel zu Ziegel. " * 9
    for content, first in ((b"X" + original[1:], 0), (original[:-1], 161), (original + b"!", 162), (b"", 0)):
        (folder / "anders").write_bytes(content)
        refuses(3, "verify", packed, "--against", "anders", says=f"differs from anders from byte {first} on")
    refuses(1, "verify", packed, "--against", "fehlt", says="fehlt: No such file")


def test_missing_device(refuses, folder, monkeypatch):
    """A device that is not here ends with 4 and names the one that is."""
    (folder / "neu").write_bytes(b"text")
    monkeypatch.setattr(device, "obstacle", lambda: "no driver")
    refuses(4, "encode", "neu", "--device", "cuda", says="use --device cpu")
    refuses(4, "verify", "neu", "--device", "cuda", says="use --device cpu")


@pytest.mark.parametrize(
    ("asked", "worth", "here", "engine"),
    [
        ("auto", True, True, "cuda"),
        ("auto", False, True, "cpu"),
        ("auto", True, False, "cpu"),
        ("cpu", True, True, "cpu"),
    ],
)
def test_device_chooses_the_engine(cli, folder, monkeypatch, asked, worth, here, engine):
    """auto takes CUDA where it can be used and is worth it, and the CPU elsewhere; cpu is always the CPU."""
    (folder / "neu").write_bytes(b"text")
    monkeypatch.setattr(devices, "worth_a_gpu", lambda config, length: worth)
    monkeypatch.setattr(device, "missing_package", lambda: None)
    monkeypatch.setattr(device, "obstacle", lambda: None if here else "no driver")
    result = cli("encode", "neu", "--device", asked, "--json")
    assert json.loads(result.stdout)["engine"] == engine


def test_closed_streams(refuses, monkeypatch):
    """Without a standard input or output, - is an error of one line."""
    monkeypatch.setattr("rnncompress.cli.streams.sys", type("Closed", (), {"stdin": None, "stdout": None}))
    refuses(1, "encode", "-", "-o", "neu", says="standard input is closed")
    refuses(1, "encode", "-", says="standard output is closed")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (MemoryError(), 1, "not enough memory"),
        (OSError(5, "Input/output error", "Gerät"), 1, "Gerät: Input/output error"),
        (SelfCheckError("this machine computes otherwise"), 4, "this machine computes otherwise"),
        (ZeroDivisionError("two\nlines"), 1, r"a bug: ZeroDivisionError\('two\\nlines'\); please report it"),
    ],
)
def test_whatever_happens_is_one_line(refuses, folder, monkeypatch, error, code, says):
    """Any failure on the way is told in one line, without a traceback, with its exit code."""

    def fails(*arguments, **options):
        raise error

    (folder / "neu").write_bytes(b"text")
    monkeypatch.setattr(codec, "encode", fails)
    refuses(code, "encode", "neu", says=says)


def test_traceback_of_a_bug_on_demand(cli, folder, monkeypatch):
    """With RNNCOMPRESS_TRACEBACK=1 a bug shows where it is, so that it can be reported."""
    (folder / "neu").write_bytes(b"text")
    monkeypatch.setattr(codec, "encode", lambda *arguments, **options: 1 // 0)
    monkeypatch.setenv("RNNCOMPRESS_TRACEBACK", "1")
    result = cli("encode", "neu")
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr
    assert "Traceback" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["encode"],
        ["encode", "neu", "--preset", "no such"],
        ["encode", "neu", "--threads", "0"],
        ["encode", "neu", "--threads", "100000"],
        ["bench", "neu", "--threads", "100000"],
        ["bench", "neu", "--slice", "10m"],
        ["bench", "neu", "--timeout", "5"],
        ["encode", "neu", "-o", "a", "-c"],
        ["encode", "neu", "-c", "--json"],
        ["decode", "neu"],
        ["decode", "neu", "-c", "--json"],
        ["decode", "neu.rnnc", "--memory-limit", "much"],
        ["unheard-of"],
        ["--unheard-of"],
    ],
)
def test_wrong_command_lines(cli, folder, arguments):
    """A command line that makes no sense ends with 2, says how to get help, and changes nothing."""
    (folder / "neu").write_bytes(b"text")
    result = cli(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "--help" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["neu"]


@pytest.mark.parametrize("command", ["decode", "verify", "info"])
def test_every_error_about_a_file_names_it(refuses, folder, packed, command):
    """What is wrong with the content of a file is told with its name before it; of a pipe, that it came in one."""
    (folder / "fremd.rnnc").write_bytes(b"a text like any other")
    refuses(1, command, "fremd.rnnc", says=r"^fremd\.rnnc: not an rnncompress file")
    refuses(1, command, "-", says="^standard input: not an rnncompress file", stdin=b"a text like any other")
    blob = packed.read_bytes()
    (folder / "kurz.rnnc").write_bytes(blob[:20])
    refuses(1, command, "kurz.rnnc", says=r"^kurz\.rnnc: ")


def test_damage_is_told_with_the_name_of_the_file(refuses, cli, folder, packed):
    """Blocks, limits, and the file that the decoded bytes are not like."""
    blob = bytearray(packed.read_bytes())
    blob[-9] ^= 1
    (folder / "kaputt.rnnc").write_bytes(blob)
    for command in (["decode"], ["verify"], ["verify", "--quick"]):
        refuses(1, *command, "kaputt.rnnc", says=r"^kaputt\.rnnc: ")
    refuses(1, "decode", packed, "--memory-limit", "1kB", says=r"^[^:]*\.rnnc: decoding takes about")
    (folder / "anders").write_bytes(b"X")
    says = r"^[^:]*\.rnnc: what was decoded differs from anders"
    refuses(3, "verify", packed, "--against", "anders", says=says)


def test_a_missing_file_is_named_once(cli, folder):
    """A message that names its file does not get the name a second time."""
    result = cli("decode", "fehlt.rnnc")
    assert result.stderr == "rnncompress: error: cannot read fehlt.rnnc: No such file or directory\n"


def test_names_that_are_no_text(refuses):
    """A name whose bytes are no UTF-8 is shown escaped, not a reason to fail otherwise."""
    refuses(1, "encode", os.fsdecode(b"caf\xe9"), says=r"caf\\udce9: No such file")
