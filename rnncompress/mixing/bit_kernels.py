# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The probability of a bit: what all contexts, the matches and the network say of it, mixed.

Opinions are stretched probabilities (``x``, a row for each bit of each place). A mixer of two layers adds them up with
weights, selected by small contexts (Mahoney 2005, PAQ7 and later), then adaptive maps refine the sum. Nothing here
learns: what is needed for that is noted for :mod:`rnncompress.mixing.learn_kernels`.

One source: plain Python is the specification, compiled it is the CPU's.
"""

from typing import Final

from rnncompress.compiled.compile import inlined
from rnncompress.exact.frequencies import TOTAL
from rnncompress.mixing.context_kernels import hash_network
from rnncompress.mixing.direct_kernels import find_groups, inputs_of_direct
from rnncompress.mixing.sizes import BUCKETS, FACTS, FINAL_STRIDE, FINALS, LENGTHS, MAP_ROWS, MAPS, MODELS
from rnncompress.mixing.slot_kernels import HISTORIES_SHIFT, find_lower, find_upper, node
from rnncompress.mixing.text_kernels import join
from rnncompress.mixing.vector_kernels import dot, fetch, follow_runs

FINAL_STARTS: Final = (0, 1024, 1280, 1536)
"""Where the rows of each begin, then their number."""
SQUASH_LIMIT: Final = 3071
CLAMP: Final = 2047
BIAS: Final = 102
"""The input that is always there."""
WEIGHT_SHIFT: Final = 14
"""A weight of 1 is 2^14."""
FETCHED: Final = 32
"""Weights in a line of the cache."""


@inlined
def surest_order(m, i, c0, b):
    """The longest order that is known here, and its history."""
    j = (b * m.kinds_count << HISTORIES_SHIFT) + node(i, c0)
    surest, history = 0, 0
    for k in range(m.orders):
        state = m.histories[(k << HISTORIES_SHIFT) + j]
        if state:
            surest, history = k + 1, state
    return surest, history


@inlined
def inputs_of_contexts(m, n, i, c0, b, start):
    """Set the inputs of all kinds of contexts from ``start`` on: of the runs, then of the histories."""
    R = m.runs_width
    values = m.run_later if i else m.run_first
    follow_runs(m.run_bytes, values, n * R, R, i, c0, m.x, start)
    j = (b * m.kinds_count << HISTORIES_SHIFT) + node(i, c0)
    pairs, histories, inputs = m.map_pairs, m.histories, m.x_pairs
    at = (start + R) >> 1
    for k in range(m.kinds_count):
        inputs[at + k] = pairs[k << 8 | histories[(k << HISTORIES_SHIFT) + j]]


@inlined
def bucket_of(length):
    """Lengths of matches, 1 to 65535, in 32 buckets."""
    if length < 16:
        return length
    if length < 32:
        return 16 + (length - 16) // 4
    if length < 64:
        return 20 + (length - 32) // 8
    return min(31, 24 + (length - 64) // 64)


@inlined
def inputs_of_matches(m, n, i, c0, at, x, z):
    """Set the inputs of the match models from ``z`` on. Returns the bucket of the longest match that still holds."""
    shift = 8 - i
    longest = 0
    for model in range(MODELS):
        guess = m.guesses[n * MODELS + model]
        row = -1
        said, sure = 0, 0
        if guess >= 0 and (guess | 256) >> shift == c0:
            bucket = bucket_of(m.lengths[n * MODELS + model])
            longest = max(longest, bucket)
            row = 2 * (model * LENGTHS + bucket)
            p = m.matches[row >> 1] >> 16
            said, sure = m.stretch[p >> 4], (p - 32768) >> 6
            if not guess >> (shift - 1) & 1:
                said, sure = -said, -sure
                row += 1
        m.match_rows[at * MODELS + model] = row
        x[z + 2 * model] = said
        x[z + 2 * model + 1] = sure
    return longest


@inlined
def opinion(m, n, i, c0, b):
    """The network's probability, of 65536, that bit ``i`` is 1, from the cumulative frequencies of stream ``b``."""
    size = 256 >> i
    at = b * 257 + (c0 << (8 - i)) - 256
    low = m.cumulative[at]
    one = m.cumulative[at + size] - m.cumulative[at + (size >> 1)]
    return min(max((one << 16) // (m.cumulative[at + size] - low), 1), 65535)


@inlined
def take_table(m, n, b, table, start):
    """Take the network's frequencies of all bytes, ``table`` from ``start`` on, as an opinion at place ``n``."""
    at, total, best, most = b * 257, 0, 0, -1
    for symbol in range(256):
        frequency = table[start + symbol]
        m.cumulative[at + symbol] = total
        total += frequency
        if frequency > most:
            best, most = symbol, frequency
    m.cumulative[at + 256] = total
    note_expected(m, n, best, most)


@inlined
def take_path(m, n, b, c, path, start):
    """Take what the network's frequencies say along the bits of byte ``c``: ``path`` from ``start`` on.

    Of the cumulative frequencies only those are set that :func:`opinion` asks for on the way to ``c``.
    """
    at = b * 257
    m.cumulative[at], m.cumulative[at + 256] = 0, TOTAL
    for i in range(8):
        m.cumulative[at + ((c >> (7 - i) | 1) << (7 - i))] = path[start + i]
    note_expected(m, n, path[start + 8], path[start + 9])


@inlined
def note_expected(m, n, expected, frequency):
    """Note the byte that the network expects, and how surely by its frequency."""
    m.expected[n] = expected
    m.certainty[n] = min(15, frequency >> 20)
    hash_network(m, n)


@inlined
def select_refinements(m, n, f, c0, at):
    """Choose the rows of the last maps, which see the last byte, the last three, or the network; they are fetched."""
    third = join(join(c0, m.expected[n] * 16 + m.certainty[n]), f[0]) & 0xFFFF
    for g in range(MAPS):
        if g == 0:
            row = f[0] << 8 | c0
        elif g == 1:
            row = MAP_ROWS + (join(f[10], c0) & 0xFFFF)
        else:
            row = 2 * MAP_ROWS + third
        m.refined[at * MAPS + g] = row * BUCKETS
        fetch(m.refinements, row * BUCKETS)
        fetch(m.refinements, (row + 1) * BUCKETS)


@inlined
def select(m, n, i, c0, at, longest, surest, history, quantile, hit):
    """Choose a row of weights of each set, which is on its way to the cache then, and rows of the second layer.

    ``quantile``: what the network says, in 16 steps; ``hit``: 0 if its expected byte is refuted, else 1 + its bit.
    """
    S = m.sets
    f = m.facts[n * FACTS : (n + 1) * FACTS]
    rows, IN = m.rows, m.inputs
    n0, n1 = m.counts[2 * history], m.counts[2 * history + 1]
    certainty, expected = m.certainty[n], m.expected[n]
    for t in range(S):
        if t == 0:
            v = c0
        elif t == 1:
            v = f[0] * 8 + i
        elif t == 2:
            v = (quantile * 16 + certainty) * 8 + i if m.network else f[2] * 8 + i
        elif t == 3:
            v = (longest * 8 + i) * 4 + f[9]
        elif t == 4:
            v = f[1] * 8 + i
        elif t == 5:
            v = c0 + 256 * f[3] + 512 * hit
        elif t == 6:
            v = (min(7, longest // 4) * 8 + surest) * 32 + hit * 8 + i
        elif t == 7:
            v = (hit * 256 + expected) * 4 + min(3, i // 2) if m.network else f[11] * 8 + i
        elif t == 8:
            v = f[5] * 8 + i
        elif t == 9:
            v = f[4] * 8 + i
        elif t == 10:
            v = (f[6] & 0xFFF) * 8 + i
        elif t == 11:
            v = f[7] * 256 + f[8]
        elif t == 12:
            seen = min(7, n0 + n1) * 4 + (1 if n0 == 0 else 0) + (2 if n1 == 0 else 0)
            v = (seen * 16 + longest // 2) * 8 + i
        else:
            v = f[6]
        row = m.set_rows[t] + v
        rows[at * S + t] = row
        for line in range(0, IN, FETCHED):
            fetch(m.weights, row * IN + line)
    select_refinements(m, n, f, c0, at)
    rows = m.final_rows[at * FINALS : (at + 1) * FINALS]
    rows[0] = c0 + 256 * hit
    rows[1] = 1024 + f[0]
    rows[2] = 1280 + longest * 8 + i
    rows[3] = 1536 + (surest * 4 + hit) * 8 + i


@inlined
def mix(m, at):
    """Both layers of the mixer: the stretched probability, in 1/256, clamped."""
    S, IN = m.sets, m.inputs
    for t in range(S):
        d = dot(m.x, at * IN, m.weights, m.rows[at * S + t] * IN, IN) >> WEIGHT_SHIFT
        d = min(max(d, -CLAMP), CLAMP)
        m.dots[at * S + t] = d
        m.set_p[at * S + t] = m.squash[d + SQUASH_LIMIT]
    mixed = 0
    for g in range(FINALS):
        row = m.final_rows[at * FINALS + g] * FINAL_STRIDE
        total = 0
        for t in range(S):
            total += m.dots[at * S + t] * m.finals[row + t]
        d = min(max(total >> 16, -CLAMP), CLAMP)
        m.final_p[at * FINALS + g] = m.squash[d + SQUASH_LIMIT]
        mixed += d
    return mixed // FINALS


@inlined
def refine(m, at, mixed):
    """The probability of 65536 after the last maps, each between the two buckets that are nearest."""
    position = mixed + 2048
    low, w = position >> 7, position & 127
    m.between[at] = w
    total = m.squash[mixed + SQUASH_LIMIT] * 256
    for g in range(MAPS):
        q = m.refined[at * MAPS + g] + low
        m.refined[at * MAPS + g] = q
        total += m.refinements[q] * (128 - w) + m.refinements[q + 1] * w
    return min(max(total // (128 * (2 + MAPS)), 1), 65535)


@inlined
def predict(m, n, i, c0, b):
    """Probability, 1 to 65535 of 65536, that bit ``i`` (0 is the highest) of the byte at place ``n`` is 1.

    ``c0`` holds the bits before it behind a 1. Stream ``b``; bits are asked for in their order.
    """
    if i == 0:
        find_upper(m, n, b)
    elif i == 4:
        find_lower(m, n, c0, b)
    if i == 0 or i == 4:
        find_groups(m, n, i, c0, b)
    at = 8 * n + i
    start = at * m.inputs
    z = start + m.runs_width + 2 * m.kinds_count
    surest, history = surest_order(m, i, c0, b)
    longest = inputs_of_matches(m, n, i, c0, at, m.x, z + 2)
    quantile, hit, said, sure = 8, 0, 0, 0
    if m.network:
        p = opinion(m, n, i, c0, b)
        said, sure = m.stretch[p >> 4], (p - 32768) >> 6
        quantile = min(15, max(0, (said * 6 // 5 >> 8) + 8))
        if (m.expected[n] | 256) >> (8 - i) == c0:
            hit = 1 + (m.expected[n] >> (7 - i) & 1)
    select(m, n, i, c0, at, longest, surest, history, quantile, hit)
    inputs_of_contexts(m, n, i, c0, b, start)
    m.x[z] = m.stretch[m.order0[c0] >> 20]
    m.x[z + 1] = m.stretch[m.order1[m.facts[n * FACTS] << 8 | c0] >> 20]
    z += 2 + 2 * MODELS
    m.x[z], m.x[z + 1], m.x[z + 2] = BIAS, said, sure
    inputs_of_direct(m, i, c0, b, z + 3)
    p = refine(m, at, mix(m, at))
    m.p[at] = p
    return p
