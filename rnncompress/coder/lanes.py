"""The coders of a block, one for each lane: neighbouring streams that share a coder and a part of the payload.

Within a window nothing learns, so the lanes of a window are coded without waiting for each other. The symbols of a lane
come step by step, in each the streams one after the other.

What the coders come to between two windows is the same in every engine: ``coders`` uint64 (lanes, 4), see
:mod:`rnncompress.coder.kernels`, and ``words`` uint32 (n,), those written so far in this block, lane by lane.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from rnncompress.coder import kernels, plain
from rnncompress.coder.kernels import FIELDS, LOWER, POINT, RANGE, WORDS
from rnncompress.errors import CheckpointError, PayloadError

IntArray = NDArray[np.int32]
States = NDArray[np.uint64]
Words = NDArray[np.uint32]
Parts = Sequence[bytes]
"""The payload of a block: what the coder of each lane wrote, in 32-bit words, little-endian."""

_ROOM: Final = 1 << 12
"""Words for which there is room at first; of each lane."""
_NO_WORDS: Final = np.zeros(0, np.uint32)


def starts(streams: int, lanes: int) -> NDArray[np.int64]:
    """The first stream of each lane, and the number of streams: (lanes + 1,)."""
    return np.arange(lanes + 1, dtype=np.int64) * streams // lanes


class Encoders(Protocol):
    """Code the symbols of a block."""

    def encode(self, cum: IntArray, freq: IntArray, count: int) -> None:
        """Append the first ``count`` symbols, in C order, by their cumulative and own frequencies (steps, B)."""

    def end(self) -> Parts:
        """The payload."""

    def state(self) -> tuple[States, Words]:
        """``coders`` and ``words``."""

    def load(self, coders: States, words: Words) -> None:
        """Go on from a state. Raises CheckpointError where it cannot be one."""


class Decoders(Protocol):
    """Decode the symbols of a block. Both methods that read raise PayloadError if no encoder wrote such a payload."""

    def decode(self, frequencies: IntArray) -> IntArray:
        """The next symbols of the first n streams, by their frequencies (n, A)."""

    def end(self) -> None:
        """All symbols are decoded."""

    def state(self) -> tuple[States, Words]:
        """``coders``, and no words: they are in the payload."""

    def load(self, coders: States, words: Words) -> None:
        """Go on from a state. Raises CheckpointError where it cannot be one."""


class CompiledEncoders:
    """Encoders whose loops are compiled."""

    def __init__(self, streams: int, lanes: int) -> None:
        self.starts = starts(streams, lanes)
        self.states = np.zeros((lanes, FIELDS), np.uint64)
        self.states[:, RANGE] = plain.WHOLE
        self.words = np.zeros((lanes, _ROOM), np.uint32)

    def encode(self, cum: IntArray, freq: IntArray, count: int) -> None:
        """See the protocol."""
        self.make_room(len(cum) * int(np.diff(self.starts).max()))  # a symbol gives a word at most
        kernels.encode_lanes(self.states, self.words, self.starts, cum, freq, count)

    def end(self) -> Parts:
        """See the protocol."""
        self.make_room(2)
        for state, words in zip(self.states, self.words, strict=True):
            kernels.end_encoding(state, words)
        return [part.astype("<u4").tobytes() for part in self._written()]

    def state(self) -> tuple[States, Words]:
        """See the protocol."""
        return self.states.copy(), np.concatenate(self._written())

    def load(self, coders: States, words: Words) -> None:
        """See the protocol."""
        check(coders, words)
        self.states[:] = coders
        self.make_room(0)
        for row, part in zip(self.words, split(coders, words), strict=True):
            row[: len(part)] = part

    def _written(self) -> list[Words]:
        return [words[: int(state[WORDS])] for state, words in zip(self.states, self.words, strict=True)]

    def make_room(self, words: int) -> None:
        """For so many words more in each lane."""
        needed = int(self.states[:, WORDS].max()) + words
        if needed > self.words.shape[1]:
            self.words = np.pad(self.words, ((0, 0), (0, needed)))


class CompiledDecoders:
    """Decoders whose loops are compiled. Engines that decode whole windows move ``states`` on by themselves."""

    def __init__(self, streams: int, lanes: int, parts: Parts) -> None:
        self.starts = starts(streams, lanes)
        """(lanes + 1,): the first stream of each lane, and the number of streams."""
        self.states = np.zeros((lanes, FIELDS), np.uint64)
        self.words = np.concatenate([_NO_WORDS, *map(_words, parts)])
        """Those of all lanes."""
        self.bounds = np.cumsum([0, *(len(part) // 4 for part in parts)], dtype=np.int64)
        """(lanes + 1,): where the words of each lane begin, and their number."""
        for lane, state in enumerate(self.states):
            kernels.begin_decoding(state, self.part(lane))

    def decode(self, frequencies: IntArray) -> IntArray:
        """See the protocol."""
        symbols = np.empty(len(frequencies), np.int32)
        kernels.decode_step(self.states, self.words, self.bounds, self.starts, frequencies, symbols)
        self.check()
        return symbols

    def check(self) -> None:
        """Raise PayloadError if the symbols so far cannot be what the encoders were given."""
        if not self.states[:, RANGE].all():
            raise PayloadError("the payload fits no sequence of symbols")

    def end(self) -> None:
        """See the protocol."""
        if not all(kernels.may_end(state, self.part(lane)) for lane, state in enumerate(self.states)):
            raise PayloadError("the payload holds more symbols than it should")

    def state(self) -> tuple[States, Words]:
        """See the protocol."""
        return self.states.copy(), _NO_WORDS

    def load(self, coders: States, words: Words) -> None:
        """See the protocol."""
        check_decoders(coders, words)
        self.states[:] = coders

    def part(self, lane: int) -> Words:
        """The words of a lane."""
        return self.words[self.bounds[lane] : self.bounds[lane + 1]]


class PlainEncoders:
    """Encoders as they are specified."""

    def __init__(self, streams: int, lanes: int) -> None:
        self._starts = starts(streams, lanes)
        self._coders = [plain.Encoder() for _ in range(lanes)]

    def encode(self, cum: IntArray, freq: IntArray, count: int) -> None:
        """See the protocol."""
        B = cum.shape[1]
        for coder, first, last in zip(self._coders, self._starts, self._starts[1:], strict=False):
            for t in range(len(cum)):
                for b in range(first, min(last, count - t * B)):
                    coder.encode(int(cum[t, b]), int(freq[t, b]))

    def encode_bit(self, stream: int, bit: int, one: int) -> None:
        """Append a bit of a stream that is 1 with probability ``one`` of 2**16."""
        self._coders[_lane_of(self._starts, stream)].encode_bit(bit, one)

    def end(self) -> Parts:
        """See the protocol."""
        return [np.array(coder.end(), "<u4").tobytes() for coder in self._coders]

    def state(self) -> tuple[States, Words]:
        """See the protocol."""
        rows = [[coder.lower, coder.range, 0, len(coder.words)] for coder in self._coders]
        words = [word for coder in self._coders for word in coder.words]
        return np.array(rows, np.uint64), np.array(words, np.uint32)

    def load(self, coders: States, words: Words) -> None:
        """See the protocol."""
        check(coders, words)
        parts = split(coders, words)
        self._coders = [
            plain.Encoder(int(row[LOWER]), int(row[RANGE]), part.tolist())
            for row, part in zip(coders, parts, strict=True)
        ]


class PlainDecoders:
    """Decoders as they are specified."""

    def __init__(self, streams: int, lanes: int, parts: Parts) -> None:
        self._starts = starts(streams, lanes)
        self._coders = [plain.Decoder(_words(part).tolist()) for part in parts]

    def decode(self, frequencies: IntArray) -> IntArray:
        """See the protocol."""
        lanes = np.searchsorted(self._starts, np.arange(len(frequencies)), side="right") - 1
        rows = zip(lanes, frequencies.tolist(), strict=True)
        return np.array([self._coders[lane].decode(row) for lane, row in rows], np.int32)

    def decode_bit(self, stream: int, one: int) -> int:
        """The next bit of a stream, which is 1 with probability ``one`` of 2**16. Raises PayloadError."""
        return self._coders[_lane_of(self._starts, stream)].decode_bit(one)

    def end(self) -> None:
        """See the protocol."""
        for coder in self._coders:
            coder.end()

    def state(self) -> tuple[States, Words]:
        """See the protocol."""
        rows = [[coder.lower, coder.range, coder.point, coder.next] for coder in self._coders]
        return np.array(rows, np.uint64), _NO_WORDS

    def load(self, coders: States, words: Words) -> None:
        """See the protocol."""
        check_decoders(coders, words)
        for coder, row in zip(self._coders, coders, strict=True):
            coder.lower, coder.range = int(row[LOWER]), int(row[RANGE])
            coder.point, coder.next = int(row[POINT]), int(row[WORDS])


def _lane_of(starts: NDArray[np.int64], stream: int) -> int:
    return int(np.searchsorted(starts, stream, side="right")) - 1


def split(coders: States, words: Words) -> list[Words]:
    """The words of each lane."""
    return np.split(words, np.cumsum(coders[:, WORDS].astype(np.int64))[:-1])


def check(coders: States, words: Words) -> None:
    """Raise CheckpointError unless these can be the state of encoders."""
    small, counts = coders[:, RANGE] < 1 << 32, coders[:, WORDS]
    if small.any() or (counts > len(words)).any() or counts.sum() != len(words):
        raise CheckpointError("its coders are out of range")


def check_decoders(coders: States, words: Words) -> None:
    """Raise CheckpointError unless these can be the state of decoders."""
    if (coders[:, RANGE] < 1 << 32).any() or (coders[:, WORDS] > 1 << 62).any() or len(words):
        raise CheckpointError("its coders are out of range")


def _words(part: bytes) -> Words:
    return np.frombuffer(part, "<u4").astype(np.uint32)
