"""Texts as symbols: bytes, the bytes that a text uses, or words.

What a model predicts are numbers from 0 to A - 1. A :class:`Vocabulary` says what they stand for.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np

from rnncompress.network import IntArray
from rnncompress.presets import Alphabet

UNKNOWN: Final = "<unk>"
"""The word that stands for all others."""
END: Final = "<eos>"
"""The word that ends a line."""
WORDS: Final = 10_000
"""Words of a vocabulary at most, the two above among them: as in Mikolov's preparation of the Penn Treebank."""
RAW_BITS: Final = 8
"""What each byte costs that the vocabulary lacks, beside the escape symbol before it."""


@dataclass(frozen=True)
class Vocabulary:
    """What the symbols of a model stand for.

    ``bytes``: all 256, as they are; ``entries`` is empty. ``characters``: single bytes, the last symbol of all is
    an escape that stands for any other byte. ``words``: what white space separates, and the ends of lines.
    """

    kind: Alphabet = "bytes"
    entries: tuple[str, ...] = ()
    """The symbols in order; a character is a byte as Latin-1. The escape is not among them."""

    def __post_init__(self) -> None:
        """Raise ValueError if this can be no vocabulary."""
        if self.kind not in get_args(Alphabet) or len(set(self.entries)) != len(self.entries):
            raise ValueError("its vocabulary is none")
        if self.kind == "bytes":
            sound = not self.entries
        elif self.kind == "characters":
            sound = 0 < len(self.entries) < 256 and all(len(c) == 1 and ord(c) < 256 for c in self.entries)
        else:
            sound = self.entries[:2] == (UNKNOWN, END) and all(w.split() == [w] for w in self.entries)
        if not sound:
            raise ValueError("its vocabulary is none")

    @classmethod
    def of(cls, kind: Alphabet, text: bytes) -> "Vocabulary":
        """The vocabulary of this kind for ``text``: what occurs in it, in an order that depends on it alone."""
        if kind == "bytes" or (kind == "characters" and len(set(text)) == 256):
            return cls()
        if kind == "characters":
            return cls(kind, tuple(map(chr, sorted(set(text)))))
        counts = Counter(_words(text))
        counts.pop(UNKNOWN, None)
        counts.pop(END, None)
        common = sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - 2]
        return cls(kind, (UNKNOWN, END, *common))

    @property
    def size(self) -> int:
        """Number of symbols, A."""
        return {"bytes": 256, "characters": len(self.entries) + 1, "words": len(self.entries)}[self.kind]

    @property
    def escape(self) -> int | None:
        """The symbol of bytes that are not in the vocabulary; None where there is none."""
        return self.size - 1 if self.kind == "characters" else None

    def symbols(self, text: bytes) -> IntArray:
        """The symbols (n,) of ``text``, one for each byte, or each word and end of line."""
        if self.kind == "words":
            numbers = {word: n for n, word in enumerate(self.entries)}
            return np.array([numbers.get(word, 0) for word in _words(text)], np.int32)
        return self._numbers()[np.frombuffer(text, np.uint8)]

    def text(self, symbols: Sequence[int] | IntArray) -> bytes:
        """The bytes of ``symbols``; an escape becomes ``?``, words are separated by blanks, lines end in "\\n"."""
        if self.kind == "bytes":
            return bytes(map(int, symbols))
        if self.kind == "characters":
            return b"".join(
                b"?" if s == self.escape else self.entries[s].encode("latin-1") for s in map(int, symbols)
            )
        words = (self.entries[int(s)] for s in symbols)
        return "".join("\n" if w == END else f"{w} " for w in words).encode("utf-8", "surrogateescape")

    def raw_bits(self, symbols: IntArray) -> int:
        """Bits beside those of the symbols: bytes that had to be escaped stand there as they are."""
        return 0 if self.escape is None else RAW_BITS * int((symbols == self.escape).sum())

    def _numbers(self) -> IntArray:
        """The symbol of each of the 256 bytes."""
        if self.kind == "bytes":
            return np.arange(256, dtype=np.int32)
        numbers = np.full(256, len(self.entries), np.int32)
        for n, character in enumerate(self.entries):
            numbers[ord(character)] = n
        return numbers


def _words(text: bytes) -> list[str]:
    """Words and ends of lines, in order."""
    lines = text.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    return [word for line in lines for word in (*line.split(), END)] if text else []
