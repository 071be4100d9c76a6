"""Trains a model for ``rnncompress write`` on lines that single-stroke Hershey fonts write, with the unrest of a hand.

python benchmarks/handwriting.py ENGLISH.txt -o hand.rnnw [--minutes 30]

The method is that of Graves 2013, section 5; the lines are a stand-in for those of people. Hershey's letters are in the
public domain, and come with the package Hershey-Fonts.
"""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnncompress.writing.learner import Learner, Line
from rnncompress.writing.model import WritingModel

FONTS = ("futural", "scripts")
PRINTABLE = "".join(map(chr, range(32, 127)))
BASELINE = 9
SHUFFLED = 0.3
"""Of the lines: of letters drawn at random, so that rare ones are learnt, too."""
SHORTEST, FIRST_LONGEST, LONGEST = 4, 10, 24
"""Letters of a line: short lines first, from which it is learnt sooner where a letter is written."""
GROWING = 0.6
"""Of the time, in which lines become longer."""
WARM = 30
"""Updates until the full rate."""
POOL = 256
"""Lines that are made at a time."""
LETTERS = 800
"""Of a batch, at least."""

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Hand:
    """What the letters of a line have in common. Lengths are in Hershey's units: a capital is 21 high."""

    font: str
    slant: float
    width: float
    spacing: float
    step: float
    """From point to point: the speed."""
    unrest: float
    wave: float

    @classmethod
    def drawn(cls, fonts: Sequence[str], rng: np.random.Generator) -> "Hand":
        """Any that writes with one of the ``fonts``."""
        return cls(
            font=fonts[rng.integers(len(fonts))],
            slant=float(rng.uniform(-0.15, 0.45)),
            width=float(rng.uniform(0.75, 1.15)),
            spacing=float(rng.uniform(-1, 1.5)),
            step=float(rng.uniform(3.8, 4.8)),
            unrest=float(rng.uniform(0.5, 1.2)),
            wave=float(rng.uniform(0, 1)),
        )


class Writer:
    """Writes lines with Hershey's letters."""

    def __init__(self, names: Sequence[str]) -> None:
        from HersheyFonts import HersheyFonts

        self.fonts = names
        self._glyphs = {}
        for font in names:
            fonts = HersheyFonts()
            fonts.load_default_font(font)
            self._glyphs[font] = {
                letter: (
                    [
                        np.array(list(stroke), np.float64) - (glyph.left_offset, BASELINE)
                        for stroke in glyph.strokes
                    ],
                    float(glyph.char_width),
                )
                for letter, glyph in fonts.all_glyphs.items()
            }

    def write(self, text: str, hand: Hand, rng: np.random.Generator) -> list[Points]:
        """The strokes (n, 2) of ``text``, y downwards, the base line at 0."""
        strokes, x = [], 0.0
        phase, length = rng.uniform(0, 6.3), rng.uniform(60, 160)
        for letter in text:
            shapes, width = self._glyphs[hand.font][letter]
            turn, size = rng.normal(0, 0.03 * hand.unrest), rng.normal(1, 0.04 * hand.unrest)
            shift = rng.normal(0, 0.35 * hand.unrest, 2)
            for shape in shapes:
                across, up = shape[:, 0] * hand.width * size, shape[:, 1] * size
                moved = np.stack([across - (hand.slant + turn) * up + x, up + turn * across], axis=1) + shift
                points = smooth(resampled(moved, hand.step * rng.normal(1, 0.05)))
                points += rng.normal(0, 0.12 * hand.unrest, points.shape)
                points[:, 1] += hand.wave * np.sin(phase + points[:, 0] / length * 6.3)
                strokes.append(points)
            x += width * hand.width + hand.spacing
        return strokes


def resampled(points: Points, step: float) -> Points:
    """Points about ``step`` apart on the same path; its ends stay."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0], np.cumsum(lengths)])
    places = np.linspace(0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], axis=1)


def smooth(points: Points) -> Points:
    """Corners rounded as a quick hand does."""
    inner = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
    return np.concatenate([points[:1], inner, points[-1:]])


class Texts:
    """Pieces of a text as lines."""

    def __init__(self, text: str, rng: np.random.Generator) -> None:
        self._words = [word for word in re.findall(r"\S+", text) if set(word) <= set(PRINTABLE)]
        self._rng = rng

    def line(self, letters: int) -> str:
        """About so many letters."""
        rng = self._rng
        if rng.random() < SHUFFLED:
            words = []
            while sum(map(len, words)) + len(words) < letters:
                words.append("".join(rng.choice(list(PRINTABLE[1:]), rng.integers(1, 9))))
            return " ".join(words)[:letters].strip()
        at = int(rng.integers(len(self._words)))
        line = self._words[at]
        for word in self._words[at + 1 :]:
            if len(line) + 1 + len(word) > letters:
                break
            line += " " + word
        return line[:letters]


def pool(texts: Texts, writer: Writer, longest: int, rng: np.random.Generator) -> list[list[Line]]:
    """Batches of lines of at most ``longest`` letters, those of a batch about as long as each other."""
    sizes = rng.integers(SHORTEST, longest + 1, POOL)
    lines = [
        Line(text := texts.line(int(size)), writer.write(text, Hand.drawn(writer.fonts, rng), rng))
        for size in sizes
    ]
    lines.sort(key=lambda line: sum(map(len, line.strokes)))
    batches: list[list[Line]] = [[]]
    for line in lines:
        if sum(len(each.text) for each in batches[-1]) > LETTERS:
            batches.append([])
        batches[-1].append(line)
    rng.shuffle(batches)
    return batches


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text", type=Path, help="any English text")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument(
        "--fonts", nargs="+", default=FONTS, metavar="FONT", help="of Hershey's, with single strokes"
    )
    parser.add_argument("--start", type=Path, metavar="MODEL", help="go on with what this model has learnt")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    text = options.text.read_text(encoding="utf-8", errors="replace")
    cut = len(text) * 19 // 20
    writer, texts = Writer(options.fonts), Texts(text[:cut], rng)
    held_out = pool(Texts(text[cut:], np.random.default_rng(0)), writer, LONGEST, np.random.default_rng(0))[0]
    sample = [line for batch in pool(texts, writer, LONGEST, rng) for line in batch]
    learner = Learner(PRINTABLE, sample, options.layers, options.hidden, options.seed)
    told = {"text": options.text.name}
    if options.start:
        begun = WritingModel.load(options.start)
        learner.begin_with(begun)
        told["begun_with"] = begun.digest.hex()
    batches: list[list[Line]] = []
    points, start, saved = 0, time.monotonic(), 0.0
    while (done := (time.monotonic() - start) / (60 * options.minutes)) < 1:
        if not batches:
            grown = 1.0 if options.start else min(1.0, done / GROWING)
            batches = pool(texts, writer, round(FIRST_LONGEST + grown * (LONGEST - FIRST_LONGEST)), rng)
        warm = min(1.0, (learner.updates + 1) / WARM)  # Adam does not know yet how large gradients are
        lines = batches.pop()
        loss = learner.learn(lines, options.rate * warm * min(1.0, 1.1 - done))
        points += sum(len(stroke) for line in lines for stroke in line.strokes)
        seconds = time.monotonic() - start
        state = f"{learner.updates} updates, {loss:8.3f} nats a point, {seconds:.0f} s"
        print(f"\r{state}", end="", file=sys.stderr, flush=True)
        if seconds - saved > 60:
            saved = seconds
            print(f"\n{learner.evaluate(held_out):.3f} nats a point held out", file=sys.stderr, flush=True)
            learner.model(**told).save(options.output, overwrite=True)
    nats = learner.evaluate(held_out)
    learned = {"updates": learner.updates, "points": points, "nats": f"{nats:.3f}"}
    learner.model(**told, **learned).save(options.output, overwrite=True)
    print(
        f"{learner.updates} updates, {nats:.3f} nats a point held out, {time.process_time():.0f} s of a processor"
    )


if __name__ == "__main__":
    main()
