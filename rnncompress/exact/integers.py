"""Integers of 32 bits as Python's integers, for code that numba compiles and Python runs as it is.

Nothing here leaves 64 signed bits on the way, so both compute the same: see :mod:`rnncompress.compiled.compile`.
"""

from typing import Any, Final

from numba.extending import register_jitable

MASK: Final = 0xFFFFFFFF
_MULTIPLIER_1: Final = 0x7FEB352D
_MULTIPLIER_2: Final = 0x846CA68B - 2**32
"""The signed integer of these 32 bits: its product with 32 bits fits into 64."""


@register_jitable
def mix(x: Any) -> Any:
    """:func:`rnncompress.exact.noise.mix` of 0 ≤ x < 2**32."""
    x = x ^ (x >> 16)
    x = (x * _MULTIPLIER_1) & MASK
    x = x ^ (x >> 15)
    x = (x * _MULTIPLIER_2) & MASK
    return x ^ (x >> 16)


@register_jitable
def magnitude(x: Any) -> Any:
    """The absolute value: of 64 bits when compiled, as every sum is. Of 32 bits -2**31 would have no opposite."""
    return abs(x + 0)


@register_jitable
def signed(x: Any) -> Any:
    """0, -1, 1, -2, … of x = 0, 1, 2, 3, …"""
    return (x >> 1) ^ -(x & 1)


@register_jitable
def wrap(x: Any) -> Any:
    """x modulo 2**32, as a signed integer of 32 bits."""
    return ((x + 0x80000000) & MASK) - 0x80000000
