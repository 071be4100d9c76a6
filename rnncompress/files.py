"""Files on disk: inputs that fail with one clear line, outputs that appear whole or not at all."""

import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rnncompress.errors import InputError, OutputError, RnncompressError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


def open_input(path: Path) -> BinaryIO:
    """Open ``path`` for reading, seekable; a pipe is spooled. Raises InputError, also from reads later on."""
    with _told_as(InputError, f"cannot read {path}"):
        file = io.BufferedReader(_File(path, "r", str(path)))
    if file.seekable():
        return file
    with file:
        return spool(file)


def spool(stream: BinaryIO) -> BinaryIO:
    """A temporary copy of ``stream`` (standard input, say), at its start; closing it removes it."""
    copy = scratch()
    try:
        with _told_as(InputError, "cannot read the input"):
            shutil.copyfileobj(stream, copy, 1 << 20)
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


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Raise OutputError if ``path`` is there and not to be overwritten, is no file, or has no folder."""
    with _told_as(OutputError, f"cannot write {path}"):
        if path.exists() and not path.is_file():
            raise OutputError(f"cannot write {path}: it is no regular file; use -c to write into a pipe")
        if path.exists() and not overwrite:
            raise OutputError(f"{path} exists already; use -f to overwrite it")
        if not path.resolve().parent.is_dir():
            raise OutputError(f"cannot write {path}: its folder does not exist")


@contextmanager
def atomic_output(path: Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """A file to write and read that becomes ``path`` when the block ends well, and vanishes if it raises.

    Until then it stands in the same folder under another name; it is on disk (fsync) before it is renamed.
    Raises OutputError when ``path`` exists and ``overwrite`` is false, when the folder is missing or not
    writable, and when the disk is full, also from writes inside the block.
    """
    check_output(path, overwrite=overwrite)
    final = path.resolve()  # what a symbolic link points to, not the link, is replaced
    temporary = final.with_name(f".rnncompress-{secrets.token_hex(8)}.tmp")
    with _told_as(OutputError, f"cannot write {path}"):
        file = io.BufferedRandom(_File(temporary, "x+", str(path)))
    try:
        yield file
        with _told_as(OutputError, f"cannot write {path}"):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            check_output(path, overwrite=overwrite)
            temporary.replace(final)
    except BaseException:
        _close(file)
        temporary.unlink(missing_ok=True)
        raise


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


@contextmanager
def _told_as(kind: type[RnncompressError], what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {error.strerror}") from error


def _close(file: BinaryIO) -> None:
    """Close a file whose content no longer matters."""
    with suppress(OSError, OutputError):
        file.close()
