"""The specification of mixing: a part of a window after the other, byte by byte, bit by bit, in plain Python."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from rnncompress.coder.lanes import PlainDecoders, PlainEncoders
from rnncompress.compiled.compile import plain
from rnncompress.engine.mixed_stages import BITS, MixedStages
from rnncompress.engine.stages import State
from rnncompress.mixing import bit_kernels, context_kernels, learn_kernels
from rnncompress.mixing import memory as mixing
from rnncompress.network import IntArray

_begin, _take_path, _take_table, _predict, _end, _learn = (
    plain(kernel)
    for kernel in (
        context_kernels.begin,
        bit_kernels.take_path,
        bit_kernels.take_table,
        bit_kernels.predict,
        context_kernels.end,
        learn_kernels.learn,
    )
)

Hear = Callable[[int, int], None]
"""Takes what the network says of the byte of stream ``b`` at place ``n``."""
Code = Callable[[int, int, int], int]
"""Codes bit ``i`` of stream ``b``, which is 1 with probability ``one`` of 65536, and tells it."""


class MixedReference(MixedStages):
    """Slow, and the last word on what is right."""

    def allocate(self, state: State) -> mixing.Memory:
        """See the base class."""
        memory = mixing.allocate(self.config, state)
        fields: dict[str, Any] = vars(memory)
        views: dict[str, Any] = {
            name: array.data for name, array in fields.items() if isinstance(array, np.ndarray)
        }
        return replace(memory, **views)

    def encode_part(
        self, paths: IntArray | None, symbols: IntArray, first: int, last: int, count: int
    ) -> None:
        """See the base class."""
        m, coders = self.memory, self._encoders
        assert isinstance(coders, PlainEncoders)
        for t in range(first, last):
            row = symbols[t].tolist()
            said = None if paths is None else paths[t].tolist()

            def hear(b: int, n: int, row: list[int] = row, said: list[list[int]] | None = said) -> None:
                if said is not None:
                    _take_path(m, n, b, row[b], said[b], 0)

            def code(b: int, i: int, one: int, row: list[int] = row) -> int:
                bit = row[b] >> (7 - i) & 1
                coders.encode_bit(b, bit, one)
                return bit

            self._code_step(hear, first, t, count, code)

    def decode_part(self, symbols: IntArray, first: int, last: int, count: int) -> None:
        """See the base class."""
        m, coders = self.memory, self._decoders
        assert isinstance(coders, PlainDecoders)
        for t in range(first, last):
            tables = None if self.network is None else self.network.predict_step().tolist()

            def hear(b: int, n: int, tables: list[list[int]] | None = tables) -> None:
                if tables is not None:
                    _take_table(m, n, b, tables[b], 0)

            found = self._code_step(hear, first, t, count, lambda b, _, one: coders.decode_bit(b, one))
            symbols[t, : len(found)] = found
            if self.network is not None:
                self.network.observe(symbols[t])

    def _code_step(self, hear: Hear, first: int, t: int, count: int, code: Code) -> list[int]:
        """Code a byte of each stream at step ``t`` of the part from ``first`` on."""
        m, B, found = self.memory, self.config.streams, []
        for b in range(min(B, count - t * B)):
            n = (t - first) * B + b
            _begin(m, b, n)
            hear(b, n)
            bits = 1
            for i in range(BITS):
                one = _predict(m, n, i, bits, b)
                bit = code(b, i, one)
                self._coded[BITS * (t * B + b) + i] = one if bit else 65536 - one
                bits = 2 * bits + bit
            _end(m, b, n, bits & 255)
            found.append(bits & 255)
        return found

    def learn_part(self, places: int) -> None:
        """See the base class."""
        _learn(self.memory, 0, 1, places)
