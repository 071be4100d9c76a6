# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The head of densities: one source, which is the specification as plain Python and the CPU engine compiled.

``m`` is a :class:`rnncompress.lstm.density.DensityArrays`. Streams are independent of each other.
"""

from rnncompress.compiled.compile import kernel
from rnncompress.exact.frequencies import TOTAL
from rnncompress.exact.integers import MASK, signed
from rnncompress.lstm.density import (
    ALPHABET,
    CLIP,
    DX,
    DY,
    FURTHEST,
    HALF,
    LARGEST_RATE,
    LEAST_COLUMNS,
    LEAST_SCALE,
    MASS_BITS,
    MEAN_BITS,
    MOST_COMPONENTS,
    MOST_SCALE,
    ONE,
    PARAMETERS,
    REACH,
    STEEPEST,
    STEPS,
    TRACK,
    UNIT_BITS,
)
from rnncompress.strokes.layout import HEAD, MOST_COLUMNS, NEAR


@kernel
def advance(m, b, t, symbol):
    """The symbol of step ``t`` is known: note where the next step is."""
    at = (b * (m.steps + 1) + t) * TRACK
    following = at + TRACK
    position, columns, end = m.track[at], m.track[at + 1], m.track[at + 2]
    if position == 0:
        columns = symbol
    elif 2 <= position < HEAD:
        end += symbol << (8 * (position - 2))
        if position == HEAD - 1:
            end = min(MASK, HEAD + end * columns) if LEAST_COLUMNS <= columns <= MOST_COLUMNS else 0
    m.track[following] = position + 1
    m.track[following + 1] = columns
    m.track[following + 2] = end


@kernel
def phase(m, b, t):
    """0 where step ``t`` is predicted by the softmax, 1 where it is dx, 2 where it is dy and dx is in the window."""
    at = (b * (m.steps + 1) + t) * TRACK
    position = m.track[at]
    if not HEAD <= position < m.track[at + 2]:
        return 0
    place = (position - HEAD) % m.track[at + 1]
    if place == DX:
        return 1
    return 2 if place == DY and t > 0 else 0


@kernel
def rate_of(m, out):
    """1 over the scale that a logit tells."""
    n = ((out * STEPS) >> UNIT_BITS) + LEAST_SCALE
    return (m.decay[min(max(n, 0), MOST_SCALE)] * LARGEST_RATE) >> UNIT_BITS


@kernel
def mean_of(m, k, axis, out):
    """The mean that a logit tells of component ``k``."""
    mean = (out << MEAN_BITS) + (m.centres[axis * m.components + k] << UNIT_BITS)
    return min(max(mean, -FURTHEST), FURTHEST)


@kernel
def slope_of(out):
    """The slope that a logit tells."""
    return min(max(out, -STEEPEST), STEEPEST)


@kernel
def place_of(edge, mean, rate):
    """Where ``edge`` is in the table of the logistic function; all but the result in units of 2^-16."""
    z = ((edge - mean) * rate) >> (2 * UNIT_BITS - 8)
    return min(max(z, -STEPS * REACH), STEPS * REACH) + STEPS * REACH


@kernel
def mass(m, d, mean, rate):
    """The mass of cell ``d``."""
    above = m.logistic[place_of((d << UNIT_BITS) + HALF, mean, rate)]
    return above - m.logistic[place_of((d << UNIT_BITS) - HALF, mean, rate)]


@kernel
def weigh(m, b, t):
    """Note the weights of the components, 2^16 for the largest; returns where."""
    K = m.components
    out = (b * m.steps + t) * PARAMETERS * K
    at = b * (ALPHABET + 1 + 3 * MOST_COMPONENTS) + ALPHABET + 1
    top = m.outputs[out]
    for k in range(1, K):
        top = max(top, m.outputs[out + k])
    for k in range(K):
        n = ((top - m.outputs[out + k]) * STEPS) >> UNIT_BITS
        m.masses[at + k] = m.decay[n] if n < STEPS * REACH else 0
    return at


@kernel
def weigh_again(m, b, t, byte):
    """Note after the weights what they are once dx is known."""
    K = m.components
    out = (b * m.steps + t) * PARAMETERS * K
    at = weigh(m, b, t)
    most = 0
    for k in range(K):
        mean, rate = mean_of(m, k, 0, m.outputs[out + K + k]), rate_of(m, m.outputs[out + 2 * K + k])
        share = (m.masses[at + k] * mass(m, signed(byte), mean, rate)) >> 6 if byte < NEAR else 0
        m.masses[at + K + k] = share
        most = max(most, share)
    for k in range(K):
        m.masses[at + K + k] = (m.masses[at + K + k] << UNIT_BITS) // most if most else m.masses[at + k]
    return at + K


@kernel
def centre(m, k, out, byte):
    """The mean of dy of component ``k`` once dx is known."""
    K = m.components
    mean = mean_of(m, k, 1, m.outputs[out + 3 * K + k])
    away = (signed(byte) << UNIT_BITS) - mean_of(m, k, 0, m.outputs[out + K + k])
    moved = mean + ((slope_of(m.outputs[out + 5 * K + k]) * away) >> UNIT_BITS)
    return min(max(moved, -FURTHEST), FURTHEST)


@kernel
def table(m, b, t, dx, result, start):
    """Put the frequencies of all bytes into ``result`` from ``start`` on: of dx, if that is -1, else of dy after it.

    The densities are those of step ``t``.
    """
    K = m.components
    out = (b * m.steps + t) * PARAMETERS * K
    cells = b * (ALPHABET + 1 + 3 * MOST_COMPONENTS)
    weights = weigh(m, b, t) if dx < 0 else weigh_again(m, b, t, dx)
    for byte in range(ALPHABET):
        m.masses[cells + byte] = 0
    for k in range(K):
        weight = m.masses[weights + k]
        if dx < 0:
            mean, rate = mean_of(m, k, 0, m.outputs[out + K + k]), rate_of(m, m.outputs[out + 2 * K + k])
        else:
            mean, rate = centre(m, k, out, dx), rate_of(m, m.outputs[out + 4 * K + k])
        below = 0
        for d in range(-NEAR // 2 - 1, NEAR // 2):
            above = m.logistic[place_of((d << UNIT_BITS) + HALF, mean, rate)]
            if d >= -NEAR // 2:
                byte = 2 * d if d >= 0 else -2 * d - 1
                m.masses[cells + byte] += (weight * (above - below)) >> 10
            below = above
    total, best = 1, 0
    for byte in range(NEAR):
        total += m.masses[cells + byte]
        if m.masses[cells + byte] > m.masses[cells + best]:
            best = byte
    left = TOTAL
    for byte in range(ALPHABET):
        frequency = m.masses[cells + byte] * (TOTAL - ALPHABET) // total + 1
        result[start + byte] = frequency
        left -= frequency
    result[start + best] += left


@kernel
def push(share, value):
    """A share, of 2^16, of a derivative, which is clipped."""
    return (share * min(max(value, -CLIP), CLIP)) >> UNIT_BITS


@kernel
def density_at(m, place):
    """The derivative of the logistic function, 2^20 is 1."""
    f = m.logistic[place]
    return (f * ((1 << MASS_BITS) - f)) >> MASS_BITS


@kernel
def slopes(m, d, mean, rate):
    """Of the logarithm of the mass of cell ``d``: the derivatives by the mean, and by the logarithm of the scale."""
    high = place_of((d << UNIT_BITS) + HALF, mean, rate)
    low = place_of((d << UNIT_BITS) - HALF, mean, rate)
    own = max(1, m.logistic[high] - m.logistic[low])
    f, g = density_at(m, high), density_at(m, low)
    z, y = high - STEPS * REACH, low - STEPS * REACH
    return -((f - g) * rate) // own, -((z * f - y * g) << (UNIT_BITS - 8)) // own


@kernel
def gradient(m, b, t, dx, dy, result, start):
    """Put the gradients of the code length at the 6 K logits of step ``t`` into ``result`` from ``start`` on.

    ``dx`` and ``dy`` are bytes; ``dy`` is -1 where the window ends before it.
    """
    K = m.components
    out = (b * m.steps + t) * PARAMETERS * K
    for n in range(PARAMETERS * K):
        result[start + n] = 0
    if dx >= NEAR:
        return
    both = 0 <= dy < NEAR
    at = weigh_again(m, b, t, dx) - K
    shares = at + 2 * K
    weight, total = 0, 0
    for k in range(K):
        own = m.masses[at + K + k]
        if both:
            own = own * mass(m, signed(dy), centre(m, k, out, dx), rate_of(m, m.outputs[out + 4 * K + k]))
        m.masses[shares + k] = own
        weight += m.masses[at + k]
        total += own
    if total == 0:
        return
    for k in range(K):
        share = (m.masses[shares + k] << UNIT_BITS) // total
        mean, rate = mean_of(m, k, 0, m.outputs[out + K + k]), rate_of(m, m.outputs[out + 2 * K + k])
        by_mean, by_scale = slopes(m, signed(dx), mean, rate)
        result[start + k] = (m.masses[at + k] << UNIT_BITS) // weight - share
        left = -push(share, by_mean)
        result[start + 2 * K + k] = -push(share, by_scale)
        if both:
            slope = slope_of(m.outputs[out + 5 * K + k])
            by_mean, by_scale = slopes(
                m, signed(dy), centre(m, k, out, dx), rate_of(m, m.outputs[out + 4 * K + k])
            )
            down = -push(share, by_mean)
            left -= (slope * down) >> UNIT_BITS
            result[start + 3 * K + k] = down << MEAN_BITS
            result[start + 4 * K + k] = -push(share, by_scale)
            result[start + 5 * K + k] = (down * ((signed(dx) << UNIT_BITS) - mean)) >> UNIT_BITS
        result[start + K + k] = left << MEAN_BITS
    for n in range(PARAMETERS * K):
        result[start + n] = min(max(result[start + n], -ONE), ONE)
        if abs(m.outputs[out + n]) >= 8 * ONE and (m.outputs[out + n] > 0) == (result[start + n] < 0):
            result[start + n] = 0  # it would move further from all that makes a difference
