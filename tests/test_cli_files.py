"""The command line on sound files: encode, decode, verify, info, and where results and data go."""

import json
import os
import re
from pathlib import Path

import pytest

from rnncompress import presets
from rnncompress.cli import screen
from rnncompress.machine import peak_memory

NAME = "Öl & Größe [1].txt"


@pytest.fixture
def packed(cli, folder, text) -> Path:
    """A compressed file beside its original."""
    (folder / NAME).write_bytes(text)
    assert cli("encode", NAME, "-q").exit_code == 0
    return folder / f"{NAME}.rnnc"


def test_encode_writes_beside_the_input_and_says_one_line(cli, folder, text):
    """INPUT becomes INPUT.rnnc, the input stays, and stdout gets one line: sizes, ratio, bpc, time, speed."""
    (folder / NAME).write_bytes(text)
    result = cli("encode", NAME)
    assert (result.exit_code, result.stderr) == (0, "")
    size = (folder / f"{NAME}.rnnc").stat().st_size
    assert size < len(text)
    sizes = f"{NAME} → {NAME}.rnnc: {len(text):,} → {size:,} bytes"
    numbers = f"ratio {len(text) / size:.3f}, {8 * size / len(text):.3f} bpc"
    assert re.fullmatch(re.escape(f"{sizes}, {numbers}, ") + r"[\d.]+ s, [\d.]+ [kMG]?B/s\n", result.stdout)
    assert (folder / NAME).read_bytes() == text
    assert sorted(path.name for path in folder.iterdir()) == sorted([NAME, f"{NAME}.rnnc"])


@pytest.mark.parametrize("content", [b"", b"x", b"a" * 5000, os.urandom(3000), "äöü€".encode()])
def test_any_bytes_come_back(cli, folder, content):
    """Empty, one byte, all equal, random: decode restores what encode was given, and --verify agrees."""
    (folder / NAME).write_bytes(content)
    assert cli("encode", NAME, "--verify").exit_code == 0
    (folder / NAME).unlink()
    assert cli("decode", f"{NAME}.rnnc").exit_code == 0
    assert (folder / NAME).read_bytes() == content


def test_random_bytes_grow_by_no_more_than_a_header(cli, folder):
    """What does not compress is stored, and the line says so."""
    (folder / "noise").write_bytes(os.urandom(3000))
    result = cli("encode", "noise")
    assert result.stdout.endswith(", stored\n")
    assert (folder / "noise.rnnc").stat().st_size < 3000 + 150


def test_stdout_carries_only_data_in_a_pipe(cli, packed, text):
    """With -c, or where the input is -, stdout is the data and the line goes to stderr."""
    for arguments in (
        ["encode", "-"],
        ["encode", "-", "-c"],
        ["encode", NAME, "-c"],
        ["encode", NAME, "-o", "-"],
    ):
        result = cli(*arguments, stdin=text)
        assert result.exit_code == 0
        assert result.stdout_bytes == packed.read_bytes()
        assert result.stderr.count("\n") == 1
        assert "bpc" in result.stderr
    for arguments in (["decode", "-"], ["decode", packed, "-c"]):
        result = cli(*arguments, stdin=packed.read_bytes())
        assert (result.exit_code, result.stdout_bytes) == (0, text)


def test_dash_with_output_writes_a_file(cli, folder, packed, text):
    """Standard input can be given a name with -o."""
    assert cli("encode", "-", "-o", "neu.rnnc", stdin=text).exit_code == 0
    assert (folder / "neu.rnnc").read_bytes() == packed.read_bytes()
    assert cli("decode", "-", "-o", "neu", stdin=packed.read_bytes()).exit_code == 0
    assert (folder / "neu").read_bytes() == text


def test_quiet_says_nothing(cli, folder, packed):
    """With -q both streams stay empty when all goes well."""
    for arguments in (["encode", NAME, "-f"], ["decode", packed, "-o", "neu"], ["verify", packed]):
        result = cli(*arguments, "-q")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_verbose_names_the_model_on_stderr(cli, packed):
    """With -v the model and the engine are told before work begins."""
    for arguments in (["encode", NAME, "-f"], ["verify", packed]):
        result = cli(*arguments, "-v")
        assert result.exit_code == 0
        assert re.search(r"units, [\d,]+ weights, 1 stream, .*; cpu, \d+ threads?", result.stderr)
        assert result.stdout.count("\n") == 1


def test_force_overwrites(cli, folder, packed, text):
    """With -f an existing output is replaced by the new one."""
    expected = packed.read_bytes()
    packed.write_bytes(b"old")
    assert cli("encode", NAME, "-f").exit_code == 0
    assert packed.read_bytes() == expected
    (folder / NAME).write_bytes(b"old")
    assert cli("decode", packed, "-f").exit_code == 0
    assert (folder / NAME).read_bytes() == text


def test_preset_is_written_into_the_file(cli, packed):
    """--preset chooses the model, which the header then holds; without it the size alone decides."""
    assert cli("encode", NAME, "--preset", "rnn", "-f").exit_code == 0
    assert json.loads(cli("info", packed, "--json").stdout)["config"]["cell"] == "rnn"
    assert cli("encode", NAME, "--threads", "1", "--device", "cpu", "-f").exit_code == 0
    assert json.loads(cli("info", packed, "--json").stdout)["config"]["cell"] == "lstm"


@pytest.mark.parametrize("command", ["encode", "decode", "verify"])
def test_json_is_one_document_with_everything(cli, packed, text, command):
    """--json prints exactly one JSON document; --report writes the same facts to a file."""
    rest = {
        "encode": [NAME, "-f", "--preset", "default"],
        "decode": [packed, "-o", "neu"],
        "verify": [packed],
    }
    result = cli(command, *rest[command], "--json", "--report", "Bericht.json", "--threads", "1")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document == json.loads(Path("Bericht.json").read_text())
    assert document["command"] == command
    assert document["original_bytes"] == len(text)
    assert document["compressed_bytes"] == packed.stat().st_size
    assert document["header_bytes"] + document["payload_bytes"] == packed.stat().st_size
    assert document["bpc"] == 8 * packed.stat().st_size / len(text)
    assert document["curve"][-1][0] == len(text)
    assert document["config"]["hidden"] == 64
    assert document["preset"] == ("default" if command == "encode" else None)
    assert document["engine"] == "cpu"
    assert document["threads"] == 1
    assert document["verified"] == (command != "encode")
    assert {"rnncompress", "python", "numpy", "numba"} <= set(document["versions"])
    assert re.fullmatch("[0-9a-f]{32}", document["digest"])
    assert document["seconds"] > 0
    assert document["peak_memory_bytes"] > 1 << 20


def test_verify_compares_with_the_original(cli, folder, packed):
    """verify ends with 0 for a sound file, alone and against its original, and leaves no file behind."""
    before = sorted(path.name for path in folder.iterdir())
    for arguments in ([], ["--against", NAME]):
        result = cli("verify", packed, *arguments)
        assert result.exit_code == 0
        assert result.stdout.endswith(", verified\n")
    assert sorted(path.name for path in folder.iterdir()) == before


def test_info_reads_the_header(cli, packed, text):
    """info tells sizes, hash and model in words and as JSON."""
    result = cli("info", packed)
    assert result.exit_code == 0
    assert f"original    {len(text):,} bytes" in result.stdout
    assert "2 × 64 lstm units" in result.stdout
    document = json.loads(cli("info", packed, "--json").stdout)
    assert document["original_bytes"] == len(text)
    assert document["compressed_bytes"] == packed.stat().st_size
    assert document["config"]["streams"] == 1
    assert cli("info", "-", "--json", stdin=packed.read_bytes()).exit_code == 0


def test_presets_are_listed(cli):
    """Every preset has a line, and an entry in the JSON document."""
    listed = cli("presets").stdout
    assert all(f"{name}: {presets.describe(name)}" in listed for name in presets.names())
    assert set(json.loads(cli("presets", "--json").stdout)) == set(presets.names())


def test_progress_is_plain_lines_where_stderr_is_no_terminal(cli, folder, text, monkeypatch):
    """Without a terminal progress is a line now and then: percent, speed, bpc, time left."""
    monkeypatch.setattr(screen, "LINE_SECONDS", 0.0)
    monkeypatch.setattr("rnncompress.loop.PROGRESS_SECONDS", 0.0)
    (folder / NAME).write_bytes(text)
    result = cli("encode", NAME)
    lines = [line for line in result.stderr.splitlines() if "hashing" not in line]
    assert len(lines) > 1
    for line in lines[1:]:
        assert re.fullmatch(
            re.escape(f"rnncompress: encoding {NAME}: ")
            + r"[\d.]+%, [\d.]+ [kMG]?B/s, [\d.]+ bpc, [\d.:]+( s)? left",
            line,
        )
    assert cli("encode", NAME, "-f", "-q").stderr == ""


def test_durations_and_speeds_read_well():
    """Times and speeds come in units that suit their size."""
    assert [screen.duration(s) for s in (0, 59.94, 61, 3599.7, 36000)] == [
        "0.0 s",
        "59.9 s",
        "1:01",
        "1:00:00",
        "10:00:00",
    ]
    assert [screen.speed(r) for r in (5, 1234, 5.6e6, 7.8e9)] == [
        "5 B/s",
        "1.23 kB/s",
        "5.6 MB/s",
        "7.8 GB/s",
    ]


def test_peak_memory_is_that_of_this_process():
    """The peak is at least what one has just allocated."""
    block = bytearray(50_000_000)
    assert peak_memory() > len(block)


def test_every_command_that_compiles_says_so(cli, folder, text, monkeypatch):
    """encode, decode, verify, selfcheck; train, evaluate and sample by the same way."""
    said = []
    monkeypatch.setattr("rnncompress.compiled.compile.when_compiling", said.append)
    monkeypatch.setattr("rnncompress.selfcheck.run", lambda engine: None)
    (folder / NAME).write_bytes(text)
    for number, arguments in enumerate(
        (["encode", NAME], ["decode", "-f", f"{NAME}.rnnc"], ["verify", f"{NAME}.rnnc"], ["selfcheck"]), 1
    ):
        assert cli(*arguments).exit_code == 0
        assert len(said) == number, arguments
    said[0]()
