"""Direct connections from contexts to the softmax: the specification, in plain Python and numpy.

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

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.exact.noise import mix
from rnncompress.network import IntArray

ENTRIES: Final = 7
"""Symbols a row keeps."""
ROW: Final = 16
"""int32 words of a row, one cache line: weights, their symbols, the number of uses, the check of the context."""
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


def fold(symbol: int) -> int:
    """A letter as its lower case, any other symbol as 0. Bytes from 128 on count as letters (UTF-8)."""
    if 65 <= symbol <= 90:
        return symbol + 32
    return symbol if 97 <= symbol <= 122 or 128 <= symbol <= 255 else 0


def word_hashes(past: list[int]) -> tuple[int, int]:
    """Hashes of the word so far, and of it with the word before; ``past`` has the newest symbol first."""
    state, n = WORD, 0
    while n < HISTORY and fold(past[n]):
        state = _mix(state + fold(past[n]))
        n += 1
    word = _mix(state)
    while n < HISTORY and not fold(past[n]):
        n += 1
    while n < HISTORY and fold(past[n]):
        word = _mix(word + fold(past[n]))
        n += 1
    return _mix(state), _mix(word + WORD_PAIR)


def _mix(x: int) -> int:
    return int(mix(np.array([x % 2**32], np.uint32))[0])


class Contexts:
    """The tables and what they learn; see the module. ``history`` (B, HISTORY): the last symbols, the newest last."""

    def __init__(self, mask: int, bits: int, streams: int) -> None:
        self.kinds = kinds(mask)
        self.bits = bits
        self.tables = np.zeros((len(self.kinds), 1 << bits, ROW), np.int32)
        self.history = np.zeros((streams, HISTORY), np.int32)
        self._tape: list[NDArray[np.uint32]] = []

    def hashes(self) -> NDArray[np.uint32]:
        """(kinds, B): a hash of each present context. Its upper bits name the row, all of it is the check."""
        result = np.zeros((len(self.kinds), len(self.history)), np.uint32)
        for b, past in enumerate(self.history[:, ::-1].tolist()):
            word, pair = word_hashes(past)
            hashed = {WORD: word, WORD_PAIR: pair}
            state = 0
            for k in range(1, WORD):
                state = _mix(state + past[k - 1] + 1)
                hashed[k] = state
            result[:, b] = [hashed[kind] for kind in self.kinds]
        return result

    def guesses(self, alphabet: int) -> NDArray[np.int32]:
        """(B,): what the longest known context expects: 0 nothing, 1 + symbol, or 1 + A + symbol if it is sure of it.

        The recurrent layers take it as an input beside the last symbol, so they know what the contexts know.
        """
        result = np.zeros(len(self.history), np.int32)
        hashes = self.hashes()
        for kind, table, column in zip(self.kinds, self.tables, hashes, strict=True):
            for b, h in enumerate(column):
                row = table[h >> np.uint32(32 - self.bits)]
                best = int(row[:ENTRIES].argmax())
                if kind < WORD and row[CHECK] == h.view(np.int32) and row[best] > 0:
                    result[b] = 1 + row[SYMBOLS + best] + (alphabet if row[best] > SURE else 0)
        return result

    def add_to(self, sums: NDArray[np.int32]) -> None:
        """Add the weights of the present contexts to the integer sums (B, A) of the logits."""
        hashes = self.hashes()
        self._tape.append(hashes)
        for table, column in zip(self.tables, hashes, strict=True):
            for b, h in enumerate(column):
                row = table[h >> np.uint32(32 - self.bits)]
                if row[CHECK] == h.view(np.int32):
                    for j in range(ENTRIES):
                        sums[b, row[SYMBOLS + j]] += row[j]

    def observe(self, symbols: IntArray) -> None:
        """The symbols (B,) that followed."""
        self.history = np.concatenate([self.history[:, 1:], symbols[:, None]], axis=1).astype(np.int32)

    def learn(self, frequencies: list[IntArray], symbols: list[IntArray]) -> None:
        """One step of descent for every use in the window: frequencies (B, A) and symbols (B,) of each step."""
        for hashes, step_frequencies, step_symbols in zip(self._tape, frequencies, symbols, strict=True):
            for table, column in zip(self.tables, hashes, strict=True):
                for b, h in enumerate(column):
                    row = table[h >> np.uint32(32 - self.bits)]
                    learn_row(row, int(h.view(np.int32)), int(step_symbols[b]), step_frequencies[b])
        self._tape.clear()

    def forget(self) -> None:
        """Learn nothing of the window."""
        self._tape.clear()


def learn_row(row: NDArray[np.int32], check: int, symbol: int, frequencies: IntArray) -> None:
    """Move the weights of one row after ``symbol`` followed.

    The row of another context ages, and gives way when it is no longer in use often.
    """
    if row[CHECK] != check:
        if row[COUNT] > 1:
            row[COUNT] >>= 1
            return
        row[:] = 0
        row[CHECK] = check
    rate = int(RATES[min(int(row[COUNT]), len(RATES) - 1)])
    row[COUNT] = min(int(row[COUNT]) + 1, MOST_USES)
    place = -1
    for j in range(ENTRIES):
        if row[j] and row[SYMBOLS + j] == symbol:
            place = j
        elif row[j]:
            row[j] -= (rate * int(frequencies[row[SYMBOLS + j]])) >> FREQUENCY_BITS
    if place < 0:
        place = int(np.abs(row[:ENTRIES]).argmin())
        row[place], row[SYMBOLS + place] = 0, symbol
    gain = (rate * (2**FREQUENCY_BITS - int(frequencies[symbol]))) >> FREQUENCY_BITS
    row[place] = min(int(row[place]) + int(gain), MOST_WEIGHT)
