"""Mixing in compiled code: what :mod:`rnncompress.engine.mixed_reference` says, many times faster.

Lanes are coded side by side; what a part teaches is learnt by threads that share tables and sets of weights.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.team import Aside, Pace, Team
from rnncompress.config import Config
from rnncompress.engine import cpu_kernels, mixing_kernels
from rnncompress.engine.mixed_stages import MixedStages
from rnncompress.engine.stages import CompiledCoding, State
from rnncompress.lstm.cpu.predictor import CpuPredictor
from rnncompress.mixing import memory as mixing
from rnncompress.mixing.learn_kernels import learn
from rnncompress.network import IntArray, Paths, Predictor

_NO_PATHS: Final = np.zeros(0, np.int32)
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
        parts = min(threads, config.lanes)
        self._lanes = list(pairwise(config.lanes * part // parts for part in range(parts + 1)))
        self._pace = Pace(threads)
        """Of learning: a part teaches so little that waking threads may take longer than it."""
        elsewhere = network is not None and not isinstance(network, CpuPredictor)
        self._aside = Aside() if elsewhere or (network is not None and threads > 1) else None

    def allocate(self, state: State) -> mixing.Memory:
        """See the base class."""
        return mixing.allocate(self.config, state)

    def encode_window(self, symbols: IntArray, count: int) -> None:
        """See the protocol. While this window is mixed the network learns from it, and predicts the next."""
        network = self.network
        if self._aside is None or network is None or self.watch:
            super().encode_window(symbols, count)
            return
        coming = network.predict_paths(symbols)
        self.settle()
        self._aside.begin(lambda: self.mix_window(coming, symbols, count))

    def settle(self) -> None:
        """See the base class."""
        if self._aside is not None:
            self._aside.wait()

    def mix_window(self, coming: Paths | None, symbols: IntArray, count: int) -> None:
        """See the base class."""
        assert self._encoders is not None
        self._encoders.make_room(_ROOM * symbols.size)
        self._pace.begin()
        super().mix_window(coming, symbols, count)
        self._pace.lap()

    def encode_part(
        self, paths: IntArray | None, symbols: IntArray, first: int, last: int, count: int
    ) -> None:
        """See the base class."""
        coders = self._encoders
        assert coders is not None
        said = _NO_PATHS if paths is None else paths.reshape(-1)

        def work(number: int, lanes: tuple[int, int]) -> None:
            mixing_kernels.encode_part(
                self.memory, said, *lanes, coders.starts, first, last, count, symbols, coders.states,
                coders.words, self._coded,
            )  # fmt: skip

        self._share(work)

    def decode_window(self, steps: int, count: int) -> IntArray:
        """See the protocol."""
        self._pace.begin()
        symbols = super().decode_window(steps, count)
        self._pace.lap()
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
        elif network is None:
            self._decode_steps(_NO_TABLES, symbols, first, first, last, count)
        else:
            for t in range(first, last):
                tables = np.ascontiguousarray(network.predict_step()[:, None])
                self._decode_steps(tables, symbols, first, t, t + 1, count)
                network.observe(symbols[t])
        coders.check()

    def _decode_steps(
        self, tables: IntArray, symbols: IntArray, part: int, first: int, last: int, count: int
    ) -> None:
        """Decode steps of the part that begins at step ``part``, by ``tables`` (B, last - first, A) or none."""
        coders = self._decoders
        assert coders is not None

        def work(number: int, lanes: tuple[int, int]) -> None:
            mixing_kernels.decode_steps(
                self.memory, tables, *lanes, coders.starts, part, first, last, count, coders.states, coders.words,
                coders.bounds, symbols, self._coded,
            )  # fmt: skip

        self._share(work)

    def learn_part(self, places: int) -> None:
        """See the base class."""
        shares = self._pace.threads
        self._team.run(lambda number, share: learn(self.memory, share, shares, places), range(shares))

    def _share(self, work: Callable[[int, tuple[int, int]], None]) -> None:
        """Have each thread take some lanes."""
        self._team.run(work, self._lanes)
