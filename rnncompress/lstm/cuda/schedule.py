"""What is launched, in which order and with which tiles. Nothing here waits for the device."""

from typing import Any

import numpy as np
import torch

from rnncompress.config import Config
from rnncompress.exact import grid
from rnncompress.exact.frequencies import raw_scale
from rnncompress.lstm.contexts import HISTORY, WORD, WORD_PAIR, kinds
from rnncompress.lstm.cuda import (
    backward_kernels,
    context_kernels,
    density_kernels,
    forward_kernels,
    head_kernels,
    update_kernels,
)
from rnncompress.lstm.cuda.memory import Memory
from rnncompress.lstm.cuda.tiles import EXACT, Chip, power_of_two
from rnncompress.lstm.density import PARAMETERS
from rnncompress.lstm.parameters import MOST_SEEN
from rnncompress.network import PATH

_BLOCK = 64
"""Rows of the window that a program of the contexts' kernels treats."""


class Schedule:
    """The launches of one network on one device. B, T and so on: see :class:`Memory`."""

    def __init__(self, config: Config, memory: Memory) -> None:
        self.memory = memory
        self.B, self.T, self.H, self.L, self.A = (
            config.streams, config.window, config.hidden, config.layers, config.alphabet,
        )  # fmt: skip
        self.N, self.R, self.P = config.gates * self.H, self.T * self.B, memory.padded
        self._component_block = power_of_two(max(1, config.components))
        self.E, self.K = config.embedding_rows, len(kinds(config.contexts))
        self._config = config
        mean = np.float32(1.0 / self.R)
        self._matrix_unit = float(grid.MATRIX_GRADIENT_UNIT * mean)
        self._vector_unit = float(grid.VECTOR_GRADIENT_UNIT * mean)
        self._raw_scale = float(raw_scale(self.A))
        self._symbol_block = min(1024, power_of_two(self.A))
        self.chip = Chip.of(memory.h.device)

    # -- prediction ------------------------------------------------------------------------------------------------

    def predict(self, start: int, stop: int) -> None:
        """Frequency tables of the steps start ≤ t < stop, whose history is set."""
        self.inputs(start, stop)
        for wave in range(stop - start + self.L - 1):
            lowest = max(0, wave - (stop - start) + 1)
            self.forward(start + wave, lowest, min(self.L, wave + 1) - lowest)
        self.logits(start, stop)

    def inputs(self, start: int, stop: int) -> None:
        """Hashes and guesses of the contexts, and the rows of the embeddings, for these steps."""
        m, config, rows = self.memory, self._config, (stop - start) * self.B
        grid = (-(-rows // _BLOCK),)
        orders = config.contexts & (1 << WORD) - 1
        words, pairs = (bool(config.contexts >> kind & 1) for kind in (WORD, WORD_PAIR))
        if self.K:
            context_kernels.hash_contexts[grid](
                m.history, m.hashes, m.context_rows, start * self.B, rows,
                orders, words, pairs, config.context_bits, self.B, self.R, _BLOCK, **EXACT,
            )  # fmt: skip
        context_kernels.set_inputs[grid](
            m.history, m.hashes, m.context_rows, m.contexts, m.inputs, start * self.B, rows,
            orders, config.context_bits, self.A, self.B, self.R, _BLOCK, **EXACT,
        )  # fmt: skip

    def forward(self, wave: int, lowest: int, layers: int) -> None:
        """One wave: ``layers`` layers from ``lowest`` on."""
        m = self.memory
        tile = self.chip.tile(self.B, self.N, self.H, layers)
        forward_kernels.forward_wave[(*tile.programs(self.B, self.N), layers)](
            m.h, m.h_columns, m.c, m.records, m.inputs, m.high, m.low, m.embeddings, wave, lowest,
            self.L, self.T, self.B, self.H, self._config.gates, self.E,
            tile.whole, tile.parts // self._config.gates, tile.depth, **tile.options,
        )  # fmt: skip

    def logits(self, start: int, stop: int) -> None:
        """Frequency tables of these steps, from the activations."""
        m, rows = self.memory, (stop - start) * self.B
        m.table[start * self.B : stop * self.B].zero_()
        tile = self.chip.tile(rows, self.A, self.H, self.L)
        head_kernels.add_logits[(*tile.programs(rows, self.A), self.L)](
            m.h, m.softmax_high, m.softmax_low, m.table, start * self.B, rows,
            self.L, self.T, self.B, self.H, self.A, tile.whole, tile.parts, tile.depth, **tile.options,
        )  # fmt: skip
        if self.K:
            context_kernels.add_contexts[(-(-rows // _BLOCK), self.K)](
                m.hashes, m.context_rows, m.contexts, m.table, start * self.B, rows,
                self._config.context_bits, self.A, self.R, _BLOCK, **EXACT,
            )  # fmt: skip
        if self._config.components:
            self.note_densities(start, rows)
        block, options = self._rows_of_tables(rows)
        head_kernels.frequencies[(-(-rows // block),)](
            m.table,
            m.bias,
            start * self.B,
            rows,
            self._raw_scale,
            self.A,
            block,
            self._symbol_block,
            **options,
        )
        if self._config.components:
            self.density_tables(start, rows)

    def note_densities(self, start: int, rows: int) -> None:
        """What the head of densities tells at ``rows`` rows from step ``start`` on, from the sums of the logits."""
        m, count = self.memory, PARAMETERS * self._config.components
        self.advance(max(0, start - 1), start + rows // self.B - 1)
        density_kernels.note_outputs[(-(-rows // 16),)](
            m.table, m.bias, m.outputs, start * self.B, rows, count, 16, power_of_two(count), **EXACT
        )

    def density_tables(self, start: int, rows: int) -> None:
        """Its frequencies in place of those of the softmax, at the rows that it predicts."""
        density_kernels.density_table[(rows,)](
            *self._density(), self.memory.table, start * self.B,
            self.T, self.B, self._config.components, self._component_block, **EXACT,
        )  # fmt: skip

    def density_gradients(self) -> None:
        """Its gradients at the logits in place of those of the softmax."""
        m = self.memory
        density_kernels.density_gradient[(self.R,)](
            *self._density(), m.keys, m.dz_high, m.dz_low, m.dz_columns_high, m.dz_columns_low,
            self.L, self.T, self.B, self._config.components, self._component_block, num_warps=1, **EXACT,
        )  # fmt: skip

    def advance(self, first: int, last: int) -> None:
        """Where the streams are in their records, once the symbols of the steps first ≤ t < last are known."""
        m = self.memory
        density_kernels.advance[(-(-self.B // _BLOCK),)](
            m.history[HISTORY:], m.track, first, last, self.T, self.B, _BLOCK, **EXACT
        )

    def _density(self) -> tuple[torch.Tensor, ...]:
        """What the kernels of that head read."""
        m = self.memory
        return m.history[HISTORY:], m.track, m.outputs, m.decay, m.logistic, m.centres

    def pick(self, steps: int) -> None:
        """``Memory.coded`` of the first ``steps`` steps."""
        m, rows = self.memory, steps * self.B
        block, options = self._rows_of_tables(rows)
        head_kernels.pick[(-(-rows // block),)](
            m.table, m.history[HISTORY:], m.coded[0], m.coded[1], rows,
            self.A, block, self._symbol_block, **options,
        )  # fmt: skip

    def follow_paths(self, steps: int) -> None:
        """``Memory.paths`` of the first ``steps`` steps, whose symbols are bytes."""
        m, rows = self.memory, steps * self.B
        block, options = self._rows_of_tables(rows)
        head_kernels.follow_paths[(-(-rows // block),)](
            m.table, m.history[HISTORY:], m.paths, rows, PATH, block, **options
        )

    def _rows_of_tables(self, rows: int) -> tuple[int, dict[str, Any]]:
        """Rows of frequencies that one program treats, few if there are few in all, and its compiler options."""
        block = min(16, power_of_two(1 + rows // (4 * self.chip.multiprocessors)))
        return block, EXACT | {"num_warps": max(1, min(8, block * self._symbol_block // 256))}

    # -- learning --------------------------------------------------------------------------------------------------

    def learn_contexts(self) -> None:
        """The tables of the contexts learn the window; independent of all else that learns."""
        m = self.memory
        rows, order = torch.sort(m.context_rows, dim=1, stable=True)
        symbols = m.history[HISTORY:].flatten()[order]
        own = m.table[order, symbols.to(torch.int64)]
        context_kernels.learn_contexts[(self.R, self.K)](
            rows, order, m.hashes.gather(1, order), symbols, own, m.table, m.contexts, m.learning_rates,
            self._config.context_bits, self.A, self.R, num_warps=1, **EXACT,
        )  # fmt: skip

    def learn(self) -> None:
        """Gradients of the window, and the update of all weights."""
        m = self.memory
        head_kernels.logit_gradient[(-(-self.R // 64), -(-self.P // 64))](
            m.table, m.history[HISTORY:], m.keys, m.dz_high, m.dz_low, m.dz_columns_high, m.dz_columns_low,
            self.L, self.R, self.A, self.P, 64, 64, **EXACT,
        )  # fmt: skip
        if self._config.components:
            self.density_gradients()
        for wave in range(self.T + self.L - 1):
            behind = max(0, wave - self.T + 1)  # layers at the top that are done
            highest = self.L - 1 - behind
            layers = min(self.L - 1, wave) - behind + 1
            self.backward(wave, highest - layers + 1, layers)
        self.update_matrices(m.h_columns, m.d_columns_high, m.d_columns_low, 0, self.L)
        if self.L > 1:
            now = m.h_columns[:, :, self.B :]
            self.update_matrices(now, m.d_columns_high[1:], m.d_columns_low[1:], self.L, self.L - 1)
        self.update_softmax()
        self.update_embeddings()

    def backward(self, wave: int, lowest: int, layers: int) -> None:
        """One wave: ``layers`` layers from ``lowest`` on."""
        m = self.memory
        tile = self.chip.tile(self.H, self.B, self.N, layers, most_parts=64)
        units, rows = tile.programs(self.H, self.B)
        backward_kernels.backward_wave[(rows, units, layers)](
            m.c, m.records, m.dz_high, m.dz_low, m.softmax_transposed, m.transposed, m.d_high, m.d_low,
            m.d_columns_high, m.d_columns_low, m.dc, m.keys, wave, lowest,
            self.L, self.T, self.B, self.H, self._config.gates, self.P,
            tile.parts, tile.whole, tile.depth, **tile.options,
        )  # fmt: skip

    def update_matrices(
        self, h_columns: torch.Tensor, d_high: torch.Tensor, d_low: torch.Tensor, first: int, count: int
    ) -> None:
        """Those of the own past, or of the layer below: ``h_columns`` are its inputs."""
        m = self.memory
        self._move(
            h_columns, d_high, d_low, m.masters[first:], m.moments[first:], m.high[first:], m.low[first:],
            m.transposed[first:], outputs=self.N, inputs=self.H, count=count,
        )  # fmt: skip

    def update_softmax(self) -> None:
        """The softmax's matrix and bias."""
        m = self.memory
        self._move(
            m.h_columns[:, :, self.B :], m.dz_columns_high, m.dz_columns_low, m.softmax, m.softmax_moments,
            m.softmax_high, m.softmax_low, m.softmax_transposed, outputs=self.P, inputs=self.L * self.H, count=1,
        )  # fmt: skip
        update_kernels.learn_bias[(-(-self.A // 64),)](
            m.dz_columns_high, m.dz_columns_low, m.bias, m.bias_moments, m.rates, self._vector_unit,
            self.A, self.R, 64, 256, **EXACT,
        )  # fmt: skip

    def _move(self, *tensors: torch.Tensor, outputs: int, inputs: int, count: int) -> None:
        tile = self.chip.tile(inputs, outputs, self.R, count)
        update_kernels.learn_matrices[(*tile.programs(inputs, outputs), count)](
            *tensors, self.memory.rates, self._matrix_unit,
            outputs, inputs, self.R, self.R + self.B, tile.whole, tile.parts, tile.depth, **tile.options,
        )  # fmt: skip

    def update_embeddings(self) -> None:
        """The rows of the embeddings that were inputs."""
        m = self.memory
        m.used.zero_()
        update_kernels.mark_inputs[(-(-self.E // 128), -(-self.R // 64))](
            m.inputs, m.marks, m.used, self.R, self.E, 128, 64, **EXACT
        )
        m.seen.add_(m.used).clamp_(max=MOST_SEEN)
        tile = self.chip.tile(self.E, self.N, self.R, self.L)
        update_kernels.learn_embeddings[(*tile.programs(self.E, self.N), self.L)](
            m.marks, m.d_columns_high, m.d_columns_low, m.embeddings, m.embedding_moments, m.used, m.seen, m.rates,
            self._vector_unit, self._config.horizon,
            self.N, self.E, self.R, tile.whole, tile.parts, tile.depth, **tile.options,
        )  # fmt: skip

    def end_window(self) -> None:
        """The next window begins where this one ended."""
        if self._config.components:
            self.advance(self.T - 1, self.T)
        self.memory.carry()

    def quantise(self) -> None:
        """The integers of all master weights."""
        m = self.memory
        stacks: list[tuple[Any, ...]] = [
            (m.masters, m.high, m.low, m.transposed, self.N, self.H, 2 * self.L - 1),
            (m.softmax, m.softmax_high, m.softmax_low, m.softmax_transposed, self.P, self.L * self.H, 1),
        ]
        for *tensors, outputs, inputs, count in stacks:
            update_kernels.quantise[(-(-outputs // 64), -(-inputs // 64), count)](
                *tensors, outputs, inputs, 64, 64, **EXACT
            )
