"""Files on disk: inputs that fail with one clear line, outputs that appear whole or not at all."""

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from rnncompress.attributes import PRIVATE, Attributes, make_private
from rnncompress.errors import InputError, MismatchError, OutputError, RnncompressError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

PART: Final = ".rnnc-part"
"""What the name of an output ends in until it is whole."""

_PIECE: Final = 1 << 20

_WRITING: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def open_input(path: Path) -> BinaryIO:
    """Open ``path`` for reading, seekable; a pipe is spooled. Raises InputError, also from reads later on."""
    with _told_as(InputError, f"cannot read {path}"):
        file = io.BufferedReader(_File(path, "r", str(path)))
    if file.seekable():
        return file
    with file:
        return spool(file, str(path))


def spool(stream: BinaryIO, name: str) -> BinaryIO:
    """A temporary copy of ``stream``, at its start; closing it removes it. Errors call the stream ``name``."""
    copy = scratch()
    try:
        with _told_as(InputError, f"cannot read {name}"):
            shutil.copyfileobj(stream, copy, _PIECE)
        copy.seek(0)
    except BaseException:
        _close(copy)
        raise
    return copy


def scratch() -> BinaryIO:
    """An empty temporary file to write and read: what goes to a pipe is made there; closing it removes it."""
    what = f"temporary files in {tempfile.gettempdir()} (TMPDIR can name another folder)"
    with _told_as(OutputError, f"cannot write {what}"), tempfile.TemporaryFile(buffering=0) as file:
        return io.BufferedRandom(_File(os.dup(file.fileno()), "r+", what))


def first_difference(one: BinaryIO, other: BinaryIO) -> int | None:
    """The offset of the first byte in which two files differ; None if they hold the same bytes."""
    one.seek(0)
    other.seek(0)
    done = 0
    while True:
        a, b = one.read(_PIECE), other.read(_PIECE)
        if a != b:
            pairs = enumerate(zip(a, b, strict=False))
            return done + next((n for n, (x, y) in pairs if x != y), min(len(a), len(b)))
        if not a:
            return None
        done += len(a)


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Raise OutputError if ``path`` is there and not to be overwritten, is no file, or has no folder."""
    with _told_as(OutputError, f"cannot write {path}"):
        if path.exists() and not path.is_file():
            raise OutputError(f"cannot write {path}: it is no regular file; use -c to write into a pipe")
        if path.exists() and not overwrite:
            raise OutputError(f"{path} exists already; use -f to overwrite it")
        if not path.resolve().parent.is_dir():
            raise OutputError(f"cannot write {path}: its folder does not exist")


def beside(path: Path, suffix: str) -> Path:
    """A file that belongs to the output ``path``; if that is a symbolic link, to what it points to."""
    final = path.resolve()
    return final.with_name(final.name + suffix)


@contextmanager
def atomic_output(
    path: Path,
    *,
    overwrite: bool = False,
    keep: Callable[[], bool] = lambda: False,
    attributes: Attributes | None = None,
) -> Iterator[BinaryIO]:
    """A file to write and read that becomes ``path`` when the block ends well and vanishes if it raises.

    Until then it stands beside ``path`` under another name, private, and locked, so that nobody else writes to it;
    it gets its ``attributes`` (by default the usual ones) and is on disk (fsync) before it is renamed. While
    ``keep()`` is true it neither vanishes nor begins empty: a later call goes on with it. After a MismatchError it
    is left there to be looked at.
    Raises OutputError when ``path`` exists and ``overwrite`` is false, when the folder is missing or not
    writable, when another process writes to it, and when the disk is full, also from writes inside the block.
    """
    check_output(path, overwrite=overwrite)
    final, part = path.resolve(), beside(path, PART)
    with _told_as(OutputError, f"cannot write {path}"):
        file = io.BufferedRandom(_File(_claim(part, path), "r+", str(path)))
    try:
        if not keep():
            file.truncate(0)
        yield file
        file.flush()  # what is written later would change the times
        (attributes or Attributes.usual()).give(part, final)
        sync(file)
        with _told_as(OutputError, f"cannot write {path}"):
            check_output(path, overwrite=overwrite)
            if os.name == "nt":  # there an open file cannot be renamed
                file.close()
            replace(part, final)
            file.close()
    except BaseException as error:
        if isinstance(error, MismatchError):
            error.add_note(f"what was made is left in {part}")
        elif not keep():
            part.unlink(missing_ok=True)
        _close(file)
        raise


@contextmanager
def write_anew(path: Path) -> Iterator[BinaryIO]:
    """A private file in place of what ``path`` was, removed if the block raises. Raises OutputError."""
    with _told_as(OutputError, f"cannot write {path}"):
        path.unlink(missing_ok=True)
        descriptor = os.open(path, _WRITING | os.O_EXCL, PRIVATE)
        file = io.BufferedRandom(_File(descriptor, "r+", str(path)))
    try:
        yield file
        file.close()
    except BaseException:
        _close(file)
        path.unlink(missing_ok=True)
        raise


def sync(file: BinaryIO) -> None:
    """Have all that was written to ``file`` on disk. Raises OutputError."""
    file.flush()
    with (
        _told_as(OutputError, "cannot write the output"),
        suppress(io.UnsupportedOperation),
    ):  # it is in memory
        os.fsync(file.fileno())


def replace(path: Path, target: Path) -> None:
    """Rename ``path`` to ``target``, on disk. Raises OutputError."""
    with _told_as(OutputError, f"cannot write {target}"):
        path.replace(target)
    with suppress(OSError):  # not every system can do this with a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _claim(part: Path, path: Path) -> int:
    """Open ``part`` to read and write, made if it is not there, and lock it until it is closed."""
    while True:
        descriptor = os.open(part, _WRITING, PRIVATE)
        try:
            _lock(descriptor, path)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), part.stat()):
                    make_private(descriptor)  # an older run may have left it otherwise
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # who had it before has finished, and renamed or removed it meanwhile


def _lock(descriptor: int, path: Path) -> None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # not on Windows
        return
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise OutputError(
            f"{path} is being written by another process; wait, or name another output"
        ) from None
    except OSError:
        return  # some network file systems know no locks


class _File(io.FileIO):
    """A file that tells what failed, and of which file: InputError from reading, OutputError from writing."""

    def __init__(self, file: Path | int, mode: str, shown: str) -> None:
        super().__init__(file, mode)
        self._shown = shown

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        with _told_as(InputError, f"cannot read {self._shown}"):
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with _told_as(InputError, f"cannot read {self._shown}"):
            return super().readall()

    def write(self, data: "ReadableBuffer") -> int:
        with _told_as(OutputError, f"cannot write {self._shown}"):
            return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        with _told_as(OutputError, f"cannot write {self._shown}"):
            return super().truncate(size)


@contextmanager
def _told_as(kind: type[RnncompressError], what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = kind(f"{what}: {error.strerror}")
        told.names_file = True
        raise told from error


def _close(file: BinaryIO) -> None:
    """Close a file whose content no longer matters."""
    with suppress(OSError, OutputError):
        file.close()
