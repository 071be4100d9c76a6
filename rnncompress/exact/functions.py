"""tanh, sigmoid, exp and 1/sqrt as short formulas of + - * / alone, so that they have the same bits everywhere."""

from typing import Any, Final

import numpy as np
from numba.extending import register_jitable

TANH_LIMIT: Final = np.float32(4.875)
"""Arguments beyond are clamped: there the formula reaches 0.9999 and would next leave [-1, 1]."""

_HALF: Final = np.float32(0.5)
_ONE: Final = np.float32(1)
_ZERO: Final = np.float32(0)
_N0: Final = np.float32(135135)
_N1: Final = np.float32(17325)
_N2: Final = np.float32(378)
_D1: Final = np.float32(62370)
_D2: Final = np.float32(3150)
_D3: Final = np.float32(28)
_EXP_STEP: Final = np.float32(2**-10)
ROOT_SEED: Final = np.int32(0x5F3759DF)
_ONE_BIT: Final = np.int32(1)
_THREE_HALVES: Final = np.float32(1.5)


@register_jitable
def tanh(x: Any) -> Any:
    """Hyperbolic tangent: the seventh convergent of Lambert's continued fraction, within 2e-4 of tanh."""
    x = np.minimum(np.maximum(x, -TANH_LIMIT), TANH_LIMIT)
    s = x * x
    numerator = x * (_N0 + s * (_N1 + s * (_N2 + s)))
    denominator = _N0 + s * (_D1 + s * (_D2 + s * _D3))
    return numerator / denominator


@register_jitable
def sigmoid(x: Any) -> Any:
    """Logistic function, by way of tanh."""
    return _HALF + _HALF * tanh(_HALF * x)


@register_jitable
def exp(x: Any) -> Any:
    """exp of x <= 0 as (1 + x/1024)**1024, ten squarings: the softmax needs a smooth, not the true, exponential.

    Results below 2**-126 may differ between machines that flush denormals; callers floor them to zero.
    """
    y = np.maximum(_ONE + x * _EXP_STEP, _ZERO)
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    return y * y


@register_jitable
def inverse_root(x: Any) -> Any:
    """1/sqrt(x) of a normal x > 0, at most 0.18 % too small: a seed from the bits of x, and one Newton step.

    The optimiser divides by a root of a noisy mean: more digits would buy nothing (Lomont 2003, "Fast inverse square
    root").
    """
    bits = np.float32(x).view(np.int32)
    y = np.int32(ROOT_SEED - (bits >> _ONE_BIT)).view(np.float32)
    return y * (_THREE_HALVES - _HALF * x * y * y)
