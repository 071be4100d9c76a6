"""What engines with a mixing stage between the network and the coders have in common; some have no network.

A window is coded in parts of ``Config.frozen`` steps. Within a part nothing of the mixing stage learns, so streams do
not wait for each other; after it the stage learns from the part.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.coder.lanes import Parts
from rnncompress.config import Config
from rnncompress.engine.stages import Coding, State
from rnncompress.engine.state import join, split
from rnncompress.mixing import memory as mixing
from rnncompress.mixing.text_kernels import POSITION
from rnncompress.network import IntArray, Paths, Predictor, lengths_of_bits
from rnncompress.snapshot import Shapes, shapes

BITS: Final = 8
"""Of a byte."""


class MixedStages(Coding, ABC):
    """See :class:`rnncompress.engine.stages.Engine`. The network may be on any device; the mixing is on the CPU."""

    def __init__(
        self, config: Config, network: Predictor | None, state: Mapping[str, NDArray[Any]] | None
    ) -> None:
        super().__init__(config)
        self.network = network
        own = (
            {name: array.copy() for name, array in split(state)[1].items()} if state else mixing.start(config)
        )
        self._state = own
        self.memory = self.allocate(own)
        self._coded = np.zeros(config.window * config.streams * BITS, np.int32)
        """The probabilities of the bits of a window as they come, of 65536."""
        self._done: deque[IntArray] = deque()
        """Those of the windows that nobody has asked about; another thread may add to them meanwhile."""
        self.learning = True
        """Whether the mixing stage learns; else it follows the text, and remembers nothing of it to match."""

    @abstractmethod
    def allocate(self, state: State) -> mixing.Memory:
        """The memory of a mixing stage that goes on from ``state``, and changes it."""

    @abstractmethod
    def encode_part(
        self, paths: IntArray | None, symbols: IntArray, first: int, last: int, count: int
    ) -> None:
        """Code the steps first ≤ t < last of ``symbols`` (steps, B), of which ``count`` are coded.

        ``paths`` (steps, B, PATH) are the network's, if there is one.
        """

    @abstractmethod
    def decode_part(self, symbols: IntArray, first: int, last: int, count: int) -> None:
        """Fill these steps of ``symbols``, and have the network observe them. Raises PayloadError after damage."""

    @abstractmethod
    def learn_part(self, places: int) -> None:
        """Have the mixing stage learn from so many bytes."""

    def encode_window(self, symbols: IntArray, count: int) -> None:
        """See the protocol."""
        self.mix_window(None if self.network is None else self.network.predict_paths(symbols), symbols, count)

    def mix_window(self, coming: Paths | None, symbols: IntArray, count: int) -> None:
        """Code a window with what the network says of it, if there is one, and have the mixing stage learn."""
        paths = None if coming is None else coming()
        for first, last in self._parts(len(symbols)):
            self.encode_part(paths, symbols, first, last, count)
            if self.watch:
                self.watch(first, last)
            self._learn_part(first, last, count)
        self._done.append(self._coded[: count * BITS].copy())

    def decode_window(self, steps: int, count: int) -> IntArray:
        """See the protocol."""
        symbols = np.zeros((steps, self.config.streams), np.int32)
        for first, last in self._parts(steps):
            self.decode_part(symbols, first, last, count)
            self._learn_part(first, last, count)
        self._done.append(self._coded[: count * BITS].copy())
        return symbols

    def _parts(self, steps: int) -> list[tuple[int, int]]:
        """The parts of a window of so many steps."""
        frozen = self.config.frozen
        return [(first, min(steps, first + frozen)) for first in range(0, steps, frozen)]

    def _learn_part(self, first: int, last: int, count: int) -> None:
        B = self.config.streams
        if self.learning:
            self.learn_part(min(last * B, count) - first * B)
        else:
            self._state["learnt"][:] = self._state["text"][:, POSITION]

    def costs(self) -> NDArray[np.float64]:
        """See the protocol."""
        return lengths_of_bits(self._take())

    def coded(self) -> IntArray:
        """The probabilities, of 65536, of the bits since the last call, of all windows."""
        self.settle()
        return self._take()

    def _take(self) -> IntArray:
        done = [self._done.popleft() for _ in range(len(self._done))]
        return np.concatenate([np.zeros(0, np.int32), *done])

    def settle(self) -> None:
        """Wait for the windows that are on their way."""

    def end_block(self) -> Parts:
        """See the protocol."""
        self.settle()
        return super().end_block()

    def forget_text(self) -> None:
        """Begin a text with all that was learnt."""
        self.settle()
        for name in mixing.SHORT:
            self._state[name][:] = 0

    def learn(self) -> None:
        """See the protocol: the mixing stage has learnt already."""
        if self.network is not None:
            self.network.learn()

    def shapes(self) -> Shapes:
        """See the protocol."""
        return {**shapes(self._stages(copy=False)), **self.coding_shapes()}

    def state(self, *, copy: bool = True) -> State:
        """See the protocol."""
        self.settle()
        return self._stages(copy=copy) | self.coding_state()

    def _stages(self, *, copy: bool) -> State:
        network = self.network.state(copy=copy) if self.network is not None else {}
        return join(network, {name: array.copy() if copy else array for name, array in self._state.items()})

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """See the protocol."""
        self.settle()
        self.load_coding(state)
        network, own = split(state)
        if self.network is not None:
            self.network.load_state(network)
        for name, array in own.items():  # not copied: a table may take half of the memory there is
            self._state[name] = np.ascontiguousarray(array)
        self.memory = self.allocate(self._state)
