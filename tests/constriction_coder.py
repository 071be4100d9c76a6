"""Constriction, whose bit stream ours is, behind two functions: what tests compare the coders with."""

from typing import Any

import constriction
import numpy as np

from rnncompress.network import IntArray

MODEL = constriction.stream.model.Categorical(perfect=False)
"""Gives a symbol of weight w, in a row of n weights that sum to 2**24 - n, the frequency w + 1."""


def rows(frequencies: IntArray) -> Any:
    """Weights of whole tables (n, A) with a guard of frequency 1 at each end; float32 holds them."""
    return np.pad(frequencies - 1, ((0, 0), (1, 1))).astype(np.float32)


def intervals(cum: IntArray, freq: IntArray) -> Any:
    """Weights of what lies before a symbol, of the symbol, and of what lies behind it: the middle one is coded.

    To an encoder a symbol is but an interval, so that writes the same words as the whole table.
    """
    return np.stack([cum - 1, freq - 1, 2**24 - 1 - cum - freq], axis=-1).astype(np.float32)


def bit_rows(ones: IntArray) -> Any:
    """Weights of the two values of bits that are 1 with probability ``ones`` (n,) of 2**16."""
    ones = ones.astype(np.int64)
    return np.stack([((1 << 16) - ones << 8) - 1, (ones << 8) - 1], axis=-1).astype(np.float32)


def encode(symbols: IntArray, weights: Any) -> bytes:
    """The block of these symbols."""
    coder = constriction.stream.queue.RangeEncoder()
    coder.encode(symbols.astype(np.int32), MODEL, weights)
    block: bytes = coder.get_compressed().astype("<u4").tobytes()
    return block
