"""The tensors that the GPU engine's kernels work on, and their exchange with the layout of saved states."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.lstm import density
from rnncompress.lstm.contexts import HISTORY, RATES, kinds
from rnncompress.lstm.cuda.pinned import Pinned
from rnncompress.lstm.parameters import Parameters
from rnncompress.lstm.sizes import ROW
from rnncompress.network import PATH

Array = NDArray[Any]

_ALIGNED: Final = 16


class Memory:
    """B streams, T steps, L layers, H units, N = gates * H rows of a layer, A symbols, P = A rounded up to a multiple
    of 16, E rows of an embedding, K kinds of contexts, R = T * B rows of the window (row t * B + b).

    *Columns* are copies with the rows of the window last, for the sums over the window. 16-bit integers are two tensors
    of 8 bits, *high* and *low*.
    """

    def __init__(self, config: Config, device: torch.device) -> None:
        B, T, H, L, A = config.streams, config.window, config.hidden, config.layers, config.alphabet
        N, R, K, E = config.gates * H, T * B, len(kinds(config.contexts)), config.embedding_rows
        P = -(-A // _ALIGNED) * _ALIGNED
        self.config = config
        self.padded = P

        def zeros(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
            return torch.zeros(shape, dtype=dtype, device=device)

        def slices(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
            return zeros(*shape, dtype=torch.int8), zeros(*shape, dtype=torch.int8)

        # Weights: first the L matrices for the own past, then the L - 1 for the layer below.
        self.masters, self.moments = zeros(2 * L - 1, N, H), zeros(2 * L - 1, N, H)
        self.high, self.low = slices(2 * L - 1, N, H)
        self.transposed = zeros(2 * L - 1, H, N, dtype=torch.int8)
        """High slices."""
        self.softmax, self.softmax_moments = zeros(P, L * H), zeros(P, L * H)
        self.softmax_high, self.softmax_low = slices(P, L * H)
        self.softmax_transposed = zeros(L * H, P, dtype=torch.int8)
        self.embeddings, self.embedding_moments = zeros(L, E, N), zeros(L, E, N)
        self.bias, self.bias_moments = zeros(A), zeros(A)
        self.seen = zeros(E, dtype=torch.int32)
        # The window.
        self.history = zeros(HISTORY + T, B, dtype=torch.int32)
        """The symbol before step t stands at HISTORY - 1 + t."""
        self.inputs = torch.full((T, B, 2), A, dtype=torch.int32, device=device)
        """Rows of the embeddings that are added: the last symbol's and the guess's."""
        self.h, self.h_columns = (
            zeros(L, T + 1, B, H, dtype=torch.int8),
            zeros(L, H, (T + 1) * B, dtype=torch.int8),
        )
        """Activations before step t at t."""
        self.c = zeros(L, T + 1, B, H)
        self.records = zeros(L, T, 5 if config.cell == "lstm" else 1, B, H)
        """i, f, g, o, tanh(c); of an RNN the activation before rounding."""
        self.table = zeros(R, A, dtype=torch.int32)
        """Sums of the logits, then frequencies."""
        self.coded = zeros(2, T, B, dtype=torch.int32)
        """Cumulative and own frequencies of the symbols."""
        self.paths = zeros(T, B, PATH, dtype=torch.int32)
        """See :mod:`rnncompress.network`."""
        # Gradients, and what the update needs.
        self.dz_high, self.dz_low = slices(R, P)
        self.dz_columns_high, self.dz_columns_low = slices(P, R)
        self.d_high, self.d_low = slices(L, T, B, N)
        self.d_columns_high, self.d_columns_low = slices(L, N, R)
        self.dc = zeros(L, B, H)
        self.marks = zeros(E, R, dtype=torch.int8)
        self.used = zeros(E, dtype=torch.int32)
        self.keys = zeros(L + 1, dtype=torch.int32)
        """Bits of the keys of the dither."""
        self.rates = zeros(3)
        """Learning rate, weight of the newest squared gradient in the second moment, and 0 if moments are kept."""
        # Contexts.
        self.contexts = zeros(K, 1 << config.context_bits, ROW, dtype=torch.int32)
        self.hashes, self.context_rows = zeros(K, R, dtype=torch.int32), zeros(K, R, dtype=torch.int32)
        self.learning_rates = torch.tensor(RATES, device=device)
        # The head of densities, see :class:`rnncompress.lstm.density.DensityArrays`.
        count = density.PARAMETERS * config.components
        self.track = zeros(density.TRACK, T + 1, B, dtype=torch.int64)
        self.outputs = zeros(R, count, dtype=torch.int32)
        self.decay, self.logistic, self.centres = (
            torch.from_numpy(array.astype(np.int32)).to(device)
            for array in (*density.tables(), density.centres(config.components))
        )
        # What travels between host and device.
        self.host_symbols = Pinned(device, T, B)
        self.host_coded = Pinned(device, 2, T, B)
        self.host_paths = Pinned(device, T, B, PATH)
        self.host_table = Pinned(device, B, A)
        self.host_keys = Pinned(device, L + 1)
        self.host_rates = Pinned(device, 3, dtype=torch.float32)

    def load(self, p: Parameters) -> None:
        """Take parameters in the layout of the specification; the integers of the weights are not made."""
        config, H, A = self.config, self.config.hidden, self.config.alphabet
        both = [
            (p.matrices, p.embeddings, self.masters, self.softmax, self.embeddings),
            (
                p.matrix_moments,
                p.embedding_moments,
                self.moments,
                self.softmax_moments,
                self.embedding_moments,
            ),
        ]
        for matrices, embeddings, stacked, softmax, stacked_embeddings in both:
            for layer in range(config.layers):
                _put(stacked[layer], matrices[layer][:, :H])
                if layer:
                    _put(stacked[config.layers + layer - 1], matrices[layer][:, H:])
                _put(stacked_embeddings[layer], embeddings[layer])
            _put(softmax[:A], matrices[-1])
        _put(self.bias, p.bias)
        _put(self.bias_moments, p.bias_moment)
        _put(self.seen, p.seen)

    def parameters(self, updates: int) -> Parameters:
        """The inverse of :meth:`load`."""
        L, A = self.config.layers, self.config.alphabet

        def matrices(stacked: torch.Tensor, softmax: torch.Tensor) -> list[Array]:
            own, below = stacked[:L].numpy(force=True), stacked[L:].numpy(force=True)
            layers = [np.concatenate([own[n], *below[n - 1 : n]], axis=1) for n in range(L)]
            return [*layers, softmax[:A].numpy(force=True)]

        return Parameters(
            matrices=matrices(self.masters, self.softmax),
            embeddings=list(self.embeddings.numpy(force=True)),
            bias=self.bias.numpy(force=True),
            matrix_moments=matrices(self.moments, self.softmax_moments),
            embedding_moments=list(self.embedding_moments.numpy(force=True)),
            bias_moment=self.bias_moments.numpy(force=True),
            seen=self.seen.numpy(force=True),
            updates=updates,
        )

    def carried(self) -> dict[str, Array]:
        """Copies of what goes on from window to window beside the parameters, in the layout of saved states."""
        carried = {
            "h": self.h[:, 0].numpy(force=True).astype(np.int16),
            "c": self.c[:, 0].numpy(force=True).copy(),
            "history": self.history[:HISTORY].numpy(force=True).T.copy(),
            "contexts": self.contexts.numpy(force=True).copy(),
        }
        if self.config.components:
            carried["track"] = self.track[:, 0].numpy(force=True).T.copy()
        return carried

    def load_carried(self, state: Mapping[str, Array]) -> None:
        """The inverse of :meth:`carried`."""
        _put(self.h[:, 0], state["h"].astype(np.int8))
        self.h_columns[:, :, : self.config.streams] = self.h[:, 0].transpose(1, 2)
        _put(self.c[:, 0], state["c"])
        _put(self.history[:HISTORY], state["history"].T)
        _put(self.contexts, state["contexts"])
        if self.config.components:
            _put(self.track[:, 0], state["track"].T)

    def carry(self) -> None:
        """The end of this window is the beginning of the next."""
        B = self.config.streams
        self.h[:, 0].copy_(self.h[:, -1])
        self.h_columns[:, :, :B].copy_(self.h_columns[:, :, -B:])
        self.c[:, 0].copy_(self.c[:, -1])
        self.history[:HISTORY].copy_(self.history[-HISTORY:].clone())
        self.track[:, 0].copy_(self.track[:, -1])


def _put(target: torch.Tensor, source: Array) -> None:
    target.copy_(torch.from_numpy(np.ascontiguousarray(source)))
