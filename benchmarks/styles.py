"""Does a style pass on to what ``rnncompress write --prime`` writes? Slants of lines, with styles of several slants.

python benchmarks/styles.py MODEL.rnnw [--pictures FOLDER]

The styles are lines that ``handwriting.py`` writes with one of Hershey's fonts. A slant is how far the pen moves to the
right for each unit that it moves up, of all steps that are steep.
"""

import argparse
from pathlib import Path

import numpy as np
from handwriting import Hand, Writer
from numpy.typing import NDArray

from rnncompress.writing import picture, prime
from rnncompress.writing.model import WritingModel
from rnncompress.writing.writer import Line, write

STYLES = {"a slanted hand": (0.45, 0.8, 0.2), "leaning backwards": (-0.15, 1.15, 1.5)}
"""Text, and slant, width and spacing of its hand."""
TEXT = "pack my box with"
BIAS = 1.5
SEEDS = range(1, 7)
_STEEP = 1.2


def style(text: str, font: str) -> bytes:
    """A line as InkML."""
    slant, width, spacing = STYLES[text]
    hand = Hand(font, slant, width, spacing, step=4.3, unrest=0.8, wave=0.5)
    strokes = Writer([font]).write(text, hand, np.random.default_rng(0))
    places = [(stroke * 10 + 500).round().astype(int).tolist() for stroke in strokes]
    traces = [", ".join(f"{x} {y}" for x, y in stroke) for stroke in places]
    return "".join(["<ink>\n", *(f"<trace>{trace}</trace>\n" for trace in traces), "</ink>\n"]).encode()


def slant_of(points: NDArray[np.int64]) -> float:
    """Of a line's ``points`` (n, 3): steps to the right and downwards, and the ends of strokes."""
    right, down = points[1:, :2][points[:-1, 2] == 0].T
    steep = np.abs(down) > _STEEP * np.abs(right)
    return float(-(right * np.sign(down))[steep].sum() / np.abs(down)[steep].sum())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--font", default="futural")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="for the styles, and a line in each")
    options = parser.parse_args()

    model = WritingModel.load(options.model)
    styles: list[Line | None] = [None]
    for number, text in enumerate(STYLES, 1):
        ink = style(text, options.font)
        styles.append(prime.read(model, ink, text))
        if options.pictures:
            (options.pictures / f"style-{number}.inkml").write_bytes(ink)
    for number, each in enumerate(styles):
        lines = [line for seed in SEEDS for line in write(model, TEXT, bias=BIAS, seed=seed, prime=each)]
        slants = [slant_of(line.points) for line in lines]
        like = f"{each.text}, {slant_of(each.points):.2f}" if each else "no style"
        print(f"{like:30} {np.mean(slants):5.2f}, from {min(slants):5.2f} to {max(slants):5.2f}")
        if options.pictures:
            (options.pictures / f"written-{number}.svg").write_text(picture.lines(lines[:1]))


if __name__ == "__main__":
    main()
