"""The head of densities: what it is. :mod:`rnncompress.lstm.density_kernels` computes it.

Of packed strokes (:mod:`rnncompress.strokes`) the network predicts the first byte of a record, time or the mark of a
lifted pen, with the softmax, and dx and dy with a mixture of bivariate densities, as Graves 2013 does in section 4.1.
The step that predicts dx tells, with 6 K of the logits, for each of K components its weight, the mean and the scale of
dx, the mean and the scale of dy, and the slope: by how much the mean of dy moves with dx. dx is coded by the mass of
its cell under the mixture; then each component counts by how well it has foretold dx, and dy is coded by the mass of
its cell given dx.

Densities are logistic, whose masses are differences of one table; Gaussians would need two dimensions, and have lighter
tails than pens. Everything is an integer, gradients included.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.record import Record

PARAMETERS: Final = 6
"""Of a component, in the order of the logits: weight, mean and scale of dx, mean and scale of dy, slope."""
MOST_COMPONENTS: Final = 20
ALPHABET: Final = 256

UNIT_BITS: Final = 16
"""Logits, means, slopes and gradients are in units of 2^-16."""
UNIT: Final = np.float32(1 << UNIT_BITS)
ONE: Final = 1 << UNIT_BITS
HALF: Final = ONE >> 1
LARGEST: Final = np.float32(64)
"""Logits are clipped to ± this before they become integers."""
STEPS: Final = 256
"""Entries of the tables for 1."""
REACH: Final = 16
"""The tables end there."""
MASS_BITS: Final = 20
"""Masses are in units of 2^-20."""
LEAST_SCALE: Final = 640
"""Scales are from e^(-2.5) on, in steps of the table."""
MOST_SCALE: Final = 1664
LARGEST_RATE: Final = 798_391
"""e^2.5."""
MEAN_BITS: Final = 2
"""A logit of 1 moves a mean by 4 cells."""
FURTHEST: Final = 112 << UNIT_BITS
STEEPEST: Final = 2 << UNIT_BITS
CLIP: Final = 1 << 24
"""Of the derivatives of a cost."""

LEAST_COLUMNS: Final = 3
"""Time, x, y."""
DX: Final = 1
DY: Final = 2
"""Where these stand in a record."""
TRACK: Final = 3
"""What is kept of each stream: bytes so far, columns, where the records end (0 where there are none)."""


@dataclass(frozen=True)
class DensityArrays(Record):
    """What the kernels of this head work on: B streams, T steps, K components. All arrays are flat, as in contexts."""

    components: int
    """K; 0 where the head is a softmax alone."""
    steps: int
    """T."""
    decay: Any
    """(STEPS * REACH,) int64: e^(-n / STEPS), 2^16 is 1."""
    logistic: Any
    """(2 * STEPS * REACH + 1,) int64: the logistic function from -REACH on, 2^20 is 1."""
    centres: Any
    """(2, K) int64: means of dx, then of dy, at the start, in cells."""
    track: Any
    """(B, T + 1, TRACK) int64: before each step."""
    outputs: Any
    """(B, T, 6 K) int64: the logits of the head at steps that predict dx."""
    masses: Any
    """(B, 257 + 3 K) int64: scratch."""


@cache
def tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``decay`` and ``logistic``, made by integers alone: the same everywhere."""
    one = 1 << 200
    # e^(-1 / STEPS) by its series, then its powers, with 200 bits.
    step, term, n = one, one, 0
    while term:
        n += 1
        term //= n * STEPS
        step += -term if n % 2 else term
    powers = [one]
    for _ in range(STEPS * REACH):
        powers.append(powers[-1] * step >> 200)
    decay = [((power << UNIT_BITS) + one // 2) >> 200 for power in powers[:-1]]
    upper = [((one << MASS_BITS) + (one + power) // 2) // (one + power) for power in powers]
    lower = [(1 << MASS_BITS) - value for value in upper[:0:-1]]
    return np.array(decay, np.int64), np.array(lower + upper, np.int64)


def outputs(logits: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The last ``count`` of the logits (B, A) as integers."""
    clipped = np.minimum(np.maximum(logits[:, ALPHABET - count :], -LARGEST), LARGEST)
    return np.rint(clipped * UNIT).astype(np.int64)


def centres(components: int) -> NDArray[np.int64]:
    """Where the components are at the start: around no step at all."""
    across = np.arange(components) % 5 - 2
    down = np.arange(components) // 5 - (components - 1) // 10
    return np.concatenate([across, down]).astype(np.int64)
