"""Private files stay private, and mode, times and owner of a file come back with its bytes."""

import os
from pathlib import Path

import pytest

from rnncompress import attributes
from rnncompress.attributes import Attributes
from rnncompress.checkpoint import Checkpoints
from rnncompress.files import atomic_output, write_anew

WRITTEN = 1_234_567_890_123_456_789
READ = 1_334_567_890_987_654_321

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes of files are those of Unix")


@pytest.fixture(autouse=True)
def usual_mask() -> object:
    """Everybody may read what this process makes, unless it says otherwise."""
    mask = os.umask(0o022)
    yield
    os.umask(mask)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def made(path: Path, permissions: int) -> Path:
    path.write_bytes(b"old")
    path.chmod(permissions)
    return path


def test_an_output_is_private_until_it_is_whole(tmp_path: Path) -> None:
    """Nobody else can read the part, at any moment, also where an older run left one that all could read."""
    made(tmp_path / "out.rnnc-part", 0o666)
    with atomic_output(tmp_path / "out") as file:
        assert mode(tmp_path / "out.rnnc-part") == 0o600
        file.write(b"secret")
    assert mode(tmp_path / "out") == 0o644
    with atomic_output(tmp_path / "new"):
        assert mode(tmp_path / "new.rnnc-part") == 0o600


def test_a_checkpoint_is_private(tmp_path: Path) -> None:
    """It holds as much of the input as the output does; what had its name before does not matter."""
    path = made(tmp_path / "out.ckpt.new", 0o666)
    with write_anew(path) as file:
        assert mode(path) == 0o600
        file.write(b"secret")
    assert (mode(path), path.read_bytes()) == (0o600, b"secret")
    checkpoints = Checkpoints(tmp_path / "out")
    assert path in checkpoints.files


@pytest.mark.parametrize("permissions", [0o600, 0o755, 0o640, 0o444, 0o666])
def test_an_output_gets_what_the_input_carries(tmp_path: Path, permissions: int) -> None:
    """Mode and times are those of the input, to the nanosecond."""
    source = made(tmp_path / "in", permissions)
    os.utime(source, ns=(READ, WRITTEN))
    with atomic_output(tmp_path / "out", attributes=Attributes.of(source)) as file:
        file.write(b"new")
    found = (tmp_path / "out").stat()
    assert (mode(tmp_path / "out"), found.st_atime_ns, found.st_mtime_ns) == (permissions, READ, WRITTEN)


def test_no_file_comes_back_with_the_rights_of_another_user(tmp_path: Path) -> None:
    """The bits that change the user or group of a running program are not carried over."""
    source = made(tmp_path / "in", 0o6755)
    assert Attributes.of(source).mode == 0o755


@pytest.mark.parametrize(
    ("before", "like", "after"),
    [
        (0o600, 0o644, 0o600),
        (0o600, 0o755, 0o700),
        (0o640, 0o666, 0o640),
        (0o644, 0o755, 0o755),
        (0o644, 0o600, 0o600),
        (0o400, 0o666, 0o600),
    ],
)
def test_overwriting_lets_nobody_else_do_more(tmp_path: Path, before: int, like: int, after: int) -> None:
    """In place of an old file the new one is open to no more people, whatever the input allows."""
    made(tmp_path / "out", before)
    with atomic_output(tmp_path / "out", overwrite=True, attributes=Attributes(like)) as file:
        file.write(b"new")
        file.flush()
        assert mode(tmp_path / "out") == before
        assert mode(tmp_path / "out.rnnc-part") == 0o600
    assert mode(tmp_path / "out") == after


def test_no_moment_of_an_overwrite_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mode that any call gives to the output or its part is private, where the old output was."""
    made(tmp_path / "out", 0o600)
    seen = []

    def watched(self: Path, permissions: int) -> None:
        seen.append(permissions)
        os.chmod(self, permissions)  # noqa: PTH101, Path.chmod is what is watched

    monkeypatch.setattr(Path, "chmod", watched)
    with atomic_output(tmp_path / "out", overwrite=True, attributes=Attributes(0o644)):
        pass
    assert seen == [0o600]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_the_superuser_keeps_the_owner(tmp_path: Path) -> None:
    """What root compresses for somebody else stays theirs."""
    source = made(tmp_path / "in", 0o640)
    os.chown(source, 12_345, 23_456)
    with atomic_output(tmp_path / "out", attributes=Attributes.of(source)):
        pass
    found = (tmp_path / "out").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12_345, 23_456, 0o640)


def test_another_group_may_do_no_more_than_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the group of the input cannot be given, its rights are not given to another group."""

    def refuse(path: Path, user: int, group: int) -> None:
        raise PermissionError

    monkeypatch.setattr(attributes.os, "chown", refuse)
    for before, after in ((0o660, 0o600), (0o664, 0o644), (0o755, 0o755)):
        source = made(tmp_path / "in", before)
        with atomic_output(tmp_path / "out", overwrite=True, attributes=Attributes.of(source)):
            pass
        assert mode(tmp_path / "out") == after
        (tmp_path / "out").unlink()


def test_what_is_no_file_has_the_usual_attributes(tmp_path: Path) -> None:
    """A pipe or a missing file says nothing about who may read what comes of it."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", "missing"):
        assert Attributes.of(tmp_path / name) == Attributes(0o644)


def test_what_is_made_of_several_files_is_as_private_as_all(tmp_path: Path) -> None:
    """A model learns from all of its texts by heart, so whoever may not read one may not read the model."""
    open_, team = made(tmp_path / "a", 0o644), made(tmp_path / "b", 0o640)
    private = made(tmp_path / "c", 0o400)
    assert Attributes.readable_like([open_]) == Attributes(0o644)
    assert Attributes.readable_like([open_, team]) == Attributes(0o640)
    assert Attributes.readable_like([open_, team, private]) == Attributes(0o600)
    assert Attributes.readable_like([]) == Attributes(0o644)


@pytest.mark.parametrize("permissions", [0o600, 0o755])
def test_a_file_comes_back_as_it_was(cli, folder: Path, permissions: int) -> None:
    """Encode gives the compressed file, and decode the file that comes back, mode and times of the original."""
    source = made(folder / "run", permissions)
    os.utime(source, ns=(READ, WRITTEN))
    assert cli("encode", "run").exit_code == 0
    assert cli("decode", "run.rnnc", "-o", "back").exit_code == 0
    for name in ("run.rnnc", "back"):
        found = (folder / name).stat()
        assert (mode(folder / name), found.st_mtime_ns) == (permissions, WRITTEN)


def test_pipes_and_standard_output_need_no_attributes(cli, folder: Path) -> None:
    """What comes from standard input has the usual mode; what goes to standard output has none."""
    assert cli("encode", "-", "-o", "out.rnnc", stdin=b"text").exit_code == 0
    assert mode(folder / "out.rnnc") == 0o644
    made(folder / "in", 0o600)
    assert cli("encode", "in", "-c").exit_code == 0


def test_an_interrupted_run_leaves_private_files(cli, folder: Path, text: bytes, monkeypatch) -> None:
    """Part and checkpoints of a run that was interrupted are for their owner alone, whatever the input allows."""
    from rnncompress import codec

    made(folder / "in", 0o644).write_bytes(text)
    encode = codec.encode

    def ends(source, target, config, *, progress, **options):
        def until(at):
            if at.stage == "coding" and at.done > len(text) // 2:
                raise KeyboardInterrupt

        return encode(source, target, config, progress=until, **options)

    monkeypatch.setattr("rnncompress.loop.PROGRESS_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(codec, "encode", ends)
        assert cli("encode", "in", "--checkpoint-every", "100B").exit_code == 130
    left = {path.name: mode(path) for path in folder.iterdir() if path.name != "in"}
    assert set(left.values()) == {0o600}
    assert {"in.rnnc.rnnc-part", "in.rnnc.ckpt"} <= set(left)
    assert cli("encode", "in", "--resume").exit_code == 0
    assert mode(folder / "in.rnnc") == 0o644
