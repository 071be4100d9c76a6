# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""What several phases of the CPU engine do to rows of numbers: rounding with dither, Adam, adding up."""

import numpy as np

from rnncompress.compiled.compile import kernel
from rnncompress.exact import functions, grid, noise
from rnncompress.lstm.parameters import EPSILON


@kernel
def dither(d, integers, count, key, counter):
    """Round d (count,) to gradient integers."""
    for n in range(count):
        u = noise.uniform(key, np.uint32(counter + np.uint32(n)))
        integers[n] = np.int16(np.int32(grid.gradient(d[n], u)))


@kernel
def adam(w, v, sums, unit, blend, step):
    """Move the weights w and their second moments v by the gradient ``unit * sums``.

    See :func:`rnncompress.lstm.reference.adam`.
    """
    for n in range(len(w)):
        g = np.float32(sums[n]) * unit
        moment = v[n] + (g * g - v[n]) * blend
        v[n] = moment
        moved = w[n] - step * g * functions.inverse_root(moment + EPSILON)
        w[n] = min(max(moved, -grid.WEIGHT_LIMIT), grid.WEIGHT_LIMIT)


@kernel
def add(sums, values):
    """sums += values, int16 into int32."""
    for n in range(len(sums)):
        sums[n] += values[n]
