# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The update: sums over the window, Adam and the new integers, a block of weights at a time.

Names: see ``forward_kernels``. Panels of 16 rows of a weight matrix are independent of each other.
"""

from typing import Final

import numpy as np

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.panel_kernels import prefetch_block, weave, write_block
from rnncompress.compiled.simd_kernels import PANEL, block_product
from rnncompress.exact import grid
from rnncompress.lstm.cpu.number_kernels import adam, add
from rnncompress.lstm.parameters import MOST_SEEN

BLOCK: Final = PANEL * PANEL
"""Weights that are updated at a time."""


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
def order_inputs(m, horizon, learns):
    """Bring the rows of the embeddings that were inputs of the window into order; they have been seen once more.

    Fills ``used``, ``starts``, ``rows`` and ``blends`` of the memory, by counting. ``learns`` is 0 if the second
    moments are to stay as they are.
    """
    inputs, starts, rows, places = m.inputs.reshape(-1), m.starts, m.rows, m.places
    places[:] = 0
    for row in inputs:
        places[row] += 1
    count, total = 0, 0
    for row in range(len(places)):
        if places[row]:
            m.used[count], starts[count] = row, total
            m.seen[row] = min(m.seen[row] + 1, MOST_SEEN)
            m.blends[count] = learns / np.float32(min(m.seen[row], horizon))
            count += 1
            total += places[row]
            places[row] = starts[count - 1]
    starts[count] = total
    for n in range(len(inputs)):
        rows[places[inputs[n]]] = n // 2
        places[inputs[n]] += 1
    m.used_count[0] = count


@kernel
def update_embedding(m, layer, share, shares, gradients, unit, step, sums):
    """Sum and apply the gradient (rows, N) of every ``shares``-th row of a layer's embedding that was an input.

    ``sums`` (N,) is scratch.
    """
    embedding, moments = m.embeddings[layer], m.embedding_moments[layer]
    for n in range(share, m.used_count[0], shares):
        sums[:] = 0
        for index in range(m.starts[n], m.starts[n + 1]):
            add(sums, gradients[m.rows[index]])
        adam(embedding[m.used[n]], moments[m.used[n]], sums, unit, m.blends[n], step)
