"""The GPU engine: what it tells its caller, and when it waits for the device."""

from collections.abc import Callable, Iterator, Mapping
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
from rnncompress.network import IntArray, Paths


class CudaPredictor:
    """Equal to :class:`rnncompress.lstm.reference.ReferencePredictor` bit for bit, on a GPU.

    ``device`` is the current CUDA device; "cpu" serves tests, where Triton's interpreter runs the kernels
    (``TRITON_INTERPRET=1``). Raises DeviceError, also from all methods should the device fail later.

    ``learn`` and ``predict_paths`` return at once: the work goes on while the caller does something else. The caller
    may be a window ahead: what travels to the device and back has two places in pinned memory. An engine that decodes
    on the device launches its own work with ``schedule``, ``memory`` and ``graphs``.
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
        self._coming: Callable[[], IntArray] | None = None
        """The table of the next step, if it is on its way."""
        if state is None:
            self._take(Parameters.initial(config))
        else:
            self._load(state)

    # -- prediction ------------------------------------------------------------------------------------------------

    def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        return self.predict_coded(symbols)()

    @translated()
    def predict_coded(self, symbols: IntArray) -> Callable[[], tuple[IntArray, IntArray]]:
        """Begin with ``predict_window``, whose results come when the result of this is called."""
        self._predict(symbols)
        return self.begin_coded()

    @translated()
    def predict_paths(self, symbols: IntArray) -> Paths:
        """See the protocol."""
        self._predict(symbols)
        m, steps = self.memory, self._steps
        self.graphs.run(("paths", steps), lambda: self.schedule.follow_paths(steps))
        with self._beside():
            return translated()(m.host_paths.download(m.paths[:steps]))

    def _predict(self, symbols: IntArray) -> None:
        """Launch the prediction of a window."""
        m, self._steps, self._coming = self.memory, len(symbols), None
        m.host_symbols.upload(symbols, m.history[HISTORY : HISTORY + self._steps])
        self.graphs.run(("window", self._steps), lambda: self.schedule.predict(0, self._steps))

    @translated()
    def predict_step(self) -> IntArray:
        """See the protocol."""
        if self._coming is None:
            self._coming = self._predict_step()
        return self._coming()

    def _predict_step(self) -> Callable[[], IntArray]:
        """Launch the prediction of the next step."""
        m, B, t = self.memory, self.config.streams, self._steps
        self.graphs.run(("step", t), lambda: self.schedule.predict(t, t + 1))
        return m.host_table.download(m.table[t * B : (t + 1) * B])

    @translated()
    def observe(self, symbols: IntArray) -> None:
        """See the protocol. The next step is on its way before anybody asks."""
        m, t = self.memory, self._steps
        m.host_symbols.upload(symbols[None], m.history[HISTORY + t : HISTORY + t + 1])
        self._steps += 1
        self._coming = self._predict_step() if self._steps < self.config.window else None

    def observed(self, steps: int) -> IntArray:
        """The symbols (steps, B) of a window that is in the history, once all that is launched is done."""
        m, self._steps = self.memory, steps
        symbols: IntArray = m.host_symbols.download(m.history[HISTORY : HISTORY + steps])()
        return symbols.copy()

    @translated()
    def coded(self) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        return self.begin_coded()()

    @translated()
    def begin_coded(self) -> Callable[[], tuple[IntArray, IntArray]]:
        """Begin with ``coded``, whose results come when the result of this is called, before the next but one."""
        m, steps = self.memory, self._steps
        self.graphs.run(("coded", steps), lambda: self.schedule.pick(steps))
        with self._beside():
            coming = m.host_coded.download(m.coded)

        @translated()
        def arrived() -> tuple[IntArray, IntArray]:
            cum, freq = coming()[:, :steps].copy()
            return cum, freq

        return arrived

    # -- learning --------------------------------------------------------------------------------------------------

    @translated()
    def learn(self) -> None:
        """See the protocol; does not wait."""
        m, config = self.memory, self.config
        self._updates += 1
        keys = noise.keys(config.layers + 1, self._updates)
        learns = np.float32(not self.keep_moments)
        blend = learns / np.float32(min(self._updates, config.horizon))
        step = rate(config, self._updates - self.started, self.windows)
        m.host_keys.upload(keys.view(np.int32), m.keys)
        m.host_rates.upload(np.array([step, blend, learns], np.float32), m.rates)
        with self._beside():
            if config.contexts:
                self.schedule.learn_contexts()
        self.graphs.run("learn", self.schedule.learn)
        self.skip()

    @contextmanager
    def _beside(self) -> Iterator[None]:
        """What is launched in the block runs at the same time as what follows it, until the window ends."""
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
        self._join()
        self.graphs.run("end", self.schedule.end_window)
        self._steps, self._coming = 0, None

    @translated()
    def rewind(self) -> None:
        """See the protocol."""
        m = self.memory
        before = m.h_columns[:, :, : self.config.streams]
        for carried in (m.h[:, 0], before, m.c[:, 0], m.history[:HISTORY], m.track[:, 0]):
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
        self._steps, self._coming = 0, None

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
