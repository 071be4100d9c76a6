"""The integer grids of activations, weights and gradients. Products of grid values are summed as integers.

=============  =======  ==============  =====================================================================
quantity       integer  unit            range and reason
=============  =======  ==============  =====================================================================
activation h   8 bits   2**-7           ±127
weight w       16 bits  2**-13          ±32639, so that w = 256*hi + lo with hi and lo 8 bits wide
weight hi      8 bits   2**-5           backward products: hi = (w + 128) >> 8
gradient g     15 bits  2**-14          ±16383, dithered; the range also clips the gradient at ±1
forward sum    32 bits  2**-20          modulo 2**32
backward sum   32 bits  2**-19          modulo 2**32
weight grad.   32 bits  2**-21          modulo 2**32; of embedding and bias 2**-14
=============  =======  ==============  =====================================================================

A sum modulo 2**32 has one value in whatever order it is computed; trained networks stay far from the wrap.
"""

from typing import Any, Final

import numpy as np
from numba.extending import register_jitable

ACTIVATION_MAX: Final = 127
WEIGHT_MAX: Final = 32639
GRADIENT_MAX: Final = 16383

ACTIVATION_SCALE: Final = np.float32(2**7)
WEIGHT_SCALE: Final = np.float32(2**13)
GRADIENT_SCALE: Final = np.float32(2**14)

FORWARD_UNIT: Final = np.float32(2**-20)
BACKWARD_UNIT: Final = np.float32(2**-19)
MATRIX_GRADIENT_UNIT: Final = np.float32(2**-21)
VECTOR_GRADIENT_UNIT: Final = np.float32(2**-14)

WEIGHT_LIMIT: Final = np.float32(WEIGHT_MAX / 2**13)
"""Bound of the float32 master weights: what the integer grid can represent."""

# Bounds as float32 for the functions below, which numba compiles: mixing types there would widen to float64.
_ACTIVATION_BOUND: Final = np.float32(ACTIVATION_MAX)
_GRADIENT_BOUND: Final = np.float32(GRADIENT_MAX)


@register_jitable
def activation(h: Any) -> Any:
    """Round float32 in [-1, 1] to the nearest activation integer (ties to even), still as float32."""
    return np.minimum(np.maximum(np.rint(h * ACTIVATION_SCALE), -_ACTIVATION_BOUND), _ACTIVATION_BOUND)


@register_jitable
def weight(w: Any) -> Any:
    """Round a float32 master weight within ±WEIGHT_LIMIT to the nearest weight integer, still as float32."""
    return np.rint(w * WEIGHT_SCALE)


@register_jitable
def gradient(g: Any, dither: Any) -> Any:
    """Round a float32 gradient to one of its two neighbours on the grid, still as float32.

    ``dither`` in (0, 1) decides: the rounding is right on average, so small gradients are not lost.
    """
    return np.minimum(np.maximum(np.floor(g * GRADIENT_SCALE + dither), -_GRADIENT_BOUND), _GRADIENT_BOUND)
