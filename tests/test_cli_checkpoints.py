"""The command line about interrupted runs: --checkpoint-every, --resume, and what stands in the way."""

import json
from pathlib import Path

import pytest

from rnncompress import codec, files
from rnncompress.cli.checkpoints import Every, every

NAME = "Größe.txt"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress after every window; nothing waits for the disk."""
    monkeypatch.setattr("rnncompress.loop.PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def interrupted(cli, folder, text, monkeypatch) -> Path:
    """A file whose encoding was interrupted after a checkpoint."""
    (folder / NAME).write_bytes(text)
    encode = codec.encode

    def ends(source, target, config, *, progress, **options):
        def until(at):
            if at.stage == "coding" and at.done > len(text) // 2:
                raise KeyboardInterrupt

        return encode(source, target, config, progress=until, **options)

    with monkeypatch.context() as patch:
        patch.setattr(codec, "encode", ends)
        result = cli("encode", NAME, "--checkpoint-every", "500b")
    assert result.exit_code == 130
    assert result.stderr.startswith("rnncompress: interrupted; ")
    assert result.stderr.endswith(
        f"{NAME}.rnnc.ckpt keeps what was done: the same command with --resume goes on\n"
    )
    assert not (folder / f"{NAME}.rnnc").exists()
    return folder / NAME


def test_resume_goes_on(cli, folder, interrupted):
    """With --resume the run ends, says where it went on from, and leaves nothing but its output."""
    result = cli("encode", NAME, "--resume")
    assert result.exit_code == 0
    assert "going on from" in result.stderr
    assert cli("encode", NAME, "-o", "anew").exit_code == 0
    assert Path("anew").read_bytes() == Path(f"{NAME}.rnnc").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == sorted([NAME, f"{NAME}.rnnc", "anew"])


def test_an_interrupted_run_is_not_forgotten(cli, refuses, folder, interrupted):
    """Without --resume the user is told of the checkpoint; -f begins again and removes it."""
    refuses(1, "encode", NAME, says="left by an interrupted run; go on with --resume, or begin again with -f")
    refuses(1, "encode", NAME, "--checkpoint-every", "off", says="left by an interrupted run")
    result = cli("encode", NAME, "-f")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == sorted([NAME, f"{NAME}.rnnc"])


def test_a_changed_input_is_refused(refuses, folder, interrupted):
    """A checkpoint of an input that changed since is refused, and kept."""
    (folder / NAME).write_bytes((folder / NAME).read_bytes() + b"!")
    refuses(1, "encode", NAME, "-q", "--resume", says="it is of another input; begin again with -f")


def test_resuming_nothing_begins_at_the_start(cli, folder, text):
    """--resume without a checkpoint does the whole work and says so, so that scripts can always give it."""
    (folder / NAME).write_bytes(text)
    result = cli("encode", NAME, "--resume")
    assert result.exit_code == 0
    assert "beginning at the start" in result.stderr


def test_two_runs_on_one_output(refuses, folder, text):
    """While one process writes an output a second one is refused, even with -f."""
    (folder / NAME).write_bytes(text)
    with files.atomic_output(folder / f"{NAME}.rnnc"):
        refuses(1, "encode", NAME, says="is being written by another process")
        refuses(1, "encode", NAME, "-f", says="is being written by another process")


def test_what_a_killed_run_left_is_in_nobodys_way(cli, folder, text):
    """The part that a run killed before its first checkpoint left is taken over."""
    (folder / NAME).write_bytes(text)
    (folder / f"{NAME}.rnnc.rnnc-part").write_bytes(b"left" * 10_000)
    assert cli("encode", NAME).exit_code == 0
    assert cli("verify", f"{NAME}.rnnc", "--against", NAME).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([NAME, f"{NAME}.rnnc"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", Every(seconds=30)),
        ("5min", Every(seconds=300)),
        ("2h", Every(seconds=7200)),
        ("10MB", Every(bytes=10**7)),
        ("10M", Every(bytes=10 << 20)),
        ("500b", Every(bytes=500)),
        ("off", Every()),
    ],
)
def test_intervals(text, expected):
    """Times, sizes and off are understood."""
    assert every(text) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ["encode", "neu", "--checkpoint-every", "often"],
        ["encode", "neu", "--checkpoint-every", "5m"],
        ["encode", "neu", "--checkpoint-every", "0s"],
        ["encode", "neu", "--checkpoint-every", "0MB"],
        ["encode", "neu", "--checkpoint-every", "-5s"],
        ["encode", "neu", "-c", "--resume"],
        ["encode", "-", "--checkpoint-every", "5s"],
        ["encode", "neu", "-o", "out", "--report", "out"],
        ["verify", "neu", "--quick", "--against", "neu"],
    ],
)
def test_wrong_command_lines(cli, folder, arguments):
    """What makes no sense ends with 2 and changes nothing."""
    (folder / "neu").write_bytes(b"text")
    result = cli(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [path.name for path in folder.iterdir()] == ["neu"]


def test_quick_verification_decodes_nothing(cli, refuses, folder, text, monkeypatch):
    """verify --quick accepts a sound file and names what is damaged, without the model."""
    (folder / NAME).write_bytes(text)
    assert cli("encode", NAME, "-q").exit_code == 0
    monkeypatch.setattr(codec, "decode", None)
    packed = folder / f"{NAME}.rnnc"
    result = cli("verify", "--quick", packed)
    assert result.exit_code == 0
    assert result.stdout.endswith("bytes; nothing was decoded\n")
    assert json.loads(cli("verify", "--quick", packed, "--json").stdout)["original_bytes"] == len(text)
    content = bytearray(packed.read_bytes())
    content[-9] ^= 1
    packed.write_bytes(content)
    refuses(
        1, "verify", "--quick", packed, says=r"block 0 is damaged: the checksum of bytes \d+ to \d+ differs"
    )
