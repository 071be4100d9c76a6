"""From logits to the integer frequencies that the coder uses: from here on no float is left.

Frequencies are integers out of 2**24. The coder puts a guard symbol of frequency 1 at both ends of the alphabet,
so the A real symbols share ``TOTAL = 2**24 - 2``, each with at least 1. ``cum`` of a symbol counts the first guard:
``cum[s] = 1 + sum(freq[:s])``. Hence 0 < cum and cum + freq < 2**24 for every symbol.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.exact import functions

PRECISION: Final = 24
TOTAL: Final = 2**PRECISION - 2

_RAW_BITS: Final = 30


def raw_scale(alphabet: int) -> np.float32:
    """Factor that turns exp values into integers whose sum over the alphabet stays within 2**30."""
    return np.float32(2 ** (_RAW_BITS - (alphabet - 1).bit_length()))


def frequencies(logits: NDArray[np.float32]) -> NDArray[np.int32]:
    """Frequencies (rows, A) of float32 logits (rows, A): at least 1 each, every row sums to TOTAL.

    The share of a symbol is floored; what is left over goes to the most probable symbol (the first of equals), which
    has at least 1/A of the total.
    """
    alphabet = logits.shape[1]
    best = logits.argmax(axis=1)
    shifted = logits - logits.max(axis=1, keepdims=True)
    raw = (functions.exp(shifted) * raw_scale(alphabet)).astype(np.int32)
    budget = np.float32(TOTAL - alphabet)
    share = budget / raw.sum(axis=1, dtype=np.int32, keepdims=True).astype(np.float32)
    result: NDArray[np.int32] = (raw.astype(np.float32) * share).astype(np.int32) + np.int32(1)
    rows = np.arange(len(logits))
    result[rows, best] += np.int32(TOTAL) - result.sum(axis=1, dtype=np.int32)
    return result
