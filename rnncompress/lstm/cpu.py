"""The CPU engine: the compiled kernels, the memory they work on, and the threads that share the work."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncompress.exact import grid, noise
from rnncompress.exact.frequencies import raw_scale
from rnncompress.exact.simd import PANEL
from rnncompress.lstm import context_kernels, kernels
from rnncompress.lstm.contexts import HISTORY, ROW, kinds
from rnncompress.lstm.parameters import Parameters, rate
from rnncompress.lstm.team import Team
from rnncompress.predictor import IntArray
from rnncompress.presets import Config

Float = NDArray[np.float32]


class CpuPredictor:
    """Equal to :class:`rnncompress.lstm.reference.ReferencePredictor`, many times faster.

    The encoder's ``predict_window`` treats the layers one after the other over the whole window, so that all but the
    recurrent products have many rows; the decoder's ``predict_step`` goes through all layers at each step. Streams are
    divided among the threads; so are, in the update, panels of the weight matrices.
    """

    def __init__(self, config: Config, windows: int, threads: int) -> None:
        self.config = config
        self.windows = windows
        self._split_work(threads)
        B, T, H, L = config.streams, config.window, config.hidden, config.layers
        N = config.gates * H
        A = -(-config.alphabet // PANEL) * PANEL
        records = kernels.LSTM_RECORDS if config.cell == "lstm" else 1
        self._h = np.zeros((L, B, T + 1, H), np.int16)
        self._c = np.zeros((L, B, T + 1, H), np.float32)
        self._kinds = np.array(kinds(config.contexts), np.int64)
        self._history = np.zeros((B, HISTORY + T), np.int32)
        self._symbols = self._history[:, HISTORY - 1 :]
        self._inputs = np.full((B, T, 2), config.alphabet, np.int32)
        self._hashes = np.zeros((B, T, len(self._kinds)), np.uint32)
        self._contexts = np.zeros((len(self._kinds), 1 << config.context_bits, ROW), np.int32)
        self._records = np.zeros((L, B, T, records, H), np.float32)
        self._sums = np.zeros((B, T, N), np.int32)
        self._table = np.zeros((B, T, A), np.int32)
        self._dz = np.zeros((B, T, A), np.int16)
        self._gradients = np.zeros((L, B, T, N), np.int16)
        self._h_sums = np.zeros((B, T, H), np.int32)
        self._dc = np.zeros((B, H), np.float32)
        self._h_now = np.zeros((L, H, B * T), np.int16)
        self._h_before = np.zeros((L, H, B * T), np.int16)
        self._dz_panels = np.zeros((A // PANEL, B * T // 2, PANEL, 2), np.int16)
        self._panels = np.zeros((L, N // PANEL, B * T // 2, PANEL, 2), np.int16)
        self._scratch = [np.zeros(max(N, A), np.float32) for _ in range(threads)]
        self._gradient_sums = [np.zeros(max(N, A, PANEL * PANEL), np.int32) for _ in range(threads)]
        self._integers = [np.zeros(PANEL * PANEL, np.int16) for _ in range(threads)]
        self._raw_scale = raw_scale(config.alphabet)
        self._steps = 0
        self._take(Parameters.initial(config))

    def _split_work(self, threads: int) -> None:
        B, L = self.config.streams, self.config.layers
        parts = min(threads, B)
        self._streams = [(B * part // parts, B * (part + 1) // parts) for part in range(parts)]
        panels = [
            (layer, p) for layer in range(L) for p in range(self.config.gates * self.config.hidden // PANEL)
        ]
        panels += [(L, p) for p in range(-(-self.config.alphabet // PANEL))]
        self._panel_shares = [panels[part::threads] for part in range(threads)]
        self._team: Team[Any] = Team(threads)

    # -- prediction ------------------------------------------------------------------------------------------------

    def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        steps = len(symbols)
        self._symbols[:, 1 : steps + 1] = symbols.T
        self._steps = steps
        cum, freq = np.empty(symbols.shape, np.int32), np.empty(symbols.shape, np.int32)

        def work(number: int, streams: tuple[int, int]) -> None:
            self._forward(number, streams, 0, steps)
            kernels.pick(*streams, steps, self._table, self._symbols, cum, freq)

        self._team.run(work, self._streams)
        return cum, freq

    def predict_step(self) -> IntArray:
        """See the protocol."""
        t = self._steps
        self._team.run(lambda number, streams: self._forward(number, streams, t, t + 1), self._streams)
        return self._table[:, t, : self.config.alphabet]

    def observe(self, symbols: IntArray) -> None:
        """See the protocol."""
        self._steps += 1
        self._symbols[:, self._steps] = symbols

    def _forward(self, number: int, streams: tuple[int, int], start: int, stop: int) -> None:
        span = (*streams, start, stop)
        contexts = (self._hashes, self.config.context_bits)
        alphabet = self.config.alphabet
        self._inputs[streams[0] : streams[1], start:stop, 0] = self._symbols[
            streams[0] : streams[1], start:stop
        ]
        if len(self._kinds):
            context_kernels.hash_contexts(*span, self._history, self._kinds, self._hashes)
            context_kernels.guess(*span, *contexts, self._kinds, self._contexts, alphabet, self._inputs)
        kernels.forward(
            *span, self._h, self._c, self._records, self._sums, self._table, self._inputs,
            self._forward_panels, self._offsets, self._embeddings,
        )  # fmt: skip
        if len(self._kinds):
            context_kernels.add_contexts(*span, *contexts, self._contexts, self._table)
        kernels.tables(*span, self._table, self._bias, alphabet, self._raw_scale, self._scratch[number])

    # -- learning --------------------------------------------------------------------------------------------------

    def learn(self) -> None:
        """See the protocol."""
        config = self.config
        self._updates += 1
        keys = np.array([noise.key(layer, self._updates) for layer in range(config.layers + 1)], np.uint32)

        def back(number: int, streams: tuple[int, int]) -> None:
            kernels.backward(
                *streams, self._h, self._c, self._records, self._table, config.alphabet, self._symbols,
                self._backward_panels, self._offsets, keys, self._dz, self._gradients, self._h_sums, self._dc,
                self._scratch[number],
            )  # fmt: skip
            kernels.arrange(
                *streams,
                self._h,
                self._dz,
                self._gradients,
                self._h_now,
                self._h_before,
                self._dz_panels,
                self._panels,
            )

        self._team.run(back, self._streams)
        self._team.run(self._updater(), self._panel_shares)
        self._h[:, :, 0] = self._h[:, :, -1]
        self._c[:, :, 0] = self._c[:, :, -1]
        self._history[:, :HISTORY] = self._history[:, -HISTORY:].copy()
        self._steps = 0

    def _updater(self) -> Callable[[int, list[tuple[int, int]]], None]:
        """The update of some panels, with the numbers all of them share worked out once."""
        config, L = self.config, self.config.layers
        step = rate(config, self._updates, self.windows)
        mean = np.float32(1.0 / (config.streams * config.window))
        matrix_unit, vector_unit = grid.MATRIX_GRADIENT_UNIT * mean, grid.VECTOR_GRADIENT_UNIT * mean
        blend = np.float32(1) / np.float32(min(self._updates, config.horizon))
        inputs = self._inputs.reshape(-1)
        order = np.argsort(inputs, kind="stable")
        used, starts = np.unique(inputs[order], return_index=True)
        starts, rows = np.append(starts, len(inputs)), order // 2
        self._seen[used] += 1
        blends = np.float32(1) / np.minimum(self._seen[used], config.horizon).astype(np.float32)

        def update(number: int, panels: list[tuple[int, int]]) -> None:
            sums, integers = self._gradient_sums[number], self._integers[number]
            for layer in range(L):
                gradients = self._gradients[layer].reshape(config.streams * config.window, -1)
                kernels.update_embedding(
                    number, len(self._panel_shares), gradients, used, starts, rows, self._embeddings[layer],
                    self._embedding_moments[layer], vector_unit, blends, step, sums[: gradients.shape[1]],
                )  # fmt: skip
            for kind in range(number, len(self._kinds), len(self._panel_shares)):
                context_kernels.learn_contexts(
                    kind, self._hashes, config.context_bits, self._contexts[kind], self._table, self._symbols
                )
            if number == 0:
                dz = self._dz.reshape(config.streams * config.window, -1)
                kernels.update_softmax_bias(
                    dz, self._bias, self._bias_moment, vector_unit, blend, step, sums[: dz.shape[1]]
                )
            for layer, p in panels:
                if layer == L:
                    own = below = self._h_now.reshape(L * config.hidden, -1)
                    gradient_panels = self._dz_panels
                else:
                    own, below = self._h_before[layer], self._h_now[max(layer - 1, 0)]
                    gradient_panels = self._panels[layer]
                kernels.update_matrix(
                    p, own, below, gradient_panels, self._masters[layer], self._moments[layer], self._forward_panels,
                    self._backward_panels, self._offsets[layer], matrix_unit, blend, step, sums, integers,
                )  # fmt: skip

        return update

    # -- state -----------------------------------------------------------------------------------------------------

    def _take(self, p: Parameters) -> None:
        """Lay parameters out for the kernels: matrices in blocks, integer panels in both layouts."""
        pad = -self.config.alphabet % PANEL
        self._masters, self._moments = _blocks(p.matrices), _blocks(p.matrix_moments)
        self._embeddings, self._embedding_moments = np.stack(p.embeddings), np.stack(p.embedding_moments)
        self._bias, self._bias_moment = np.pad(p.bias, (0, pad)), np.pad(p.bias_moment, (0, pad))
        self._seen, self._updates = p.seen.copy(), p.updates
        sizes = [w.size for w in self._masters]
        self._offsets = np.cumsum([0, *sizes])
        self._forward_panels = np.zeros(sum(sizes), np.int16)
        self._backward_panels = np.zeros(sum(sizes), np.int16)
        for master, start in zip(self._masters, self._offsets, strict=False):
            kernels.quantise_matrix(
                master, self._forward_panels, self._backward_panels, start, self._integers[0]
            )

    def state(self) -> dict[str, NDArray[Any]]:
        """See the protocol."""
        A = self.config.alphabet
        parameters = Parameters(
            matrices=_plain(self._masters, A),
            embeddings=list(self._embeddings),
            bias=self._bias[:A],
            matrix_moments=_plain(self._moments, A),
            embedding_moments=list(self._embedding_moments),
            bias_moment=self._bias_moment[:A],
            seen=self._seen,
            updates=self._updates,
        )
        return parameters.arrays() | {
            "h": self._h[:, :, 0].copy(),
            "c": self._c[:, :, 0].copy(),
            "history": self._history[:, :HISTORY].copy(),
            "contexts": self._contexts.copy(),
        }

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """See the protocol."""
        self._take(Parameters.from_arrays(self.config, state))
        self._h[:, :, 0], self._c[:, :, 0] = state["h"], state["c"]
        self._history[:, :HISTORY], self._contexts = state["history"], state["contexts"].copy()
        self._steps = 0


def _blocks(matrices: list[Float]) -> list[Float]:
    """Matrices (rows, inputs) as (panels, inputs, 16), the softmax's rows padded: 16x16 blocks lie together."""
    result = []
    for w in matrices:
        padded = np.pad(w, ((0, -len(w) % PANEL), (0, 0)))
        result.append(np.ascontiguousarray(padded.reshape(-1, PANEL, w.shape[1]).transpose(0, 2, 1)))
    return result


def _plain(blocks: list[Float], alphabet: int) -> list[Float]:
    """The inverse of :func:`_blocks`."""
    plain = [w.transpose(0, 2, 1).reshape(-1, w.shape[1]) for w in blocks]
    return [*plain[:-1], plain[-1][:alphabet]]
