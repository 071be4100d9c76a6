# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""What the bytes of a part of a window teach: after it, in the order of steps, then streams.

The tables of a kind, the weights of a set, and the rest are independent of each other, so threads share them.
One source: plain Python is the specification, compiled it is the CPU's.
"""

from typing import Final

from rnncompress.compiled.compile import inlined, kernel
from rnncompress.mixing.context_kernels import SYMBOL
from rnncompress.mixing.direct_kernels import fetch_group, group_of
from rnncompress.mixing.sizes import FACTS, FINAL_STRIDE, FINALS, MAPS, MODELS, RUNS, STATE
from rnncompress.mixing.slot_kernels import HISTORIES, RUN_BYTE, RUN_COUNT, claim, line_of, lower_half, node
from rnncompress.mixing.text_kernels import POSITION, join, match_hash
from rnncompress.mixing.vector_kernels import fetch, train

MAP_LIMIT: Final = 255
"""Adaptive probabilities: after so many bits an old one counts less and less."""
DIRECT_LIMIT: Final = 1000
RUN_LIMIT: Final = 1000
ORDER0_LIMIT: Final = 1000
ORDER1_LIMIT: Final = 400
MATCH_LIMIT: Final = 1000
REFINEMENT_SHIFT: Final = 6
FINAL_RATE: Final = 1573
FINAL_LIMIT: Final = 1 << 28
"""Weights of the second layer are clamped to ± this; 2^16 is a weight of 1."""
LEAST_ERROR: Final = 256
"""Of 65536: from smaller errors weights do not learn, which saves time and costs next to nothing."""
MOST_VISITS: Final = 65535
SLOW: Final = 1024
"""Visits up to which the learning rate of a row of weights falls with each; then with every 64."""


@inlined
def adapt(value, y, limit, reciprocals):
    """An adaptive probability, 22 bits and 10 of a count, after bit ``y``: a mean at first, then a decaying one."""
    p, n = value >> 10, value & 1023
    p += (((y << 22) - p) * reciprocals[n]) >> 16
    return p << 10 | min(n + 1, limit)


@inlined
def fetch_slots(m, k, count):
    """Have the slots of kind number ``k`` fetched, which the next ones have driven from the cache."""
    for n in range(count):
        x = m.hashes[n * m.kinds_count + k]
        lower = lower_half(x, 16 | m.facts[n * FACTS + SYMBOL] >> 4)
        fetch(m.slots, line_of(m, k, x))
        fetch(m.slots, line_of(m, k, lower))
        fetch_group(m, k, x)
        fetch_group(m, k, lower)


@inlined
def learn_kind(m, k, count):
    """The slots, maps and runs of kind number ``k`` learn from the first ``count`` places."""
    K = m.kinds_count
    slots, maps, following = m.slots, m.maps, m.following
    for n in range(count):
        c = m.facts[n * FACTS + SYMBOL]
        x = m.hashes[n * K + k]
        at = claim(m, line_of(m, k, x), x)
        if slots[at + RUN_COUNT] and slots[at + RUN_BYTE] == c:
            slots[at + RUN_COUNT] = min(slots[at + RUN_COUNT] + 1, 255)
        else:
            slots[at + RUN_BYTE] = c
            slots[at + RUN_COUNT] = 1
        c0 = 1
        for i in range(8):
            if i == 4:
                x = lower_half(x, c0)
                at = claim(m, line_of(m, k, x), x)
            y = c >> (7 - i) & 1
            j = at + HISTORIES + node(i, c0)
            state = slots[j]
            if state:
                q = k * 256 + state
                value = adapt(maps[q], y, MAP_LIMIT, m.reciprocals)
                maps[q] = value
                m.map_inputs[2 * q] = m.stretch[value >> 20]
                m.map_inputs[2 * q + 1] = ((value >> 16) - 32768) >> 6
            slots[j] = following[2 * state + y]
            c0 = 2 * c0 + y
        if m.direct_numbers[k] >= 0:
            learn_direct(m, m.direct_numbers[k], c, m.hashes[n * K + k])
        run = n * m.runs_width + k
        if m.run_counts[run]:
            learn_run(m, k, c, m.run_bytes[run], m.run_counts[run])


@inlined
def learn_direct(m, d, c, x):
    """The direct probabilities of the ``d``-th kind that has them learn byte ``c`` in the context of hash ``x``."""
    at, c0 = group_of(m, d, x), 1
    for i in range(8):
        if i == 4:
            at = group_of(m, d, lower_half(x, c0))
        y = c >> (7 - i) & 1
        j = at + node(i, c0)
        m.direct[j] = adapt(m.direct[j], y, DIRECT_LIMIT, m.reciprocals)
        c0 = 2 * c0 + y


@inlined
def learn_run(m, k, c, byte, count):
    """How far the byte ``c`` was what a run of ``count`` bytes, behind a 1 in ``byte``, had expected."""
    for i in range(8):
        if byte >> (8 - i) != (c | 256) >> (8 - i):
            return
        right = 1 if (byte ^ c) >> (7 - i) & 1 == 0 else 0
        q = k * RUNS + 2 * min(count, 31) + (1 if i == 0 else 0)
        value = adapt(m.runs[q], right, RUN_LIMIT, m.reciprocals)
        m.runs[q] = value
        m.run_stretch[q] = m.stretch[value >> 20]


@inlined
def learn_weights(m, share, shares, count):
    """The weights of every ``shares``-th set learn. The rate of a row falls with its visits."""
    S, IN = m.sets, m.inputs
    for n in range(count):
        c = m.facts[n * FACTS + SYMBOL]
        for i in range(8):
            at = 8 * n + i
            y = c >> (7 - i) & 1
            for t in range(share, S, shares):
                row = m.rows[at * S + t]
                seen = m.visits[row]
                rate = m.rates[seen if seen < SLOW else SLOW + (seen - SLOW) // 64]
                if seen < MOST_VISITS:
                    m.visits[row] = seen + 1
                error = (y << 16) - m.set_p[at * S + t]
                if abs(error) >= LEAST_ERROR:
                    error = min(max((error * rate) >> 13, -32767), 32767)
                    train(m.x, at * IN, m.weights, row * IN, IN, error)


@inlined
def learn_rest(m, count):
    """The second layer, the last maps, the match models, the low orders, and the text learn."""
    S = m.sets
    for n in range(count):
        c = m.facts[n * FACTS + SYMBOL]
        c1 = m.facts[n * FACTS]
        c0 = 1
        for i in range(8):
            at = 8 * n + i
            y = c >> (7 - i) & 1
            for g in range(FINALS):
                error = (y << 16) - m.final_p[at * FINALS + g]
                row = m.final_rows[at * FINALS + g] * FINAL_STRIDE
                for t in range(S):
                    step = ((error * m.dots[at * S + t]) >> 10) * FINAL_RATE
                    moved = m.finals[row + t] + ((step + (1 << 17)) >> 18)
                    m.finals[row + t] = min(max(moved, -FINAL_LIMIT), FINAL_LIMIT)
            for model in range(MODELS):
                row = m.match_rows[at * MODELS + model]
                if row >= 0:
                    right = 1 if row & 1 != y else 0
                    m.matches[row >> 1] = adapt(m.matches[row >> 1], right, MATCH_LIMIT, m.reciprocals)
            m.order0[c0] = adapt(m.order0[c0], y, ORDER0_LIMIT, m.reciprocals)
            q = c1 << 8 | c0
            m.order1[q] = adapt(m.order1[q], y, ORDER1_LIMIT, m.reciprocals)
            nearer = 1 if m.between[at] >= 64 else 0
            for g in range(MAPS):
                q = m.refined[at * MAPS + g] + nearer
                m.refinements[q] += ((y << 16) - m.refinements[q]) >> REFINEMENT_SHIFT
            c0 = 2 * c0 + y
    for b in range(m.streams):
        learn_text(m, b)


@inlined
def learn_text(m, b):
    """Match tables and indirect contexts take in what stream ``b`` has read since the last time."""
    mask = m.mask
    own = b * (mask + 1)
    end = m.text[b * STATE + POSITION]
    for position in range(m.learnt[b], end):
        c = m.past[own + (position & mask)]
        three = 0
        for j in range(min(3, position)):
            three |= m.past[own + ((position - 1 - j) & mask)] << (8 * j)
        c1, two = three & 0xFF, three & 0xFFFF
        m.indirect1[c1] = (m.indirect1[c1] << 8 | c) & 0xFFFFFF
        m.indirect2[two] = (m.indirect2[two] << 8 | c) & 0xFFFF
        q = join(three, 7) >> 12
        m.indirect3[q] = (m.indirect3[q] << 8 | c) & 0xFFFF
        for model in range(MODELS):
            least = m.least[model]
            if position + 1 >= least:
                x = match_hash(m.past, own, mask, position + 1, least, model)
                place = ((position + 1) * m.streams + b + 1) & 0x7FFFFFFF
                m.match_table[(model << m.match_bits) + (x >> (32 - m.match_bits))] = place
    m.learnt[b] = end


@kernel
def learn(m, share, shares, count):
    """One of ``shares`` parts of all that is to be learnt from the first ``count`` places."""
    for k in range(share, m.kinds_count, shares):
        if k + shares < m.kinds_count:
            fetch_slots(m, k + shares, count)
        learn_kind(m, k, count)
    learn_weights(m, share, shares, count)
    if share == shares - 1:
        learn_rest(m, count)
