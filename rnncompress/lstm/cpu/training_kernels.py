# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The CPU engine's part of :mod:`rnncompress.lstm.trainable`, which it equals bit for bit."""

import numpy as np

from rnncompress.compiled.compile import kernel
from rnncompress.exact import functions, grid, noise
from rnncompress.lstm.parameters import EPSILON
from rnncompress.lstm.trainable import VARIANCE_UNITS, Group, Variation


def perturb(group: Group, v: Variation, sums):
    """See :func:`rnncompress.lstm.trainable.perturb`."""
    kept = np.empty_like(group.values)
    v = v._replace(data=v.data * np.float32(group.share))
    _perturb(group.values, group.moments, group.numbers, group.under_prior, kept, v, sums)
    return kept


@kernel
def _perturb(values, moments, numbers, under_prior, kept, v, sums):
    count, total, squares, variances = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    adaptive = v.precision > 0
    for n in range(len(values)):
        w = values[n]
        deviation = v.deviation
        if adaptive:
            deviation = min(functions.inverse_root(v.precision + v.data * moments[n]), v.deviation)
            if under_prior:
                back = min(v.strength * functions.inverse_root(moments[n] + EPSILON), v.most)
                w = w + back * (v.mean - w)
        kept[n] = w
        if under_prior and numbers[n] > 0:
            integer = np.int64(grid.weight(w))
            count += 1
            total += integer
            squares += integer * integer
            variances += np.int64(np.rint(deviation * deviation * VARIANCE_UNITS))
        noisy = w + deviation * noise.normal(v.key, numbers[n])
        values[n] = min(max(noisy, -grid.WEIGHT_LIMIT), grid.WEIGHT_LIMIT)
    sums[0] += count
    sums[1] += total
    sums[2] += squares
    sums[3] += variances


@kernel
def pull(values, trained, strengths):
    """See :func:`rnncompress.lstm.trainable.pull`."""
    for n in range(len(values)):
        values[n] += strengths[n] * (trained[n] - values[n])
