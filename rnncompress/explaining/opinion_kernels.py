# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""What an opinion was worth to the mixer: how much more a byte would have cost without it.

The sum that a set of weights makes of all inputs is a sum over network, counts and matches; without one of them it is
smaller by that part. Everything else stays as it was: the weights, which learnt with all opinions there, the rows that
were selected, and the second layer. Costs are compared before the last step, refinement. Run between coding and
learning, while the inputs of a part stand in the :class:`rnncompress.mixing.memory.Memory` ``m``.
"""

from typing import Final

from rnncompress.compiled.compile import inlined, kernel
from rnncompress.mixing.bit_kernels import CLAMP, SQUASH_LIMIT, WEIGHT_SHIFT
from rnncompress.mixing.context_kernels import SYMBOL
from rnncompress.mixing.sizes import FACTS, FINAL_STRIDE, FINALS, MODELS
from rnncompress.mixing.vector_kernels import dot

OPINIONS: Final = ("network", "counts", "matches")
"""In their order in the results of :func:`weigh`."""
WAYS: Final = 1 + len(OPINIONS)
"""Of listening: to all of them, or to all but one."""
WHOLE: Final = 65536
"""A probability of 1."""


@inlined
def clamped(d):
    """A stretched probability within its limits."""
    return min(max(d, -CLAMP), CLAMP)


@inlined
def first_layer(m, at, sums):
    """What each set of weights makes of bit ``at`` in all ways of listening, into ``sums`` (S, WAYS)."""
    S, IN = m.sets, m.inputs
    matches = m.runs_width + 2 * m.kinds_count + 2
    x = m.x[at * IN + matches : at * IN + matches + 2 * MODELS + 3]
    for t in range(S):
        row = m.rows[at * S + t] * IN
        w = m.weights[row + matches : row + matches + 2 * MODELS + 3]
        whole = dot(m.x, at * IN, m.weights, row, IN)
        matched = 0
        for i in range(2 * MODELS):
            matched += x[i] * w[i]
        constant = x[2 * MODELS] * w[2 * MODELS]
        network = x[2 * MODELS + 1] * w[2 * MODELS + 1] + x[2 * MODELS + 2] * w[2 * MODELS + 2]
        sums[WAYS * t] = clamped(whole >> WEIGHT_SHIFT)
        sums[WAYS * t + 1] = clamped((whole - network) >> WEIGHT_SHIFT)
        sums[WAYS * t + 2] = clamped((matched + constant + network) >> WEIGHT_SHIFT)
        sums[WAYS * t + 3] = clamped((whole - matched) >> WEIGHT_SHIFT)


@inlined
def second_layer(m, at, sums):
    """The probabilities, of 65536, that it gives to a 1 in all ways of listening."""
    a, b, c, d = 0, 0, 0, 0
    for g in range(FINALS):
        row = m.final_rows[at * FINALS + g] * FINAL_STRIDE
        p, q, r, s = 0, 0, 0, 0
        for t in range(m.sets):
            final = m.finals[row + t]
            p += sums[WAYS * t] * final
            q += sums[WAYS * t + 1] * final
            r += sums[WAYS * t + 2] * final
            s += sums[WAYS * t + 3] * final
        a += clamped(p >> 16)
        b += clamped(q >> 16)
        c += clamped(r >> 16)
        d += clamped(s >> 16)
    return squashed(m, a), squashed(m, b), squashed(m, c), squashed(m, d)


@inlined
def squashed(m, total):
    """The probability of the mean of the second layer's mixers."""
    return m.squash[total // FINALS + SQUASH_LIMIT]


@kernel
def weigh(m, step, places, starts, bits, sums, out, size):
    """Put down what the first ``places`` bytes of a part cost, whose first step is ``step`` of the file.

    ``starts`` (B,): where each stream begins in the file; ``bits`` (65537,): the length of a code by its probability;
    ``sums`` (S * WAYS,) is scratch. ``out`` (WAYS * size,) takes, by place in the file, the bits as coded, then what
    each opinion saved.
    """
    for n in range(places):
        place = starts[n % m.streams] + step + n // m.streams
        symbol = m.facts[n * FACTS + SYMBOL]
        for way in range(WAYS):
            out[way * size + place] = 0
        for i in range(8):
            at = 8 * n + i
            flip = 0 if symbol >> (7 - i) & 1 else WHOLE
            out[place] += bits[abs(flip - m.p[at])]
            first_layer(m, at, sums)
            p = second_layer(m, at, sums)
            for way in range(1, WAYS):
                out[way * size + place] += bits[abs(flip - p[way])] - bits[abs(flip - p[0])]
