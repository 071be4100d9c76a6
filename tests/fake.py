"""A small predictor that adapts as it codes, by counting the symbols of each stream."""

import numpy as np

from rnncompress.config import Config
from rnncompress.engine import Engine
from rnncompress.engine.stages import Stages
from rnncompress.network import TOTAL, IntArray


class CountingPredictor:
    """Order-0 counts, one table per stream; what it predicts also depends on the last symbol it was told."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._counts = np.ones((config.streams, config.alphabet), dtype=np.int64)
        self._last = np.zeros(config.streams, dtype=np.int64)
        self._seen: list[IntArray] = []
        self._tables: list[IntArray] = []

    def predict_step(self) -> IntArray:
        weights = self._counts.copy()
        streams = np.arange(len(weights))
        weights[streams, self._last] += 3
        frequencies = 1 + weights * (TOTAL - weights.shape[1]) // weights.sum(axis=1, keepdims=True)
        frequencies[:, 0] += TOTAL - frequencies.sum(axis=1)
        return frequencies.astype(np.int32)

    def observe(self, symbols: IntArray) -> None:
        self._tables.append(self.predict_step())
        self._last = symbols.astype(np.int64)
        self._seen.append(symbols.copy())

    def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
        assert symbols.shape[1] == self.config.streams
        assert symbols.dtype == np.int32
        assert 1 <= len(symbols) <= self.config.window
        for row in symbols:
            self.observe(row)
        return self.coded()

    def coded(self) -> tuple[IntArray, IntArray]:
        cum, freq = np.zeros_like(self._seen), np.zeros_like(self._seen)
        streams = np.arange(self.config.streams)
        for t, (table, row) in enumerate(zip(self._tables, self._seen, strict=True)):
            freq[t] = table[streams, row]
            cum[t] = (1 + np.cumsum(table, axis=1) - table)[streams, row]
        return cum, freq

    def learn(self) -> None:
        assert len(self._seen) == self.config.window
        for row in self._seen:
            self._counts[np.arange(len(row)), row] += 16
        self._seen.clear()
        self._tables.clear()

    def state(self, *, copy: bool = True) -> dict[str, np.ndarray]:
        return {"counts": self._counts.copy(), "last": self._last.copy()}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        self._counts, self._last = state["counts"].copy(), state["last"].copy()


def build(
    config: Config, windows: int, *, engine: str = "cpu", threads: int = 1, state: None = None
) -> Engine:
    """Stands in for :func:`rnncompress.engine.build`."""
    return Stages(CountingPredictor(config.replace(mixing=0)))
