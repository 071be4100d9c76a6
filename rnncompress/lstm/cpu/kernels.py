"""The CPU engine's inner loops, compiled by numba: forward, backward and update, free of Python and allocation.

Each equals :mod:`rnncompress.lstm.reference` bit for bit. Streams are independent within a window, so threads split
the forward and backward passes by streams; panels of 16 rows of a weight matrix are independent in the update, so
threads split that by panels. Nothing is shared, nothing needs a lock.

Names: B streams, T steps, H units, N = gates * H rows of a layer, A symbols (padded to a multiple of 16), L layers.
A *row* of the window is a pair (stream, step), stream-major, so that two steps of a stream are neighbours: these are
the pairs that the products over the window sum.
"""

from typing import Final

import numpy as np

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.panels import prefetch_block, weave, write_block
from rnncompress.compiled.simd import PANEL, block_product, product
from rnncompress.exact import functions, grid, noise
from rnncompress.exact.frequencies import TOTAL
from rnncompress.lstm.parameters import EPSILON

BLOCK: Final = PANEL * PANEL
"""Weights that are updated at a time."""

_ONE: Final = np.float32(1)
_ZERO: Final = np.float32(0)
_FREQUENCY_UNIT: Final = np.float32(2**-24)


@kernel
def forward(first, last, start, stop, h, c, records, sums, logits, inputs, weights, offsets, embeddings):
    """Steps start ≤ t < stop of the streams first ≤ b < last, through all layers to the logits' integer sums.

    h (L, B, T+1, H) int16 and c (L, B, T+1, H) hold the state before step t at index t. ``inputs`` (B, T, 2) are the
    rows of the embeddings (L, rows, N) that each step adds. ``records`` (L, B, T, 5 or 1, H) is kept for the
    backward pass, ``sums`` (B, T, N) is scratch, ``logits`` (B, T, A). ``weights`` are the forward panels of all
    matrices, one after the other at ``offsets``.
    """
    L, B, T1, H = h.shape
    T, N, A = T1 - 1, sums.shape[2], logits.shape[2]
    gates = N // H
    flat_h, flat_sums, flat_logits = h.reshape(-1), sums.reshape(-1), logits.reshape(-1)
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
    for layer in range(L):
        span_product(flat_h, ((layer * B + first) * T1 + start + 1) * H, T1 * H, H,
                     last - first, stop - start,
                     weights, offsets[L] + layer * H * PANEL, L * H * PANEL, A // PANEL, H // 2,
                     flat_logits, (first * T + start) * A, T * A, A, layer > 0)  # fmt: skip


@kernel
def span_product(x, x_start, x_stream, x_step, streams, steps, panels, panel_start, panel_stride, count, pairs,
                 out, out_start, out_stream, out_step, add):  # fmt: skip
    """``product`` of the rows of some streams and steps, grouped by the shorter of the two."""
    if steps >= streams:
        product(x, x_start, x_stream, x_step, streams, steps, panels, panel_start, panel_stride, count, pairs,
                out, out_start, out_stream, out_step, add)  # fmt: skip
    else:
        product(x, x_start, x_step, x_stream, steps, streams, panels, panel_start, panel_stride, count, pairs,
                out, out_start, out_step, out_stream, add)  # fmt: skip


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
def tables(first, last, start, stop, logits, bias, alphabet, raw_scale, scratch):
    """Turn the logit sums of these rows into frequency tables, in place."""
    for b in range(first, last):
        for t in range(start, stop):
            softmax(logits[b, t], bias, alphabet, raw_scale, scratch)


@kernel
def pick(first, last, steps, table, symbols, cum, freq):
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
             dz, gradients, sums, dc, scratch):  # fmt: skip
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
        span_product(flat_dz, first * T * A, T * A, A, last - first, T,
                     weights, offsets[L] + layer * H * A, A * PANEL, H // PANEL, A // 2,
                     flat_sums, first * T * H, T * H, H, False)  # fmt: skip
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


@kernel
def dither(d, integers, count, key, counter):
    """Round d (count,) to gradient integers."""
    for n in range(count):
        u = noise.uniform(key, np.uint32(counter + np.uint32(n)))
        integers[n] = np.int16(np.int32(grid.gradient(d[n], u)))


@kernel
def arrange(first, last, h, dz, gradients, h_now, h_before, dz_panels, panels):
    """Lay out activations and gradients of these streams for the products over the rows of the window.

    ``h_now`` and ``h_before`` (L, H/16, R/2, 16, 2): activations after and before each step. ``panels``
    (L, N/16, R/2, 16, 2) and ``dz_panels`` (A/16, R/2, 16, 2): gradients. R = B * T rows.
    """
    L, B, T1, H = h.shape
    T, N, A = T1 - 1, gradients.shape[3], dz.shape[2]
    flat_h, flat_dz, flat_gradients = h.reshape(-1), dz.reshape(-1), gradients.reshape(-1)
    for b in range(first, last):
        for layer in range(L):
            state = (layer * B + b) * T1 * H
            interleave(flat_h, state, T, H, h_before[layer].reshape(-1), b * T, B * T)
            interleave(flat_h, state + H, T, H, h_now[layer].reshape(-1), b * T, B * T)
            interleave(flat_gradients, (layer * B + b) * T * N, T, N, panels[layer].reshape(-1), b * T, B * T)
        interleave(flat_dz, b * T * A, T, A, dz_panels.reshape(-1), b * T, B * T)


@kernel
def interleave(source, start, steps, width, panels, row, rows):
    """source (steps, width) into panels (width/16, rows/2, 16, 2) from ``row`` on; all flat."""
    for p in range(0, width, PANEL):
        for t in range(0, steps, 2):
            even = start + t * width + p
            weave(source, even, source, even + width, panels, p * rows + (row + t) * PANEL)


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
def quantise_block(p, k, rows, inputs, masters, forward_panels, backward_panels, start, integers):
    """Write the integers of 16 inputs from k on of the 16 rows of panel p in the layouts of both products.

    The matrix (rows, inputs) begins at ``start`` in the flat arrays; see ``Memory``. ``integers`` (256,) is scratch.
    """
    at = start + (p * inputs + k) * PANEL
    block = masters[at : at + BLOCK]
    for n in range(BLOCK):
        integers[n] = np.int16(np.int32(grid.weight(block[n])))
    write_block(integers, 0, forward_panels, at, backward_panels, start + k * rows + p * BLOCK)


@kernel
def update_panel(p, rows, inputs, own, own_inputs, below, window, panels, masters, moments, forward_panels,
                 backward_panels, start, unit, blend, step, sums, integers):  # fmt: skip
    """Gradient, Adam and quantisation of panel p (16 rows) of a matrix, 16 inputs at a time while they are in cache.

    ``own`` are the panels of the activations of the first ``own_inputs`` inputs and ``below`` those of the rest,
    ``panels`` those of the gradients, all flat; ``window`` counts its rows. ``sums`` and ``integers`` (256,) are
    scratch.
    """
    for k in range(0, inputs, PANEL):
        at = start + (p * inputs + k) * PANEL
        prefetch_block(masters, at)
        prefetch_block(moments, at)
        if k < own_inputs:
            block_product(own, k * window, panels, p * window * PANEL, window // 2, sums)
        else:
            block_product(below, (k - own_inputs) * window, panels, p * window * PANEL, window // 2, sums)
        adam(masters[at : at + BLOCK], moments[at : at + BLOCK], sums, unit, blend, step)
        quantise_block(p, k, rows, inputs, masters, forward_panels, backward_panels, start, integers)


@kernel
def update_softmax_bias(dz, bias, moments, unit, blend, step, sums):
    """Sum and apply the gradient of the softmax's bias; dz (rows, A), ``sums`` (A,) scratch."""
    sums[:] = 0
    for row in range(dz.shape[0]):
        add(sums, dz[row])
    adam(bias, moments, sums, unit, blend, step)


@kernel
def update_embedding(
    share, shares, gradients, used, starts, rows, embedding, moments, unit, blends, step, sums
):
    """Sum and apply the gradient of every ``shares``-th row of the embedding that was an input.

    ``used`` are these rows; number n was an input at ``rows[starts[n]:starts[n + 1]]`` of the gradients (rows, N).
    ``sums`` (N,) is scratch.
    """
    for n in range(share, len(used), shares):
        sums[:] = 0
        for index in range(starts[n], starts[n + 1]):
            add(sums, gradients[rows[index]])
        adam(embedding[used[n]], moments[used[n]], sums, unit, blends[n], step)


@kernel
def add(sums, values):
    """sums += values, int16 into int32."""
    for n in range(len(sums)):
        sums[n] += values[n]
