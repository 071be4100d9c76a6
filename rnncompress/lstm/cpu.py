"""The CPU engine: the compiled kernels, the memory they work on, and the threads that share the work."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncompress.exact import grid, noise
from rnncompress.exact.frequencies import raw_scale
from rnncompress.exact.simd import PANEL
from rnncompress.lstm import kernels
from rnncompress.lstm.parameters import Parameters, rate
from rnncompress.predictor import IntArray
from rnncompress.presets import Config


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
        self._symbols = np.zeros((B, T + 1), np.int32)
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
        self._panel_sums = [np.zeros((max(A, PANEL), PANEL), np.int32) for _ in range(threads)]
        self._raw_scale = raw_scale(config.alphabet)
        self._steps = 0
        self._take(Parameters.initial(config))

    def _split_work(self, threads: int) -> None:
        B, L = self.config.streams, self.config.layers
        parts = min(threads, B)
        self._streams = [(B * part // parts, B * (part + 1) // parts) for part in range(parts)]
        panels = [(layer, p) for layer in range(L) for p in range(self.config.gates * self.config.hidden // PANEL)]
        panels += [(L, p) for p in range(-(-self.config.alphabet // PANEL))]
        self._panel_shares = [panels[part::threads] for part in range(threads)]
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def _parallel(self, work: Callable[..., None], shares: list[Any]) -> None:
        """Call ``work(number, share)`` for every share, at the same time where there are threads."""
        if self._pool is None or len(shares) == 1:
            for number, share in enumerate(shares):
                work(number, share)
        else:
            list(self._pool.map(work, range(len(shares)), shares))

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

        self._parallel(work, self._streams)
        return cum, freq

    def predict_step(self) -> IntArray:
        """See the protocol."""
        t = self._steps
        self._parallel(lambda number, streams: self._forward(number, streams, t, t + 1), self._streams)
        return self._table[:, t, : self.config.alphabet]

    def observe(self, symbols: IntArray) -> None:
        """See the protocol."""
        self._steps += 1
        self._symbols[:, self._steps] = symbols

    def _forward(self, number: int, streams: tuple[int, int], start: int, stop: int) -> None:
        kernels.forward(
            *streams, start, stop, self._h, self._c, self._records, self._sums, self._table, self._symbols,
            self._forward_panels, self._offsets, self._embeddings, self._biases,
        )  # fmt: skip
        kernels.tables(
            *streams, start, stop, self._table, self._softmax_bias, self.config.alphabet, self._raw_scale,
            self._scratch[number],
        )  # fmt: skip

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
                *streams, self._h, self._dz, self._gradients, self._h_now, self._h_before, self._dz_panels, self._panels
            )

        self._parallel(back, self._streams)
        self._parallel(self._updater(), self._panel_shares)
        self._h[:, :, 0] = self._h[:, :, -1]
        self._c[:, :, 0] = self._c[:, :, -1]
        self._symbols[:, 0] = self._symbols[:, -1]
        self._steps = 0

    def _updater(self) -> Callable[[int, list[tuple[int, int]]], None]:
        """The update of some panels, with the numbers all of them share worked out once."""
        config, L = self.config, self.config.layers
        step = rate(config, self._updates, self.windows)
        mean = np.float32(1.0 / (config.streams * config.window))
        matrix_unit, vector_unit = grid.MATRIX_GRADIENT_UNIT * mean, grid.VECTOR_GRADIENT_UNIT * mean
        blend = np.float32(1) / np.float32(min(self._updates, config.horizon))
        used = np.unique(self._symbols[:, :-1])
        self._seen[used] += 1
        blends = np.float32(1) / np.minimum(self._seen[used], config.horizon).astype(np.float32)

        def update(number: int, panels: list[tuple[int, int]]) -> None:
            sums = self._panel_sums[number]
            flat = sums.reshape(-1)
            for layer, p in panels:
                if layer == L:
                    own = below = self._h_now.reshape(L * config.hidden, -1)
                    panel_gradients, gradients = self._dz_panels, self._dz
                    bias, bias_moments = self._softmax_bias, self._softmax_bias_moments
                else:
                    own, below = self._h_before[layer], self._h_now[max(layer - 1, 0)]
                    panel_gradients, gradients = self._panels[layer], self._gradients[layer]
                    bias, bias_moments = self._biases[layer], self._bias_moments[layer]
                    kernels.update_embedding(
                        p, gradients, self._symbols, used, self._embeddings[layer], self._embedding_moments[layer],
                        vector_unit, blends, step, sums,
                    )  # fmt: skip
                kernels.update_bias(p, gradients, bias, bias_moments, vector_unit, blend, step, flat)
                kernels.update_matrix(
                    p, own, below, panel_gradients, self._masters[layer], self._moments[layer], self._forward_panels,
                    self._backward_panels, self._offsets[layer], matrix_unit, blend, step, flat,
                )  # fmt: skip

        return update

    # -- state -----------------------------------------------------------------------------------------------------

    def _take(self, p: Parameters) -> None:
        """Lay parameters out for the kernels: matrices transposed and padded, integer panels in both layouts."""
        A, L = self.config.alphabet, self.config.layers
        pad = -A % PANEL

        def transposed(matrices: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            padded = [*matrices[:L], np.pad(matrices[L], ((0, pad), (0, 0)))]
            return [np.ascontiguousarray(w.T) for w in padded]

        self._masters, self._moments = transposed(p.matrices), transposed(p.matrix_moments)
        self._biases, self._bias_moments = np.stack(p.biases[:L]), np.stack(p.bias_moments[:L])
        self._softmax_bias = np.pad(p.biases[L], (0, pad))
        self._softmax_bias_moments = np.pad(p.bias_moments[L], (0, pad))
        self._embeddings, self._embedding_moments = np.stack(p.embeddings), np.stack(p.embedding_moments)
        self._seen, self._updates = p.seen.copy(), p.updates
        sizes = [w.size for w in self._masters]
        self._offsets = np.cumsum([0, *sizes])
        self._forward_panels = np.zeros(sum(sizes), np.int16)
        self._backward_panels = np.zeros(sum(sizes), np.int16)
        for w, start in zip(self._masters, self._offsets, strict=False):
            for panel in range(w.shape[1] // PANEL):
                for k in range(0, w.shape[0], PANEL):
                    kernels.quantise(w, panel, k, self._forward_panels, self._backward_panels, start, *w.shape)

    def state(self) -> dict[str, NDArray[Any]]:
        """See the protocol."""
        A = self.config.alphabet

        def restored(matrices: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            plain = [np.ascontiguousarray(w.T) for w in matrices]
            return [*plain[:-1], plain[-1][:A]]

        parameters = Parameters(
            matrices=restored(self._masters),
            biases=[*self._biases, self._softmax_bias[:A]],
            embeddings=list(self._embeddings),
            matrix_moments=restored(self._moments),
            bias_moments=[*self._bias_moments, self._softmax_bias_moments[:A]],
            embedding_moments=list(self._embedding_moments),
            seen=self._seen,
            updates=self._updates,
        )
        return parameters.arrays() | {
            "h": self._h[:, :, 0].copy(),
            "c": self._c[:, :, 0].copy(),
            "last": self._symbols[:, 0].copy(),
        }

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """See the protocol."""
        self._take(Parameters.from_arrays(self.config, state))
        self._h[:, :, 0], self._c[:, :, 0], self._symbols[:, 0] = state["h"], state["c"], state["last"]
        self._steps = 0
