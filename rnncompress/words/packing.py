"""A text with codes for words, as bytes for the engine, and back.

::

    packed = number of codes of one byte, words, newline, items
    words  = words of letters a to z, a space between two

    code   = one byte from 128 on, or two: the first words have codes of one byte, in the order of the bytes; with the
             first byte that is left begin the codes of two, whose second byte goes from 128 to 255
    item   = code                 the word
           | CAPITAL code         the word, its first letter large
           | CAPITAL letter       a large letter in place of a small one
           | CAPITALS code        the word in large letters
           | LITERAL byte         a byte that has a meaning here: one from 128 on, or one of these three
           | byte                 itself

Any text can be written so. What is no word of the dictionary stands as it is, but for its first letter.
"""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

CAPITAL: Final = 64
CAPITALS: Final = 94
LITERAL: Final = 6
FIRST: Final = 128
"""Codes begin here, and so do the second bytes of codes."""
CODES: Final = 256 - FIRST
"""Bytes that codes are made of."""
MOST_DICTIONARY: Final = 1 << 20
"""Bytes of the words with what stands between them."""
PIECE: Final = 1 << 20

_MARKS: Final = bytes([CAPITAL, CAPITALS, LITERAL])
_LONGEST: Final = 3
"""Bytes of an item."""
_KEPT: Final = 1 << 18
"""Words that are remembered with what is written for them."""


def most_words(ones: int) -> int:
    """How many words have codes if so many of them have one byte."""
    return ones + (CODES - ones) * CODES


def code(number: int, ones: int) -> bytes:
    """The code of a word by its number, if the first ``ones`` have one byte."""
    if number < ones:
        return bytes([FIRST + number])
    high, low = divmod(number - ones, CODES)
    return bytes([FIRST + ones + high, FIRST + low])


def pack(pieces: Iterable[bytes], words: list[bytes], ones: int) -> Iterator[bytes]:
    """The packed text, piece by piece. ``pieces`` are the text, cut between words where that can be."""
    written = _Written({word: code(number, ones) for number, word in enumerate(words)})
    pattern = re.compile(rb"[A-Za-z]+|[\x80-\xff" + re.escape(_MARKS) + rb"]")
    yield bytes([ones]) + b" ".join(words) + b"\n"
    for piece in pieces:
        yield pattern.sub(lambda found: written[found.group()], piece)


class _Written(dict[bytes, bytes]):
    """What is written for a run of letters, or for one byte that has a meaning."""

    def __init__(self, codes: dict[bytes, bytes]) -> None:
        super().__init__()
        self._codes = codes

    def __missing__(self, word: bytes) -> bytes:
        if len(self) >= _KEPT:
            self.clear()
        self[word] = written = self._write(word)
        return written

    def _write(self, word: bytes) -> bytes:
        if not word.isalpha():
            return bytes([LITERAL]) + word
        small = word.lower()
        known = self._codes.get(small)
        if word == small:
            return known or word
        if word[0] != small[0] and word[1:] == small[1:] and (known or len(word) > 1):
            return bytes([CAPITAL]) + (known or small)
        if word.isupper() and known:
            return bytes([CAPITALS]) + known
        return word


def unpack(packed: BinaryIO, length: int) -> Iterator[bytes]:
    """The text of ``length`` bytes, piece by piece. Raises ValueError if ``packed`` is none of such a text."""
    packed.seek(0)
    words, ones = read_words(packed)
    items = Items(words, ones)
    left, done = b"", 0
    while piece := packed.read(PIECE):
        piece = left + piece
        some, left = items.text(piece)
        done += len(some)
        if done > length:
            raise ValueError("it is longer than it should be")
        yield some
    if left or done != length:
        raise ValueError("it has another length")


class Items:
    """Reads items with the codes of some words, of which the first ``ones`` have one byte."""

    def __init__(self, words: list[bytes], ones: int) -> None:
        self._words = {code(number, ones): word for number, word in enumerate(words)}
        one, two = _some(FIRST, FIRST + ones), _some(FIRST + ones, 256) + _some(FIRST, 256)
        either = rb"(?:" + one + rb"|" + two + rb")"
        capital, capitals, literal = (re.escape(bytes([mark])) for mark in _MARKS)
        special = rb"[\x80-\xff" + re.escape(_MARKS) + rb"]"
        marked = capital + rb"(?:" + either + rb"|[a-z])|" + capitals + either + rb"|" + literal + special
        self._written = re.compile(either + rb"|" + marked)
        """Items that are not what they stand for."""
        plain = rb"[^" + special[1:] + rb"++"
        self._items = re.compile(rb"(?:" + plain + rb"|" + either + rb"|" + marked + rb")*+")

    def text(self, piece: bytes) -> tuple[bytes, bytes]:
        """What the items of ``piece`` stand for, and the beginning of one at its end. Raises ValueError."""
        matched = self._items.match(piece)
        end = matched.end() if matched else 0
        if len(piece) - end >= _LONGEST:
            raise ValueError("an item is impossible")
        return self._written.sub(lambda found: self.meaning(found.group()), piece[:end]), piece[end:]

    def written(self, piece: bytes) -> Iterator[re.Match[bytes]]:
        """The items of ``piece``, which are whole, without those that stand for themselves."""
        return self._written.finditer(piece)

    def meaning(self, item: bytes) -> bytes:
        """What such an item stands for. Raises ValueError if it has a code without a word."""
        mark, rest = item[0], item[1:]
        if mark == LITERAL:
            return rest
        if mark == CAPITAL and rest[0] < FIRST:
            return rest.upper()
        word = self._words.get(item if mark >= FIRST else rest)
        if word is None:
            raise ValueError("a code has no word")
        if mark == CAPITAL:
            return word[:1].upper() + word[1:]
        return word.upper() if mark == CAPITALS else word


def read_words(packed: BinaryIO) -> tuple[list[bytes], int]:
    """The words, and how many have codes of one byte, from the beginning of a packed text. Raises ValueError."""
    start = packed.read(1)
    line = packed.readline(MOST_DICTIONARY)
    if not start or start[0] > CODES or not line.endswith(b"\n"):
        raise ValueError("its dictionary is none")
    words = line[:-1].split(b" ") if len(line) > 1 else []
    if not re.fullmatch(rb"(?:[a-z]++ ?)*+", line[:-1]) or b"" in words:
        raise ValueError("its dictionary has what is no word")
    if len(words) > most_words(start[0]):
        raise ValueError("its dictionary has too many words")
    return words, start[0]


def _some(first: int, end: int) -> bytes:
    """A pattern for one byte in a range; for none if that is empty."""
    return rb"[\x%02x-\x%02x]" % (first, end - 1) if first < end else rb"(?!)"
