"""Which words of a text get codes, and in which order."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.words.order import company, order
from rnncompress.words.packing import CODES, most_words

LEAST: Final = 16
"""A word with a code is there so often at least."""
ONES: Final = (32, 48, 64, 80, 96)
"""Numbers of codes of one byte that are tried; round, so that words of a class have codes with the same bits."""
SHORTEST: Final = 2
"""Letters of a word with a code of one byte; with two it has one more."""
LONGEST: Final = 64
"""Letters of a word with a code: longer runs are no words, and the list of them could become longer than it may be."""
_TOKEN: Final = re.compile(rb"[a-z]+|[^a-z ]+")
_COMPANIONS: Final = 1000
"""The most frequent tokens, beside which words are looked for."""
_KEPT: Final = 1 << 21
"""Tokens that are counted at once; rare ones are given up then."""
_SEEN: Final = 1 << 28
"""Tokens whose neighbours are looked at: so no number in :mod:`rnncompress.words.order` is beyond 64 bits."""


def choose(pieces: Iterable[bytes], again: Iterable[bytes]) -> tuple[list[bytes], int]:
    """The words in the order of their codes, and how many have codes of one byte; no words if none is frequent.

    ``pieces`` are the text, cut between words where that can be, and so are those that come ``again``.
    """
    counts = _count(pieces)
    words = {
        token: n
        for token, n in counts.items()
        if n >= LEAST and token[:1].isalpha() and SHORTEST <= len(token) <= LONGEST
    }
    ranked = sorted(words, key=lambda word: (-words[word] * (10 * len(word) - 13), word))
    ones = min(ONES, key=lambda ones: _difference(ranked, words, ones))
    short = ranked[:ones]
    long = [word for word in ranked[ones:] if len(word) > SHORTEST][: most_words(ones) - ones]
    if not long:
        return sorted(short), ones
    companions = [
        token for token, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:_COMPANIONS]
    ]
    rows = company(_neighbours(again, [*short, *long], companions))
    first = order(rows[: len(short)], len(short))
    second = order(rows[len(short) :], CODES)
    return [short[n] for n in first] + [long[n] for n in second], ones


def _count(pieces: Iterable[bytes]) -> Counter[bytes]:
    """How often each token is there, in small letters."""
    counts: Counter[bytes] = Counter()
    for piece in pieces:
        counts.update(_TOKEN.findall(piece.lower()))
        if len(counts) > _KEPT:
            counts = Counter({token: n for token, n in counts.items() if n > 1})
    return counts


def _difference(ranked: list[bytes], counts: dict[bytes, int], ones: int) -> int:
    """How many bytes more the words take with so many codes of one byte than without codes; mostly below 0."""
    one = sum(counts[word] * (1 - len(word)) for word in ranked[:ones])
    return one + sum(counts[word] * (2 - len(word)) for word in ranked[ones : most_words(ones)])


def _neighbours(pieces: Iterable[bytes], words: list[bytes], companions: list[bytes]) -> NDArray[np.int32]:
    """How often each word (row) stands behind each companion, and, in the other half of the columns, before it."""
    none, width = len(words), len(companions) + 1
    row = {word: number for number, word in enumerate(words)}
    column = {token: number for number, token in enumerate(companions)}
    both = {token: row.get(token, none) * width + column.get(token, width - 1) for token in {*row, *column}}
    neither = none * width + width - 1
    counts = np.zeros(2 * (none + 1) * width, np.int32)
    left = _SEEN
    for piece in pieces:
        if left <= 0:
            break
        found = np.array([both.get(token, neither) for token in _TOKEN.findall(piece.lower())], np.int64)
        left -= len(found)
        rows, columns = found // width, found % width
        behind, before = rows[1:] * width + columns[:-1], rows[:-1] * width + columns[1:]
        np.add.at(counts, np.concatenate([behind, before + (none + 1) * width]), 1)
    halves = counts.reshape(2, none + 1, width)[:, :-1, :-1]
    return np.concatenate([halves[0], halves[1]], axis=1)
