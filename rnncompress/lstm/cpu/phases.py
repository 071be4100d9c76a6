"""The three phases of a window, each one compiled call for a thread.

Streams are independent while predicting and propagating back, so threads split these by streams; 16 rows of a weight
matrix, a row of an embedding and the table of a context are independent in the update, so threads split that by these.
Nothing is shared, nothing needs a lock. ``m`` is the :class:`rnncompress.lstm.cpu.memory.Memory`.
"""

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.simd import PANEL
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cpu import context_kernels, kernels


@kernel
def predict(m, first, last, start, stop, scratch):
    """Frequency tables of the steps start ≤ t < stop of the streams first ≤ b < last, whose history is set."""
    for b in range(first, last):
        for t in range(start, stop):
            m.inputs[b, t, 0] = m.history[b, HISTORY - 1 + t]
    if len(m.kinds):
        context_kernels.hash_contexts(
            first, last, start, stop, m.history, m.kinds, m.context_bits, m.contexts, m.hashes
        )
        context_kernels.guess(
            first, last, start, stop, m.hashes, m.context_bits, m.kinds, m.contexts, m.alphabet, m.inputs
        )
    kernels.forward(
        first, last, start, stop, m.h, m.c, m.records, m.sums, m.table, m.inputs,
        m.forward_panels, m.offsets, m.embeddings,
    )  # fmt: skip
    if len(m.kinds):
        context_kernels.add_contexts(first, last, start, stop, m.hashes, m.context_bits, m.contexts, m.table)
    kernels.tables(first, last, start, stop, m.table, m.bias, m.alphabet, m.raw_scale, scratch)


@kernel
def propagate(m, first, last, keys, scratch):
    """Gradients of a whole window of these streams, laid out for the update."""
    kernels.backward(
        first, last, m.h, m.c, m.records, m.table, m.alphabet, m.history[:, HISTORY - 1 :],
        m.backward_panels, m.offsets, keys, m.dz, m.gradients, m.h_sums, m.dc, scratch,
    )  # fmt: skip
    kernels.arrange(first, last, m.h, m.dz, m.gradients, m.h_now, m.h_before, m.dz_panels, m.panels)


@kernel
def update(
    m, share, shares, used, starts, rows, blends, blend, step, matrix_unit, vector_unit, sums, integers
):
    """One of ``shares`` parts of the update of all weights; ``used``, ``starts``, ``rows``: see update_embedding."""
    L, B, T, N = m.gradients.shape
    H, A, R = m.h.shape[3], m.dz.shape[2], B * T
    for kind in range(share, len(m.kinds), shares):
        context_kernels.learn_contexts(
            kind, m.hashes, m.context_bits, m.contexts[kind], m.table, m.history[:, HISTORY - 1 :]
        )
    for layer in range(L):
        kernels.update_embedding(
            share, shares, m.gradients[layer].reshape(R, N), used, starts, rows, m.embeddings[layer],
            m.embedding_moments[layer], vector_unit, blends, step, sums[:N],
        )  # fmt: skip
    if share == 0:
        kernels.update_softmax_bias(
            m.dz.reshape(R, A), m.bias, m.bias_moment, vector_unit, blend, step, sums[:A]
        )
    now, before = m.h_now.reshape(-1), m.h_before.reshape(-1)
    turn = 0
    for layer in range(L + 1):
        if layer == L:  # the softmax sees all layers
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
                kernels.update_panel(
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
                kernels.quantise_block(
                    p, k, rows, inputs, m.masters, m.forward_panels, m.backward_panels, m.offsets[layer], integers
                )  # fmt: skip
