"""Strokes in a text: runs of points in one spelling, and the rest.

In the rest a *mark*, a byte that hardly occurs, stands for each run; a mark that belongs to the text is a run without
points.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rnncompress.strokes.dialects import NUMBER, Spelling

Numbers = list[bytes]
"""The numbers of a run as they are written: those of its points one after the other, k each."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A text, taken apart: each run stands between two ``texts``."""

    spelling: Spelling
    texts: list[bytes]
    runs: list[Numbers]


def scan(text: bytes, spelling: Spelling) -> Scan:
    """Find all runs of this spelling."""
    number = re.compile(NUMBER)
    texts, runs, last = [], [], 0
    for match in _pattern(spelling).finditer(text):
        start, end = match.span()
        texts.append(text[last:start])
        runs.append(number.findall(text, start, end))
        last = end
    return Scan(spelling, [*texts, text[last:]], runs)


def without(found: Scan, wrong: Sequence[NDArray[np.bool_]]) -> Scan:
    """The same text with some points, told for each run (points,), left in the texts."""
    texts, runs = found.texts[:1], []
    k, join = len(found.spelling), found.spelling[-1]
    for run, out, text in zip(found.runs, wrong, found.texts[1:], strict=True):
        bounds = [0, *(np.flatnonzero(np.diff(out)) + 1).tolist(), len(out)]
        for first, last in pairwise(bounds if out.any() else [0, len(out)]):
            part = run[first * k : last * k]
            if out[first]:
                before = join if first else b""
                after = join if last < len(out) else b""
                texts[-1] += before + spell(part, found.spelling) + after
            else:
                runs.append(part)
                texts.append(b"")
        texts[-1] += text
    return Scan(found.spelling, texts, runs)


def mark_up(texts: Sequence[bytes]) -> tuple[int, bytes, list[bool]]:
    """The mark, the rest, and of each mark in it whether a run stands there."""
    together = b"".join(texts)
    mark = min(range(256), key=lambda byte: (together.count(byte), byte))
    there: list[bool] = []
    for text in texts:
        there += [False] * text.count(mark) + [True]
    return mark, bytes([mark]).join(texts), there[:-1]


def join(spelling: Spelling, mark: int, rest: bytes, runs: Iterable[Numbers]) -> bytes:
    """The text that was taken apart. Raises ValueError if there are not as many runs as marks."""
    pieces = rest.split(bytes([mark]))
    text = [pieces[0]]
    for run, piece in zip(runs, pieces[1:], strict=True):
        text.append(spell(run, spelling) if run else bytes([mark]))
        text.append(piece)
    return b"".join(text)


def spell(numbers: Numbers, spelling: Spelling) -> bytes:
    """A run as it stands in the text."""
    between = (list(spelling) * (len(numbers) // len(spelling)))[: len(numbers) - 1]
    text = [b""] * (2 * len(numbers) - 1)
    text[::2] = numbers
    text[1::2] = between
    return b"".join(text)


def _pattern(spelling: Spelling) -> "re.Pattern[bytes]":
    """A run: points, as many as follow each other."""
    *between, following = map(re.escape, spelling)
    point = NUMBER + b"".join(text + NUMBER for text in between) + rb"(?![0-9.eE])"
    return re.compile(rb"(?<![0-9.eE+-])" + point + rb"(?:" + following + point + rb")*+")
