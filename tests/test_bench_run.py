"""`rnncompress bench` as a whole: every cell becomes a row, whatever its codec does."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rnncompress import portable
from rnncompress.bench import machine, results

SCRIPT = """
import os, sys, time, zlib
how, way, source, target = sys.argv[1:]
data = open(source, "rb").read()
if how == "crash" and way == "decode":
    os.kill(os.getpid(), 11)
if how == "fail":
    sys.exit("no idea how")
if how == "hang" and way == "encode":
    time.sleep(100)
if how == "eat":
    eaten = b"x" * (400 << 20)
    time.sleep(100)
if how == "nothing":
    sys.exit()
data = zlib.compress(data) if way == "encode" else zlib.decompress(data)
if how == "lie" and way == "decode":
    data = data[:5] + b"?" + data[6:]
if how == "log":
    open(os.environ["LOG"], "a").write(way + "\\n")
if how == "slow":
    time.sleep(0.7)
open(target, "wb").write(data)
"""


@pytest.fixture
def table(folder) -> Path:
    """A table of external programs that behave in the way that their names say."""
    Path("codec.py").write_text(SCRIPT)
    script = str(Path("codec.py").resolve())
    entries = [
        f"[{how}]\nlabel = '{how}'\nprograms = [{json.dumps(sys.executable)}]\n"
        f"encode = {json.dumps(['-S', script, how, 'encode', '{input}', '{packed}'])}\n"
        f"decode = {json.dumps(['-S', script, how, 'decode', '{packed}', '{output}'])}\n"
        for how in ("fine", "crash", "fail", "hang", "eat", "nothing", "lie", "log", "slow")
    ]
    path = Path("codecs.toml").resolve()
    path.write_text("\n".join(entries))
    Path("text").write_bytes(b"Ein Ziegel ist ein Ziegel ist ein Ziegel. " * 50)
    return path


def bench(cli, table, *codecs: str, names: tuple[str, ...] = ("text",), options: tuple[str, ...] = ()):
    """Run the bench on ``names`` with these codecs, results in ``out``."""
    chosen = [word for codec in codecs for word in ("--codec", codec)]
    return cli("bench", *names, "--table", table, "--out", "out", "--repeat", "1", *chosen, *options)


def statuses() -> dict[str, str]:
    """What became of each codec."""
    return {row.label: row.status for row in results.newest(results.read_folder(Path("out")))}


def test_bad_codecs_become_rows_and_the_others_are_right(cli, table):
    """Crash, failure, hang, gluttony, silence, lies and absence are rows with a status; exit code 3 for the lie."""
    names = ("fail", "crash", "hang", "eat", "nothing", "lie", "cmix", "fine", "gzip")
    result = bench(cli, table, *names, options=("--timeout", "3s", "--memory-limit", "200M", "--level", "9"))
    assert result.exit_code == 3
    assert result.stderr.endswith("error: 1 of 9 cells did not decode to the same bytes: lie on text\n"), (
        result.stderr
    )
    assert statuses() == {
        "fail": "crashed", "crash": "crashed", "hang": "timeout", "eat": "memory", "nothing": "crashed",
        "lie": "mismatch", "cmix -c": "missing", "fine": "ok", "gzip -9": "ok",
    }  # fmt: skip
    messages = {row.label: row.message for row in results.read_folder(Path("out"))}
    assert messages["fail"] == "encoding: exit code 1: no idea how"
    assert messages["crash"] == "decoding: signal 11 (SIGSEGV)"
    assert messages["hang"] == "encoding: killed after 3 s"
    assert messages["eat"] == "encoding: killed above 200 MiB"
    assert messages["nothing"] == "encoding: wrote no compressed file"
    assert messages["lie"] == "decoded to other bytes: different from byte 5 on"
    for text in (result.stdout, Path("out/table.md").read_text(), Path("out/table.csv").read_text()):
        assert "mismatch" in text
        assert "different from byte 5" in text


@pytest.mark.parametrize(
    ("codec", "options"), [("crash", ()), ("nothing", ()), ("hang", ("--timeout", "0.5s"))]
)
def test_cells_that_fail_show_in_the_exit_code(cli, table, codec, options):
    """A codec that crashed or was too slow makes the command end with 1 and one line, again when it has its row."""
    for _ in range(2):
        result = bench(cli, table, "gzip", codec, options=("--level", "9", *options))
        assert result.exit_code == 1
        line = f"rnncompress: error: 1 of 2 cells came to no result: {codec} on text"
        assert result.stderr.splitlines()[-1] == line
    assert cli("bench", "--report", "--out", "out").exit_code == 0, "a report measures nothing"


def test_a_library_that_is_not_installed_is_a_missing_row(cli, table, monkeypatch):
    """A codec of a Python package that is not here is a row with a status, and the others are measured."""
    monkeypatch.setattr(
        "rnncompress.bench.library.find_spec", lambda name: None if name == "pyppmd" else True
    )
    result = bench(cli, table, "ppmd", "gzip", options=("--level", "9"))
    assert result.exit_code == 0, result.stderr
    assert statuses() == {"ppmd -o 9 -m 256M": "missing", "gzip -9": "ok"}
    assert "pip install pyppmd" in result.stdout


def test_results_are_no_input(cli, table, monkeypatch):
    """Where results lie below the folder that is compressed, a second run measures the same files as the first."""
    Path("dir").mkdir()
    Path("dir/text").write_bytes(b"text " * 99)
    for _ in range(2):
        result = cli("bench", "dir", "--table", table, "--out", "dir/out", "--codec", "fine")
        assert result.exit_code == 0, result.stderr
        assert "[1/1] dir/text, fine" in result.stderr
    refused = cli("bench", "dir/out", "--table", table, "--out", "dir/out", "--codec", "fine")
    assert (refused.exit_code, "holds no files to compress" in refused.stderr) == (1, True)


def test_rows_of_another_processor_of_the_same_name_are_measured_anew(cli, table, monkeypatch):
    """What was published from another machine does not stand for this one, though both say "AMD EPYC"."""
    monkeypatch.setenv("LOG", str(Path("log").resolve()))
    monkeypatch.setattr(machine, "cpu", machine.cpu.__wrapped__)  # not the answer that is kept
    monkeypatch.setattr(machine, "CPUINFO", Path("cpuinfo"))
    for flags in ("sse2 avx2", "sse2 avx2 avx512f", "avx512f sse2 avx2"):
        text = f"model name: AMD EPYC\ncpu family: 25\nmodel: 1\nflags: {flags}\n\nmodel name: other\n"
        Path("cpuinfo").write_text(text)
        assert bench(cli, table, "log").exit_code == 0
    assert Path("log").read_text().count("encode") == 2
    devices = {row.device for row in results.read_folder(Path("out"))}
    assert len(devices) == 2
    assert all(
        re.fullmatch(r"AMD EPYC, cpu family 25, model 1, features [0-9a-f]{8}", each) for each in devices
    )


def test_our_own_codec_is_measured_through_the_library(cli, table):
    """The real model codes in processes of its own and tells curve, header, configuration and decompressor."""
    result = bench(cli, table, "rnncompress", options=("--preset", "fast", "--slice", "600"))
    assert result.exit_code == 0, result.stderr
    [row] = results.read_folder(Path("out"))
    assert (row.status, row.input.bytes, row.input.slice) == ("ok", 600, True)
    assert row.curve[-1][0] == 600
    assert abs(row.curve[-1][1] / 8 - (row.compressed_bytes - row.header_bytes)) < 20
    assert row.options["config"]["layers"] == 0
    assert row.options["threads"] == 1
    assert row.decoder_bytes == len(portable.zipped())
    assert "the prize is for enwik9 only" in Path("out/table.md").read_text()


def test_a_cell_is_measured_once(cli, table, monkeypatch):
    """The same command again measures nothing, with more repetitions or --rerun it does."""
    monkeypatch.setenv("LOG", str(Path("log").resolve()))

    def runs(*options: str) -> int:
        Path("log").write_text("")
        assert bench(cli, table, "log", options=options).exit_code == 0
        return Path("log").read_text().count("encode")

    warm_up = 1
    twice = ("--repeat", "2")
    assert [runs(), runs(), runs(*twice), runs(*twice), runs("--rerun")] == [1, 0, warm_up + 2, 0, 1]
    Path("text").write_bytes(b"other bytes")
    assert runs() == 1


def test_short_cells_are_warmed_up_and_repeated(cli, table, monkeypatch):
    """Unless --repeat says how often: a run that does not count, then three; a long cell is measured once."""
    monkeypatch.setenv("LOG", str(Path("log").resolve()))
    names = ("bench", "text", "--table", table, "--out", "out", "--codec")
    assert cli(*names, "log").exit_code == 0
    assert Path("log").read_text().split() == ["encode", "decode"] * 4
    assert cli(*names, "log").exit_code == 0
    assert Path("log").read_text().count("encode") == 4, "such a row serves"
    monkeypatch.setattr(results, "SHORT", 0.0)
    assert cli(*names, "fine").exit_code == 0
    rows = {row.label: row for row in results.read_folder(Path("out"))}
    assert [len(rows[name].encode) for name in ("log", "fine")] == [3, 1]


def test_a_busy_machine_is_told(cli, table, monkeypatch):
    """Before it begins, in the tables, and in what machines read; nothing is said where all is quiet."""
    monkeypatch.setattr(machine, "busy", lambda seconds=0.1: 1.5)
    result = bench(cli, table, "fine")
    assert re.search(r"other programs keep 1\.5 of \d+ cores busy: speeds will be too low", result.stderr)
    assert "kept the processor busy" in " ".join(result.stdout.split())
    monkeypatch.setattr(machine, "busy", lambda seconds=0.1: 0.1)
    result = bench(cli, table, "fine", options=("--rerun",))
    assert "busy" not in result.stderr + result.stdout


def test_json_is_one_document(cli, table):
    """With --json stdout holds all of the tables, and the verdict, as one document."""
    result = bench(cli, table, "fine", "gzip", options=("--json", "--level", "9"))
    [section] = json.loads(result.stdout)["sections"]
    assert {line["label"] for line in section["lines"]} == {"fine", "gzip -9"}
    assert section["verdict"]["head"].startswith("fine is the smallest: ")


def test_progress_inside_a_cell_is_told(cli, table, monkeypatch):
    """A cell that takes long says how far it is, and how long it will take where its speed is known."""
    monkeypatch.setattr("rnncompress.cli.cells.LINE_SECONDS", 0.0)
    Path("double").write_bytes(2 * Path("text").read_bytes())
    result = bench(cli, table, "slow", names=("text", "double"))
    number = r"\d+\.\d s"
    assert re.search(rf"\[1/2\] text, slow: encoding, {number}\n", result.stderr)
    assert re.search(rf"\[2/2\] double, slow: encoding, {number}, about {number} left\n", result.stderr)
    assert re.search(r"\[2/2\] double, slow: \d+ bytes", result.stderr)


CALLS = {
    "paq8px": (["-8", "input", "packed"], ["-d", "packed", "output"]),
    "cmix": (["-c", "input", "packed"], ["-d", "packed", "output"]),
    "lstm-compress": (["-c", "input", "packed"], ["-d", "packed", "output"]),
    "nncp": (
        ["-q", "-T", "1", "-p", "lstm", "c", "input", "packed"],
        ["-q", "-T", "1", "d", "packed", "output"],
    ),
}
"""As the programs' own help describes them."""


@pytest.mark.parametrize("name", CALLS)
def test_neural_and_mixing_compressors_are_called_as_they_want(cli, table, monkeypatch, name):
    """Where such a program is on the PATH it gets exactly the arguments that it knows."""
    encode, decode = CALLS[name]
    Path("bin").mkdir()
    program = Path("bin", name)
    program.write_text(
        f"#!{sys.executable} -S\nimport sys, zlib\n"
        f"encode, decode = {encode!r}, {decode!r}\n"
        "turn = {tuple(encode): zlib.compress, tuple(decode): zlib.decompress}.get(tuple(sys.argv[1:]))\n"
        f"sys.exit('{name} version 21') if turn is None else None\n"
        "source, target = sys.argv[-2:]\n"
        "open(target, 'wb').write(turn(open(source, 'rb').read()))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(Path("bin").resolve()), prepend=os.pathsep)
    level = {"paq8px": ("--level", "8"), "nncp": ("--level", "lstm")}.get(name, ())
    result = bench(cli, table, name, options=level)
    assert result.exit_code == 0, result.stderr
    [row] = results.read_folder(Path("out"))
    assert (row.family, row.status) == (name, "ok")
    assert row.version.startswith("21+")


def test_an_unmeasured_copy_of_a_file_gets_its_row(cli, table):
    """Two files with the same bytes are measured once and are two rows."""
    Path("copy").write_bytes(Path("text").read_bytes())
    result = bench(cli, table, "fine", names=("text", "copy"))
    assert "[2/2] copy, fine: " in result.stderr
    assert "(measured before)" in result.stderr
    assert {row.input.name for row in results.read_folder(Path("out"))} == {"text", "copy"}


def test_shards_share_the_work(cli, table):
    """Each shard runs its part into a file of its own; together they are the whole, whoever reports last."""
    for shard in ("1/2", "2/2"):
        result = bench(cli, table, "gzip", "bzip2", "fine", options=("--shard", shard, "--level", "9"))
        assert result.exit_code == 0
    files = {path.name: [row.label for row in results.read(path)] for path in Path("out").glob("*.jsonl")}
    assert files == {"results-1-of-2.jsonl": ["gzip -9", "fine"], "results-2-of-2.jsonl": ["bzip2 -9"]}
    assert all(label in Path("out/table.md").read_text() for label in ("gzip -9", "bzip2 -9", "fine"))


def test_a_killed_bench_goes_on_where_it_was(folder, table, monkeypatch):
    """After SIGTERM the finished cells are kept, no process is left, and the next run does the rest."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    Path("tmp").mkdir()
    names = ["--codec", "fine", "--codec", "hang", "--codec", "slow", "--table", str(table), "--out", "out"]
    names += ["--repeat", "1"]
    command = [sys.executable, "-m", "rnncompress", "bench", "text", *names]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 30
        while not Path("out/results.jsonl").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.decode().splitlines()[-2:] == ["rnncompress: [2/3] text, hang: ", "rnncompress: interrupted"]
    assert statuses() == {"fine": "ok"}
    assert list(Path("tmp").iterdir()) == []
    again = subprocess.run([*command, "--timeout", "0.9s"], capture_output=True, text=True, check=False)
    assert again.returncode == 1, again.stderr
    assert again.stderr.endswith("error: 1 of 3 cells came to no result: hang on text\n")
    assert "[1/3] text, fine: " in again.stderr
    assert again.stderr.count("(measured before)") == 1
    assert statuses() == {"fine": "ok", "hang": "timeout", "slow": "ok"}


def test_reporting_and_comparing_without_measuring(cli, table, folder):
    """--report makes the tables of merged results; --compare tells what changed since others."""
    bench(cli, table, "fine")
    old = Path("out/results.jsonl").rename(folder / "old.jsonl")
    row = json.loads(old.read_text())
    row |= {"compressed_bytes": 10}
    Path("out/merged.jsonl").write_text(json.dumps(row) + "\n")
    result = cli("bench", "--report", "--out", "out", "--compare", old)
    assert result.exit_code == 0, result.stderr
    assert "smaller: text, fine: " in result.stdout
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "merged.jsonl", "report.html", "table.csv", "table.md",
    ]  # fmt: skip


def test_an_empty_file_and_a_folder(cli, table):
    """The empty file has no bpc and does no harm; a folder's total is on the terminal, its files in the tables."""
    Path("dir").mkdir()
    Path("dir/empty").write_bytes(b"")
    Path("dir/full").write_bytes(b"full " * 99)
    result = bench(cli, table, "gzip", "fine", names=("dir",))
    assert result.exit_code == 0, result.stderr
    assert "dir, total of 2 files, 495 bytes" in result.stdout
    assert "dir/empty" not in result.stdout
    assert "## dir/empty, 0 bytes" in Path("out/table.md").read_text()


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--codec", "rar"), 2, "no codec is called 'rar'"),
        (("--shard", "3/2"), 2, "'3/2' is not a shard such as 2/8"),
        (("--report", "--out", "nowhere"), 1, "there are no results in nowhere"),
        (("--compare", "nothing"), 1, "cannot read nothing"),
        (("--table", "nothing"), 1, "cannot read nothing"),
        (("--out", "text"), 1, "cannot write to text"),
    ],
)
def test_mistakes_on_the_command_line(cli, table, options, code, says):
    """A wrong option ends with the right exit code and one line that says why."""
    result = cli("bench", "text", *options)
    assert result.exit_code == code
    assert says in result.stderr.splitlines()[-1]
