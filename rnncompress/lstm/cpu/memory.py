"""The arrays that the CPU engine's kernels work on, under one name for each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.record import Record
from rnncompress.compiled.simd_kernels import PANEL
from rnncompress.config import Config
from rnncompress.exact.frequencies import raw_scale
from rnncompress.lstm import density
from rnncompress.lstm.contexts import HISTORY, RATES, ContextArrays, kinds
from rnncompress.lstm.density import ALPHABET, MOST_COMPONENTS, PARAMETERS, TRACK, DensityArrays
from rnncompress.lstm.sizes import ROW

LSTM_RECORDS = 5
"""float32 vectors kept for the backward pass: i, f, g, o, tanh(c). An RNN keeps one: h before rounding."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Memory(Record):
    """B streams, T steps, L layers, H units, N = gates * H rows of a layer, A symbols padded to a multiple of 16, R =
    B * T rows of the window (stream-major: two steps of a stream are neighbours).
    """

    alphabet: int
    """Symbols without the padding."""
    raw_scale: np.float32
    """See :func:`rnncompress.exact.frequencies.raw_scale`."""
    history: Array
    """(B, HISTORY + T) int32: the symbol before step t stands at HISTORY - 1 + t."""
    inputs: Array
    """(B, T, 2) int32: rows of the embeddings that each step adds, the last symbol's and the guess's."""
    contexts: ContextArrays
    """Its history is the one above."""
    density: DensityArrays
    h: Array
    """(L, B, T + 1, H) int16: activations before step t."""
    c: Array
    """(L, B, T + 1, H) float32: cells before step t."""
    records: Array
    """(L, B, T, LSTM_RECORDS or 1, H) float32: what the backward pass needs of each step."""
    sums: Array
    """(B, T, N) int32: scratch of the forward pass."""
    table: Array
    """(B, T, A) int32: sums of the logits, then frequencies."""
    dz: Array
    """(B, T, A) int16: gradient at the logits."""
    gradients: Array
    """(L, B, T, N) int16: gradient at the gate inputs."""
    h_sums: Array
    """(B, T, H) int32: scratch of the backward pass."""
    dc: Array
    """(B, H) float32: scratch of the backward pass."""
    h_now: Array
    """(L, H/16, R/2, 16, 2) int16: activations after each step, for the products over the window."""
    h_before: Array
    """The same before each step."""
    dz_panels: Array
    """(A/16, R/2, 16, 2) int16: dz for the products over the window."""
    panels: Array
    """(L, N/16, R/2, 16, 2) int16: gradients for the products over the window."""
    masters: Array
    """float32, flat: for each matrix, at its offset, (rows/16, inputs, 16), so that 16x16 blocks lie together."""
    moments: Array
    """float32, laid out like the masters."""
    forward_panels: Array
    """int16, flat: for each matrix (rows/16, inputs/2, 16, 2)."""
    backward_panels: Array
    """int16, flat: high bytes, for each matrix (inputs/16, rows/2, 16, 2)."""
    offsets: Array
    """(L + 1,) int64: where each matrix begins in the four arrays above; the last is the softmax's."""
    embeddings: Array
    """(L, rows, N) float32; see ``Config.embedding_rows``."""
    embedding_moments: Array
    bias: Array
    """(A,) float32."""
    bias_moment: Array
    seen: Array
    """(rows,) int32: see :class:`rnncompress.lstm.parameters.Parameters`."""
    keys: Array
    """(L + 1,) uint32: of the update, see :mod:`rnncompress.exact.noise`."""
    used: Array
    """(2 * R,) int32: the rows of the embeddings that were inputs of the window, ``used_count`` of them."""
    used_count: Array
    """(1,) int64."""
    starts: Array
    """(2 * R + 1,) int32: row ``used[n]`` was an input in the rows[starts[n]:starts[n + 1]] of the gradients."""
    rows: Array
    """(2 * R,) int32."""
    blends: Array
    """(2 * R,) float32: the share of the newest gradient in the second moments of row ``used[n]``."""
    places: Array
    """(rows,) int32: scratch."""


def allocate(config: Config) -> Memory:
    """All zero, but for the constants."""
    B, T, H, L = config.streams, config.window, config.hidden, config.layers
    N = config.gates * H
    A = -(-config.alphabet // PANEL) * PANEL
    K = len(kinds(config.contexts))
    history = np.zeros((B, HISTORY + T), np.int32)
    sizes = [N * config.inputs(layer) for layer in range(L)] + [A * L * H]
    return Memory(
        alphabet=config.alphabet,
        raw_scale=raw_scale(config.alphabet),
        history=history,
        inputs=np.full((B, T, 2), config.alphabet, np.int32),
        contexts=ContextArrays(
            steps=T,
            bits=config.context_bits,
            alphabet=config.alphabet,
            kinds=np.array(kinds(config.contexts), np.int64),
            rates=RATES,
            history=history.reshape(-1),
            hashes=np.zeros(B * T * K, np.int64),
            tables=np.zeros((K << config.context_bits) * ROW, np.int32),
        ),
        density=DensityArrays(
            components=config.components,
            steps=T,
            decay=density.tables()[0] if config.components else np.zeros(0, np.int64),
            logistic=density.tables()[1] if config.components else np.zeros(0, np.int64),
            centres=density.centres(config.components),
            track=np.zeros(B * (T + 1) * TRACK, np.int64),
            outputs=np.zeros(B * T * PARAMETERS * config.components, np.int64),
            masses=np.zeros(B * (ALPHABET + 1 + 3 * MOST_COMPONENTS), np.int64),
        ),
        h=np.zeros((L, B, T + 1, H), np.int16),
        c=np.zeros((L, B, T + 1, H), np.float32),
        records=np.zeros((L, B, T, LSTM_RECORDS if config.cell == "lstm" else 1, H), np.float32),
        sums=np.zeros((B, T, N), np.int32),
        table=np.zeros((B, T, A), np.int32),
        dz=np.zeros((B, T, A), np.int16),
        gradients=np.zeros((L, B, T, N), np.int16),
        h_sums=np.zeros((B, T, H), np.int32),
        dc=np.zeros((B, H), np.float32),
        h_now=np.zeros((L, H // PANEL, B * T // 2, PANEL, 2), np.int16),
        h_before=np.zeros((L, H // PANEL, B * T // 2, PANEL, 2), np.int16),
        dz_panels=np.zeros((A // PANEL, B * T // 2, PANEL, 2), np.int16),
        panels=np.zeros((L, N // PANEL, B * T // 2, PANEL, 2), np.int16),
        masters=np.zeros(sum(sizes), np.float32),
        moments=np.zeros(sum(sizes), np.float32),
        forward_panels=np.zeros(sum(sizes), np.int16),
        backward_panels=np.zeros(sum(sizes), np.int16),
        offsets=np.cumsum([0, *sizes[:-1]]),
        embeddings=np.zeros((L, config.embedding_rows, N), np.float32),
        embedding_moments=np.zeros((L, config.embedding_rows, N), np.float32),
        bias=np.zeros(A, np.float32),
        bias_moment=np.zeros(A, np.float32),
        seen=np.zeros(config.embedding_rows, np.int32),
        keys=np.zeros(L + 1, np.uint32),
        used=np.zeros(2 * B * T, np.int32),
        used_count=np.zeros(1, np.int64),
        starts=np.zeros(2 * B * T + 1, np.int32),
        rows=np.zeros(2 * B * T, np.int32),
        blends=np.zeros(2 * B * T, np.float32),
        places=np.zeros(config.embedding_rows, np.int32),
    )


def load_matrices(flat: Array, matrices: list[NDArray[Any]]) -> None:
    """Write matrices (rows, inputs) into ``flat``, laid out as the masters are."""
    start = 0
    for w in matrices:
        padded = np.pad(w, ((0, -len(w) % PANEL), (0, 0)))
        flat[start : start + padded.size] = (
            padded.reshape(-1, PANEL, w.shape[1]).transpose(0, 2, 1).reshape(-1)
        )
        start += padded.size


def plain_matrices(flat: Array, config: Config) -> list[NDArray[np.float32]]:
    """The inverse of :func:`load_matrices`."""
    rows = [config.gates * config.hidden] * config.layers + [config.alphabet]
    inputs = [config.inputs(layer) for layer in range(config.layers)] + [config.layers * config.hidden]
    result, start = [], 0
    for height, width in zip(rows, inputs, strict=True):
        size = -(-height // PANEL) * PANEL * width
        blocks = flat[start : start + size].reshape(-1, width, PANEL)
        result.append(np.ascontiguousarray(blocks.transpose(0, 2, 1).reshape(-1, width)[:height]))
        start += size
    return result
