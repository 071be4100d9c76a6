# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The head of densities on the GPU; equal to :mod:`rnncompress.lstm.density_kernels`.

A program treats one row of the window (a stream at a step), with its components side by side. ``track``
(TRACK, T + 1, B) tells where each stream is before each step, ``outputs`` (T * B, 6 K) what the logits of the head are;
``symbols`` (T, B) are those of the window. ``told`` is where the outputs of one row begin, ``k`` the components.
"""

import triton
import triton.language as tl

from rnncompress.exact import integers
from rnncompress.exact.frequencies import TOTAL as _TOTAL
from rnncompress.lstm import density as specification
from rnncompress.lstm.cuda.backward_kernels import dithered
from rnncompress.lstm.cuda.head_kernels import logit, store_at_logits
from rnncompress.lstm.cuda.number_kernels import nearest
from rnncompress.strokes import layout

ALPHABET = tl.constexpr(specification.ALPHABET)
PARAMETERS = tl.constexpr(specification.PARAMETERS)
UNIT_BITS = tl.constexpr(specification.UNIT_BITS)
UNIT = tl.constexpr(float(specification.UNIT))
FRACTION = tl.constexpr(float(1 / specification.UNIT))
ONE = tl.constexpr(specification.ONE)
HALF = tl.constexpr(specification.HALF)
LARGEST = tl.constexpr(float(specification.LARGEST))
STEPS_OF_ONE = tl.constexpr(specification.STEPS)
END = tl.constexpr(specification.STEPS * specification.REACH)
MASS_BITS = tl.constexpr(specification.MASS_BITS)
WHOLE = tl.constexpr(1 << specification.MASS_BITS)
LEAST_SCALE = tl.constexpr(specification.LEAST_SCALE)
MOST_SCALE = tl.constexpr(specification.MOST_SCALE)
LARGEST_RATE = tl.constexpr(specification.LARGEST_RATE)
MEAN_BITS = tl.constexpr(specification.MEAN_BITS)
FURTHEST = tl.constexpr(specification.FURTHEST)
STEEPEST = tl.constexpr(specification.STEEPEST)
CLIP = tl.constexpr(specification.CLIP)
DX = tl.constexpr(specification.DX)
DY = tl.constexpr(specification.DY)
LEAST_COLUMNS = tl.constexpr(specification.LEAST_COLUMNS)
MOST_COLUMNS = tl.constexpr(layout.MOST_COLUMNS)
HEAD = tl.constexpr(layout.HEAD)
NEAR = tl.constexpr(layout.NEAR)
MASK = tl.constexpr(integers.MASK)
TOTAL = tl.constexpr(_TOTAL)
ABSENT = tl.constexpr(-(1 << 30))
"""The weight's logit of a component that is none: its weight is 0."""


@triton.jit(do_not_specialize=["first", "last"])
def advance(symbols, track, first, last, STEPS: tl.constexpr, STREAMS: tl.constexpr, BLOCK: tl.constexpr):
    """The symbols of the steps first ≤ t < last are known: note where a block of streams is after each."""
    b = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = b < STREAMS
    size: tl.constexpr = (STEPS + 1) * STREAMS
    place = track + first * STREAMS + b
    position = tl.load(place, mask=mask, other=0)
    columns = tl.load(place + size, mask=mask, other=0)
    end = tl.load(place + 2 * size, mask=mask, other=0)
    for t in range(first, last):
        symbol = tl.load(symbols + t * STREAMS + b, mask=mask, other=0).to(tl.int64)
        counts = (position >= 2) & (position < HEAD)
        end += tl.where(counts, symbol << tl.where(counts, 8 * (position - 2), 0), 0)
        possible = (columns >= LEAST_COLUMNS) & (columns <= MOST_COLUMNS)
        begins = tl.where(possible, tl.minimum(MASK, HEAD + end * columns), 0)
        end = tl.where(position == HEAD - 1, begins, end)
        columns = tl.where(position == 0, symbol, columns)
        position += 1
        place += STREAMS
        tl.store(place, position, mask=mask)
        tl.store(place + size, columns, mask=mask)
        tl.store(place + 2 * size, end, mask=mask)


@triton.jit
def phase(track, row, STEPS: tl.constexpr, STREAMS: tl.constexpr):
    """0 where ``row`` is predicted by the softmax, 1 where it is dx, 2 where it is dy and dx is in the window."""
    size: tl.constexpr = (STEPS + 1) * STREAMS
    position = tl.load(track + row)
    columns = tl.load(track + size + row)
    end = tl.load(track + 2 * size + row)
    inside = (position >= HEAD) & (position < end)
    place = (position - HEAD) % tl.maximum(columns, 1)
    dy = tl.where((place == DY) & (row >= STREAMS), 2, 0)
    return tl.where(inside, tl.where(place == DX, 1, dy), 0)


@triton.jit
def signed(x):
    """0, -1, 1, -2, … of x = 0, 1, 2, 3, …"""
    return (x >> 1) ^ -(x & 1)


@triton.jit
def clipped(x, limit):
    """x within ±limit."""
    return tl.minimum(tl.maximum(x, -limit), limit)


@triton.jit
def floored(a, b):
    """The quotient of a and b > 0, rounded down; ``//`` rounds towards zero here."""
    quotient = a // b
    return quotient - tl.where(quotient * b > a, 1, 0)


@triton.jit
def output(told, part, k, COMPONENTS: tl.constexpr):
    """Parameter ``part`` of the components."""
    return tl.load(told + part * COMPONENTS + k, mask=k < COMPONENTS, other=0).to(tl.int64)


@triton.jit
def rate_of(decay, out):
    """1 over the scale that a logit tells."""
    n = ((out * STEPS_OF_ONE) >> UNIT_BITS) + LEAST_SCALE
    return (
        tl.load(decay + tl.minimum(tl.maximum(n, 0), MOST_SCALE)).to(tl.int64) * LARGEST_RATE
    ) >> UNIT_BITS


@triton.jit
def mean_of(centres, axis, out, k, COMPONENTS: tl.constexpr):
    """The mean that a logit tells."""
    centre = output(centres, axis, k, COMPONENTS)
    return clipped((out << MEAN_BITS) + (centre << UNIT_BITS), FURTHEST)


@triton.jit
def place_of(edge, mean, rate):
    """Where ``edge`` is in the table of the logistic function; all but the result in units of 2^-16."""
    return clipped(((edge - mean) * rate) >> (2 * UNIT_BITS - 8), END) + END


@triton.jit
def mass(logistic, d, mean, rate):
    """The mass of cell ``d``."""
    above = tl.load(logistic + place_of((d << UNIT_BITS) + HALF, mean, rate))
    return (above - tl.load(logistic + place_of((d << UNIT_BITS) - HALF, mean, rate))).to(tl.int64)


@triton.jit
def weigh(decay, told, k, COMPONENTS: tl.constexpr):
    """The weights of the components, 2^16 for the largest."""
    out = tl.load(told + k, mask=k < COMPONENTS, other=ABSENT).to(tl.int64)
    n = ((tl.max(out, axis=0) - out) * STEPS_OF_ONE) >> UNIT_BITS
    return tl.where(n < END, tl.load(decay + tl.minimum(n, END - 1)), 0).to(tl.int64)


@triton.jit
def weigh_again(logistic, weight, dx, mean, rate):
    """What the weights are once dx, a byte, is known."""
    share = tl.where(dx < NEAR, (weight * mass(logistic, signed(dx), mean, rate)) >> 6, 0)
    most = tl.max(share, axis=0)
    return tl.where(most > 0, (share << UNIT_BITS) // tl.maximum(most, 1), weight)


@triton.jit
def mean_after(centres, told, dx, mean, k, COMPONENTS: tl.constexpr):
    """The means of dy once dx, a byte, is known, whose means are ``mean``."""
    down = mean_of(centres, 1, output(told, 3, k, COMPONENTS), k, COMPONENTS)
    slope = clipped(output(told, 5, k, COMPONENTS), STEEPEST)
    return clipped(down + ((slope * ((signed(dx) << UNIT_BITS) - mean)) >> UNIT_BITS), FURTHEST)


@triton.jit
def component(values, k, n):
    """Component n of ``values``."""
    return tl.sum(tl.where(k == n, values, 0), axis=0)


@triton.jit(do_not_specialize=["first", "rows"])
def note_outputs(
    table, bias, outputs, first, rows, COUNT: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    """The last COUNT logits of a block of rows as integers, from their sums in ``table``."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    n = tl.arange(0, BLOCK)
    mask = (row < rows)[:, None] & (n < COUNT)[None, :]
    row = (first + row).to(tl.int64)[:, None]
    x = logit(table + row * ALPHABET, bias, mask, n + (ALPHABET - COUNT))
    x = tl.minimum(tl.maximum(x, -LARGEST), LARGEST)
    tl.store(outputs + row * COUNT + n[None, :], nearest(x * UNIT).to(tl.int32), mask=mask)


@triton.jit(do_not_specialize=["first"])
def density_table(
    symbols, track, outputs, decay, logistic, centres, table, first,
    STEPS: tl.constexpr, STREAMS: tl.constexpr, COMPONENTS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Replace the frequencies of row ``first + program 0`` if a density predicts it."""
    row = (first + tl.program_id(0)).to(tl.int64)
    kind = phase(track, row, STEPS, STREAMS)
    if kind > 0:
        k = tl.arange(0, BLOCK)
        told = outputs + (row - (kind - 1) * STREAMS) * (PARAMETERS * COMPONENTS)
        weight = weigh(decay, told, k, COMPONENTS)
        mean = mean_of(centres, 0, output(told, 1, k, COMPONENTS), k, COMPONENTS)
        rate = rate_of(decay, output(told, 2, k, COMPONENTS))
        if kind == 2:
            dx = tl.load(symbols + row - STREAMS).to(tl.int64)
            weight = weigh_again(logistic, weight, dx, mean, rate)
            mean = mean_after(centres, told, dx, mean, k, COMPONENTS)
            rate = rate_of(decay, output(told, 4, k, COMPONENTS))
        byte = tl.arange(0, ALPHABET)
        d = signed(byte.to(tl.int64))
        cells = tl.zeros((ALPHABET,), tl.int64)
        for n in range(COMPONENTS):
            masses = mass(logistic, d, component(mean, k, n), component(rate, k, n))
            cells += (component(weight, k, n) * masses) >> 10
        cells = tl.where(byte < NEAR, cells, 0)
        best = tl.min(tl.where(cells == tl.max(cells, axis=0), byte, ALPHABET), axis=0)
        frequency = cells * (TOTAL - ALPHABET) // (1 + tl.sum(cells, axis=0)) + 1
        left = TOTAL - tl.sum(frequency, axis=0)
        frequency += tl.where(byte == best, left, 0)
        tl.store(table + row * ALPHABET + byte, frequency.to(tl.int32))


@triton.jit
def density_at(logistic, place):
    """The derivative of the logistic function, 2^20 is 1."""
    f = tl.load(logistic + place).to(tl.int64)
    return (f * (WHOLE - f)) >> MASS_BITS


@triton.jit
def slopes(logistic, d, mean, rate):
    """Of the logarithm of the mass of cell ``d``: the derivatives by the mean, and by the logarithm of the scale."""
    high = place_of((d << UNIT_BITS) + HALF, mean, rate)
    low = place_of((d << UNIT_BITS) - HALF, mean, rate)
    own = tl.maximum((tl.load(logistic + high) - tl.load(logistic + low)).to(tl.int64), 1)
    f, g = density_at(logistic, high), density_at(logistic, low)
    spread = (high - END) * f - (low - END) * g
    return floored(-((f - g) * rate), own), floored(-(spread << (UNIT_BITS - 8)), own)


@triton.jit
def push(share, value):
    """A share, of 2^16, of a derivative, which is clipped."""
    return (share * clipped(value, CLIP)) >> UNIT_BITS


@triton.jit
def density_gradient(
    symbols, track, outputs, decay, logistic, centres, keys, dz_high, dz_low, dz_columns_high, dz_columns_low,
    LAYERS: tl.constexpr, STEPS: tl.constexpr, STREAMS: tl.constexpr, COMPONENTS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Replace the gradient at the logits of row ``program 0`` if a density predicts it, in both orders."""
    row = tl.program_id(0).to(tl.int64)
    kind = phase(track, row, STEPS, STREAMS)
    if kind > 0:
        TOTAL_ROWS: tl.constexpr = STEPS * STREAMS
        a = tl.arange(0, ALPHABET)
        others = a < tl.where(kind == 1, ALPHABET - PARAMETERS * COMPONENTS, ALPHABET)
        store_at_logits(
            tl.zeros((ALPHABET,), tl.int32), row, a, others, dz_high, dz_low, dz_columns_high, dz_columns_low,
            TOTAL_ROWS, ALPHABET,
        )  # fmt: skip
    if kind == 1:
        k = tl.arange(0, BLOCK)
        told = outputs + row * (PARAMETERS * COMPONENTS)
        dx = tl.load(symbols + row).to(tl.int64)
        within = row + STREAMS < STEPS * STREAMS
        dy = tl.load(symbols + row + STREAMS, mask=within, other=NEAR).to(tl.int64)
        both = dy < NEAR
        weight = weigh(decay, told, k, COMPONENTS)
        mean = mean_of(centres, 0, output(told, 1, k, COMPONENTS), k, COMPONENTS)
        rate = rate_of(decay, output(told, 2, k, COMPONENTS))
        mean_down = mean_after(centres, told, dx, mean, k, COMPONENTS)
        rate_down = rate_of(decay, output(told, 4, k, COMPONENTS))
        own = weigh_again(logistic, weight, dx, mean, rate)
        own = tl.where(both, own * mass(logistic, signed(dy), mean_down, rate_down), own)
        total = tl.sum(own, axis=0)
        share = (own << UNIT_BITS) // tl.maximum(total, 1)
        by_mean, by_scale = slopes(logistic, signed(dx), mean, rate)
        by_mean_down, by_scale_down = slopes(logistic, signed(dy), mean_down, rate_down)
        down = tl.where(both, -push(share, by_mean_down), 0)
        slope = clipped(output(told, 5, k, COMPONENTS), STEEPEST)
        across = -push(share, by_mean) - ((slope * down) >> UNIT_BITS)
        known = (dx < NEAR) & (total > 0)
        key = tl.load(keys + LAYERS).to(tl.uint32, bitcast=True)
        for part in tl.static_range(PARAMETERS):
            if part == 0:
                g = (weight << UNIT_BITS) // tl.sum(weight, axis=0) - share
            elif part == 1:
                g = across << MEAN_BITS
            elif part == 2:
                g = -push(share, by_scale)
            elif part == 3:
                g = down << MEAN_BITS
            elif part == 4:
                g = tl.where(both, -push(share, by_scale_down), 0)
            else:
                g = (down * ((signed(dx) << UNIT_BITS) - mean)) >> UNIT_BITS
            out = output(told, part, k, COMPONENTS)
            g = clipped(g, ONE)
            outwards = (tl.abs(out) >= 8 * ONE) & ((out > 0) == (g < 0))
            g = tl.where(known & (outwards == 0), g, 0)
            a = k + (ALPHABET - (PARAMETERS - part) * COMPONENTS)
            integer = dithered(g.to(tl.float32) * FRACTION, key, row * ALPHABET + a)
            store_at_logits(
                integer, row, a, k < COMPONENTS, dz_high, dz_low, dz_columns_high, dz_columns_low,
                STEPS * STREAMS, ALPHABET,
            )  # fmt: skip
