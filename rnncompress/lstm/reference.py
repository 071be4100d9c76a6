"""The specification: the network, its learning and its predictions in plain numpy, every operation visible.

Slow, and the last word on what is right: every other engine returns the same integers.

Shapes: B streams, T steps, A symbols, H units, N rows of a layer's matrix (4H for an LSTM: input gate, forget gate,
candidate, output gate; H for an RNN), K its columns (own past h(t-1), then the layer below h(t) where there is one).

A layer computes ``pre = W h + E[x] + E[A + guess]`` with h on the 8-bit grid and W on the 16-bit grid; E is the
embedding, x the last symbol and ``guess`` what the contexts expect (:mod:`rnncompress.lstm.contexts`).
The LSTM (Graves 2013, section 2.1, without peepholes)::

    i, f, o = sigmoid(pre_i), sigmoid(pre_f), sigmoid(pre_o);  g = tanh(pre_g)
    c = f c' + i g;   h = round(o tanh(c))

The gradient passes the rounding unchanged (straight-through). After every window each parameter moves by
``rate * gradient / sqrt(second moment)``: Adam (Kingma & Ba 2015) without momentum, as online coders use it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.exact import functions, grid, noise
from rnncompress.lstm import head, trainable
from rnncompress.lstm.parameters import EPSILON, MOST_SEEN, Parameters, rate
from rnncompress.lstm.reference_contexts import ReferenceContexts
from rnncompress.lstm.reference_density import ReferenceDensity
from rnncompress.lstm.state import no_text
from rnncompress.network import IntArray, Paths

Float = NDArray[np.float32]
Int = NDArray[np.int64]


def product(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int32]:
    """Integer matrix product modulo 2**32.

    float64 computes it exactly, in any order: every partial sum is an integer far below 2**53.
    """
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64).astype(np.int32)


class ReferencePredictor:
    """Predicts with a recurrent network and trains it after every window; see :mod:`rnncompress.network`."""

    perturb = staticmethod(trainable.perturb)
    roots = staticmethod(trainable.roots)
    pull = staticmethod(trainable.pull)

    def __init__(self, config: Config, windows: int, state: Mapping[str, NDArray[Any]] | None = None) -> None:
        self.config = config
        self.windows = windows
        self.started = 0
        self.keep_moments = False
        self.contexts = ReferenceContexts(
            config.contexts, config.context_bits, config.streams, config.alphabet
        )
        self.density = ReferenceDensity(config) if config.components else None
        self._tape: list[dict[str, Any]] = []
        if state is None:
            self.parameters = Parameters.initial(config)
            self.h, self.c = (no_text(config)[name] for name in ("h", "c"))
            self._quantise()
        else:
            self.load_state(state)

    def _quantise(self) -> None:
        """Integer weights, and their high bytes for the backward products."""
        self.W = [grid.weight(w).astype(np.int32) for w in self.parameters.matrices]
        self.W_high = [(w + 128) >> 8 for w in self.W]

    # -- prediction ------------------------------------------------------------------------------------------------

    def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
        """See the protocol: the reference simply walks through the steps."""
        for s in symbols:
            self.predict_step()
            self.observe(s)
        return self.coded()

    def coded(self) -> tuple[IntArray, IntArray]:
        """See the protocol."""
        tables = np.array([step["table"] for step in self._tape])
        symbols = np.array([step["symbols"] for step in self._tape])
        return head.pick(tables, symbols)

    def predict_paths(self, symbols: IntArray) -> Paths:
        """See the protocol."""
        self.predict_window(symbols)
        paths = head.paths(np.array([step["table"] for step in self._tape]), symbols)
        return lambda: paths

    def densities(self) -> NDArray[np.int64]:
        """The outputs (B, T, 6 K) of :mod:`rnncompress.lstm.density` since the last update."""
        assert self.density is not None
        return self.density.outputs

    def predict_step(self) -> IntArray:
        """Frequencies (B, A) of the next symbols."""
        config, p = self.config, self.parameters
        x = self.contexts.history[:, -1]
        guess = config.alphabet + self.contexts.guesses()
        step: dict[str, Any] = {"inputs": [x, guess], "layers": []}
        h_new: list[NDArray[np.int16]] = []
        for layer in range(config.layers):
            inputs = np.concatenate([self.h[layer], *h_new[-1:]], axis=1)
            sums = product(inputs, self.W[layer].T)
            pre = (
                sums.astype(np.float32) * grid.FORWARD_UNIT
                + p.embeddings[layer][x]
                + p.embeddings[layer][guess]
            )
            record = self._cell(layer, pre)
            record["inputs"] = inputs
            step["layers"].append(record)
            h_new.append(record["h"])
        step["h_all"] = np.concatenate(h_new, axis=1)
        sums = product(step["h_all"], self.W[-1].T)
        self.contexts.add_to(sums)
        step["table"] = head.table(sums, p.bias)
        if self.density:
            logits = sums.astype(np.float32) * grid.FORWARD_UNIT + p.bias
            self.density.predict(len(self._tape), logits, x, step["table"])
        self._tape.append(step)
        return step["table"]  # type: ignore[no-any-return]

    def _cell(self, layer: int, pre: Float) -> dict[str, Any]:
        """One step of one layer from its gate inputs (B, N)."""
        if self.config.cell == "rnn":
            y = functions.tanh(pre)
            return {"y": y, "h": grid.activation(y).astype(np.int16)}
        pre_i, pre_f, pre_g, pre_o = np.split(pre, 4, axis=1)
        i, f, o = functions.sigmoid(pre_i), functions.sigmoid(pre_f), functions.sigmoid(pre_o)
        g = functions.tanh(pre_g)
        c_old = self.c[layer].copy()
        c = f * c_old + i * g
        y = functions.tanh(c)
        return {"i": i, "f": f, "g": g, "o": o, "c_old": c_old, "c": c, "y": y,
                "h": grid.activation(o * y).astype(np.int16)}  # fmt: skip

    def observe(self, symbols: IntArray) -> None:
        """Advance the recurrent state by one step."""
        step = self._tape[-1]
        step["symbols"] = symbols.copy()
        for layer, record in enumerate(step["layers"]):
            self.h[layer] = record["h"]
            if self.config.cell == "lstm":
                self.c[layer] = record["c"]
        self.contexts.observe(symbols)
        if self.density:
            self.density.observe(len(self._tape) - 1, symbols)

    # -- learning --------------------------------------------------------------------------------------------------

    def learn(self) -> None:
        """Back-propagation through the window, then one update of every parameter."""
        config, p = self.config, self.parameters
        p.updates += 1
        L, H, B = config.layers, config.hidden, config.streams
        keys = noise.keys(L + 1, p.updates)
        matrices = [np.zeros(w.shape, np.int64) for w in self.W]
        embeddings = [np.zeros(e.shape, np.int64) for e in p.embeddings]
        bias = np.zeros(config.alphabet, np.int64)
        dc = np.zeros((L, B, H), np.float32)
        past = [np.zeros((B, H), np.int32) for _ in range(L)]  # backward sums that reach h(t) from step t+1

        symbols = [step["symbols"] for step in self._tape]
        for t in reversed(range(len(self._tape))):
            step = self._tape[t]
            at_logits = head.gradient(step["table"], step["symbols"])
            if self.density:
                self.density.correct(t, symbols, at_logits)
            d = self._dither(at_logits, keys[L], t)
            matrices[L] += product(d.T, step["h_all"])
            bias += d.sum(axis=0)
            into = np.split(product(d, self.W_high[L]), L, axis=1)
            for layer in reversed(range(L)):
                dh = (into[layer] + past[layer]).astype(np.float32) * grid.BACKWARD_UNIT
                raw, dc[layer] = self._cell_gradient(step["layers"][layer], dh, dc[layer])
                d = self._dither(raw, keys[layer], t)
                matrices[layer] += product(d.T, step["layers"][layer]["inputs"])
                for rows in step["inputs"]:
                    np.add.at(embeddings[layer], rows, d)
                back = product(d, self.W_high[layer])
                past[layer] = back[:, :H]
                if layer:
                    into[layer - 1] = into[layer - 1] + back[:, H:]

        self.contexts.learn([step["table"] for step in self._tape], symbols)
        used = np.unique(np.concatenate([rows for step in self._tape for rows in step["inputs"]]))
        self._update(matrices, embeddings, bias, used)
        self._end_window()

    # -- training and evaluation, see rnncompress.lstm.trainable -----------------------------------------------------

    @property
    def updates(self) -> int:
        """See the protocol."""
        return self.parameters.updates

    def skip(self) -> None:
        """See the protocol."""
        self._end_window()
        self.contexts.forget()

    def _end_window(self) -> None:
        self._tape.clear()
        if self.density:
            self.density.end()

    def rewind(self) -> None:
        """See the protocol."""
        for carried in (self.h, self.c, self.contexts.history):
            carried[:] = 0
        if self.density:
            self.density.track[:] = 0

    def groups(self, rows: NDArray[np.intp] | None) -> list[trainable.Group]:
        """See the protocol."""
        p, start, groups = self.parameters, 0, []
        for w, moments in zip(p.matrices, p.matrix_moments, strict=True):
            places = trainable.numbers(start, w.size)
            groups.append(trainable.Group(w.reshape(-1), moments.reshape(-1), places, 1.0, True))
            start += w.size
        embeddings = list(zip(p.embeddings, p.embedding_moments, strict=True))
        places = trainable.numbers(start, self.config.weights - start)
        uses = p.seen / max(1, p.updates)
        return groups + trainable.vector_groups(places, embeddings, (p.bias, p.bias_moment), uses, rows)

    def requantise(self) -> None:
        """See the protocol."""
        self._quantise()

    def _dither(self, d: Float, key: np.uint32, t: int) -> Int:
        """Gradient integers of d (B, columns) at step t."""
        counter = np.arange(d.size, dtype=np.uint32) + np.uint32(t * d.size)
        return grid.gradient(d, noise.uniform(key, counter).reshape(d.shape)).astype(np.int64)  # type: ignore[no-any-return]

    def _cell_gradient(self, r: dict[str, Any], dh: Float, dc: Float) -> tuple[Float, Float]:
        """Gradient at the gate inputs (B, N) and at the previous cell (B, H)."""
        one = np.float32(1)
        if self.config.cell == "rnn":
            return dh * (one - r["y"] * r["y"]), dc
        i, f, g, o, y = r["i"], r["f"], r["g"], r["o"], r["y"]
        dc = dc + dh * o * (one - y * y)
        gates = [
            dc * g * (i * (one - i)),
            dc * r["c_old"] * (f * (one - f)),
            dc * i * (one - g * g),
            dh * y * (o * (one - o)),
        ]
        return np.concatenate(gates, axis=1), dc * f

    def _update(self, matrices: list[Int], embeddings: list[Int], bias: Int, used: NDArray[Any]) -> None:
        """Move every parameter; rows of the embedding only where their symbol occurred."""
        config, p = self.config, self.parameters
        step = rate(config, p.updates - self.started, self.windows)
        mean = np.float32(1.0 / (config.streams * config.window))
        blend = np.float32(not self.keep_moments) / np.float32(min(p.updates, config.horizon))
        for n, gradient in enumerate(matrices):
            g = gradient.astype(np.int32).astype(np.float32) * (grid.MATRIX_GRADIENT_UNIT * mean)
            p.matrices[n], p.matrix_moments[n] = adam(p.matrices[n], p.matrix_moments[n], g, blend, step)
        g = bias.astype(np.int32).astype(np.float32) * (grid.VECTOR_GRADIENT_UNIT * mean)
        p.bias, p.bias_moment = adam(p.bias, p.bias_moment, g, blend, step)
        p.seen[used] = np.minimum(p.seen[used] + 1, MOST_SEEN)
        counts = np.minimum(p.seen[used], config.horizon).astype(np.float32)
        row_blend = np.float32(not self.keep_moments) / counts[:, None]
        for n, gradient in enumerate(embeddings):
            g = gradient[used].astype(np.int32).astype(np.float32) * (grid.VECTOR_GRADIENT_UNIT * mean)
            p.embeddings[n][used], p.embedding_moments[n][used] = adam(
                p.embeddings[n][used], p.embedding_moments[n][used], g, row_blend, step
            )
        self._quantise()

    # -- state -----------------------------------------------------------------------------------------------------

    def state(self, *, copy: bool = True) -> dict[str, NDArray[Any]]:
        """See the protocol."""
        state = self.parameters.arrays() | {
            "h": self.h,
            "c": self.c,
            "history": self.contexts.history,
            "contexts": self.contexts.tables,
        }
        if self.density:
            state["track"] = self.density.track[:, 0]
        return {name: array.copy() for name, array in state.items()}

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """See the protocol."""
        self.parameters = Parameters.from_arrays(self.config, {name: state[name].copy() for name in state})
        self.h, self.c = state["h"].copy(), state["c"].copy()
        self.contexts.history, self.contexts.tables = state["history"].copy(), state["contexts"].copy()
        self.contexts.forget()
        if self.density:
            self.density.track[:, 0] = state["track"]
        self._tape.clear()
        self._quantise()


def adam(w: Any, v: Any, g: Any, blend: Any, step: Any) -> tuple[Any, Any]:
    """New weight and second moment.

    The second moment is a plain mean of the first ``horizon`` squared gradients and decays from then on, so it needs
    no bias correction.
    """
    v = v + (g * g - v) * blend
    w = w - step * g * functions.inverse_root(v + EPSILON)
    return np.minimum(np.maximum(w, -grid.WEIGHT_LIMIT), grid.WEIGHT_LIMIT), v
