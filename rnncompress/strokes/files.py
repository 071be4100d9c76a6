"""Files that hold strokes: what is coded in place of them, and what becomes of it when it is decoded."""

import os
from typing import BinaryIO, Final

from rnncompress.errors import DamagedError, InputError
from rnncompress.files import scratch
from rnncompress.strokes import packing
from rnncompress.strokes.dialects import recognise

_HEAD: Final = 1 << 20
"""Bytes at the beginning in which the first strokes must be, unless one is told that there are some."""


def packed(source: BinaryIO, *, sure: bool) -> BinaryIO | None:
    """What is coded in place of the strokes in ``source``, as a temporary file; None if it holds none.

    The strokes are those of which exactly the bytes of ``source`` can be made again. Raises InputError if one is
    ``sure`` that there are some, and there are none, or too few.
    """
    data = _strokes(source, packing.MOST_BYTES if sure else _HEAD)
    if data is None:
        if sure:
            raise InputError("no strokes are found in it; without --as strokes it is coded as bytes")
        return None
    file = scratch()
    file.write(data)
    return file


def check(packed: int, length: int) -> None:
    """Raise DamagedError if no file of ``length`` bytes is coded as so many of packed strokes."""
    if not packed <= length <= packing.MOST_BYTES:
        raise DamagedError(f"the header announces {packed} bytes of strokes for a file of {length}")


def unpack(file: BinaryIO, length: int) -> None:
    """Put the ``length`` bytes of the original in place of the packed strokes in ``file``. Raises DamagedError."""
    file.seek(0)
    try:
        text = packing.text(packing.unpack(file.read()), length)
    except (ValueError, OverflowError) as error:
        raise DamagedError(f"its strokes make no file: {error}") from error
    file.seek(0)
    file.truncate()
    file.write(text)


def _strokes(source: BinaryIO, head: int) -> bytes | None:
    """The packed strokes of all of ``source``, of which the first ``head`` bytes must have some."""
    if source.seek(0, os.SEEK_END) > packing.MOST_BYTES:
        return None
    source.seek(0)
    beginning = source.read(head)
    if not recognise(beginning):
        return None
    text = beginning + source.read()
    try:
        strokes = packing.parse(text)
        if strokes is None:
            return None
        data = packing.pack(strokes)
        if len(data) > len(text):
            return None
        return data if packing.text(packing.unpack(data), len(text)) == text else None
    except (ValueError, OverflowError):
        return None
