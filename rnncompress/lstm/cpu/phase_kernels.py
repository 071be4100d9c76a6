# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The three phases of a window, each one compiled call for a thread.

Streams are independent while predicting and propagating back, so threads split these by streams; 16 rows of a weight
matrix, a row of an embedding and the table of a context are independent in the update, so threads split that by these.
Nothing is shared, nothing needs a lock. ``m`` is the :class:`rnncompress.lstm.cpu.memory.Memory`.
"""

import numpy as np

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.simd_kernels import PANEL
from rnncompress.exact import noise
from rnncompress.lstm import context_kernels, density_kernels
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cpu import (
    backward_kernels,
    forward_kernels,
    head_kernels,
    update_kernels,
)
from rnncompress.lstm.density import TRACK


@kernel
def predict(m, first, last, start, stop, scratch):
    """Frequency tables of the steps start ≤ t < stop of the streams first ≤ b < last, whose history is set."""
    if len(m.contexts.kinds):
        context_kernels.hash_contexts(m.contexts, first, last, start, stop)
    for b in range(first, last):
        for t in range(start, stop):
            m.inputs[b, t, 0] = m.history[b, HISTORY - 1 + t]
            m.inputs[b, t, 1] = m.alphabet + context_kernels.guess(m.contexts, b, t)
    forward_kernels.forward(
        first, last, start, stop, m.h, m.c, m.records, m.sums, m.inputs,
        m.forward_panels, m.offsets, m.embeddings,
    )  # fmt: skip
    head_kernels.logits(first, last, start, stop, m.h, m.forward_panels, m.offsets[-1], m.table)
    context_kernels.add_contexts(m.contexts, first, last, start, stop, m.table.reshape(-1), m.table.shape[2])
    if m.density.components:
        head_kernels.density_tables(m, first, last, start, stop, scratch)
    else:
        head_kernels.tables(first, last, start, stop, m.table, m.bias, m.alphabet, m.raw_scale, scratch)


@kernel
def begin_learning(m, number, horizon, learns):
    """Work out what all shares of update ``number`` need; see :func:`update_kernels.order_inputs`."""
    for n in range(len(m.keys)):
        m.keys[n] = noise.mix(np.uint32(number * 64 + n))
    update_kernels.order_inputs(m, horizon, learns)


@kernel
def end_window(m):
    """Begin a new window where this one ended."""
    L, B, T1, H = m.h.shape
    for layer in range(L):
        for b in range(B):
            for j in range(H):
                m.h[layer, b, 0, j] = m.h[layer, b, T1 - 1, j]
                m.c[layer, b, 0, j] = m.c[layer, b, T1 - 1, j]
    for b in range(B):
        if m.density.components:
            T = T1 - 1
            density_kernels.advance(m.density, b, T - 1, np.int64(m.history[b, HISTORY + T - 1]))
            for n in range(TRACK):
                m.density.track[b * T1 * TRACK + n] = m.density.track[(b * T1 + T) * TRACK + n]
        for t in range(HISTORY):
            m.history[b, t] = m.history[b, T1 - 1 + t]


@kernel
def propagate(m, first, last, scratch):
    """Gradients of a whole window of these streams, laid out for the update."""
    keys = m.keys
    if m.density.components:
        head_kernels.density_gradient(m, first, last, keys[-1], scratch)
    else:
        head_kernels.gradient(first, last, m.table, m.alphabet, m.history, keys[-1], m.dz, scratch)
    backward_kernels.backward(
        first, last, m.h, m.c, m.records, m.dz, m.backward_panels, m.offsets, keys,
        m.gradients, m.h_sums, m.dc, scratch,
    )  # fmt: skip
    update_kernels.arrange(first, last, m.h, m.dz, m.gradients, m.h_now, m.h_before, m.dz_panels, m.panels)


@kernel
def update(m, share, shares, blend, step, matrix_unit, vector_unit, sums, integers):
    """One of ``shares`` parts of the update of all weights."""
    L, B, T, N = m.gradients.shape
    H, A, R = m.h.shape[3], m.dz.shape[2], B * T
    for n in range(share, len(m.contexts.kinds), shares):
        context_kernels.learn_contexts(m.contexts, n, B, m.table.reshape(-1), A)
    for layer in range(L):
        update_kernels.update_embedding(
            m, layer, share, shares, m.gradients[layer].reshape(R, N), vector_unit, step, sums[:N]
        )
    if share == 0:
        head_kernels.update_bias(
            m.dz.reshape(R, A), m.bias, m.bias_moment, vector_unit, blend, step, sums[:A]
        )
    now, before = m.h_now.reshape(-1), m.h_before.reshape(-1)
    turn = 0
    for layer in range(L + 1):
        if layer == L:  # the head sees all layers
            rows_of_matrix, own, own_inputs, below, inputs = A, now, L * H, now, L * H
            panels = m.dz_panels.reshape(-1)
        else:
            rows_of_matrix, own, own_inputs, inputs = (
                N,
                before[layer * H * R :],
                H,
                H if layer == 0 else 2 * H,
            )
            below = now[max(layer - 1, 0) * H * R :]
            panels = m.panels[layer].reshape(-1)
        for p in range(rows_of_matrix // PANEL):
            if turn % shares == share:
                update_kernels.update_panel(
                    p, rows_of_matrix, inputs, own, own_inputs, below, R, panels, m.masters, m.moments,
                    m.forward_panels, m.backward_panels, m.offsets[layer], matrix_unit, blend, step, sums, integers,
                )  # fmt: skip
            turn += 1


@kernel
def quantise(m, integers):
    """Write the integers of all master weights into both layouts."""
    L, _, _, N = m.gradients.shape
    H, A = m.h.shape[3], m.dz.shape[2]
    for layer in range(L + 1):
        rows = N if layer < L else A
        inputs = L * H if layer == L else (H if layer == 0 else 2 * H)
        for p in range(rows // PANEL):
            for k in range(0, inputs, PANEL):
                update_kernels.quantise_block(
                    p, k, rows, inputs, m.masters, m.forward_panels, m.backward_panels, m.offsets[layer], integers
                )  # fmt: skip
