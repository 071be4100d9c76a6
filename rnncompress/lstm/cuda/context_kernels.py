# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The direct connections from contexts to the softmax on the GPU; equal to :mod:`rnncompress.lstm.context_kernels`.

One element of a block is one row of the window (a stream at a step). Rows of a table learn independently of each
other, and each from its uses in order: the uses are sorted by row, stably, and one program walks through each run.
"""

import triton
import triton.language as tl

from rnncompress.lstm import contexts as specification
from rnncompress.lstm import sizes
from rnncompress.lstm.cuda.number_kernels import mix

HISTORY = tl.constexpr(specification.HISTORY)
WORD = tl.constexpr(specification.WORD)
WORD_PAIR = tl.constexpr(specification.WORD_PAIR)
ENTRIES = tl.constexpr(specification.ENTRIES)
ROW = tl.constexpr(sizes.ROW)
SYMBOLS = tl.constexpr(specification.SYMBOLS)
COUNT = tl.constexpr(specification.COUNT)
MOST_USES = tl.constexpr(specification.MOST_USES)
MOST_WEIGHT = tl.constexpr(specification.MOST_WEIGHT)
CHECK = tl.constexpr(specification.CHECK)
SURE = tl.constexpr(specification.SURE)
LAST_RATE = tl.constexpr(len(specification.RATES) - 1)
FREQUENCY_BITS = tl.constexpr(specification.FREQUENCY_BITS)
WHOLE = tl.constexpr(1 << specification.FREQUENCY_BITS)


@triton.jit
def fold(symbol):
    """See :func:`rnncompress.lstm.context_kernels.fold`."""
    lower = tl.where((symbol >= 65) & (symbol <= 90), symbol + 32, symbol)
    letter = ((lower >= 97) & (lower <= 122)) | ((symbol >= 128) & (symbol <= 255))
    return tl.where(letter, lower, 0).to(tl.uint32)


@triton.jit(do_not_specialize=["first", "rows"])
def hash_contexts(
    history, hashes, table_rows, first, rows,
    ORDERS: tl.constexpr, WORDS: tl.constexpr, PAIRS: tl.constexpr, BITS: tl.constexpr, STREAMS: tl.constexpr,
    TOTAL_ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Hashes of the contexts before each row, (kinds, TOTAL_ROWS), and the rows of the tables that they name.

    ORDERS are the bits of ``Config.contexts`` for the last k symbols; WORDS and PAIRS tell whether the word so far and
    the pair of words are among the kinds. ``history`` (HISTORY + T, STREAMS) has the symbol before step t at
    HISTORY - 1 + t.
    """
    r = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = r < rows
    r = first + r
    newest = (
        history + (HISTORY - 1) * STREAMS + r
    )  # steps follow each other, so this is the row's stream and step
    n = 0
    state = tl.zeros((BLOCK,), tl.uint32)
    for k in tl.static_range(1, WORD):
        if ORDERS >> k:  # a context of this many symbols or more
            state = mix(state + tl.load(newest - (k - 1) * STREAMS, mask=mask, other=0).to(tl.uint32) + 1)
        if ORDERS >> k & 1:
            keep(hashes, table_rows, n * TOTAL_ROWS + r, state, mask, BITS)
            n += 1
    if WORDS or PAIRS:
        word, pair = word_hashes(newest, mask, STREAMS, BLOCK)
        if WORDS:
            keep(hashes, table_rows, n * TOTAL_ROWS + r, word, mask, BITS)
            n += 1
        if PAIRS:
            keep(hashes, table_rows, n * TOTAL_ROWS + r, pair, mask, BITS)


@triton.jit
def keep(hashes, table_rows, place, state, mask, BITS: tl.constexpr):
    """Store a hash, and the row that its upper bits name."""
    tl.store(hashes + place, state.to(tl.int32, bitcast=True), mask=mask)
    tl.store(table_rows + place, (state >> (32 - BITS)).to(tl.int32, bitcast=True), mask=mask)


@triton.jit
def word_hashes(newest, mask, STREAMS: tl.constexpr, BLOCK: tl.constexpr):
    """See :func:`rnncompress.lstm.context_kernels.word_hashes`."""
    state = tl.full((BLOCK,), WORD, tl.uint32)
    within = tl.full((BLOCK,), 1, tl.int1)
    for n in range(HISTORY):
        letter = fold(tl.load(newest - n * STREAMS, mask=mask, other=0))
        within = within & (letter != 0)
        state = tl.where(within, mix(state + letter), state)
    last = mix(state)
    word = last
    # The same symbols again: 0 in the last word, 1 between the words, 2 in the word before, 3 behind it.
    phase = tl.zeros((BLOCK,), tl.int32)
    for n in range(HISTORY):
        letter = fold(tl.load(newest - n * STREAMS, mask=mask, other=0))
        turns = (letter != 0) == ((phase & 1) == 1)
        phase = tl.where(turns & (phase < 3), phase + 1, phase)
        word = tl.where(phase == 2, mix(word + letter), word)
    return last, mix(word + WORD_PAIR)


@triton.jit(do_not_specialize=["first", "rows"])
def set_inputs(
    history, hashes, table_rows, tables, inputs, first, rows,
    ORDERS: tl.constexpr, BITS: tl.constexpr, ALPHABET: tl.constexpr, STREAMS: tl.constexpr, TOTAL_ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """The two rows of the embeddings that each row adds: its last symbol's, and A plus what the contexts expect."""
    r = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = r < rows
    r = first + r
    expected = tl.zeros((BLOCK,), tl.int32)
    entry = tl.arange(0, 8)[None, :]
    n = 0
    for k in tl.static_range(1, WORD):
        if ORDERS >> k & 1:
            row = tables + context_row(table_rows, n, r, mask, BITS, TOTAL_ROWS)
            known = mask & (
                tl.load(row + CHECK, mask=mask) == tl.load(hashes + n * TOTAL_ROWS + r, mask=mask)
            )
            weights = tl.load(row[:, None] + entry, mask=mask[:, None] & (entry < ENTRIES), other=-(2**31))
            weight = tl.max(weights, axis=1)
            best = tl.min(tl.where(weights == weight[:, None], entry, ENTRIES), axis=1)
            guess = (
                1 + tl.load(row + SYMBOLS + best, mask=mask, other=0) + tl.where(weight > SURE, ALPHABET, 0)
            )
            expected = tl.where(known & (weight > 0), guess, expected)
            n += 1
    tl.store(inputs + 2 * r, tl.load(history + (HISTORY - 1) * STREAMS + r, mask=mask), mask=mask)
    tl.store(inputs + 2 * r + 1, ALPHABET + expected, mask=mask)


@triton.jit
def context_row(table_rows, kind, r, mask, BITS: tl.constexpr, TOTAL_ROWS: tl.constexpr):
    """Where the table rows begin that the rows r of the window use."""
    number = tl.load(table_rows + kind * TOTAL_ROWS + r, mask=mask, other=0).to(tl.int64)
    return ((tl.full((), 0, tl.int64) + kind) * (1 << BITS) + number) * ROW


@triton.jit(do_not_specialize=["first", "rows"])
def add_contexts(
    hashes, table_rows, tables, table, first, rows,
    BITS: tl.constexpr, ALPHABET: tl.constexpr, TOTAL_ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Add the weights of contexts of kind ``program 1`` to the logits' sums of a block of rows."""
    r = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = r < rows
    r = first + r
    kind = tl.program_id(1)
    row = tables + context_row(table_rows, kind, r, mask, BITS, TOTAL_ROWS)
    known = mask & (tl.load(row + CHECK, mask=mask) == tl.load(hashes + kind * TOTAL_ROWS + r, mask=mask))
    entry = tl.arange(0, 8)[None, :]
    known = known[:, None] & (entry < ENTRIES)
    weights = tl.load(row[:, None] + entry, mask=known, other=0)
    symbols = tl.load(row[:, None] + SYMBOLS + entry, mask=known, other=0)
    tl.atomic_add(table + r[:, None].to(tl.int64) * ALPHABET + symbols, weights, mask=known, sem="relaxed")


@triton.jit
def learn_contexts(
    sorted_rows, order, hashes, symbols, own, frequencies, tables, learning_rates,
    BITS: tl.constexpr, ALPHABET: tl.constexpr, TOTAL_ROWS: tl.constexpr,
):  # fmt: skip
    """Descent for a row of table ``program 1``: the one whose uses begin at place ``program 0`` of the sorted uses.

    Of each use, sorted (kinds, TOTAL_ROWS): its table row, its row of the window, its hash, its symbol and that
    symbol's frequency. A frequent context has thousands of uses, so what the next one needs is fetched meanwhile.
    """
    place = tl.program_id(1) * TOTAL_ROWS + tl.program_id(0)
    last = tl.program_id(1) * TOTAL_ROWS + TOTAL_ROWS - 1
    number = tl.load(sorted_rows + place)
    begins = tl.program_id(0) == 0
    if begins == 0:
        begins = tl.load(sorted_rows + place - 1) != number
    entry = tl.arange(0, 8)
    entries = tl.where(begins, entry, ENTRIES) < ENTRIES
    row = tables + (tl.program_id(1).to(tl.int64) * (1 << BITS) + number) * ROW
    weights = tl.load(row + entry, mask=entries, other=0)
    names = tl.load(row + SYMBOLS + entry, mask=entries, other=0)
    count = tl.load(row + COUNT)
    check = tl.load(row + CHECK)
    r, h = tl.load(order + place), tl.load(hashes + place)
    symbol, frequency = tl.load(symbols + place), tl.load(own + place)
    using = begins
    while using:
        following = tl.minimum(place + 1, last)
        next_number = tl.load(sorted_rows + following)
        next_r, next_h = tl.load(order + following), tl.load(hashes + following)
        next_symbol, next_frequency = tl.load(symbols + following), tl.load(own + following)
        known = tl.load(frequencies + r * ALPHABET + names, mask=entries, other=0)
        other = check != h
        aging = other & (count > 1)
        fresh = other & (count <= 1)
        weights = tl.where(fresh, 0, weights)
        count = tl.where(fresh, 0, count)
        check = tl.where(fresh, h, check)
        rate = tl.load(learning_rates + tl.minimum(count, LAST_RATE))
        present = weights != 0
        same = present & (names == symbol)
        falls = present & (names != symbol)
        names = tl.where(fresh, 0, names)
        loss = (rate * known) >> FREQUENCY_BITS
        gain = (rate * (WHOLE - frequency)) >> FREQUENCY_BITS
        moved = tl.where(falls, weights - loss.to(tl.int32), weights)
        size = tl.where(entries, tl.abs(moved.to(tl.int64)), 2**32)
        weakest = tl.min(tl.where(size == tl.min(size, axis=0), entry, 8), axis=0)
        found = tl.max(same.to(tl.int32), axis=0) > 0
        taken = (entry == weakest) & (found == 0)
        moved = tl.where(taken, 0, moved)
        moved = tl.where(taken | same, tl.minimum(moved + gain.to(tl.int32), MOST_WEIGHT), moved)
        weights = tl.where(aging, weights, moved)
        names = tl.where(taken & (aging == 0), symbol, names)
        count = tl.where(aging, count >> 1, tl.minimum(count + 1, MOST_USES))
        using = (place < last) & (next_number == number)
        place, r, h, symbol, frequency = following, next_r, next_h, next_symbol, next_frequency
    tl.store(row + entry, weights, mask=entries)
    tl.store(row + SYMBOLS + entry, names, mask=entries)
    tl.store(row + COUNT, count, mask=begins)
    tl.store(row + CHECK, check, mask=begins)
