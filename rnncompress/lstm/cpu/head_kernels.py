# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The head on the CPU: from activations to frequencies, and back to the gradient at the activations.

Equal to :mod:`rnncompress.lstm.head` bit for bit; names: ``forward_kernels``.
"""

from typing import Final

import numpy as np

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.simd_kernels import PANEL, span_product
from rnncompress.exact import functions, grid
from rnncompress.exact.frequencies import TOTAL
from rnncompress.lstm import density_kernels
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cpu.number_kernels import adam, add, dither
from rnncompress.lstm.density import LARGEST, PARAMETERS, UNIT
from rnncompress.lstm.head import FREQUENCY_UNIT

_ONE: Final = np.float32(1)


@kernel
def logits(first, last, start, stop, h, weights, offset, sums):
    """The integer sums of the logits (B, T, A) of these streams and steps, from the activations of all layers.

    ``h`` (L, B, T + 1, H) holds the activations before step t at index t; the panels of the head's matrix begin at
    ``offset`` in ``weights``.
    """
    L, B, T1, H = h.shape
    _, T, A = sums.shape
    flat_h, flat_sums = h.reshape(-1), sums.reshape(-1)
    for layer in range(L):
        span_product(flat_h, ((layer * B + first) * T1 + start + 1) * H, T1 * H, H,
                     last - first, stop - start,
                     weights, offset + layer * H * PANEL, L * H * PANEL, A // PANEL, H // 2,
                     flat_sums, (first * T + start) * A, T * A, A, layer > 0)  # fmt: skip


@kernel
def tables(first, last, start, stop, sums, bias, alphabet, raw_scale, scratch):
    """Turn the logit sums of these rows into frequency tables, in place."""
    for b in range(first, last):
        for t in range(start, stop):
            softmax(sums[b, t], bias, alphabet, raw_scale, scratch)


@kernel
def density_tables(m, first, last, start, stop, scratch):
    """The same where some steps are predicted by the head of densities; ``m`` is the memory of the CPU engine."""
    d, A = m.density, m.alphabet
    count = PARAMETERS * d.components
    for b in range(first, last):
        for t in range(start, stop):
            if t > 0:
                density_kernels.advance(d, b, t - 1, np.int64(m.history[b, HISTORY - 1 + t]))
            row = m.table[b, t]
            out = (b * d.steps + t) * count
            for n in range(count):
                x = np.float32(row[A - count + n]) * grid.FORWARD_UNIT + m.bias[A - count + n]
                d.outputs[out + n] = np.int64(np.rint(np.minimum(np.maximum(x, -LARGEST), LARGEST) * UNIT))
            phase = density_kernels.phase(d, b, t)
            if phase == 0:
                softmax(row, m.bias, A, m.raw_scale, scratch)
            elif phase == 1:
                density_kernels.table(d, b, t, np.int64(-1), row, 0)
            else:
                density_kernels.table(d, b, t - 1, np.int64(m.history[b, HISTORY - 1 + t]), row, 0)


@kernel
def softmax(logits, bias, alphabet, raw_scale, scratch):
    """Replace the integer sums (A,) of one row by its frequencies, as :mod:`rnncompress.exact.frequencies` does.

    ``scratch`` is float32 (A,). Symbols from ``alphabet`` on are padding and stay untouched.
    """
    top = np.float32(-np.inf)
    for a in range(alphabet):
        x = np.float32(logits[a]) * grid.FORWARD_UNIT + bias[a]
        scratch[a] = x
        top = max(top, x)
    best = 0
    while scratch[best] != top:
        best += 1
    total = np.int32(0)
    for a in range(alphabet):
        raw = np.int32(functions.exp(scratch[a] - top) * raw_scale)
        logits[a] = raw
        total += raw
    share = np.float32(TOTAL - alphabet) / np.float32(total)
    left = np.int32(TOTAL)
    for a in range(alphabet):
        frequency = np.int32(np.float32(logits[a]) * share) + np.int32(1)
        logits[a] = frequency
        left -= frequency
    logits[best] += left


@kernel
def pick(first, last, steps, table, history, cum, freq):
    """The two numbers the encoder needs, (steps, B) each: cumulative and own frequency of the symbol coded."""
    for b in range(first, last):
        for t in range(steps):
            s = history[b, HISTORY + t]
            below = np.int32(1)
            for a in range(s):
                below += table[b, t, a]
            cum[t, b] = below
            freq[t, b] = table[b, t, s]


@kernel
def follow_paths(first, last, steps, table, history, paths):
    """The ``paths`` (steps, B, PATH) of the bytes coded; see :mod:`rnncompress.network`."""
    for b in range(first, last):
        for t in range(steps):
            s, row, path = history[b, HISTORY + t], table[b, t], paths[t, b]
            low, below = 0, np.int32(0)
            for bit in range(8):
                half = 128 >> bit
                middle = below
                for a in range(low, low + half):
                    middle += row[a]
                path[bit] = middle
                if s & half:
                    low, below = low + half, middle
            most = np.int32(0)
            for a in range(256):
                most = max(most, row[a])
            expected = 0
            while row[expected] != most:
                expected += 1
            path[8], path[9] = expected, most


@kernel
def gradient(first, last, table, alphabet, history, key, dz, scratch):
    """Gradient integers dz (B, T, A) at the logits of a whole window; ``scratch`` (A,) is float32."""
    B, T, _ = dz.shape
    for b in range(first, last):
        for t in range(T):
            for a in range(alphabet):
                scratch[a] = np.float32(table[b, t, a]) * FREQUENCY_UNIT
            scratch[history[b, HISTORY + t]] -= _ONE
            dither(scratch, dz[b, t], alphabet, key, np.uint32((t * B + b) * alphabet))


@kernel
def density_gradient(m, first, last, key, scratch):
    """The same where some steps are predicted by the head of densities."""
    B, T, _ = m.dz.shape
    d, A = m.density, m.alphabet
    count = PARAMETERS * d.components
    integers = np.zeros(count, np.int64)
    for b in range(first, last):
        for t in range(T):
            phase = density_kernels.phase(d, b, t)
            for a in range(A):
                scratch[a] = np.float32(0) if phase else np.float32(m.table[b, t, a]) * FREQUENCY_UNIT
            if phase == 0:
                scratch[m.history[b, HISTORY + t]] -= _ONE
            elif phase == 1:
                dy = np.int64(m.history[b, HISTORY + t + 1]) if t + 1 < T else np.int64(-1)
                density_kernels.gradient(d, b, t, np.int64(m.history[b, HISTORY + t]), dy, integers, 0)
                for n in range(count):
                    scratch[A - count + n] = np.float32(integers[n]) / UNIT
            dither(scratch, m.dz[b, t], A, key, np.uint32((t * B + b) * A))


@kernel
def pass_back(first, last, layer, dz, weights, offset, sums):
    """The integer sums (B, T, H) of the gradient that reaches the activations of a layer from the head.

    ``weights`` are the backward panels (high bytes); those of the head's matrix begin at ``offset``.
    """
    T, A, H = dz.shape[1], dz.shape[2], sums.shape[2]
    span_product(dz.reshape(-1), first * T * A, T * A, A, last - first, T,
                 weights, offset + layer * H * A, A * PANEL, H // PANEL, A // 2,
                 sums.reshape(-1), first * T * H, T * H, H, False)  # fmt: skip


@kernel
def update_bias(dz, bias, moments, unit, blend, step, sums):
    """Sum and apply the gradient of the softmax's bias; dz (rows, A), ``sums`` (A,) scratch."""
    sums[:] = 0
    for row in range(dz.shape[0]):
        add(sums, dz[row])
    adam(bias, moments, sums, unit, blend, step)
