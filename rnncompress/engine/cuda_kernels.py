# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The range decoder on the device, so that a window is decoded without a way to the host and back at every step.

The same as :mod:`rnncompress.coder.kernels`. All lanes at once, a small program for each: it walks through the streams
of its lane, one symbol after the other, since each needs the state of the coder that the one before left. So what is
between two states is short, and what needs none is done ahead.
"""

import triton
import triton.language as tl

PRECISION = tl.constexpr(24)
WORD = tl.constexpr(32)
WHOLE = tl.constexpr(2**24)


@triton.jit
def unsigned(x):
    """The bits of an int32, in 64."""
    return x.to(tl.uint32, bitcast=True).to(tl.uint64)


@triton.jit(do_not_specialize=["step", "count", "room"])
def decode_step(
    table, symbols, states, words, step, count, room,
    STREAMS: tl.constexpr, LANES: tl.constexpr, ALPHABET: tl.constexpr, SYMBOLS: tl.constexpr,
):  # fmt: skip
    """Decode the first ``count`` symbols of a step into ``symbols`` (steps, STREAMS); 0 after damage, and the others.

    ``states`` (LANES, 4) hold lower end, range, point and the number of words taken; ``words`` (LANES, room) are those
    of this window.
    """
    lane = tl.program_id(0)
    first, last = STREAMS * lane // LANES, STREAMS * (lane + 1) // LANES
    state = states + 4 * lane
    words += lane * room
    a = tl.arange(0, SYMBOLS)
    table += step.to(tl.int64) * (STREAMS * ALPHABET)
    symbols += step * STREAMS
    lower = tl.load(state).to(tl.uint64, bitcast=True)
    extent = tl.load(state + 1).to(tl.uint64, bitcast=True)
    point = tl.load(state + 2).to(tl.uint64, bitcast=True)
    taken = tl.load(state + 3)
    word, later = tl.load(words + taken), tl.load(words + taken + 1)
    known = a < ALPHABET
    ends = 1 + tl.cumsum(tl.load(table + first * ALPHABET + a, mask=known, other=0), axis=0)
    coming = tl.load(
        table + (first + 1) * ALPHABET + a, mask=a < tl.where(first + 1 < last, ALPHABET, 0), other=0
    )
    for b in range(first, last):
        # Of the two streams that come next: nothing here waits for the state of the coder.
        ends_ahead = 1 + tl.cumsum(coming, axis=0)
        coming = tl.load(
            table + (b + 2) * ALPHABET + a, mask=a < tl.where(b + 2 < last, ALPHABET, 0), other=0
        )
        # The quotient of place and scale is at least an end where the place is at least the product: no division.
        scale = extent >> PRECISION
        place = point - lower
        passed = known & (scale * unsigned(ends) <= place)
        symbol = tl.sum(passed.to(tl.int32), axis=0)
        below = tl.max(tl.where(passed, ends, 1), axis=0)
        own = tl.min(tl.where(known & (passed == 0), ends, WHOLE), axis=0) - below
        ends = ends_ahead
        sound = (scale != 0) & (place >= scale) & (symbol < ALPHABET)
        active = b < count
        narrowed = tl.where(sound, scale * unsigned(own), tl.zeros((), tl.uint64))
        small = sound & ((narrowed >> WORD) == 0)
        moved = lower + scale * unsigned(below)
        moved = tl.where(small, moved << WORD, moved)
        shifted = tl.where(small, (point << WORD) | unsigned(word), point)
        narrowed = tl.where(small, narrowed << WORD, narrowed)
        lower = tl.where(active, moved, lower)
        point = tl.where(active, shifted, point)
        extent = tl.where(active, narrowed, extent)
        took = active & small
        taken += tl.where(took, 1, 0)
        word = tl.where(took, later, word)
        later = tl.load(words + taken + 1)
        tl.store(symbols + b, tl.where(active & sound, symbol, 0))
    tl.store(state, lower.to(tl.int64, bitcast=True))
    tl.store(state + 1, extent.to(tl.int64, bitcast=True))
    tl.store(state + 2, point.to(tl.int64, bitcast=True))
    tl.store(state + 3, taken)
