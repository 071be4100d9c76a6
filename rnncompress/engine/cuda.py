"""The GPU engine: the device makes the tables and decodes, the host encodes."""

import numpy as np
import torch

from rnncompress.coder.kernels import FIELDS, WORDS
from rnncompress.engine import cuda_kernels
from rnncompress.engine.stages import CompiledCoding, Stages
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cuda.device import translated
from rnncompress.lstm.cuda.memory import Memory
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
        self.room = -(-config.streams // config.lanes) * config.window + 1
        """Words that a lane can take in a window, and one."""
        pinned = device.type == "cuda"
        self.states = torch.zeros(config.lanes, FIELDS, dtype=torch.int64, device=device)
        self.words = torch.zeros(config.lanes, self.room, dtype=torch.int32, device=device)
        self.host_states = torch.zeros(config.lanes, FIELDS, dtype=torch.int64, pin_memory=pinned)
        self.host_words = torch.zeros(config.lanes, self.room, dtype=torch.int32, pin_memory=pinned)

    def launch(self, steps: int, count: int) -> None:
        """Predict and decode these steps, of which the first ``count`` symbols are coded."""
        m, B, block = self._memory, self._streams, power_of_two(self._alphabet)
        for t in range(steps):
            self._schedule.predict(t, t + 1)
            cuda_kernels.decode_step[(self._lanes,)](
                m.table, m.history[HISTORY:], self.states, self.words, t, max(0, min(B, count - t * B)), self.room,
                B, self._lanes, self._alphabet, block, num_warps=max(1, min(16, block // 256)), **EXACT,
            )  # fmt: skip


class CudaEngine(CompiledCoding, Stages[CudaPredictor]):
    """Equal to the reference bit for bit, on a GPU. Raises DeviceError from all methods should the device fail."""

    @translated()
    def __init__(self, network: CudaPredictor) -> None:
        super().__init__(network)
        self._device = Decoder(network.memory, network.schedule)

    @translated()
    def decode_window(self, steps: int, count: int) -> IntArray:
        """See the protocol: a window is one sequence of launches, and only words, states and symbols travel."""
        coders, device, network = self._decoders, self._device, self.network
        assert coders is not None
        taken = coders.states[:, WORDS].copy()
        device.host_words.zero_()
        for lane, start in enumerate(taken):
            coming = coders.part(lane)[int(start) :][: device.room].view(np.int32)
            device.host_words[lane, : len(coming)] = torch.from_numpy(coming.copy())
        device.host_states[:] = torch.from_numpy(coders.states.view(np.int64).copy())
        device.host_states[:, WORDS] = 0
        device.words.copy_(device.host_words, non_blocking=True)
        device.states.copy_(device.host_states, non_blocking=True)
        network.graphs.run(("decode", steps, count), lambda: device.launch(steps, count))
        device.host_states.copy_(device.states, non_blocking=True)
        symbols = network.observed(steps)
        coders.states[:] = device.host_states.numpy().view(np.uint64)
        coders.states[:, WORDS] += taken
        coders.check()
        self._freq = network.coded()[1].ravel()[:count]
        return symbols
