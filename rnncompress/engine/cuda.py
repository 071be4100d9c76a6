"""The GPU engine: the device makes the tables and decodes, the host encodes."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from rnncompress.coder.kernels import FIELDS, WORDS
from rnncompress.coder.lanes import Parts
from rnncompress.engine import cuda_kernels
from rnncompress.engine.stages import CompiledCoding, Stages
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cuda.device import translated
from rnncompress.lstm.cuda.memory import Memory
from rnncompress.lstm.cuda.pinned import Pinned
from rnncompress.lstm.cuda.predictor import CudaPredictor
from rnncompress.lstm.cuda.schedule import Schedule
from rnncompress.lstm.cuda.tiles import EXACT, power_of_two
from rnncompress.network import IntArray


class Decoder:
    """The range decoders of all lanes on the device."""

    def __init__(self, memory: Memory, schedule: Schedule) -> None:
        config, device = memory.config, memory.h.device
        self._memory, self._schedule = memory, schedule
        self._streams, self._lanes, self._alphabet = config.streams, config.lanes, config.alphabet
        self.room = -(-config.streams // config.lanes) * config.window + 2
        """Words that a lane can take in a window, and two."""
        self.states = torch.zeros(config.lanes, FIELDS, dtype=torch.int64, device=device)
        self.words = torch.zeros(config.lanes, self.room, dtype=torch.int32, device=device)
        self.host_states = Pinned(device, config.lanes, FIELDS, dtype=torch.int64)
        self.host_words = Pinned(device, config.lanes, self.room)

    def launch(self, steps: int, count: int) -> None:
        """Predict and decode these steps, of which the first ``count`` symbols are coded."""
        for t in range(steps):
            self._schedule.predict(t, t + 1)
            self.decode(t, max(0, min(self._streams, count - t * self._streams)))

    def decode(self, t: int, count: int) -> None:
        """Decode the first ``count`` symbols of step ``t``, which is predicted, into the history."""
        m, block = self._memory, power_of_two(self._alphabet)
        cuda_kernels.decode_step[(self._lanes,)](
            m.table, m.history[HISTORY:], self.states, self.words, t, count, self.room,
            self._streams, self._lanes, self._alphabet, block, num_warps=max(1, min(16, block // 256)), **EXACT,
        )  # fmt: skip


class CudaEngine(CompiledCoding, Stages[CudaPredictor]):
    """Equal to the reference bit for bit, on a GPU. Raises DeviceError from all methods should the device fail.

    The device does not wait for the host: a window is coded while the network learns from it.
    """

    @translated()
    def __init__(self, network: CudaPredictor) -> None:
        super().__init__(network)
        self._device = Decoder(network.memory, network.schedule)
        self._left: Callable[[], None] | None = None
        """What is left to do of the last window when its numbers have come."""

    def encode_window(self, symbols: IntArray, count: int) -> None:
        """See the protocol."""
        encoders, coming = self._encoders, self.network.predict_coded(symbols)
        assert encoders is not None

        def code() -> None:
            cum, freq = coming()
            encoders.encode(cum, freq, count)
            self._freq = freq.ravel()[:count]

        self._left = code
        if self.watch:
            self.settle()
            self.watch(0, len(symbols))

    @translated()
    def decode_window(self, steps: int, count: int) -> IntArray:
        """See the protocol: a window is one sequence of launches, and only words, states and symbols travel."""
        coders, device, network = self._decoders, self._device, self.network
        assert coders is not None
        taken = coders.states[:, WORDS].copy()
        words = np.zeros(device.words.shape, np.int32)
        for row, lane, start in zip(words, range(len(words)), taken.tolist(), strict=True):
            coming = coders.part(lane)[start:][: device.room]
            row[: len(coming)] = coming.view(np.int32)
        states = coders.states.view(np.int64).copy()
        states[:, WORDS] = 0
        device.host_words.upload(words, device.words)
        device.host_states.upload(states, device.states)
        network.graphs.run(("decode", steps, count), lambda: device.launch(steps, count))
        after = device.host_states.download(device.states)
        symbols = network.observed(steps)
        coders.states[:] = after().view(np.uint64)
        coders.states[:, WORDS] += taken
        coders.check()
        picked = network.begin_coded()

        def count_costs() -> None:
            self._freq = picked()[1].ravel()[:count]

        self._left = count_costs
        return symbols

    def learn(self) -> None:
        """See the protocol."""
        super().learn()
        self.settle()

    def settle(self) -> None:
        """Do what is left to do of the last window."""
        if self._left is not None:
            left, self._left = self._left, None
            left()

    def costs(self) -> NDArray[np.float64]:
        """See the protocol."""
        self.settle()
        return super().costs()

    def end_block(self) -> Parts:
        """See the protocol."""
        self.settle()
        return super().end_block()
