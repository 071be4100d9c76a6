# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The exact functions of :mod:`rnncompress.exact`, once more for Triton; equal to those bit for bit.

Every kernel that uses them must be compiled with ``enable_fp_fusion=False``: see ``EXACT`` in
:mod:`rnncompress.lstm.cuda.tiles`.
"""

import triton
import triton.language as tl

from rnncompress.exact import functions, grid
from rnncompress.lstm.parameters import EPSILON as _EPSILON

ACTIVATION_MAX = tl.constexpr(float(grid.ACTIVATION_MAX))
ACTIVATION_SCALE = tl.constexpr(float(grid.ACTIVATION_SCALE))
WEIGHT_SCALE = tl.constexpr(float(grid.WEIGHT_SCALE))
WEIGHT_LIMIT = tl.constexpr(float(grid.WEIGHT_LIMIT))
GRADIENT_MAX = tl.constexpr(float(grid.GRADIENT_MAX))
GRADIENT_SCALE = tl.constexpr(float(grid.GRADIENT_SCALE))
FORWARD_UNIT = tl.constexpr(float(grid.FORWARD_UNIT))
BACKWARD_UNIT = tl.constexpr(float(grid.BACKWARD_UNIT))
EPSILON = tl.constexpr(float(_EPSILON))
TANH_LIMIT = tl.constexpr(float(functions.TANH_LIMIT))
ROUNDER = tl.constexpr(1.5 * 2**23)
"""Added to and taken from a float32 within ±2**22 it rounds to an integer, ties to even."""


@triton.jit
def nearest(x):
    """The nearest integer of a float32 within ±2**22, ties to even."""
    return (x + ROUNDER) - ROUNDER


@triton.jit
def tanh(x):
    """See :func:`rnncompress.exact.functions.tanh`."""
    x = tl.minimum(tl.maximum(x, -TANH_LIMIT), TANH_LIMIT)
    s = x * x
    numerator = x * (135135.0 + s * (17325.0 + s * (378.0 + s)))
    denominator = 135135.0 + s * (62370.0 + s * (3150.0 + s * 28.0))
    return tl.div_rn(numerator, denominator)


@triton.jit
def sigmoid(x):
    """See :func:`rnncompress.exact.functions.sigmoid`."""
    return 0.5 + 0.5 * tanh(0.5 * x)


@triton.jit
def exp(x):
    """See :func:`rnncompress.exact.functions.exp`."""
    y = tl.maximum(1.0 + x * 0.0009765625, 0.0)
    for _ in tl.static_range(10):
        y = y * y
    return y


@triton.jit
def inverse_root(x):
    """See :func:`rnncompress.exact.functions.inverse_root`."""
    bits = x.to(tl.int32, bitcast=True)
    y = (0x5F3759DF - (bits >> 1)).to(tl.float32, bitcast=True)
    return y * (1.5 - 0.5 * x * y * y)


@triton.jit
def adam(w, v, g, blend, step):
    """See :func:`rnncompress.lstm.reference.adam`."""
    v = v + (g * g - v) * blend
    w = w - step * g * inverse_root(v + EPSILON)
    return tl.minimum(tl.maximum(w, -WEIGHT_LIMIT), WEIGHT_LIMIT), v


@triton.jit
def activation(h):
    """See :func:`rnncompress.exact.grid.activation`; int8."""
    return tl.minimum(tl.maximum(nearest(h * ACTIVATION_SCALE), -ACTIVATION_MAX), ACTIVATION_MAX).to(tl.int8)


@triton.jit
def weight(w):
    """See :func:`rnncompress.exact.grid.weight`; int32."""
    return nearest(w * WEIGHT_SCALE).to(tl.int32)


@triton.jit
def gradient(g, dither):
    """See :func:`rnncompress.exact.grid.gradient`; int32.

    The floor of a GPU takes denormals for zero. None can come: the dither is an odd multiple of 2**-24, so the sum is
    zero or at least 2**-48, the last place of what nearly cancels it.
    """
    whole = tl.floor(g * GRADIENT_SCALE + dither)
    return tl.minimum(tl.maximum(whole, -GRADIENT_MAX), GRADIENT_MAX).to(tl.int32)


@triton.jit
def high_slice(x):
    """int8 ``high`` of the integer x = 256 * high + low. Of a weight this is what backward products use."""
    return ((x + 128) >> 8).to(tl.int8)


@triton.jit
def low_slice(x):
    """int8 ``low`` of the integer x = 256 * high + low."""
    return (x - (((x + 128) >> 8) << 8)).to(tl.int8)


@triton.jit
def mix(x):
    """See :func:`rnncompress.exact.noise.mix`; x is uint32."""
    x = x ^ (x >> 16)
    x = x * 0x7FEB352D
    x = x ^ (x >> 15)
    x = x * 0x846CA68B
    return x ^ (x >> 16)


@triton.jit
def uniform(key, counter):
    """See :func:`rnncompress.exact.noise.uniform`; key and counter are uint32."""
    bits = mix(counter ^ key)
    return (((bits >> 9) << 1) | 1).to(tl.int32).to(tl.float32) * 5.9604644775390625e-08
