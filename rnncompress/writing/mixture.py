"""The next point of a pen, drawn from what the network expects (Graves 2013, sections 4.1 and 5.4)."""

from typing import Final

import numpy as np

from rnncompress.exact import functions, noise
from rnncompress.sampling import draw
from rnncompress.writing.model import COMPONENTS
from rnncompress.writing.network import FURTHEST, UNIT, Floats, Integers, power

_ONE: Final = np.float32(1)
_MOST_BENT: Final = np.float32(0.999)
"""A correlation, so that no density is a line."""
_WEIGHT: Final = np.float32(2**38)
_END: Final = 1 << 24
_UNIT: Final = np.float32(UNIT)


class Chance:
    """Draws points, always the same ones for a ``seed`` from 0 to 2^32 - 1."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._key = noise.mix(noise.mix(np.array([seed], np.uint32)) ^ np.uint32(0xFFFFFFFF))
        self._number = 0

    def point(self, outputs: Floats, bias: np.float32) -> Integers:
        """A point (3,) from the ``outputs`` (1 + 6 K,) of the network.

        ``bias`` sharpens: deviations are divided by e^bias, and logits of weights multiplied by 1 + bias.
        """
        number, self._number = self._number, self._number + 1
        weight, x, y, log_x, log_y, bend = outputs[1:].reshape(6, COMPONENTS)
        logits = weight * (_ONE + bias)
        shares = (functions.exp(logits - logits.max()) * _WEIGHT).astype(np.int64)
        k = draw(shares, self._seed, 2 * number)
        u, v = (noise.normal(self._key, np.array([2 * number + n], np.uint32)) for n in (0, 1))
        rho = functions.tanh(bend[k]) * _MOST_BENT
        dx = x[k] + power(log_x[k] - bias) * u
        dy = y[k] + power(log_y[k] - bias) * (rho * u + np.sqrt(_ONE - rho * rho) * v)
        ends = int(functions.sigmoid(outputs[0]) * np.float32(_END))
        lifted = draw(np.array([_END - ends, ends]), self._seed, 2 * number + 1)
        step = np.rint(np.concatenate([dx, dy]) * _UNIT).astype(np.int64)
        return np.append(np.clip(step, -FURTHEST, FURTHEST), lifted * UNIT)
