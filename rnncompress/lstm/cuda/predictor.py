"""The GPU engine: what it tells its caller, and when it waits for the device."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.exact import noise
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cuda import training
from rnncompress.lstm.cuda.device import require, translated
from rnncompress.lstm.cuda.graphs import Graphs
from rnncompress.lstm.cuda.memory import Memory
from rnncompress.lstm.cuda.schedule import Schedule
from rnncompress.lstm.parameters import Parameters, rate
from rnncompress.lstm.trainable import Group
from rnncompress.network import IntArray


class CudaPredictor:
    """Equal to :class:`rnncompress.lstm.reference.ReferencePredictor` bit for bit, on a GPU.

    ``device`` is the current CUDA device; "cpu" serves tests, where Triton's interpreter runs the kernels
    (``TRITON_INTERPRET=1``). Raises DeviceError, also from all methods should the device fail later.

    ``learn`` returns at once: the work goes on while the caller does something else. An engine that decodes on the
    device launches its own work with ``schedule``, ``memory`` and ``graphs``.
    """

    perturb = staticmethod(training.perturb)
    roots = staticmethod(training.roots)
    pull = staticmethod(training.pull)

    @translated()
    def __init__(
        self,
        config: Config,
        windows: int,
        device: str | None = None,
        state: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self.config = config
        self.windows = windows
        self.started = 0
        self.keep_moments = False
        self.device = torch.device(device) if device else require()
        self.memory = Memory(config, self.device)
        self.schedule = Schedule(config, self.memory)
        self.graphs = Graphs(self.device)
        cuda: Any = torch.cuda  # typed in part
        self._side = cuda.Stream(self.device) if self.device.type == "cuda" else None
        self._steps = 0
        if state is None:
            self._take(Parameters.initial(config))
        else:
            self._load(state)

    # -- prediction ------------------------------------------------------------------------------------------------

    @translated()
    def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        m, self._steps = self.memory, len(symbols)
        m.host_symbols[: self._steps] = torch.from_numpy(symbols)
        window = m.history[HISTORY : HISTORY + self._steps]
        window.copy_(m.host_symbols[: self._steps], non_blocking=True)
        self.graphs.run(("window", self._steps), lambda: self.schedule.predict(0, self._steps))
        return self.coded()

    @translated()
    def predict_step(self) -> IntArray:
        """See the protocol."""
        m, B, t = self.memory, self.config.streams, self._steps
        self.graphs.run(("step", t), lambda: self.schedule.predict(t, t + 1))
        m.host_table.copy_(m.table[t * B : (t + 1) * B], non_blocking=True)
        self.wait()
        table: IntArray = m.host_table.numpy()
        return table

    @translated()
    def observe(self, symbols: IntArray) -> None:
        """See the protocol."""
        m, t = self.memory, self._steps
        m.host_symbols[t] = torch.from_numpy(symbols)
        m.history[HISTORY + t].copy_(m.host_symbols[t], non_blocking=True)
        self._steps += 1

    def observed(self, steps: int) -> IntArray:
        """The symbols (steps, B) of a window that is in the history, once all that is launched is done."""
        m, self._steps = self.memory, steps
        m.host_symbols[:steps].copy_(m.history[HISTORY : HISTORY + steps], non_blocking=True)
        self.wait()
        return m.host_symbols[:steps].numpy().copy()

    @translated()
    def coded(self) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        m, steps = self.memory, self._steps
        self.graphs.run(("coded", steps), lambda: self.schedule.pick(steps))
        m.host_coded.copy_(m.coded, non_blocking=True)
        self.wait()
        cum, freq = m.host_coded[:, :steps].numpy().copy()
        return cum, freq

    @translated()
    def tables(self) -> IntArray:
        """See the protocol."""
        tables = self.memory.table[: self._steps * self.config.streams].cpu().numpy()
        by_stream: IntArray = tables.reshape(self._steps, self.config.streams, -1).transpose(1, 0, 2)
        return np.ascontiguousarray(by_stream)

    def wait(self) -> None:
        """Until all that is launched is done."""
        if self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()

    # -- learning --------------------------------------------------------------------------------------------------

    @translated()
    def learn(self) -> None:
        """See the protocol; does not wait."""
        m, config = self.memory, self.config
        self._updates += 1
        # The numbers of the update before are long read: its window has been predicted from what it left.
        keys = noise.keys(config.layers + 1, self._updates)
        m.host_keys[:] = torch.from_numpy(keys.view(np.int32))
        learns = np.float32(not self.keep_moments)
        blend = learns / np.float32(min(self._updates, config.horizon))
        step = rate(config, self._updates - self.started, self.windows)
        m.host_rates[:] = torch.from_numpy(np.array([step, blend, learns], np.float32))
        m.keys.copy_(m.host_keys, non_blocking=True)
        m.rates.copy_(m.host_rates, non_blocking=True)
        with self._beside():
            if config.contexts:
                self.schedule.learn_contexts()
        self.graphs.run("learn", self.schedule.learn)
        self._join()
        self.skip()

    @contextmanager
    def _beside(self) -> Iterator[None]:
        """What is launched in the block runs at the same time as what follows it, until :meth:`_join`."""
        if self._side is None:
            yield
            return
        self._side.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self._side):
            yield

    def _join(self) -> None:
        if self._side is not None:
            torch.cuda.current_stream(self.device).wait_stream(self._side)

    # -- training and evaluation, see rnncompress.lstm.trainable -----------------------------------------------------

    @property
    def updates(self) -> int:
        """See the protocol."""
        return self._updates

    @translated()
    def skip(self) -> None:
        """See the protocol."""
        self.graphs.run("carry", self.memory.carry)
        self._steps = 0

    @translated()
    def rewind(self) -> None:
        """See the protocol."""
        m = self.memory
        for carried in (m.h[:, 0], m.h_columns[:, :, : self.config.streams], m.c[:, 0], m.history[:HISTORY]):
            carried.zero_()

    @cached_property
    def _places(self) -> training.Places:
        return training.Places(self.memory)

    @translated()
    def groups(self, rows: NDArray[np.intp] | None) -> list[Group]:
        """See the protocol."""
        return training.groups(self.memory, self._places, self._updates, rows)

    @translated()
    def requantise(self) -> None:
        """See the protocol."""
        self.schedule.quantise()

    # -- state -----------------------------------------------------------------------------------------------------

    def _take(self, parameters: Parameters) -> None:
        self.memory.load(parameters)
        self._updates = parameters.updates
        self.schedule.quantise()
        self._steps = 0

    @translated()
    def state(self, *, copy: bool = True) -> dict[str, NDArray[Any]]:
        """See the protocol."""
        parameters = self.memory.parameters(self._updates).arrays()
        return {name: array.copy() for name, array in parameters.items()} | self.memory.carried()

    @translated()
    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """See the protocol."""
        self._load(state)

    def _load(self, state: Mapping[str, NDArray[Any]]) -> None:
        self._take(Parameters.from_arrays(self.config, state))
        self.memory.load_carried(state)
