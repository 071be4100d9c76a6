"""Files on disk: inputs that fail with one clear line, outputs that appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def open_input(path: Path) -> BinaryIO:
    """Open ``path`` for reading, seekable. A pipe or device is spooled. Raises InputError, also while reading."""
    raise NotImplementedError


def spool(stream: BinaryIO) -> BinaryIO:
    """A seekable temporary copy of ``stream`` (standard input, say), at its start; closing it removes it."""
    raise NotImplementedError


def scratch() -> BinaryIO:
    """An empty temporary file to write and read (decode into it, then copy to a pipe); closing it removes it."""
    raise NotImplementedError


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Raise OutputError if ``path`` exists (and is not to be overwritten), is no file, or has no folder."""
    raise NotImplementedError


@contextmanager
def atomic_output(path: Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """A file to write and read that becomes ``path`` when the block ends well, and vanishes if it raises.

    It stands in the same folder under a temporary name until then, and is on disk (fsync) before it is renamed.
    Raises OutputError when ``path`` exists and ``overwrite`` is false, when the folder is missing or not writable,
    and when the disk is full, also from writes inside the block.
    """
    raise NotImplementedError
    yield
