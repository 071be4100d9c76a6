# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The range decoder on the device, so that a window is decoded without a way to the host and back at every step.

The same as :mod:`rnncompress.coder.kernels`. A small program for each lane walks through its streams of a step, one
symbol after the other. While it works out a symbol, the frequencies of the next stream are on their way.
"""

import triton
import triton.language as tl

PRECISION = tl.constexpr(24)
WORD = tl.constexpr(32)
WHOLE = tl.constexpr(2**24)


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
    coming = tl.load(table + first * ALPHABET + a, mask=a < ALPHABET, other=0)
    for b in range(first, last):
        frequency = coming
        ahead = b + 1 < last
        coming = tl.load(
            table + (b + 1) * ALPHABET + a, mask=tl.where(ahead, a, ALPHABET) < ALPHABET, other=0
        )
        scale = extent >> PRECISION
        quantile = (point - lower) // tl.maximum(scale, tl.full((), 1, tl.uint64))
        place = tl.minimum(quantile, tl.full((), WHOLE, tl.uint64)).to(tl.int32)
        ends = tl.cumsum(frequency, axis=0) + 1
        symbol = tl.sum(((ends <= place) & (a < ALPHABET)).to(tl.int32), axis=0)
        below = 1 + tl.sum(tl.where(a < symbol, frequency, 0), axis=0)
        own = tl.sum(tl.where(a == symbol, frequency, 0), axis=0)
        sound = (scale != 0) & (place >= 1) & (symbol < ALPHABET)
        active = b < count
        narrowed = tl.where(sound, scale * own.to(tl.uint64), tl.zeros((), tl.uint64))
        small = sound & ((narrowed >> WORD) == 0)
        moved = lower + scale * below.to(tl.uint64)
        word = tl.load(words + taken).to(tl.uint32, bitcast=True).to(tl.uint64)
        moved = tl.where(small, moved << WORD, moved)
        shifted = tl.where(small, (point << WORD) | word, point)
        narrowed = tl.where(small, narrowed << WORD, narrowed)
        lower = tl.where(active, moved, lower)
        point = tl.where(active, shifted, point)
        extent = tl.where(active, narrowed, extent)
        taken += tl.where(active & small, 1, 0)
        tl.store(symbols + b, tl.where(active & sound, symbol, 0))
    tl.store(state, lower.to(tl.int64, bitcast=True))
    tl.store(state + 1, extent.to(tl.int64, bitcast=True))
    tl.store(state + 2, point.to(tl.int64, bitcast=True))
    tl.store(state + 3, taken)
