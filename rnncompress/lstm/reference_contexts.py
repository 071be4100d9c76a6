"""The contexts of the reference: the kernels as plain Python, a step at a time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.compile import plain
from rnncompress.lstm import context_kernels
from rnncompress.lstm.contexts import HISTORY, RATES, ContextArrays, kinds
from rnncompress.lstm.sizes import ROW
from rnncompress.network import IntArray

_hash, _guess, _add, _learn = (
    plain(kernel)
    for kernel in (
        context_kernels.hash_contexts,
        context_kernels.guess,
        context_kernels.add_contexts,
        context_kernels.learn_contexts,
    )
)


class ReferenceContexts:
    """The tables and what they learn; see :mod:`rnncompress.lstm.contexts`."""

    def __init__(self, mask: int, bits: int, streams: int, alphabet: int) -> None:
        self.kinds = kinds(mask)
        self.tables = np.zeros((len(self.kinds), 1 << bits, ROW), np.int32)
        """(K, 2**bits, ROW)."""
        self.history = np.zeros((streams, HISTORY), np.int32)
        """(B, HISTORY): the last symbols, the newest last."""
        self._bits, self._alphabet = bits, alphabet
        self._tape: list[NDArray[np.int64]] = []

    def hashes(self) -> NDArray[np.int64]:
        """(B, K): a hash of each present context."""
        result = np.zeros((len(self.history), len(self.kinds)), np.int64)
        _hash(self._arrays(result), 0, len(self.history), 0, 1)
        return result

    def guesses(self) -> NDArray[np.int32]:
        """(B,): see :func:`rnncompress.lstm.context_kernels.guess`."""
        arrays = self._arrays(self.hashes())
        return np.array([_guess(arrays, b, 0) for b in range(len(self.history))], np.int32)

    def add_to(self, sums: NDArray[np.int32]) -> None:
        """Add the weights of the present contexts to the integer sums (B, A) of the logits."""
        hashes = self.hashes()
        self._tape.append(hashes)
        _add(self._arrays(hashes), 0, len(self.history), 0, 1, sums.reshape(-1).data, self._alphabet)

    def observe(self, symbols: IntArray) -> None:
        """The symbols (B,) that followed."""
        self.history = np.concatenate([self.history[:, 1:], symbols[:, None]], axis=1).astype(np.int32)

    def learn(self, frequencies: list[IntArray], symbols: list[IntArray]) -> None:
        """One step of descent for every use in the window: frequencies (B, A) and symbols (B,) of each step."""
        for hashes, step_frequencies, step_symbols in zip(self._tape, frequencies, symbols, strict=True):
            arrays = self._arrays(hashes, step_symbols)
            for n in range(len(self.kinds)):
                _learn(arrays, n, len(hashes), step_frequencies.reshape(-1).data, self._alphabet)
        self._tape.clear()

    def forget(self) -> None:
        """Learn nothing of the window."""
        self._tape.clear()

    def _arrays(self, hashes: NDArray[np.int64], following: IntArray | None = None) -> ContextArrays:
        """A window of one step, for plain kernels."""
        symbols = np.zeros(len(self.history), np.int32) if following is None else following
        history = np.column_stack([self.history, symbols]).astype(np.int32)
        arrays: tuple[NDArray[Any], ...] = (
            np.array(self.kinds, np.int64),
            RATES,
            history,
            hashes,
            self.tables,
        )
        return ContextArrays(1, self._bits, self._alphabet, *(array.reshape(-1).data for array in arrays))
