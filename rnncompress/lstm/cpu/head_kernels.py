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
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cpu.number_kernels import adam, add, dither
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
