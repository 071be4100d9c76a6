"""Inputs and outputs on disk."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rnncompress.errors import InputError, OutputError
from rnncompress.files import atomic_output, check_output, open_input, scratch, spool

resource = pytest.importorskip("resource")


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow beyond 64 KiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_output_appears_when_it_is_whole(tmp_path: Path) -> None:
    """The file is not there before the block ends and whole after it; nothing else is left in the folder."""
    path = tmp_path / "ein Häuschen.rnnc"
    with atomic_output(path) as file:
        file.write(b"abc")
        assert not path.exists()
    assert path.read_bytes() == b"abc"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failed_output_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    """Whatever ends the block early, even an interrupt, the folder is as it was."""
    path = tmp_path / "out"
    path.write_bytes(b"old")

    def fail() -> None:
        with atomic_output(path, overwrite=True) as file:
            file.write(b"new")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    """An existing file is an error unless overwriting was asked for, also one that appears meanwhile."""
    path = tmp_path / "out"
    with pytest.raises(OutputError, match="-f"), atomic_output(path):
        path.write_bytes(b"old")
    with pytest.raises(OutputError, match="-f"), atomic_output(path):
        pass
    assert path.read_bytes() == b"old"
    with atomic_output(path, overwrite=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_one_output_has_one_writer(tmp_path: Path) -> None:
    """Who comes second is refused and harms nothing; afterwards the output can be written again."""
    path = tmp_path / "out"
    with atomic_output(path) as file:
        file.write(b"first")
        with pytest.raises(OutputError, match="another process"), atomic_output(path):
            pytest.fail("the block must not run")
    assert path.read_bytes() == b"first"
    with atomic_output(path, overwrite=True) as file:
        file.write(b"second")
    assert path.read_bytes() == b"second"


def test_a_kept_part_is_found_again(tmp_path: Path) -> None:
    """While ``keep`` is true, what was written stays when the block raises, and the next block finds it."""
    path = tmp_path / "out"

    def fail() -> None:
        with atomic_output(path, keep=lambda: True) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with atomic_output(path, keep=lambda: True) as file:
        assert file.read() == b"half"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_place_of_the_part_is_not_followed(tmp_path: Path) -> None:
    """Nobody can have another file overwritten by a link of the part's name."""
    (tmp_path / "precious").write_bytes(b"old")
    (tmp_path / "out.rnnc-part").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError), atomic_output(tmp_path / "out"):
        pytest.fail("the block must not run")
    assert (tmp_path / "precious").read_bytes() == b"old"


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    """Writing to a link replaces what it points to."""
    (tmp_path / "link").symlink_to("target")
    with atomic_output(tmp_path / "link") as file:
        file.write(b"abc")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"abc"


def test_an_output_has_the_usual_permissions(tmp_path: Path) -> None:
    """The output is as readable as any file that this user makes, not private like a temporary file."""
    with atomic_output(tmp_path / "out"):
        pass
    (tmp_path / "usual").touch()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("name", [".", "missing/out", "file/out", "n" * 300])
def test_an_impossible_output_is_an_output_error(tmp_path: Path, name: str) -> None:
    """A folder, a missing folder, a file in place of one, a name too long: one line, nothing written."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        check_output(tmp_path / name, overwrite=True)
    with pytest.raises(OutputError, match="cannot write"), atomic_output(tmp_path / name, overwrite=True):
        pytest.fail("the block must not run")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no /dev/null")
def test_a_device_is_never_replaced() -> None:
    """An output that is no regular file is refused, even with -f, since a rename would destroy it."""
    with pytest.raises(OutputError, match="no regular file"):
        check_output(Path(os.devnull), overwrite=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_permissions_are_told(tmp_path: Path) -> None:
    """A file that may not be read and a folder that may not be written give one line each."""
    (tmp_path / "secret").touch(mode=0)
    with pytest.raises(InputError, match="Permission denied"):
        open_input(tmp_path / "secret")
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"), atomic_output(tmp_path / "out"):
        pytest.fail("the block must not run")


def test_a_full_disk_is_an_output_error(tmp_path: Path) -> None:
    """Running out of space inside the block or at its end raises OutputError and leaves nothing."""
    for size in (1 << 17, (1 << 16) + 1):
        with full_disk(), pytest.raises(OutputError, match="out"), atomic_output(tmp_path / "out") as file:
            file.write(bytes(size))
        assert list(tmp_path.iterdir()) == []


def test_a_full_temporary_folder_is_an_output_error() -> None:
    """Spooling more than fits raises OutputError and says where temporary files are."""
    with full_disk(), pytest.raises(OutputError, match="TMPDIR"):
        spool(io.BytesIO(bytes(1 << 20)), "standard input")


@pytest.mark.parametrize(("name", "why"), [("missing", "No such file"), (".", "Is a directory")])
def test_an_unreadable_input_is_an_input_error(tmp_path: Path, name: str, why: str) -> None:
    """A missing file and a folder give one line each."""
    with pytest.raises(InputError, match=why):
        open_input(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file whose reading fails")
def test_a_failing_read_is_an_input_error() -> None:
    """An error in the middle of reading is told just like one at the start."""
    with open_input(Path("/proc/self/mem")) as file, pytest.raises(InputError, match="cannot read"):
        file.read(1)


def test_a_pipe_is_spooled(tmp_path: Path) -> None:
    """A named pipe can be read like a file: all of it, from anywhere."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"abc" * 1000,))
    writer.start()
    with open_input(path) as file:
        writer.join()
        file.seek(3)
        assert file.read() == b"abc" * 999


def test_a_scratch_file_is_written_and_read() -> None:
    """A scratch file is empty, and gives back what was written."""
    with scratch() as file:
        assert file.read() == b""
        file.write(b"abc")
        file.seek(1)
        assert file.read() == b"bc"
