"""Text becomes the path of a pen: points drawn one by one until the window has left the text."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

import numpy as np

from rnncompress.errors import InputError
from rnncompress.writing.mixture import Chance
from rnncompress.writing.model import WritingModel
from rnncompress.writing.network import BEGIN, Integers, Network

LINE: Final = 32
"""Characters of a line at most."""
_PATIENCE: Final = 4
"""How many times as many points as a text usually takes are drawn at most."""
_LEAST: Final = 40


@dataclass(frozen=True, eq=False)
class Line:
    """A line as it is written."""

    text: str
    points: Integers
    """(n, 3): steps from the point before, or from the base line's beginning, and whether a stroke ends, which is
    ``UNIT`` or 0; all in units of 2^-14."""
    window: Integers
    """(n, U + 1): how much each character counted for each point, and the place after them; 2^14 is 1."""

    def strokes(self) -> list[Integers]:
        """The points (n, 2) of each stroke, where they are."""
        places = np.cumsum(self.points[:, :2], axis=0)
        ends = np.flatnonzero(self.points[:, 2]) + 1
        return [stroke for stroke in np.split(places, ends) if len(stroke)]


EMPTY: Final = Line("", np.zeros((0, 3), np.int64), np.zeros((0, 1), np.int64))
"""Between paragraphs."""


def check(model: WritingModel, text: str) -> None:
    """Raise InputError if ``text`` has a character that the ``model`` cannot write."""
    for character in text:
        if character not in model.characters:
            known = "".join(sorted(model.characters)).strip()
            raise InputError(f"it cannot write {character!r}, which it has not learnt; it knows {known}")


def lines(text: str, longest: int = LINE) -> list[str]:
    """``text`` in lines of at most ``longest`` characters, divided at spaces; ends of lines stay where they are.

    A longer word is cut: what a line takes to write grows with its square.
    """
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.splitlines())
    return [
        line for paragraph in paragraphs for line in wrap(paragraph, longest, break_on_hyphens=False) or [""]
    ]


def write(
    model: WritingModel, text: str, *, bias: float, seed: int, prime: Line | None = None
) -> Iterator[Line]:
    """The lines of ``text``, in the style of ``prime`` if there is one; the others in that of the first.

    ``bias`` sharpens, 0 leaves all as it was learnt; ``seed`` is from 0 to 2**32 - 1. Raises InputError before the
    first line if the model lacks a character.
    """
    divided = lines(text)
    check(
        model, "".join(divided) + (" " if prime or len(divided) > 1 else "")
    )  # one stands between two lines
    chance = Chance(seed)
    for each in divided:
        line = _line(model, each, np.float32(bias), chance, prime) if each else EMPTY
        if each:
            prime = prime or line
        yield line


def _line(model: WritingModel, text: str, bias: np.float32, chance: Chance, prime: Line | None) -> Line:
    """One line. What the network reads of ``prime`` sets its style (section 5.5)."""
    before = f"{prime.text} " if prime else ""
    network = Network(model, before + text)
    outputs = network.read(BEGIN)
    for point in prime.points if prime else ():
        outputs = network.read(point)
    points: list[Integers] = []
    windows: list[Integers] = []
    most = _LEAST + int(_PATIENCE * len(text) * model.length / model.step)
    for _ in range(most):
        if points and points[-1][2] and network.finished:  # a stroke that has begun is drawn to its end
            break
        points.append(chance.point(outputs, bias))
        windows.append(network.window[len(before) :])
        outputs = network.read(points[-1])
    return Line(text, np.array(points), np.array(windows))
