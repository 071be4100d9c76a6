"""The head of densities in the reference: the kernels as plain Python, a step at a time."""

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.compile import plain
from rnncompress.config import Config
from rnncompress.lstm import density, density_kernels
from rnncompress.lstm.density import ALPHABET, MOST_COMPONENTS, PARAMETERS, TRACK
from rnncompress.network import IntArray

_advance, _phase, _table, _gradient = (
    plain(kernel)
    for kernel in (
        density_kernels.advance,
        density_kernels.phase,
        density_kernels.table,
        density_kernels.gradient,
    )
)


class ReferenceDensity:
    """See :mod:`rnncompress.lstm.density`. Steps t are those of the window."""

    def __init__(self, config: Config) -> None:
        B, T, K = config.streams, config.window, config.components
        self.track = np.zeros((B, T + 1, TRACK), np.int64)
        self.outputs = np.zeros((B, T, PARAMETERS * K), np.int64)
        decay, logistic = density.tables()
        masses = np.zeros((B, ALPHABET + 1 + 3 * MOST_COMPONENTS), np.int64)
        arrays = (decay, logistic, density.centres(K), self.track, self.outputs, masses)
        self._arrays = density.DensityArrays(K, T, *(array.reshape(-1).data for array in arrays))

    def predict(self, t: int, logits: NDArray[np.float32], last: IntArray, table: IntArray) -> None:
        """Replace the frequencies (B, A) of streams that a density predicts; ``last`` (B,) are the symbols before."""
        self.outputs[:, t] = density.outputs(logits, self.outputs.shape[2])
        row = np.zeros(ALPHABET, np.int64)
        for b in range(len(table)):
            kind = _phase(self._arrays, b, t)
            if kind:
                _table(self._arrays, b, t - kind + 1, int(last[b]) if kind == 2 else -1, row.data, 0)
                table[b] = row

    def observe(self, t: int, symbols: IntArray) -> None:
        """The symbols (B,) of step t."""
        for b, symbol in enumerate(symbols.tolist()):
            _advance(self._arrays, b, t, symbol)

    def correct(self, t: int, symbols: list[IntArray], gradient: NDArray[np.float32]) -> None:
        """Replace the gradients (B, A) at step t of streams that a density predicts; ``symbols`` are of the window."""
        count = self.outputs.shape[2]
        row = np.zeros(count, np.int64)
        for b in range(len(gradient)):
            kind = _phase(self._arrays, b, t)
            if kind:
                gradient[b] = 0
            if kind == 1:
                dy = int(symbols[t + 1][b]) if t + 1 < len(symbols) else -1
                _gradient(self._arrays, b, t, int(symbols[t][b]), dy, row.data, 0)
                gradient[b, ALPHABET - count :] = row.astype(np.float32) / density.UNIT

    def end(self) -> None:
        """The next window begins where this one ended."""
        self.track[:, 0] = self.track[:, -1]
