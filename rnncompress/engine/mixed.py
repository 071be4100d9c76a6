"""Engines with a mixing stage between the network and the coders, and those that mix without a network.

A window is coded in parts of ``Config.frozen`` steps. Within a part nothing of the mixing stage learns, so lanes are
coded side by side; after it the stage learns from the part, and threads share that by tables and sets of weights.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.coder.lanes import CompiledDecoders, CompiledEncoders, Parts
from rnncompress.compiled.team import Team
from rnncompress.config import Config
from rnncompress.engine import cpu_kernels, mixing_kernels
from rnncompress.engine.stages import CODERS, WORDS, State
from rnncompress.engine.state import join, split
from rnncompress.lstm.cpu.predictor import CpuPredictor
from rnncompress.mixing import memory as mixing
from rnncompress.mixing.learn_kernels import learn
from rnncompress.mixing.text_kernels import POSITION
from rnncompress.network import IntArray, Predictor
from rnncompress.snapshot import ANY, Shapes

BITS: Final = 8
_NO_TABLES: Final = np.zeros((0, 0, 0), np.int32)


class MixedEngine:
    """See :class:`rnncompress.engine.stages.Engine`. The network may be on any device; the mixing is on the CPU."""

    def __init__(
        self,
        config: Config,
        network: Predictor | None,
        threads: int,
        state: Mapping[str, NDArray[Any]] | None,
    ) -> None:
        self._config = config
        self.network = network
        own = (
            {name: array.copy() for name, array in split(state)[1].items()} if state else mixing.start(config)
        )
        self._state = own
        self.memory = mixing.allocate(config, own)
        self._team: Team[Any] = Team(threads)
        self._threads = threads
        self._encoders: CompiledEncoders | None = None
        self._decoders: CompiledDecoders | None = None
        self._coded = np.zeros(config.window * config.streams * BITS, np.int32)
        self._count = 0
        self.learning = True
        """Whether the mixing stage learns; else it follows the text, and remembers nothing of it to match."""

    @property
    def config(self) -> Config:
        """See the protocol."""
        return self._config

    def begin_block(self, payload: Parts | None) -> None:
        """See the protocol."""
        self._encoders, self._decoders = None, None
        if payload is None:
            self._encoders = CompiledEncoders(self.config.streams, self.config.lanes)
        else:
            self._decoders = CompiledDecoders(self.config.streams, self.config.lanes, payload)

    def encode_window(self, symbols: IntArray, count: int) -> None:
        """See the protocol."""
        coders = self._encoders
        assert coders is not None
        self._count = count
        tables = _NO_TABLES
        if self.network is not None:
            self.network.predict_window(symbols)
            tables = self.network.tables()
        coders.make_room(4 * symbols.size)  # a bit takes 16 bits at most
        for first, last in self._parts(len(symbols)):

            def work(number: int, lanes: tuple[int, int], first: int = first, last: int = last) -> None:
                mixing_kernels.encode_part(
                    self.memory, tables, *lanes, coders.starts, first, last, count, symbols, coders.states,
                    coders.words, self._coded,
                )  # fmt: skip

            self._share(work)
            self._learn_part(first, last, count)

    def decode_window(self, steps: int, count: int) -> IntArray:
        """See the protocol."""
        coders = self._decoders
        assert coders is not None
        self._count = count
        symbols = np.zeros((steps, self.config.streams), np.int32)
        for first, last in self._parts(steps):
            self._decode_part(coders, first, last, count, symbols)
            coders.check()
            self._learn_part(first, last, count)
        if isinstance(self.network, CpuPredictor):
            self.network.observed(steps)
        return symbols

    def _decode_part(
        self, coders: CompiledDecoders, first: int, last: int, count: int, symbols: IntArray
    ) -> None:
        """Decode the steps first ≤ t < last. A network on the CPU predicts in the same compiled call."""
        network, x, lanes = self.network, self.memory, self.config.lanes
        if isinstance(network, CpuPredictor):

            def work(number: int, lanes: tuple[int, int]) -> None:
                cpu_kernels.decode_mixed_part(
                    network.memory, x, *lanes, coders.starts, first, last, count, coders.states, coders.words,
                    coders.bounds, network.scratch[number], symbols, self._coded,
                )  # fmt: skip

            self._share(work)
            return
        for t in range(first, last):
            mixing_kernels.begin_step(x, 0, self.config.streams, first, t, count)
            tables = _NO_TABLES if network is None else network.predict_step()[:, None]
            mixing_kernels.decode_step(
                x, tables, 0, 0, lanes, coders.starts, first, t, count, coders.states, coders.words,
                coders.bounds, symbols[t], self._coded,
            )  # fmt: skip
            if network is not None:
                network.observe(symbols[t])

    def _parts(self, steps: int) -> list[tuple[int, int]]:
        """The parts of a window of so many steps."""
        frozen = self.config.frozen
        return [(first, min(steps, first + frozen)) for first in range(0, steps, frozen)]

    def _share(self, work: Any) -> None:
        """Have each thread take some lanes."""
        parts = min(self._threads, self.config.lanes)
        lanes = [self.config.lanes * part // parts for part in range(parts + 1)]
        self._team.run(work, list(zip(lanes, lanes[1:], strict=False)))

    def _learn_part(self, first: int, last: int, count: int) -> None:
        B = self.config.streams
        places = min(last * B, count) - first * B
        if not self.learning:
            self._state["learnt"][:] = self._state["text"][:, POSITION]
            return
        self._team.run(
            lambda number, share: learn(self.memory, share, self._threads, places), range(self._threads)
        )

    def costs(self) -> NDArray[np.float64]:
        """See the protocol."""
        lengths: NDArray[np.float64] = (16 - np.log2(self.coded().reshape(-1, BITS))).sum(axis=1)
        return lengths

    def coded(self) -> IntArray:
        """The probabilities (8 * count,), of 65536, of the bits of the last window."""
        return self._coded[: self._count * BITS].copy()

    def forget_text(self) -> None:
        """Begin a text with all that was learnt."""
        for name in mixing.SHORT:
            self._state[name][:] = 0

    def learn(self) -> None:
        """See the protocol: the mixing stage has learnt already."""
        if self.network is not None:
            self.network.learn()

    def end_block(self) -> Parts:
        """See the protocol."""
        payload: Parts = ()
        if self._encoders is not None:
            payload = self._encoders.end()
        if self._decoders is not None:
            self._decoders.end()
        self._encoders, self._decoders = None, None
        return payload

    def shapes(self) -> Shapes:
        """See the protocol."""
        return {name: (array.shape, array.dtype) for name, array in self.state(copy=False).items()} | {
            WORDS: ((ANY,), np.dtype(np.uint32))
        }

    def state(self, *, copy: bool = True) -> State:
        """See the protocol."""
        coding = self._encoders or self._decoders or CompiledEncoders(self.config.streams, self.config.lanes)
        coders, words = coding.state()
        network = self.network.state(copy=copy) if self.network is not None else {}
        own = {name: array.copy() if copy else array for name, array in self._state.items()}
        return join(network, own) | {CODERS: coders, WORDS: words}

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """See the protocol."""
        coding = self._encoders or self._decoders
        if coding is not None and CODERS in state:
            coding.load(state[CODERS], state[WORDS])
        network, own = split(state)
        if self.network is not None:
            self.network.load_state(network)
        for name, array in own.items():
            self._state[name][:] = array
        self.memory = mixing.allocate(self.config, self._state)
