"""A network, the mixing stage behind it, or both, as training and evaluation have them read texts."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.engine.state import CODING, split
from rnncompress.errors import InputError
from rnncompress.lstm.trainable import Network
from rnncompress.network import IntArray, lengths, lengths_of_bits
from rnncompress.training.reading import Reading, cost

State = dict[str, NDArray[Any]]

BIT_PRECISION: Final = 16
"""The probability of a bit is in units of 2**-16."""


class Coded(NamedTuple):
    """What was predicted of the symbols of a window, in C order; None from a stage that there is not."""

    frequencies: IntArray | None
    """(n,): the network's, of 2**24."""
    bits: IntArray | None
    """(8 * n,): the probability of each bit of the symbols, of 2**16, from the mixing stage."""

    def cost(self) -> int:
        """Code length of the symbols in units of 2**-16 bits."""
        if self.bits is not None:
            return cost(self.bits, BIT_PRECISION)
        assert self.frequencies is not None
        return cost(self.frequencies)

    def lengths(self) -> NDArray[np.float64]:
        """Code lengths (n,) in bits. To tell people, not to compute with."""
        if self.bits is not None:
            return lengths_of_bits(self.bits)
        return self.network_lengths()

    def network_lengths(self) -> NDArray[np.float64]:
        """Those under the network alone."""
        assert self.frequencies is not None
        return lengths(self.frequencies)


class Learner:
    """See the module; the network's learning is its own, the mixing stage learns as it reads if it is let.

    Raises InputError if there is nothing to predict with, or symbols that are no bytes would be mixed.
    """

    def __init__(
        self, config: Config, network: Network | None, threads: int, state: Mapping[str, NDArray[Any]] | None
    ) -> None:
        self.network = network
        self._mixed = None
        if config.mixing:
            if config.alphabet != 256:
                raise InputError("only bytes are mixed, and these symbols are others; use another preset")
            from rnncompress.engine.mixed import MixedEngine

            self._mixed = MixedEngine(config, network, threads, state)

    def read(self, symbols: IntArray, count: int, *, mixing_learns: bool = True) -> Coded:
        """Predict the next symbols (steps, B) of a text, the first ``count`` of which are there.

        After that the network may learn or skip. The mixing stage has learnt, unless it was not to.
        """
        if self._mixed is None:
            assert self.network is not None
            return Coded(self.network.predict_window(symbols)[1].ravel()[:count], None)
        self._mixed.learning = mixing_learns
        self._mixed.begin_block(None)
        self._mixed.encode_window(symbols, count)
        frequencies = self.network.coded()[1].ravel()[:count] if self.network is not None else None
        return Coded(frequencies, self._mixed.coded())

    def walk(self, reading: Reading, learn: Callable[[int], None] | None) -> Iterator[Coded]:
        """Read all of a text, window by window, and after each whole one have ``learn`` called with its number.

        What ``learn`` does beside :meth:`learn` is its own business; without it nothing learns.
        """
        for number in range(reading.layout.windows):
            _, symbols, count = reading.window(number)
            yield self.read(symbols, count, mixing_learns=learn is not None)
            if learn is None:
                self.skip()
            elif len(symbols) == reading.layout.window:
                learn(number)

    def learn(self) -> None:
        """The network learns from the window."""
        if self.network is not None:
            self.network.learn()

    def skip(self) -> None:
        """The network goes on to the next window."""
        if self.network is not None:
            self.network.skip()

    def rewind(self) -> None:
        """Begin a text: nothing is remembered of the one before but what was learnt from it."""
        if self.network is not None:
            self.network.rewind()
        if self._mixed is not None:
            self._mixed.forget_text()

    def state(self) -> State:
        """That of both stages."""
        if self._mixed is not None:
            return {name: array for name, array in self._mixed.state().items() if name not in CODING}
        assert self.network is not None
        return dict(self.network.state())

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what ``state`` of any learner returned, and keep its arrays."""
        if self._mixed is not None:
            self._mixed.load_state(state)
        elif self.network is not None:
            self.network.load_state(split(state)[0])
