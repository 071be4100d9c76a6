# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The CPU engine's part of the direct connections; equal to :mod:`rnncompress.lstm.contexts` bit for bit."""

import numpy as np
from numba.extending import register_jitable

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.panel_kernels import prefetch_row
from rnncompress.exact import noise
from rnncompress.lstm import contexts
from rnncompress.lstm.contexts import (
    CHECK,
    COUNT,
    ENTRIES,
    FREQUENCY_BITS,
    HISTORY,
    RATES,
    ROW,
    SURE,
    SYMBOLS,
    WORD,
    WORD_PAIR,
)

fold = register_jitable(contexts.fold)
_ONE = np.uint32(1)
_LAST_RATE = len(RATES) - 1
_WHOLE = np.int64(1 << FREQUENCY_BITS)
_SHIFT = np.int64(FREQUENCY_BITS)


@kernel
def hash_contexts(first, last, start, stop, symbols, kinds, bits, tables, hashes):
    """hashes (B, T, kinds) of the contexts before these steps.

    ``symbols`` (B, HISTORY + T): the symbol before step t stands at ``HISTORY - 1 + t``. The rows of the contexts lie
    scattered over the memory; they are on their way to the cache when this returns.
    """
    flat, shift = tables.reshape(-1), np.uint32(32 - bits)
    for b in range(first, last):
        for t in range(start, stop):
            past = symbols[b, t : t + HISTORY]
            state = np.uint32(0)
            n = 0
            for k in range(1, WORD):
                if n == len(kinds) or kinds[n] >= WORD:
                    break
                state = noise.mix(np.uint32(state + np.uint32(past[HISTORY - k]) + _ONE))
                if kinds[n] == k:
                    hashes[b, t, n] = state
                    n += 1
            if n < len(kinds):
                word, pair = word_hashes(past)
                if kinds[n] == WORD:
                    hashes[b, t, n] = word
                if kinds[-1] == WORD_PAIR:
                    hashes[b, t, len(kinds) - 1] = pair
            for n in range(len(kinds)):
                prefetch_row(flat, ((n << bits) + np.int64(hashes[b, t, n] >> shift)) * ROW)


@kernel
def word_hashes(past):
    """See :func:`rnncompress.lstm.contexts.word_hashes`; here the newest symbol comes last."""
    state, n = np.uint32(WORD), HISTORY - 1
    while n >= 0 and fold(past[n]):
        state = noise.mix(np.uint32(state + np.uint32(fold(past[n]))))
        n -= 1
    word = noise.mix(state)
    while n >= 0 and not fold(past[n]):
        n -= 1
    while n >= 0 and fold(past[n]):
        word = noise.mix(np.uint32(word + np.uint32(fold(past[n]))))
        n -= 1
    return noise.mix(state), noise.mix(np.uint32(word + np.uint32(WORD_PAIR)))


@kernel
def guess(first, last, start, stop, hashes, bits, kinds, tables, alphabet, inputs):
    """Set inputs[b, t, 1] to A plus what the longest known context expects, see ``Contexts.guesses``."""
    shift = np.uint32(32 - bits)
    for b in range(first, last):
        for t in range(start, stop):
            expected = 0
            for n in range(len(kinds) - 1, -1, -1):
                if kinds[n] < WORD:
                    h = hashes[b, t, n]
                    row = tables[n, h >> shift]
                    best = 0
                    for j in range(1, ENTRIES):
                        if row[j] > row[best]:
                            best = j
                    if np.uint32(row[CHECK]) == h and row[best] > 0:
                        expected = 1 + row[SYMBOLS + best]
                        if row[best] > SURE:
                            expected += alphabet
                        break
            inputs[b, t, 1] = alphabet + expected


@kernel
def add_contexts(first, last, start, stop, hashes, bits, tables, logits):
    """Add the weights of the contexts before these steps to the logits' sums (B, T, A)."""
    shift = np.uint32(32 - bits)
    for b in range(first, last):
        for t in range(start, stop):
            for n in range(tables.shape[0]):
                h = hashes[b, t, n]
                row = tables[n, h >> shift]
                if np.uint32(row[CHECK]) == h:
                    for j in range(ENTRIES):
                        logits[b, t, row[SYMBOLS + j]] += row[j]


@kernel
def learn_contexts(n, hashes, bits, table, frequencies, symbols):
    """Descent for the rows of one kind after a window; frequencies (B, T, A), symbols (B, T + 1) as everywhere."""
    shift = np.uint32(32 - bits)
    B, T, _ = hashes.shape
    for t in range(T):
        for b in range(B):
            h = hashes[b, t, n]
            learn_row(table[h >> shift], h, symbols[b, t + 1], frequencies[b, t])


@kernel
def learn_row(row, check, symbol, frequencies):
    """See :func:`rnncompress.lstm.contexts.learn_row`."""
    if np.uint32(row[CHECK]) != check:
        if row[COUNT] > 1:
            row[COUNT] >>= 1
            return
        row[:] = 0
        row[CHECK] = np.int32(check)
    rate = RATES[min(row[COUNT], _LAST_RATE)]
    row[COUNT] += 1
    place = -1
    weakest = 0
    for j in range(ENTRIES):
        if row[j] != 0:
            if row[SYMBOLS + j] == symbol:
                place = j
            else:
                row[j] -= np.int32((rate * np.int64(frequencies[row[SYMBOLS + j]])) >> _SHIFT)
        if abs(row[j]) < abs(row[weakest]):
            weakest = j
    if place < 0:
        place = weakest
        row[place] = 0
        row[SYMBOLS + place] = symbol
    row[place] += np.int32((rate * (_WHOLE - np.int64(frequencies[symbol]))) >> _SHIFT)
