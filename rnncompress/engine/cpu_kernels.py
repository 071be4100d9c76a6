# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The loop that only makes sense fused: predicting and decoding, step by step, in one compiled call."""

from rnncompress.coder.kernels import decode_symbol
from rnncompress.compiled.compile import kernel
from rnncompress.engine.mixing_kernels import begin_step, decode_step
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.cpu import phase_kernels


@kernel
def decode(m, first_lane, last_lane, starts, steps, count, states, words, bounds, scratch):
    """Decode a window, from the beginning of its steps, for the streams of the lanes first_lane ≤ n < last_lane.

    ``m`` is the :class:`rnncompress.lstm.cpu.memory.Memory`; of lane n the streams are from starts[n] to before
    starts[n + 1], the coder's state is states[n], its ``words`` are from bounds[n] on. Of the window the first
    ``count`` symbols, in C order of (steps, B), are coded; the others, and after damage those of the lane, are 0.
    """
    B = m.history.shape[0]
    for t in range(steps):
        phase_kernels.predict(m, starts[first_lane], starts[last_lane], t, t + 1, scratch)
        for lane in range(first_lane, last_lane):
            part = words[bounds[lane] : bounds[lane + 1]]
            for b in range(starts[lane], starts[lane + 1]):
                symbol = 0
                if t * B + b < count:
                    symbol = max(0, decode_symbol(states[lane], part, m.table[b, t], m.alphabet))
                m.history[b, HISTORY + t] = symbol


@kernel
def decode_mixed_part(
    m, x, first_lane, last_lane, starts, first, last, count, states, words, bounds, scratch, symbols, coded
):
    """The same with mixing, for the steps first ≤ t < last; see :mod:`rnncompress.engine.mixing_kernels`."""
    first_stream, last_stream = starts[first_lane], starts[last_lane]
    for t in range(first, last):
        begin_step(x, first_stream, last_stream, first, t, count)
        phase_kernels.predict(m, first_stream, last_stream, t, t + 1, scratch)
        decode_step(
            x, m.table, t, first_lane, last_lane, starts, first, t, count, states, words, bounds,
            symbols[t], coded,
        )  # fmt: skip
        for b in range(first_stream, last_stream):
            m.history[b, HISTORY + t] = symbols[t, b]
