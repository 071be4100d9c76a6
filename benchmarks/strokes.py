"""Pen strokes in one table: varints, second differences with prefix codes, xz, and rnncompress.

    python benchmarks/strokes.py FILE [--preset strokes strokes-density] [--threads N]

FILE is of strokes, such as a tar of Omniglot's text files. All codes see the same integers: the differences of x, y and
time within a drawing, on the grid that was found. *Second differences* are Microsoft's ISF: for each column that of its
eight fixed prefix codes which is best. A stroke's end and a drawing's beginning are not counted there.
"""

import argparse
import io
import lzma
from pathlib import Path

import numpy as np

from rnncompress import codec, presets
from rnncompress.explaining import ink
from rnncompress.explaining.costs import measure
from rnncompress.strokes import packing

# The bits of a number behind each prefix 0, 10, 110, ...: Ink Serialized Format, the tables of its Huffman codes.
ISF = (
    (0, 1, 2, 4, 6, 8, 12, 16, 24, 32),
    (0, 1, 1, 2, 4, 8, 12, 16, 24, 32),
    (0, 1, 1, 1, 2, 4, 8, 14, 22, 32),
    (0, 2, 2, 3, 5, 8, 12, 16, 24, 32),
    (0, 3, 4, 5, 8, 12, 16, 24, 32),
    (0, 4, 6, 8, 12, 16, 24, 32),
    (0, 6, 8, 12, 16, 24, 32),
    (0, 7, 8, 12, 16, 24, 32),
)


def columns(strokes: packing.Strokes) -> list[list[np.ndarray]]:
    """For each column, what it is in each drawing."""
    firsts = np.flatnonzero(strokes.begins).tolist()
    bounds = zip(firsts, [*firsts[1:], len(strokes.runs)], strict=True)
    whole = [np.concatenate(strokes.runs[first:last]) for first, last in bounds]
    return [[points[:, column] for points in whole] for column in range(len(strokes.columns))]


def varint_bits(drawings: list[np.ndarray]) -> int:
    """Zig-zag varints of differences."""
    differences = np.concatenate([np.diff(values, prepend=0) for values in drawings])
    sizes = np.maximum(1, np.ceil(np.log2(2 * np.abs(differences) + 1.5) / 7))
    return int(8 * sizes.sum())


def isf_bits(drawings: list[np.ndarray]) -> int:
    """Second differences, in the best of the eight prefix codes."""
    second = np.concatenate([np.diff(values, n=2, prepend=[0, 0]) for values in drawings])
    # Beyond zero, a prefix takes as many sizes as its bits, one of which is the sign, can tell.
    best = []
    for code in ISF:
        bits, reached = np.ones(len(second)), np.zeros(len(second))
        lower = 1
        for prefix, width in enumerate(code[1:], 1):
            upper = lower + (1 << (width - 1)) - 1
            here = (np.abs(second) >= lower) & (np.abs(second) <= upper)
            bits[here], reached[here] = prefix + 1 + width, 1
            lower = upper + 1
        if (reached[second != 0] == 1).all():
            best.append(int(bits.sum()))
    return min(best)


def xz_bits(drawings: list[np.ndarray]) -> int:
    """The differences as bytes, or as two where one does not do, under xz -9e."""
    differences = np.concatenate([np.diff(values, prepend=0) for values in drawings])
    small = np.abs(differences).max() < 128
    return 8 * len(
        lzma.compress(
            differences.astype(np.int8 if small else "<i2").tobytes(), preset=9 | lzma.PRESET_EXTREME
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--preset", nargs="*", default=["strokes", "strokes-density"])
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    data = given.file.read_bytes()
    strokes = packing.parse(data)
    assert strokes is not None, "no strokes are found in it"
    count = sum(map(len, strokes.runs))
    print(
        f"{len(data):,} bytes, {count:,} points, {len(strokes.runs):,} strokes, {len(strokes.grids):,} drawings"
    )
    print("\n| bits a point | x | y | time | all of them |\n|---|---:|---:|---:|---:|")
    named = {"varints": varint_bits, "ISF-like": isf_bits, "xz -9e": xz_bits}
    for name, bits in named.items():
        each = [bits(drawings) / count for drawings in columns(strokes)]
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in each)} | {sum(each):.3f} |", flush=True)
    packed = io.BytesIO(packing.pack(strokes))
    for name in given.preset:
        config = presets.get(name, len(packed.getvalue()))
        target = io.BytesIO()
        report, costs = measure(io.BytesIO(data), target, config, packed=packed, threads=given.threads)
        told = ink.analyse(packed.getvalue(), costs)
        each = [bits / count for bits in told.columns]
        cells = " | ".join(f"{value:.3f}" for value in each)
        print(
            f"| `{name}` | {cells} | {sum(each):.3f} | and {told.lifts / count:.3f} for ends of strokes, "
            f"{told.rest / count:.3f} for the rest: {report.compressed_bytes:,} bytes",
            flush=True,
        )
        decoded = io.BytesIO()
        codec.decode(target, decoded, threads=given.threads)
        assert decoded.getvalue() == data


if __name__ == "__main__":
    main()
