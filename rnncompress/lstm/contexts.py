"""Direct connections from contexts to the head: what they are. :mod:`rnncompress.lstm.context_kernels` computes them.

Beside its recurrent layers the network has sparse inputs: the last k symbols of a stream, for a few orders k, the
letters of the word so far, and these with the word before; each combination an input of its own, connected straight to
the logits (Mikolov et al. 2011, "Strategies for training large scale neural network language models": RNNME). They
learn rare combinations at first sight, for which the recurrent weights need many; the recurrent part learns the rest.

The weights of one context are a *row* of a hashed table, one table for each order, shared by all streams. A row keeps
weights for the last few different symbols seen in the context; those of all other symbols are zero. Everything is an
integer: a weight has the unit of the logits' sums, 2**-20, and is simply added to them.

After a window each row takes, for every step at which it was in use (in the order of steps, then streams), a step of
gradient descent on the code length with rate ``RATES[n]`` at its n-th use: weight += rate * ([symbol] - probability).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rnncompress.compiled.record import Record

ENTRIES: Final = 7
"""Symbols that a row keeps."""
SYMBOLS: Final = ENTRIES
COUNT: Final = 2 * ENTRIES
CHECK: Final = 2 * ENTRIES + 1

MOST_WEIGHT: Final = 1 << 26
"""No weight grows beyond: 64, where it has long been certain. One that is always right grows for ever otherwise."""
MOST_USES: Final = 1 << 30
"""Uses are counted up to here."""
SURE: Final = 5 * 2**19
"""A weight above 2.5 makes its symbol the sure guess of its context."""

RATE_BITS: Final = 20
RATES: Final = np.array([max(2 * 2**RATE_BITS // (n + 2), 2**RATE_BITS // 10) for n in range(19)], np.int64)
"""Learning rate by number of uses, times 2**20: 1, 2/3, 2/4 ... 1/10. Later uses take the last."""
FREQUENCY_BITS: Final = 24

HISTORY: Final = 32
"""Symbols of the past that contexts are made of."""
WORD: Final = 24
"""Bit of ``Config.contexts`` for the word so far; lower bits k stand for the last k symbols."""
WORD_PAIR: Final = 25
"""Bit for the word so far and the word before."""


def kinds(mask: int) -> tuple[int, ...]:
    """The bits set in ``Config.contexts``, in ascending order."""
    return tuple(bit for bit in range(1, WORD_PAIR + 1) if mask >> bit & 1)


@dataclass(frozen=True)
class ContextArrays(Record):
    """What the kernels of the contexts work on: B streams, T steps, K kinds.

    All arrays are flat: of numpy for compiled kernels, memoryviews for plain ones.
    """

    steps: int
    """T."""
    bits: int
    """Of a hash, those that name the row: a table has 2**bits rows."""
    alphabet: int
    kinds: Any
    """(K,) int64: see :func:`kinds`."""
    rates: Any
    """``RATES``."""
    history: Any
    """(B, HISTORY + T) int32: the symbol before step t stands at HISTORY - 1 + t."""
    hashes: Any
    """(B, T, K) int64, 32 bits each: of the contexts before each step."""
    tables: Any
    """(K, 2**bits, ROW) int32."""
