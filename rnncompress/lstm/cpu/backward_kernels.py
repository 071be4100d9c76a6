# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The backward pass through the recurrent layers, from the last step and the top layer; names: ``forward_kernels``."""

from typing import Final

import numpy as np

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.simd_kernels import PANEL, product, span_product
from rnncompress.exact import grid
from rnncompress.lstm.cpu import head_kernels
from rnncompress.lstm.cpu.number_kernels import dither

_ONE: Final = np.float32(1)
_ZERO: Final = np.float32(0)


@kernel
def backward(first, last, h, c, records, dz, weights, offsets, keys, gradients, sums, dc, scratch):
    """Gradient integers (L, B, T, N) of a whole window at the gate inputs, from those at the logits, dz (B, T, A).

    ``weights`` are the backward panels (high bytes). ``sums`` (B, T, H) int32, ``dc`` (B, H) and ``scratch`` (4H,)
    float32 are scratch.
    """
    L, B, T1, H = h.shape
    T, N = T1 - 1, gradients.shape[3]
    flat_gradients, flat_sums = gradients.reshape(-1), sums.reshape(-1)
    for layer in range(L - 1, -1, -1):
        head_kernels.pass_back(first, last, layer, dz, weights, offsets[L], sums)
        if layer < L - 1:
            span_product(flat_gradients, ((layer + 1) * B + first) * T * N, T * N, N, last - first, T,
                         weights, offsets[layer + 1] + H * N, N * PANEL, H // PANEL, N // 2,
                         flat_sums, first * T * H, T * H, H, True)  # fmt: skip
        dc[first:last] = _ZERO
        for t in range(T - 1, -1, -1):
            if t < T - 1:
                product(flat_gradients, ((layer * B + first) * T + t + 1) * N, 0, T * N, 1, last - first,
                        weights, offsets[layer], N * PANEL, H // PANEL, N // 2,
                        flat_sums, (first * T + t) * H, 0, T * H, True)  # fmt: skip
            for b in range(first, last):
                if N == 4 * H:
                    lstm_gradient(records[layer, b, t], c[layer, b, t], sums[b, t], dc[b], scratch)
                else:
                    rnn_gradient(records[layer, b, t, 0], sums[b, t], scratch)
                dither(scratch, gradients[layer, b, t], N, keys[layer], np.uint32((t * B + b) * N))


@kernel
def lstm_gradient(record, c_old, sums, dc, d):
    """Gradient d (4H,) at the gate inputs of one step of one stream; ``dc`` moves on to the step before."""
    H = len(dc)
    i, f, g, o, y = record[0], record[1], record[2], record[3], record[4]
    di, df, dg, do = d[:H], d[H : 2 * H], d[2 * H : 3 * H], d[3 * H : 4 * H]
    for j in range(H):
        dh = np.float32(sums[j]) * grid.BACKWARD_UNIT
        do[j] = dh * y[j] * (o[j] * (_ONE - o[j]))
        dc[j] = dc[j] + dh * o[j] * (_ONE - y[j] * y[j])
    for j in range(H):
        di[j] = dc[j] * g[j] * (i[j] * (_ONE - i[j]))
    for j in range(H):
        dg[j] = dc[j] * i[j] * (_ONE - g[j] * g[j])
    for j in range(H):
        df[j] = dc[j] * c_old[j] * (f[j] * (_ONE - f[j]))
        dc[j] = dc[j] * f[j]


@kernel
def rnn_gradient(y, sums, d):
    """Gradient d (H,) at the inputs of one step of one stream."""
    for j in range(len(y)):
        d[j] = np.float32(sums[j]) * grid.BACKWARD_UNIT * (_ONE - y[j] * y[j])
