"""The CPU engine's inner loops, compiled by numba: forward, backward and update, free of Python and allocation.

Each equals :mod:`rnncompress.lstm.reference` bit for bit. Streams are independent within a window, so threads split
the forward and backward passes by streams; panels of 16 rows of a weight matrix are independent in the update, so
threads split that by panels. Nothing is shared, nothing needs a lock.

Names: B streams, T steps, H units, N = gates * H rows of a layer, A symbols (padded to a multiple of 16), L layers.
A *row* of the window is a pair (stream, step), stream-major, so that two steps of a stream are neighbours: these are
the pairs that the products over the window sum.
"""

from collections.abc import Callable
from typing import Any, Final

import numba as nb
import numpy as np

from rnncompress.exact import functions, grid, noise
from rnncompress.exact.simd import PANEL, product
from rnncompress.lstm.parameters import EPSILON
from rnncompress.predictor import TOTAL

LSTM_RECORDS: Final = 5
"""float32 vectors kept for the backward pass: i, f, g, o, tanh(c). An RNN keeps one: h before rounding."""

_ONE: Final = np.float32(1)
_ZERO: Final = np.float32(0)
_FREQUENCY_UNIT: Final = np.float32(2**-24)
_HIGH_ROUND: Final = np.int32(128)
_HIGH_SHIFT: Final = np.int32(8)

kernel: Callable[..., Any] = nb.njit(nogil=True, cache=True, error_model="numpy", boundscheck=False)


@kernel
def forward(first, last, start, stop, h, c, records, sums, logits, symbols, weights, offsets, embeddings, biases):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Steps start ≤ t < stop of the streams first ≤ b < last, through all layers to the logits' integer sums.

    h (L, B, T+1, H) int16 and c (L, B, T+1, H) hold the state before step t at index t. ``symbols`` (B, T+1) holds
    the symbol before step t at index t. ``records`` (L, B, T, 5 or 1, H); ``sums`` (B, T, N) is scratch; ``logits``
    (B, T, A). ``weights`` are the forward panels of all matrices, one after the other at ``offsets``.
    """
    L, B, T1, H = h.shape
    T, N, A = T1 - 1, sums.shape[2], logits.shape[2]
    gates = N // H
    flat_h, flat_sums, flat_logits = h.reshape(-1), sums.reshape(-1), logits.reshape(-1)
    for layer in range(L):
        inputs = H if layer == 0 else 2 * H
        if layer:  # what comes from below is known for all steps: one product for each stream
            for b in range(first, last):
                product(flat_h, (((layer - 1) * B + b) * T1 + start + 1) * H, H, stop - start,
                        weights, offsets[layer] + H * PANEL, inputs * PANEL, N // PANEL, H // 2,
                        flat_sums, (b * T + start) * N, N, False)  # fmt: skip
        for t in range(start, stop):
            product(flat_h, ((layer * B + first) * T1 + t) * H, T1 * H, last - first,
                    weights, offsets[layer], inputs * PANEL, N // PANEL, H // 2,
                    flat_sums, (first * T + t) * N, T * N, layer > 0)  # fmt: skip
            for b in range(first, last):
                embedding = embeddings[layer, symbols[b, t]]
                if gates == 4:
                    lstm_cell(sums[b, t], embedding, biases[layer], c[layer, b, t], c[layer, b, t + 1],
                              records[layer, b, t], h[layer, b, t + 1])  # fmt: skip
                else:
                    rnn_cell(sums[b, t], embedding, biases[layer], records[layer, b, t, 0], h[layer, b, t + 1])
    for layer in range(L):
        for b in range(first, last):
            product(flat_h, ((layer * B + b) * T1 + start + 1) * H, H, stop - start,
                    weights, offsets[L] + layer * H * PANEL, L * H * PANEL, A // PANEL, H // 2,
                    flat_logits, (b * T + start) * A, A, layer > 0)  # fmt: skip


@kernel
def lstm_cell(sums, embedding, bias, c_old, c_new, record, h):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of one stream's LSTM layer."""
    H = len(h)
    for n in range(4 * H):
        x = np.float32(sums[n]) * grid.FORWARD_UNIT + embedding[n] + bias[n]
        gate, j = n // H, n % H
        record[gate, j] = x
    for j in range(H):
        record[0, j] = functions.sigmoid(record[0, j])
    for j in range(H):
        record[1, j] = functions.sigmoid(record[1, j])
    for j in range(H):
        record[2, j] = functions.tanh(record[2, j])
    for j in range(H):
        record[3, j] = functions.sigmoid(record[3, j])
    for j in range(H):
        cell = record[1, j] * c_old[j] + record[0, j] * record[2, j]
        c_new[j] = cell
        y = functions.tanh(cell)
        record[4, j] = y
        h[j] = np.int16(np.int32(grid.activation(record[3, j] * y)))


@kernel
def rnn_cell(sums, embedding, bias, record, h):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One step of one stream's vanilla RNN layer."""
    for j in range(len(h)):
        y = functions.tanh(np.float32(sums[j]) * grid.FORWARD_UNIT + embedding[j] + bias[j])
        record[j] = y
        h[j] = np.int16(np.int32(grid.activation(y)))


@kernel
def softmax(logits, bias, alphabet, raw_scale, scratch):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
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
def tables(first, last, start, stop, logits, bias, alphabet, raw_scale, scratch):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Turn the logit sums of these rows into frequency tables, in place."""
    for b in range(first, last):
        for t in range(start, stop):
            softmax(logits[b, t], bias, alphabet, raw_scale, scratch)


@kernel
def pick(first, last, steps, table, symbols, cum, freq):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The two numbers the encoder needs, (steps, B) each: cumulative and own frequency of the symbol coded."""
    for b in range(first, last):
        for t in range(steps):
            s = symbols[b, t + 1]
            below = np.int32(1)
            for a in range(s):
                below += table[b, t, a]
            cum[t, b] = below
            freq[t, b] = table[b, t, s]


@kernel
def backward(first, last, h, c, records, table, alphabet, symbols, weights, offsets, keys,
             dz, gradients, sums, dc, scratch):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  # fmt: skip
    """Gradient integers of a whole window at the logits, dz (B, T, A), and at the gate inputs, gradients (L, B, T, N).

    ``weights`` are the backward panels (high bytes). ``sums`` (B, T, H) int32, ``dc`` (B, H) and ``scratch`` (4H or
    A,) float32 are scratch.
    """
    L, B, T1, H = h.shape
    T, N, A = T1 - 1, gradients.shape[3], dz.shape[2]
    flat_dz, flat_gradients, flat_sums = dz.reshape(-1), gradients.reshape(-1), sums.reshape(-1)
    for b in range(first, last):
        for t in range(T):
            for a in range(alphabet):
                scratch[a] = np.float32(table[b, t, a]) * _FREQUENCY_UNIT
            scratch[symbols[b, t + 1]] -= _ONE
            dither(scratch, dz[b, t], alphabet, keys[L], np.uint32((t * B + b) * alphabet))
    for layer in range(L - 1, -1, -1):
        for b in range(first, last):
            product(flat_dz, b * T * A, A, T, weights, offsets[L] + layer * H * A, A * PANEL, H // PANEL, A // 2,
                    flat_sums, b * T * H, H, False)  # fmt: skip
            if layer < L - 1:
                product(flat_gradients, ((layer + 1) * B + b) * T * N, N, T,
                        weights, offsets[layer + 1] + H * N, N * PANEL, H // PANEL, N // 2,
                        flat_sums, b * T * H, H, True)  # fmt: skip
            dc[b, :] = _ZERO
        for t in range(T - 1, -1, -1):
            if t < T - 1:
                product(flat_gradients, ((layer * B + first) * T + t + 1) * N, T * N, last - first,
                        weights, offsets[layer], N * PANEL, H // PANEL, N // 2,
                        flat_sums, (first * T + t) * H, T * H, True)  # fmt: skip
            for b in range(first, last):
                if N == 4 * H:
                    lstm_gradient(records[layer, b, t], c[layer, b, t], sums[b, t], dc[b], scratch)
                else:
                    rnn_gradient(records[layer, b, t, 0], sums[b, t], scratch)
                dither(scratch, gradients[layer, b, t], N, keys[layer], np.uint32((t * B + b) * N))


@kernel
def lstm_gradient(record, c_old, sums, dc, d):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Gradient d (4H,) at the gate inputs of one step of one stream; ``dc`` moves on to the step before."""
    H = len(dc)
    for j in range(H):
        i, f, g, o, y = record[0, j], record[1, j], record[2, j], record[3, j], record[4, j]
        dh = np.float32(sums[j]) * grid.BACKWARD_UNIT
        dcj = dc[j] + dh * o * (_ONE - y * y)
        d[j] = dcj * g * (i * (_ONE - i))
        d[H + j] = dcj * c_old[j] * (f * (_ONE - f))
        d[2 * H + j] = dcj * i * (_ONE - g * g)
        d[3 * H + j] = dh * y * (o * (_ONE - o))
        dc[j] = dcj * f


@kernel
def rnn_gradient(y, sums, d):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Gradient d (H,) at the inputs of one step of one stream."""
    for j in range(len(y)):
        d[j] = np.float32(sums[j]) * grid.BACKWARD_UNIT * (_ONE - y[j] * y[j])


@kernel
def dither(d, integers, count, key, counter):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Round d (count,) to gradient integers."""
    for n in range(count):
        u = noise.uniform(key, np.uint32(counter + np.uint32(n)))
        integers[n] = np.int16(np.int32(grid.gradient(d[n], u)))


@kernel
def arrange(first, last, h, dz, gradients, h_now, h_before, dz_panels, panels):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Lay out activations and gradients of these streams for the products over the rows of the window.

    ``h_now`` and ``h_before`` (L, H, rows): activations after and before each step, transposed. ``panels``
    (L, N/16, rows/2, 16, 2) and ``dz_panels`` (A/16, rows/2, 16, 2).
    """
    L, _, T1, H = h.shape
    T = T1 - 1
    for layer in range(L):
        for b in range(first, last):
            for j in range(0, H, PANEL):
                for t in range(T):
                    for k in range(PANEL):
                        h_now[layer, j + k, b * T + t] = h[layer, b, t + 1, j + k]
                        h_before[layer, j + k, b * T + t] = h[layer, b, t, j + k]
            interleave(gradients[layer, b], panels[layer], b * T // 2)
    for b in range(first, last):
        interleave(dz[b], dz_panels, b * T // 2)


@kernel
def interleave(source, panels, start):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """source (T, N) into panels (N/16, rows/2, 16, 2) from pair ``start`` on."""
    for pair in range(source.shape[0] // 2):
        for p in range(panels.shape[0]):
            for k in range(PANEL):
                panels[p, start + pair, k, 0] = source[2 * pair, p * PANEL + k]
                panels[p, start + pair, k, 1] = source[2 * pair + 1, p * PANEL + k]


@kernel
def adam(w, v, g, blend, step):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """See :func:`rnncompress.lstm.reference.adam`; on scalars."""
    v = v + (g * g - v) * blend
    w = w - step * g / (np.sqrt(v) + EPSILON)
    return min(max(w, -grid.WEIGHT_LIMIT), grid.WEIGHT_LIMIT), v


@kernel
def quantise(master, p, k, forward_panels, backward_panels, start, inputs, rows):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Write the integers of 16 inputs from k on of the 16 rows of panel p, in both layouts.

    ``master`` (inputs, rows) float32, transposed; both panels are flat, this matrix begins at ``start``.
    """
    for pair in range(PANEL // 2):
        at = start + (p * inputs + k + 2 * pair) * PANEL
        for n in range(PANEL):
            forward_panels[at + 2 * n] = np.int16(np.int32(grid.weight(master[k + 2 * pair, p * PANEL + n])))
            forward_panels[at + 2 * n + 1] = np.int16(np.int32(grid.weight(master[k + 2 * pair + 1, p * PANEL + n])))
    for j in range(PANEL):
        at = start + (k // PANEL * rows + p * PANEL) * PANEL + 2 * j
        source = start + (p * inputs + k + j - j % 2) * PANEL + j % 2
        for n in range(PANEL):
            w = np.int32(forward_panels[source + 2 * n])
            backward_panels[at + n // 2 * 2 * PANEL + n % 2] = np.int16((w + _HIGH_ROUND) >> _HIGH_SHIFT)


@kernel
def update_matrix(p, own, below, panels, master, moments, forward_panels, backward_panels, start,
                  unit, blend, step, sums):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  # fmt: skip
    """Gradient, Adam and quantisation of panel p (16 rows) of a matrix, 16 inputs at a time while they are in cache.

    ``own`` (inputs, rows of the window) are the activations of the first inputs and ``below`` those of the rest;
    ``master`` and ``moments`` (inputs, rows) are transposed; ``sums`` (256,) int32 is scratch.
    """
    inputs, rows = master.shape
    window = own.shape[1]
    flat_own, flat_below, flat_panels = own.reshape(-1), below.reshape(-1), panels.reshape(-1)
    for k in range(0, inputs, PANEL):
        if k < own.shape[0]:
            product(flat_own, k * window, window, PANEL, flat_panels, p * window * PANEL, 0, 1, window // 2,
                    sums, 0, PANEL, False)  # fmt: skip
        else:
            product(flat_below, (k - own.shape[0]) * window, window, PANEL, flat_panels, p * window * PANEL, 0, 1,
                    window // 2, sums, 0, PANEL, False)  # fmt: skip
        for j in range(PANEL):
            w, v = master[k + j, p * PANEL : (p + 1) * PANEL], moments[k + j, p * PANEL : (p + 1) * PANEL]
            for n in range(PANEL):
                w[n], v[n] = adam(w[n], v[n], np.float32(sums[j * PANEL + n]) * unit, blend, step)
        quantise(master, p, k, forward_panels, backward_panels, start, inputs, rows)


@kernel
def update_bias(p, gradients, bias, moments, unit, blend, step, sums):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Sum and apply the gradient of 16 biases; gradients (B, T, rows)."""
    sums[:PANEL] = 0
    for b in range(gradients.shape[0]):
        for t in range(gradients.shape[1]):
            for n in range(PANEL):
                sums[n] += gradients[b, t, p * PANEL + n]
    for n in range(PANEL):
        at = p * PANEL + n
        bias[at], moments[at] = adam(bias[at], moments[at], np.float32(sums[n]) * unit, blend, step)


@kernel
def update_embedding(p, gradients, symbols, used, embedding, moments, unit, blends, step, sums):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Sum and apply the gradient of 16 columns of the embedding; ``sums`` (A, 16); ``used`` and ``blends`` by symbol."""
    for s in used:
        sums[s] = 0
    for b in range(gradients.shape[0]):
        for t in range(gradients.shape[1]):
            row = sums[symbols[b, t]]
            for n in range(PANEL):
                row[n] += gradients[b, t, p * PANEL + n]
    for index in range(len(used)):
        s = used[index]
        for n in range(PANEL):
            at = p * PANEL + n
            embedding[s, at], moments[s, at] = adam(
                embedding[s, at], moments[s, at], np.float32(sums[s, n]) * unit, blends[index], step
            )
