"""The CPU engine: what is worked out once for a window, and the threads that share the rest."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.team import Pace, Team
from rnncompress.config import Config
from rnncompress.exact import grid, noise
from rnncompress.lstm import trainable
from rnncompress.lstm.contexts import HISTORY, ROW
from rnncompress.lstm.cpu import head_kernels, phase_kernels, training_kernels
from rnncompress.lstm.cpu.memory import allocate, load_matrices, plain_matrices
from rnncompress.lstm.cpu.update_kernels import BLOCK
from rnncompress.lstm.parameters import Parameters, rate
from rnncompress.network import IntArray


class CpuPredictor:
    """Equal to :class:`rnncompress.lstm.reference.ReferencePredictor`, many times faster.

    The encoder's ``predict_window`` treats the layers one after the other over the whole window, so that all but the
    recurrent products have many rows. The decoder goes through all layers at each step: in ``predict_step``, or in
    ``decode_window``, which is one call for a whole window.
    """

    perturb = staticmethod(training_kernels.perturb)
    roots = staticmethod(trainable.roots)
    pull = staticmethod(training_kernels.pull)

    def __init__(self, config: Config, windows: int, threads: int) -> None:
        self.config = config
        self.windows = windows
        self.started = 0
        self.keep_moments = False
        self._memory = allocate(config)
        self._symbols = self._memory.history[:, HISTORY - 1 :]
        self._team: Team[Any] = Team(threads)
        self._pace = Pace(threads)
        columns = max(config.gates * config.hidden, self._memory.table.shape[2], BLOCK)
        self._floats = [np.zeros(columns, np.float32) for _ in range(threads)]
        self._sums = [np.zeros(columns, np.int32) for _ in range(threads)]
        self._integers = [np.zeros(BLOCK, np.int16) for _ in range(threads)]
        self._steps = 0
        self._take(Parameters.initial(config))

    # -- prediction ------------------------------------------------------------------------------------------------

    def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        self._steps = len(symbols)
        self._symbols[:, 1 : self._steps + 1] = symbols.T

        def work(number: int, streams: tuple[int, int]) -> None:
            phase_kernels.predict(self._memory, *streams, 0, self._steps, self._floats[number])

        self._team.run(work, self._shares())
        return self.coded()

    def predict_step(self) -> IntArray:
        """See the protocol."""
        phase_kernels.predict(
            self._memory, 0, self.config.streams, self._steps, self._steps + 1, self._floats[0]
        )
        return self._memory.table[:, self._steps, : self.config.alphabet]

    def observe(self, symbols: IntArray) -> None:
        """See the protocol."""
        self._steps += 1
        self._symbols[:, self._steps] = symbols

    def decode_window(
        self, state: NDArray[np.uint64], words: NDArray[np.uint32], steps: int, count: int
    ) -> IntArray:
        """See :class:`rnncompress.network.WindowDecoder`."""
        turn = np.zeros(1, np.int64)
        shares = self._shares()

        def work(number: int, streams: tuple[int, int]) -> None:
            progress = np.zeros(2, np.int64)
            while not phase_kernels.decode(
                self._memory, *streams, number, len(shares), steps, count, state, words, turn, progress,
                self._floats[number],
            ):  # fmt: skip
                time.sleep(0)  # other programs use the cores

        self._team.run(work, shares)
        self._steps = steps
        return np.ascontiguousarray(self._symbols[:, 1 : steps + 1].T)

    def coded(self) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        shape = (self._steps, self.config.streams)
        cum, freq = np.empty(shape, np.int32), np.empty(shape, np.int32)
        head_kernels.pick(0, shape[1], shape[0], self._memory.table, self._memory.history, cum, freq)
        return cum, freq

    def _shares(self) -> list[tuple[int, int]]:
        """The streams of each thread: contiguous, none empty."""
        streams = self.config.streams
        parts = min(self._pace.threads, streams)
        return [(streams * part // parts, streams * (part + 1) // parts) for part in range(parts)]

    # -- learning --------------------------------------------------------------------------------------------------

    def learn(self) -> None:
        """See the protocol."""
        m = self._memory
        self._updates += 1
        keys = noise.keys(self.config.layers + 1, self._updates)

        def propagate(number: int, streams: tuple[int, int]) -> None:
            phase_kernels.propagate(m, *streams, keys, self._floats[number])

        self._team.run(propagate, self._shares())
        self._team.run(self._update(), range(self._pace.threads))
        self.skip()

    def skip(self) -> None:
        """See :class:`rnncompress.lstm.trainable.Network`."""
        m = self._memory
        m.h[:, :, 0] = m.h[:, :, -1]
        m.c[:, :, 0] = m.c[:, :, -1]
        m.history[:, :HISTORY] = m.history[:, -HISTORY:].copy()
        self._steps = 0
        self._pace.lap()

    def _update(self) -> Callable[[int, int], None]:
        """The update of one share of the weights, with the numbers all shares need worked out once."""
        config = self.config
        step = rate(config, self._updates - self.started, self.windows)
        mean = np.float32(1.0 / (config.streams * config.window))
        units = (grid.MATRIX_GRADIENT_UNIT * mean, grid.VECTOR_GRADIENT_UNIT * mean)
        learns = np.float32(not self.keep_moments)
        blend = learns / np.float32(min(self._updates, config.horizon))
        inputs = self._memory.inputs.reshape(-1)
        order = np.argsort(inputs, kind="stable")
        ordered = inputs[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1, append=-1))
        used, rows = ordered[starts[:-1]], order // 2
        self._seen[used] += 1
        blends = learns / np.minimum(self._seen[used], config.horizon).astype(np.float32)

        def update(number: int, share: int) -> None:
            phase_kernels.update(
                self._memory, share, self._pace.threads, used, starts, rows, blends, blend, step, *units,
                self._sums[number], self._integers[number],
            )  # fmt: skip

        return update

    # -- training and evaluation, see rnncompress.lstm.trainable ---------------------------------------------------

    @property
    def updates(self) -> int:
        """See the protocol."""
        return self._updates

    def rewind(self) -> None:
        """See the protocol."""
        m = self._memory
        m.h[:, :, 0], m.c[:, :, 0], m.history[:, :HISTORY] = 0, 0, 0

    def groups(self, rows: NDArray[np.intp] | None) -> list[trainable.Group]:
        """See the protocol."""
        m, A = self._memory, self.config.alphabet
        matrices = trainable.Group(m.masters, m.moments, self._places, 1.0, True)
        embeddings = list(zip(m.embeddings, m.embedding_moments, strict=True))
        vectors = trainable.vector_groups(
            int(np.count_nonzero(self._places)), embeddings, (m.bias[:A], m.bias_moment[:A]),
            self._seen / max(1, self._updates), rows,
        )  # fmt: skip
        return [matrices, *vectors]

    @cached_property
    def _places(self) -> NDArray[np.uint32]:
        """``Group.numbers`` of the matrices, in the order of the masters."""
        start, places = 0, []
        for w in plain_matrices(self._memory.masters, self.config):
            places.append(trainable.numbers(start, w.size).reshape(w.shape))
            start += w.size
        flat = np.zeros(len(self._memory.masters), np.uint32)
        load_matrices(flat, places)
        return flat

    def requantise(self) -> None:
        """See the protocol."""
        phase_kernels.quantise(self._memory, self._integers[0])

    # -- state -----------------------------------------------------------------------------------------------------

    def _take(self, p: Parameters) -> None:
        """Lay parameters out for the kernels."""
        m = self._memory
        load_matrices(m.masters, p.matrices)
        load_matrices(m.moments, p.matrix_moments)
        m.embeddings[:], m.embedding_moments[:] = p.embeddings, p.embedding_moments
        m.bias[: len(p.bias)], m.bias_moment[: len(p.bias)] = p.bias, p.bias_moment
        self._seen, self._updates = p.seen.copy(), p.updates
        phase_kernels.quantise(m, self._integers[0])

    def _tables(self) -> NDArray[np.int32]:
        """Those of the contexts, (K, rows, ROW), as the state has them."""
        c = self._memory.contexts
        tables: NDArray[np.int32] = c.tables.reshape(len(c.kinds), 1 << c.bits, ROW)
        return tables

    def state(self, *, copy: bool = True) -> dict[str, NDArray[Any]]:
        """See the protocol."""
        m, A = self._memory, self.config.alphabet
        parameters = Parameters(
            matrices=plain_matrices(m.masters, self.config),
            embeddings=list(m.embeddings),
            bias=m.bias[:A],
            matrix_moments=plain_matrices(m.moments, self.config),
            embedding_moments=list(m.embedding_moments),
            bias_moment=m.bias_moment[:A],
            seen=self._seen,
            updates=self._updates,
        )
        return parameters.arrays() | {
            "h": m.h[:, :, 0].copy(),
            "c": m.c[:, :, 0].copy(),
            "history": m.history[:, :HISTORY].copy(),
            "contexts": self._tables().copy() if copy else self._tables(),
        }

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """See the protocol."""
        m = self._memory
        self._take(Parameters.from_arrays(self.config, state))
        m.h[:, :, 0], m.c[:, :, 0] = state["h"], state["c"]
        m.history[:, :HISTORY], self._tables()[:] = state["history"], state["contexts"]
        self._steps = 0
