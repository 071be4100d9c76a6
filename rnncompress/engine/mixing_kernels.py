# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The loops that join mixing and coder.

A *part* of a window is ``frozen`` steps, in which nothing learns. ``x`` is the
:class:`rnncompress.mixing.memory.Memory`; of lane n the streams are from starts[n] to before starts[n + 1], and the
coder's state is states[n]. ``first`` is the first step of the part; ``count`` symbols of the window, in C order of
(steps, B), are coded. ``coded`` (steps * B * 8,) takes the probability of each bit as it came, of 65536.

Numbers are int64 from the start (``np.int64``): numba would compile all that they are given to once more for others.
"""

import numpy as np

from rnncompress.coder.kernels import decode_bit, encode_bit
from rnncompress.compiled.compile import inlined, kernel
from rnncompress.mixing.bit_kernels import predict, take_path, take_table
from rnncompress.mixing.context_kernels import begin, end
from rnncompress.mixing.direct_kernels import fetch_lower_groups
from rnncompress.mixing.slot_kernels import fetch_lower
from rnncompress.network import PATH


@kernel
def encode_part(x, paths, first_lane, last_lane, starts, first, last, count, symbols, states, words, coded):
    """Encode the steps first ≤ t < last of some lanes.

    ``symbols`` (steps, B); ``paths`` (steps * B * PATH or none,), see :mod:`rnncompress.network`.
    """
    B = x.streams
    for lane in range(first_lane, last_lane):
        state, out = states[lane], words[lane]
        for b in range(starts[lane], min(starts[lane + 1], count - first * B)):
            begin(x, b, b)
        for t in range(first, last):
            for b in range(starts[lane], min(starts[lane + 1], count - t * B)):
                n = (t - first) * B + b
                c = np.int64(symbols[t, b])
                end(x, b, n, c)
                if t + 1 < last and (t + 1) * B + b < count:  # on its way to the cache meanwhile
                    begin(x, b, n + B)
                if x.network:
                    take_path(x, n, b, c, paths, (t * B + b) * PATH)
                fetch_lower(x, n, 16 | c >> 4)
                fetch_lower_groups(x, n, 16 | c >> 4)
                c0 = np.int64(1)
                for i in range(8):
                    one = predict(x, n, i, c0, b)
                    bit = c >> (7 - i) & 1
                    encode_bit(state, out, bit, one)
                    coded[8 * (t * B + b) + i] = one if bit else 65536 - one
                    c0 = 2 * c0 + bit


@inlined
def decode_byte(x, n, b, state, words, coded, at):
    """The byte at place ``n`` of stream ``b``, for which all is prepared; after damage any."""
    c0 = np.int64(1)
    for i in range(8):
        if i == 4:
            fetch_lower(x, n, c0)
            fetch_lower_groups(x, n, c0)
        one = predict(x, n, i, c0, b)
        bit = max(0, decode_bit(state, words, one))
        coded[8 * at + i] = one if bit else 65536 - one
        c0 = 2 * c0 + bit
    end(x, b, n, c0 & 255)
    return c0 & 255


@kernel
def begin_step(x, first_stream, last_stream, first, t, count):
    """Prepare what is known of a step before the network's tables are."""
    B = x.streams
    for b in range(first_stream, min(last_stream, count - t * B)):
        begin(x, b, (t - first) * B + b)


@kernel
def decode_step(
    x, tables, table_step, first_lane, last_lane, starts, first, t, count, states, words, bounds, symbols, coded
):  # fmt: skip
    """Decode step ``t`` of some lanes, which is prepared, into ``symbols`` (B,); ``tables`` (B, steps, 256 or none)."""
    B = x.streams
    for lane in range(first_lane, last_lane):
        part = words[bounds[lane] : bounds[lane + 1]]
        for b in range(starts[lane], min(starts[lane + 1], count - t * B)):
            n = (t - first) * B + b
            if x.network:
                take_table(x, n, b, tables[b, table_step], 0)
            symbols[b] = decode_byte(x, n, b, states[lane], part, coded, t * B + b)


@kernel
def decode_steps(
    x, tables, first_lane, last_lane, starts, part, first, last, count, states, words, bounds, symbols, coded
):
    """Decode the steps first ≤ t < last of the part that begins at step ``part``, of some lanes.

    ``symbols`` (steps, B); ``tables`` (B, last - first, 256 or none).
    """
    for t in range(first, last):
        begin_step(x, starts[first_lane], starts[last_lane], part, t, count)
        decode_step(
            x, tables, t - first, first_lane, last_lane, starts, part, t, count, states, words, bounds,
            symbols[t], coded,
        )  # fmt: skip
