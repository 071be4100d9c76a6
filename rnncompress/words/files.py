"""Texts: when words are coded in place of their letters, and what becomes of that when it is decoded."""

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from rnncompress.errors import DamagedError
from rnncompress.files import scratch
from rnncompress.words import dictionary, packing

Tell = Callable[[int, int], None]

WORTH: Final = 1 << 19
"""Bytes of the smallest text that is coded so: words must come often enough to pay for being listed."""
MOST_SHARE: Final = 0.75
"""Of the bytes of a text, the packed ones are so many at most."""
_LOOK: Final = 1 << 16
_LOOKS: Final = 16
"""Bytes that are looked at first, and at how many places."""
_LEAST_LETTERS: Final = 0.6
"""Of these, so many must be letters or spaces."""
_READINGS: Final = 3
"""Times that a text is read: to count words, to see their neighbours, to pack it."""
_LETTERS: Final = bytes(range(65, 91)) + bytes(range(97, 123))


def packed(source: BinaryIO, *, sure: bool, tell: Tell = lambda done, total: None) -> BinaryIO | None:
    """The text in ``source`` packed, as a temporary file; None if it is no text that becomes much shorter by it.

    If one is ``sure`` it may become longer. Of what is packed exactly the bytes of ``source`` can be made again.
    ``tell`` is called with bytes read, and those to be read.
    """
    length = source.seek(0, os.SEEK_END)
    if not sure and (length < WORTH or not _looks_like_text(source, length)):
        return None

    def pieces(reading: int) -> Iterator[bytes]:
        for piece in _pieces(source):
            tell(reading * length + source.tell(), _READINGS * length)
            yield piece

    words, ones = dictionary.choose(pieces(0), pieces(1))
    file = scratch()
    for piece in packing.pack(pieces(2), words, ones):
        file.write(piece)
    if (sure or file.tell() <= MOST_SHARE * length) and _comes_back(file, source, length):
        return file
    file.close()
    return None


def _comes_back(file: BinaryIO, source: BinaryIO, length: int) -> bool:
    """Whether the packed text in ``file`` makes the ``length`` bytes of ``source`` again."""
    source.seek(0)
    try:
        return all(source.read(len(piece)) == piece for piece in packing.unpack(file, length))
    except ValueError:
        return False


def check(packed: int, length: int) -> None:
    """Raise DamagedError if no text of ``length`` bytes is coded as so many packed ones."""
    if packed > 2 * length + packing.MOST_DICTIONARY:
        raise DamagedError(f"the header announces {packed} bytes of words for a file of {length}")


def unpack(file: BinaryIO, length: int) -> None:
    """Put the ``length`` bytes of the original in place of the packed text in ``file``. Raises DamagedError."""
    with scratch() as copy:
        file.seek(0)
        while piece := file.read(packing.PIECE):
            copy.write(piece)
        file.seek(0)
        file.truncate()
        try:
            for piece in packing.unpack(copy, length):
                file.write(piece)
        except ValueError as error:
            raise DamagedError(f"its words make no text: {error}") from None


def _looks_like_text(source: BinaryIO, length: int) -> bool:
    """Whether letters and spaces prevail."""
    letters = seen = 0
    for place in range(_LOOKS):
        source.seek(place * max(0, length - _LOOK) // (_LOOKS - 1))
        piece = source.read(_LOOK)
        letters += len(piece) - len(piece.translate(None, _LETTERS + b" "))
        seen += len(piece)
    return letters >= _LEAST_LETTERS * seen


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    """All of ``source``, cut between words."""
    source.seek(0)
    left = b""
    while piece := source.read(packing.PIECE):
        piece = left + piece
        end = len(piece.rstrip(_LETTERS)) or len(piece)
        left = piece[end:]
        yield piece[:end]
    if left:
        yield left
