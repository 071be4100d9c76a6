"""Mixing in compiled code: what :mod:`rnncompress.engine.mixed_reference` says, many times faster.

Lanes are coded side by side; what a part teaches is learnt by threads that share tables and sets of weights.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.team import Team
from rnncompress.config import Config
from rnncompress.engine import cpu_kernels, mixing_kernels
from rnncompress.engine.mixed_stages import MixedStages
from rnncompress.engine.stages import CompiledCoding, State
from rnncompress.lstm.cpu.predictor import CpuPredictor
from rnncompress.mixing import memory as mixing
from rnncompress.mixing.learn_kernels import learn
from rnncompress.network import IntArray, Predictor

_NO_TABLES: Final = np.zeros((0, 0, 0), np.int32)
_ROOM: Final = 5
"""Words that suffice for a byte: its eight bits take at most 16 each, and what is lost to rounding."""


class MixedEngine(CompiledCoding, MixedStages):
    """Equal to the reference."""

    def __init__(
        self,
        config: Config,
        network: Predictor | None,
        threads: int,
        state: Mapping[str, NDArray[Any]] | None,
    ) -> None:
        super().__init__(config, network, state)
        self._team: Team[Any] = Team(threads)
        self._threads = threads

    def allocate(self, state: State) -> mixing.Memory:
        """See the base class."""
        return mixing.allocate(self.config, state)

    def encode_part(
        self, tables: IntArray | None, symbols: IntArray, first: int, last: int, count: int
    ) -> None:
        """See the base class."""
        coders = self._encoders
        assert coders is not None
        coders.make_room(_ROOM * (last - first) * self.config.streams)
        by_stream = _NO_TABLES if tables is None else tables

        def work(number: int, lanes: tuple[int, int]) -> None:
            mixing_kernels.encode_part(
                self.memory, by_stream, *lanes, coders.starts, first, last, count, symbols, coders.states,
                coders.words, self._coded,
            )  # fmt: skip

        self._share(work)

    def decode_window(self, steps: int, count: int) -> IntArray:
        """See the protocol."""
        symbols = super().decode_window(steps, count)
        if isinstance(self.network, CpuPredictor):
            self.network.observed(steps)
        return symbols

    def decode_part(self, symbols: IntArray, first: int, last: int, count: int) -> None:
        """See the base class. A network on the CPU predicts in the same compiled call."""
        coders, network = self._decoders, self.network
        assert coders is not None
        if isinstance(network, CpuPredictor):

            def work(number: int, lanes: tuple[int, int]) -> None:
                cpu_kernels.decode_mixed_part(
                    network.memory, self.memory, *lanes, coders.starts, first, last, count, coders.states,
                    coders.words, coders.bounds, network.scratch[number], symbols, self._coded,
                )  # fmt: skip

            self._share(work)
        else:
            for t in range(first, last):
                self._decode_step(symbols[t], first, t, count)
        coders.check()

    def _decode_step(self, symbols: IntArray, first: int, t: int, count: int) -> None:
        """Decode a step with a network elsewhere, or with none."""
        x, coders, network = self.memory, self._decoders, self.network
        assert coders is not None
        mixing_kernels.begin_step(x, 0, self.config.streams, first, t, count)
        tables = _NO_TABLES if network is None else np.ascontiguousarray(network.predict_step()[:, None])
        mixing_kernels.decode_step(
            x, tables, 0, 0, self.config.lanes, coders.starts, first, t, count, coders.states, coders.words,
            coders.bounds, symbols, self._coded,
        )  # fmt: skip
        if network is not None:
            network.observe(symbols)

    def learn_part(self, places: int) -> None:
        """See the base class."""
        self._team.run(
            lambda number, share: learn(self.memory, share, self._threads, places), range(self._threads)
        )

    def _share(self, work: Callable[[int, tuple[int, int]], None]) -> None:
        """Have each thread take some lanes."""
        parts = min(self._threads, self.config.lanes)
        self._team.run(work, list(pairwise(self.config.lanes * part // parts for part in range(parts + 1))))
