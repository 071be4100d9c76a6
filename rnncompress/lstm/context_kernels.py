# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""Direct connections from contexts: one source, which is the specification as plain Python and the CPU engine compiled.

``c`` is a :class:`rnncompress.lstm.contexts.ContextArrays`. Streams are independent of each other until the window is
learnt from; then the tables of different kinds are.
"""

from rnncompress.compiled.compile import kernel
from rnncompress.compiled.panel_kernels import prefetch_row
from rnncompress.exact.integers import MASK, magnitude, mix, wrap
from rnncompress.lstm.contexts import (
    CHECK,
    COUNT,
    ENTRIES,
    FREQUENCY_BITS,
    HISTORY,
    MOST_USES,
    MOST_WEIGHT,
    SURE,
    SYMBOLS,
    WORD,
    WORD_PAIR,
)
from rnncompress.lstm.sizes import ROW


@kernel
def fold(symbol):
    """A letter as its lower case, any other symbol as 0. Bytes from 128 on count as letters (UTF-8)."""
    if 65 <= symbol <= 90:
        return symbol + 32
    return symbol if 97 <= symbol <= 122 or 128 <= symbol <= 255 else 0


@kernel
def word_hashes(history, newest):
    """Hashes of the word so far, and of it with the word before; the newest symbol is ``history[newest]``."""
    oldest = newest - HISTORY
    state, n = WORD, newest
    while n > oldest and fold(history[n]):
        state = mix((state + fold(history[n])) & MASK)
        n -= 1
    word = mix(state)
    while n > oldest and not fold(history[n]):
        n -= 1
    while n > oldest and fold(history[n]):
        word = mix((word + fold(history[n])) & MASK)
        n -= 1
    return mix(state), mix((word + WORD_PAIR) & MASK)


@kernel
def row_of(c, n, hashed):
    """Where the row begins that a hash of kind number n names: by its upper bits. All of it is the row's check."""
    return ((n << c.bits) + (hashed >> (32 - c.bits))) * ROW


@kernel
def hash_contexts(c, first, last, start, stop):
    """Hash the contexts before the steps start ≤ t < stop of the streams first ≤ b < last.

    The rows of the contexts lie scattered over the memory; they are on their way to the cache when this returns.
    """
    K = len(c.kinds)
    for b in range(first, last):
        for t in range(start, stop):
            newest = b * (HISTORY + c.steps) + HISTORY - 1 + t
            at = (b * c.steps + t) * K
            state = 0
            n = 0
            for k in range(1, WORD):
                if n == K or c.kinds[n] >= WORD:
                    break
                state = mix((state + c.history[newest + 1 - k] + 1) & MASK)
                if c.kinds[n] == k:
                    c.hashes[at + n] = state
                    n += 1
            if n < K:
                word, pair = word_hashes(c.history, newest)
                if c.kinds[n] == WORD:
                    c.hashes[at + n] = word
                if c.kinds[K - 1] == WORD_PAIR:
                    c.hashes[at + K - 1] = pair
            for n in range(K):
                prefetch_row(c.tables, row_of(c, n, c.hashes[at + n]))


@kernel
def guess(c, b, t):
    """What the longest known context expects: 0 nothing, 1 + symbol, or 1 + A + symbol if it is sure of it.

    The recurrent layers take it as an input beside the last symbol, so they know what the contexts know.
    """
    K = len(c.kinds)
    for n in range(K - 1, -1, -1):
        if c.kinds[n] < WORD:
            hashed = c.hashes[(b * c.steps + t) * K + n]
            row = row_of(c, n, hashed)
            best = row
            for j in range(row + 1, row + ENTRIES):
                if c.tables[j] > c.tables[best]:
                    best = j
            if c.tables[row + CHECK] == wrap(hashed) and c.tables[best] > 0:
                return 1 + c.tables[SYMBOLS + best] + (c.alphabet if c.tables[best] > SURE else 0)
    return 0


@kernel
def add_contexts(c, first, last, start, stop, sums, width):
    """Add the weights of the contexts before these steps to the integer sums of the logits, (B, T, width)."""
    K = len(c.kinds)
    for b in range(first, last):
        for t in range(start, stop):
            step = b * c.steps + t
            for n in range(K):
                hashed = c.hashes[step * K + n]
                row = row_of(c, n, hashed)
                if c.tables[row + CHECK] == wrap(hashed):
                    for j in range(row, row + ENTRIES):
                        place = step * width + c.tables[SYMBOLS + j]
                        sums[place] = wrap(sums[place] + c.tables[j])


@kernel
def learn_contexts(c, n, streams, frequencies, width):
    """One step of descent for every use of a row of kind number n in the window: frequencies (B, T, width)."""
    K = len(c.kinds)
    for t in range(c.steps):
        for b in range(streams):
            step = b * c.steps + t
            hashed = c.hashes[step * K + n]
            symbol = c.history[b * (HISTORY + c.steps) + HISTORY + t]
            learn_row(c, row_of(c, n, hashed), wrap(hashed), symbol, frequencies, step * width)


@kernel
def learn_row(c, row, check, symbol, frequencies, at):
    """Move the weights of one row after ``symbol`` followed; its frequencies begin at ``frequencies[at]``.

    The row of another context ages, and gives way when it is no longer in use often.
    """
    tables = c.tables
    if tables[row + CHECK] != check:
        if tables[row + COUNT] > 1:
            tables[row + COUNT] = tables[row + COUNT] >> 1
            return
        for j in range(row, row + ROW):
            tables[j] = 0
        tables[row + CHECK] = check
    count = tables[row + COUNT]
    rate = c.rates[min(count, len(c.rates) - 1)]
    tables[row + COUNT] = min(count + 1, MOST_USES)
    place = -1
    weakest = row
    for j in range(row, row + ENTRIES):
        if tables[j] != 0:
            known = tables[SYMBOLS + j]
            if known == symbol:
                place = j
            else:
                tables[j] = wrap(tables[j] - (rate * frequencies[at + known] >> FREQUENCY_BITS))
        if magnitude(tables[j]) < magnitude(tables[weakest]):
            weakest = j
    if place < 0:
        place = weakest
        tables[place] = 0
        tables[SYMBOLS + place] = symbol
    left = (1 << FREQUENCY_BITS) - frequencies[at + symbol]
    tables[place] = min(tables[place] + (rate * left >> FREQUENCY_BITS), MOST_WEIGHT)
