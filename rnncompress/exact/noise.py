"""Pseudo-random numbers from a counter: no state to carry, the same on every device and in any order."""

import math
from typing import Any, Final

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

_MULTIPLIER_1: Final = np.uint32(0x7FEB352D)
_MULTIPLIER_2: Final = np.uint32(0x846CA68B)
_S15: Final = np.uint32(15)
_S16: Final = np.uint32(16)
_S9: Final = np.uint32(9)
_ONE: Final = np.uint32(1)
_UNIT: Final = np.float32(2**-24)
_BYTE: Final = np.uint32(255)
_S8: Final = np.uint32(8)
_S24: Final = np.uint32(24)
_MIDDLE: Final = np.float32(510)
DEVIATION: Final = np.float32(1 / math.sqrt(4 * (256**2 - 1) / 12))
"""One over that of the sum of four bytes. float64's sqrt and / are correctly rounded everywhere."""


@register_jitable
def mix(x: Any) -> Any:
    """A bijection of 32-bit integers that scatters counters (Wellons' hash "lowbias32")."""
    x = np.uint32(x ^ (x >> _S16))
    x = np.uint32(x * _MULTIPLIER_1)
    x = np.uint32(x ^ (x >> _S15))
    x = np.uint32(x * _MULTIPLIER_2)
    return np.uint32(x ^ (x >> _S16))


@register_jitable
def uniform(key: Any, counter: Any) -> Any:
    """float32 strictly between 0 and 1, an odd multiple of 2**-24, from a mixed key and a counter (both uint32)."""
    bits = mix(np.uint32(counter ^ key))
    return np.float32(np.uint32(((bits >> _S9) << _ONE) | _ONE)) * _UNIT


@register_jitable
def normal(key: Any, counter: Any) -> Any:
    """Nearly normal float32 of mean 0 and variance 1 from a key and a counter (both uint32): four bytes summed."""
    bits = mix(np.uint32(counter ^ key))
    total = np.uint32((bits & _BYTE) + ((bits >> _S8) & _BYTE) + ((bits >> _S16) & _BYTE) + (bits >> _S24))
    return (np.float32(total) - _MIDDLE) * DEVIATION


def key(purpose: int, number: int) -> np.uint32:
    """A key for one use: ``purpose`` tells tensors apart, ``number`` counts updates (0 for initial weights)."""
    word = np.array([(number * 64 + purpose) % 2**32], dtype=np.uint32)
    return np.uint32(mix(word)[0])


def keys(count: int, number: int) -> NDArray[np.uint32]:
    """The keys of purposes 0 to ``count`` - 1."""
    words = (np.arange(count) + number * 64 % 2**32) % 2**32
    return mix(words.astype(np.uint32))  # type: ignore[no-any-return]
