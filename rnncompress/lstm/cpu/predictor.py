"""The CPU engine: what is worked out once for a window, and the threads that share the rest."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.team import Pace, Team
from rnncompress.config import Config
from rnncompress.exact import grid
from rnncompress.lstm import trainable
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cpu import head_kernels, phase_kernels, training_kernels
from rnncompress.lstm.cpu.memory import allocate, load_matrices, plain_matrices
from rnncompress.lstm.cpu.update_kernels import BLOCK
from rnncompress.lstm.density import TRACK
from rnncompress.lstm.parameters import Parameters, rate
from rnncompress.lstm.sizes import ROW
from rnncompress.network import PATH, IntArray, Paths


class CpuPredictor:
    """Equal to :class:`rnncompress.lstm.reference.ReferencePredictor`, many times faster.

    The encoder's ``predict_window`` treats the layers one after the other over the whole window, so that all but the
    recurrent products have many rows. The decoder goes through all layers at each step, in ``predict_step``; or the
    engine does so itself, for a whole window, with ``share``, ``memory`` and ``observed``.
    """

    perturb = staticmethod(training_kernels.perturb)
    roots = staticmethod(trainable.roots)
    pull = staticmethod(training_kernels.pull)

    def __init__(
        self, config: Config, windows: int, threads: int, state: Mapping[str, NDArray[Any]] | None = None
    ) -> None:
        self.config = config
        self.windows = windows
        self.started = 0
        self.keep_moments = False
        self.memory = allocate(config)
        """What the kernels work on."""
        self._symbols = self.memory.history[:, HISTORY - 1 :]
        self._team: Team[Any] = Team(threads)
        self._pace = Pace(threads)
        columns = max(config.gates * config.hidden, self.memory.table.shape[2], BLOCK)
        self.scratch = [np.zeros(columns, np.float32) for _ in range(threads)]
        """Of each thread."""
        self._sums = [np.zeros(columns, np.int32) for _ in range(threads)]
        self._integers = [np.zeros(BLOCK, np.int16) for _ in range(threads)]
        self._steps = 0
        mean = np.float32(1.0 / (config.streams * config.window))
        self._units = (grid.MATRIX_GRADIENT_UNIT * mean, grid.VECTOR_GRADIENT_UNIT * mean)
        if state is None:
            self._take(Parameters.initial(config))
        else:
            self.load_state(state)

    # -- prediction ------------------------------------------------------------------------------------------------

    def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        self._predict(symbols)
        return self.coded()

    def predict_paths(self, symbols: IntArray) -> Paths:
        """See the protocol."""
        self._predict(symbols)
        steps, B = symbols.shape
        paths = np.empty((steps, B, PATH), np.int32)
        head_kernels.follow_paths(0, B, steps, self.memory.table, self.memory.history, paths)
        return lambda: paths

    def _predict(self, symbols: IntArray) -> None:
        """Fill the tables of a window."""
        self._steps = len(symbols)
        self._symbols[:, 1 : self._steps + 1] = symbols.T

        def work(number: int, streams: tuple[int, int]) -> None:
            phase_kernels.predict(self.memory, *streams, 0, self._steps, self.scratch[number])

        self.share(work, self.config.streams)

    def predict_step(self) -> IntArray:
        """See the protocol."""
        if not self._steps:
            self._pace.begin()
        phase_kernels.predict(
            self.memory, 0, self.config.streams, self._steps, self._steps + 1, self.scratch[0]
        )
        return self.memory.table[:, self._steps, : self.config.alphabet]

    def observe(self, symbols: IntArray) -> None:
        """See the protocol."""
        self._steps += 1
        self._symbols[:, self._steps] = symbols

    def share(self, work: Callable[[int, tuple[int, int]], None], items: int) -> None:
        """Begin a window with ``work(thread, (first, last))`` for contiguous shares of so many items, none empty."""
        self._pace.begin()
        self._team.run(work, self._shares(items))

    def observed(self, steps: int) -> IntArray:
        """The symbols (steps, B) of a window that :meth:`share` has put into the history."""
        self._steps = steps
        return np.ascontiguousarray(self._symbols[:, 1 : steps + 1].T)

    def coded(self) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        shape = (self._steps, self.config.streams)
        cum, freq = np.empty(shape, np.int32), np.empty(shape, np.int32)
        head_kernels.pick(0, shape[1], shape[0], self.memory.table, self.memory.history, cum, freq)
        return cum, freq

    def densities(self) -> NDArray[np.int64]:
        """The outputs (B, T, 6 K) of :mod:`rnncompress.lstm.density` since the last update."""
        config = self.config
        outputs: NDArray[np.int64] = self.memory.density.outputs
        return outputs.reshape(config.streams, config.window, -1)

    def _shares(self, items: int) -> list[tuple[int, int]]:
        """What each thread takes of so many streams or lanes: contiguous, none empty."""
        parts = min(self._pace.threads, items)
        return [(items * part // parts, items * (part + 1) // parts) for part in range(parts)]

    # -- learning --------------------------------------------------------------------------------------------------

    def learn(self) -> None:
        """See the protocol."""
        m, config = self.memory, self.config
        self._updates += 1
        learns = np.float32(not self.keep_moments)
        phase_kernels.begin_learning(m, self._updates, config.horizon, learns)

        def propagate(number: int, streams: tuple[int, int]) -> None:
            phase_kernels.propagate(m, *streams, self.scratch[number])

        self._team.run(propagate, self._shares(config.streams))
        step = rate(config, self._updates - self.started, self.windows)
        blend = learns / np.float32(min(self._updates, config.horizon))
        threads = self._pace.threads

        def update(number: int, share: int) -> None:
            phase_kernels.update(
                m, share, threads, blend, step, *self._units, self._sums[number], self._integers[number]
            )

        self._team.run(update, range(threads))
        self.skip()

    def skip(self) -> None:
        """See :class:`rnncompress.lstm.trainable.Network`."""
        phase_kernels.end_window(self.memory)
        self._steps = 0
        self._pace.lap()

    # -- training and evaluation, see rnncompress.lstm.trainable ---------------------------------------------------

    @property
    def updates(self) -> int:
        """See the protocol."""
        return self._updates

    def rewind(self) -> None:
        """See the protocol."""
        m = self.memory
        m.h[:, :, 0], m.c[:, :, 0], m.history[:, :HISTORY] = 0, 0, 0
        m.density.track[:] = 0

    def groups(self, rows: NDArray[np.intp] | None) -> list[trainable.Group]:
        """See the protocol."""
        m, A = self.memory, self.config.alphabet
        matrices = trainable.Group(m.masters, m.moments, self._places, 1.0, True)
        embeddings = list(zip(m.embeddings, m.embedding_moments, strict=True))
        vectors = trainable.vector_groups(
            self._vector_places, embeddings, (m.bias[:A], m.bias_moment[:A]),
            self.memory.seen / max(1, self._updates), rows,
        )  # fmt: skip
        return [matrices, *vectors]

    @cached_property
    def _places(self) -> NDArray[np.uint32]:
        """``Group.numbers`` of the matrices, in the order of the masters."""
        start, places = 0, []
        for w in plain_matrices(self.memory.masters, self.config):
            places.append(trainable.numbers(start, w.size).reshape(w.shape))
            start += w.size
        flat = np.zeros(len(self.memory.masters), np.uint32)
        load_matrices(flat, places)
        return flat

    @cached_property
    def _vector_places(self) -> NDArray[np.uint32]:
        """``Group.numbers`` of the embeddings and the bias."""
        matrices = int(np.count_nonzero(self._places))
        return trainable.numbers(matrices, self.config.weights - matrices)

    def requantise(self) -> None:
        """See the protocol."""
        phase_kernels.quantise(self.memory, self._integers[0])

    # -- state -----------------------------------------------------------------------------------------------------

    def _take(self, p: Parameters) -> None:
        """Lay parameters out for the kernels."""
        m = self.memory
        load_matrices(m.masters, p.matrices)
        load_matrices(m.moments, p.matrix_moments)
        m.embeddings[:], m.embedding_moments[:] = p.embeddings, p.embedding_moments
        m.bias[: len(p.bias)], m.bias_moment[: len(p.bias)] = p.bias, p.bias_moment
        m.seen[:], self._updates = p.seen, p.updates
        phase_kernels.quantise(m, self._integers[0])

    def _tables(self) -> NDArray[np.int32]:
        """Those of the contexts, (K, rows, ROW), as the state has them."""
        c = self.memory.contexts
        tables: NDArray[np.int32] = c.tables.reshape(len(c.kinds), 1 << c.bits, ROW)
        return tables

    def _track(self) -> NDArray[np.int64]:
        """(B, TRACK): what the head of densities knows of each stream."""
        B, T = self.config.streams, self.config.window
        tracks: NDArray[np.int64] = self.memory.density.track.reshape(B, T + 1, TRACK)
        return tracks[:, 0]

    def state(self, *, copy: bool = True) -> dict[str, NDArray[Any]]:
        """See the protocol."""
        m, A = self.memory, self.config.alphabet

        def kept(array: NDArray[Any]) -> NDArray[Any]:
            return array.copy() if copy else array

        parameters = Parameters(
            matrices=plain_matrices(m.masters, self.config),
            embeddings=list(kept(m.embeddings)),
            bias=kept(m.bias[:A]),
            matrix_moments=plain_matrices(m.moments, self.config),
            embedding_moments=list(kept(m.embedding_moments)),
            bias_moment=kept(m.bias_moment[:A]),
            seen=kept(m.seen),
            updates=self._updates,
        )
        return (
            parameters.arrays()
            | {
                "h": m.h[:, :, 0].copy(),
                "c": m.c[:, :, 0].copy(),
                "history": m.history[:, :HISTORY].copy(),
                "contexts": kept(self._tables()),
            }
            | ({"track": self._track().copy()} if self.config.components else {})
        )

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """See the protocol."""
        m = self.memory
        self._take(Parameters.from_arrays(self.config, state))
        m.h[:, :, 0], m.c[:, :, 0] = state["h"], state["c"]
        m.history[:, :HISTORY], self._tables()[:] = state["history"], state["contexts"]
        if self.config.components:
            self._track()[:] = state["track"]
        self._steps = 0
