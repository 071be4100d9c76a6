# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The forward pass through the recurrent layers.

Each kernel of this folder equals :mod:`rnncompress.lstm.reference` bit for bit.

Names: B streams, T steps, H units, N = gates * H rows of a layer, A symbols (padded to a multiple of 16), L layers.
A *row* of the window is a pair (stream, step), stream-major, so that two steps of a stream are neighbours: these are
the pairs that the products over the window sum.
"""

import numpy as np

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.simd_kernels import PANEL, product, span_product
from rnncompress.exact import functions, grid


@kernel
def forward(first, last, start, stop, h, c, records, sums, inputs, weights, offsets, embeddings):
    """Steps start ≤ t < stop of the streams first ≤ b < last, through all layers.

    h (L, B, T+1, H) int16 and c (L, B, T+1, H) hold the state before step t at index t. ``inputs`` (B, T, 2) are the
    rows of the embeddings (L, rows, N) that each step adds. ``records`` (L, B, T, 5 or 1, H) is kept for the
    backward pass, ``sums`` (B, T, N) is scratch. ``weights`` are the forward panels of all
    matrices, one after the other at ``offsets``.
    """
    L, B, T1, H = h.shape
    T, N = T1 - 1, sums.shape[2]
    gates = N // H
    flat_h, flat_sums = h.reshape(-1), sums.reshape(-1)
    for layer in range(L):
        width = H if layer == 0 else 2 * H
        if layer:  # what comes from below is known for all steps
            span_product(flat_h, (((layer - 1) * B + first) * T1 + start + 1) * H, T1 * H, H,
                         last - first, stop - start,
                         weights, offsets[layer] + H * PANEL, width * PANEL, N // PANEL, H // 2,
                         flat_sums, (first * T + start) * N, T * N, N, False)  # fmt: skip
        for t in range(start, stop):
            product(flat_h, ((layer * B + first) * T1 + t) * H, 0, T1 * H, 1, last - first,
                    weights, offsets[layer], width * PANEL, N // PANEL, H // 2,
                    flat_sums, (first * T + t) * N, 0, T * N, layer > 0)  # fmt: skip
            for b in range(first, last):
                x, guess = embeddings[layer, inputs[b, t, 0]], embeddings[layer, inputs[b, t, 1]]
                if gates == 4:
                    lstm_cell(sums[b, t], x, guess, c[layer, b, t], c[layer, b, t + 1],
                              records[layer, b, t], h[layer, b, t + 1])  # fmt: skip
                else:
                    rnn_cell(sums[b, t], x, guess, records[layer, b, t, 0], h[layer, b, t + 1])


@kernel
def lstm_cell(sums, x, guess, c_old, c_new, record, h):
    """One step of one stream's LSTM layer. Short loops over flat arrays: the compiler vectorises each."""
    H = len(h)
    i, f, g, o, y = record[0], record[1], record[2], record[3], record[4]
    squash(sums[:H], x[:H], guess[:H], i)
    squash(sums[H : 2 * H], x[H : 2 * H], guess[H : 2 * H], f)
    squash(sums[3 * H :], x[3 * H :], guess[3 * H :], o)
    sums_g, x_g, guess_g = sums[2 * H : 3 * H], x[2 * H : 3 * H], guess[2 * H : 3 * H]
    for j in range(H):
        g[j] = functions.tanh(np.float32(sums_g[j]) * grid.FORWARD_UNIT + x_g[j] + guess_g[j])
    for j in range(H):
        c_new[j] = f[j] * c_old[j] + i[j] * g[j]
    for j in range(H):
        y[j] = functions.tanh(c_new[j])
    for j in range(H):
        h[j] = np.int16(np.int32(grid.activation(o[j] * y[j])))


@kernel
def squash(sums, x, guess, gate):
    """One gate (H,) of one step."""
    for j in range(len(gate)):
        gate[j] = functions.sigmoid(np.float32(sums[j]) * grid.FORWARD_UNIT + x[j] + guess[j])


@kernel
def rnn_cell(sums, x, guess, record, h):
    """One step of one stream's vanilla RNN layer."""
    for j in range(len(h)):
        y = functions.tanh(np.float32(sums[j]) * grid.FORWARD_UNIT + x[j] + guess[j])
        record[j] = y
        h[j] = np.int16(np.int32(grid.activation(y)))
