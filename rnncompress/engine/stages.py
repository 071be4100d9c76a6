"""The stages of a window one after the other: network, coders, learning. What every engine does, plainly.

Encoding calls each stage once for a window, decoding once for a step. Where a mixing stage stands between network and
coders, :mod:`rnncompress.engine.mixed_stages` says the same.

Shapes: B streams, T steps in a window, A symbols in the alphabet.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnncompress.coder.kernels import FIELDS
from rnncompress.coder.lanes import (
    CompiledDecoders,
    CompiledEncoders,
    Decoders,
    Encoders,
    Parts,
    PlainDecoders,
    PlainEncoders,
)
from rnncompress.config import Config
from rnncompress.network import IntArray, Predictor, lengths
from rnncompress.snapshot import ANY, Shapes, shapes

State = dict[str, NDArray[Any]]
Watch = Callable[[int, int], None]
"""Takes the first step of a window that was coded, and the one after the last."""

CODERS: Final = "coders"
WORDS: Final = "words"
"""Names, in a state, of what :mod:`rnncompress.coder.lanes` calls so."""

Net = TypeVar("Net", bound=Predictor)


class Engine(Protocol):
    """Codes a file window by window, and learns. Encoder and decoder come to the same state.

    A block is begun, then windows are coded, each but the last of the file followed by ``learn``; then it is ended.
    """

    watch: Watch | None
    """Who looks on while a window is encoded: called after each part of it, before anything is learnt from that."""

    @property
    def config(self) -> Config:
        """What it computes."""

    def begin_block(self, payload: Parts | None) -> None:
        """Begin to decode a payload, or to encode if there is none."""

    def encode_window(self, symbols: IntArray, count: int) -> None:
        """Code the first ``count`` of the symbols (steps, B), 1 ≤ steps ≤ T, in C order; the others are padding."""

    def decode_window(self, steps: int, count: int) -> IntArray:
        """The symbols (steps, B) that ``encode_window`` was given; padding is 0. Raises PayloadError if there are none.

        After an error the engine is of no more use.
        """

    def costs(self) -> NDArray[np.float64]:
        """Code lengths in bits of the symbols coded since the last call. To tell people, not to compute with.

        Of an encoder the last window may still be on its way; ``state`` and ``end_block`` wait for it.
        """

    def learn(self) -> None:
        """Learn from the window, which had T steps."""

    def end_block(self) -> Parts:
        """The payload; empty when decoding. Raises PayloadError if the one that was decoded holds more."""

    def shapes(self) -> Shapes:
        """What a state must look like."""

    def state(self, *, copy: bool = True) -> State:
        """Everything that later windows depend on, between two of them; the same in every engine.

        Without ``copy`` large arrays may be views, which change as the engine goes on.
        """

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a state of any engine; a block must have been begun if that was inside one.

        The arrays of ``state`` may become the engine's own, which change as it goes on. Raises CheckpointError if its
        coders are impossible.
        """


class Coding:
    """The part of an :class:`Engine` that has the coders of a block: here as they are specified."""

    _encoders: Encoders | None = None
    _decoders: Decoders | None = None

    def __init__(self, config: Config) -> None:
        self._config = config
        self.watch: Watch | None = None

    @property
    def config(self) -> Config:
        """See the protocol."""
        return self._config

    def encoders(self) -> Encoders:
        """Fresh ones."""
        return PlainEncoders(self.config.streams, self.config.lanes)

    def decoders(self, payload: Parts) -> Decoders:
        """Those of a block."""
        return PlainDecoders(self.config.streams, self.config.lanes, payload)

    def begin_block(self, payload: Parts | None) -> None:
        """See the protocol."""
        self._encoders, self._decoders = None, None
        if payload is None:
            self._encoders = self.encoders()
        else:
            self._decoders = self.decoders(payload)

    def end_block(self) -> Parts:
        """See the protocol."""
        payload: Parts = ()
        if self._encoders is not None:
            payload = self._encoders.end()
        if self._decoders is not None:
            self._decoders.end()
        self._encoders, self._decoders = None, None
        return payload

    def coding_shapes(self) -> Shapes:
        """What :meth:`coding_state` looks like."""
        return {
            CODERS: ((self.config.lanes, FIELDS), np.dtype(np.uint64)),
            WORDS: ((ANY,), np.dtype(np.uint32)),
        }

    def coding_state(self) -> State:
        """The coders' part of a state."""
        coders, words = (self._encoders or self._decoders or self.encoders()).state()
        return {CODERS: coders, WORDS: words}

    def load_coding(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from it, if a block was begun and the state is of a run. Raises CheckpointError if it is impossible."""
        coding = self._encoders or self._decoders
        if coding is not None and CODERS in state:
            coding.load(state[CODERS], state[WORDS])


class CompiledCoding(Coding):
    """With compiled coders."""

    _encoders: CompiledEncoders | None
    _decoders: CompiledDecoders | None

    def encoders(self) -> CompiledEncoders:
        """See the base class."""
        return CompiledEncoders(self.config.streams, self.config.lanes)

    def decoders(self, payload: Parts) -> CompiledDecoders:
        """See the base class."""
        return CompiledDecoders(self.config.streams, self.config.lanes, payload)


class Stages(Coding, Generic[Net]):
    """See :class:`Engine`; with plain coders it is the reference."""

    def __init__(self, network: Net) -> None:
        super().__init__(network.config)
        self.network = network
        self._freq = np.zeros(0, np.int32)

    def encode_window(self, symbols: IntArray, count: int) -> None:
        """See the protocol."""
        assert self._encoders is not None
        cum, freq = self.network.predict_window(symbols)
        self._encoders.encode(cum, freq, count)
        self._freq = freq.ravel()[:count]
        if self.watch:
            self.watch(0, len(symbols))

    def decode_window(self, steps: int, count: int) -> IntArray:
        """See the protocol."""
        assert self._decoders is not None
        symbols = np.zeros((steps, self.config.streams), np.int32)
        for t, row in enumerate(symbols):
            active = min(len(row), count - t * len(row))
            row[:active] = self._decoders.decode(self.network.predict_step()[:active])
            self.network.observe(row)
        self._freq = self.network.coded()[1].ravel()[:count]
        return symbols

    def costs(self) -> NDArray[np.float64]:
        """See the protocol."""
        done, self._freq = self._freq, self._freq[:0]
        return lengths(done)

    def learn(self) -> None:
        """See the protocol."""
        self.network.learn()

    def shapes(self) -> Shapes:
        """See the protocol."""
        return {**shapes(self.network.state(copy=False)), **self.coding_shapes()}

    def state(self, *, copy: bool = True) -> State:
        """See the protocol."""
        return {**self.network.state(copy=copy), **self.coding_state()}

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """See the protocol."""
        self.load_coding(state)
        self.network.load_state({name: array for name, array in state.items() if name not in (CODERS, WORDS)})
