# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""Contexts of packed strokes: where the pen is, how it came there, how fast, and what is known of the next point.

A stream of packed strokes begins with the number of columns k, that of hands, and that of records (four bytes, the
lowest first); then come the records, of k bytes each, and then other bytes, which have the contexts of text. What a
record holds :mod:`rnncompress.strokes.records` says: first the time, then x, y, and more if there is more; of two
columns the first is y.

One source: plain Python is the specification, compiled it is the CPU's. ``s`` is the part of ``Memory.text`` that
belongs to a stream; the names below are the places in it, behind those of text.
"""

from typing import Final

from rnncompress.compiled.compile import inlined
from rnncompress.exact.integers import signed
from rnncompress.mixing.sizes import STATE
from rnncompress.mixing.text_kernels import MASK, POSITION, join
from rnncompress.strokes.layout import BEGINS, HEAD, LIFT, MOST_COLUMNS

COLUMNS: Final = 204
HANDS: Final = 205
END: Final = 206
"""Where the records end; 0 as long as that is not known, or there are none."""
SINCE: Final = 207
"""Points since the pen was set down."""
STROKE: Final = 208
DRAWING: Final = 209
"""Numbers of the stroke in its drawing, and of the drawing."""
CLOCK: Final = 210
"""Time since the drawing began."""
PLACE: Final = 211
"""x, y of the pen in the drawing, then from where it was set down."""
STEPS: Final = 216
"""The last eight dx, the newest first, then dy, then times."""
SPAN: Final = 8
RECORD: Final = 240
"""The bytes of the record so far."""


@inlined
def in_points(s):
    """Whether the next byte is one of a record."""
    return HEAD <= s[POSITION] < s[END]


@inlined
def number(word):
    """A number of 32 bits with its sign."""
    return word - ((word & 0x80000000) << 1)


@inlined
def observe_point(s, c):
    """The byte ``c`` follows; the stream's position is that before it."""
    position = s[POSITION]
    if position < HEAD:
        if position == 0:
            s[COLUMNS] = c
        elif position == 1:
            s[HANDS] = max(1, c)
        else:
            s[END] = (s[END] | c << (8 * (position - 2))) & MASK
            if position == HEAD - 1:
                sound = 2 <= s[COLUMNS] <= MOST_COLUMNS
                s[END] = min(MASK, HEAD + s[END] * s[COLUMNS]) if sound else 0
        return
    if position >= s[END]:
        return
    k = s[COLUMNS]
    at = (position - HEAD) % k
    s[RECORD + at] = c
    if at < k - 1:
        return
    if s[RECORD] == LIFT:
        lift_pen(s)
    elif k > 2:
        move_pen(s, signed(s[RECORD + 1]), signed(s[RECORD + 2]), s[RECORD])
    else:
        move_pen(s, signed(s[RECORD + 1]), signed(s[RECORD]), 0)


@inlined
def lift_pen(s):
    """A new run of points begins."""
    s[SINCE] = 0
    s[STROKE] = min(255, s[STROKE] + 1)
    if s[RECORD + 1] == BEGINS:
        s[STROKE] = 0
        s[DRAWING] = (s[DRAWING] + 1) & MASK
        s[CLOCK] = 0
        s[PLACE] = 0
        s[PLACE + 1] = 0
    s[PLACE + 2] = 0
    s[PLACE + 3] = 0
    for j in range(2 * SPAN):
        s[STEPS + j] = 0


@inlined
def move_pen(s, dx, dy, time):
    """A point follows. To where the pen is set down it did not draw."""
    s[PLACE] = (s[PLACE] + dx) & MASK
    s[PLACE + 1] = (s[PLACE + 1] + dy) & MASK
    s[CLOCK] = (s[CLOCK] + time) & MASK
    if s[SINCE] == 0:
        dx, dy = 0, 0
    s[PLACE + 2] = (s[PLACE + 2] + dx) & MASK
    s[PLACE + 3] = (s[PLACE + 3] + dy) & MASK
    s[SINCE] = min(255, s[SINCE] + 1)
    for j in range(STEPS + 3 * SPAN - 1, STEPS, -1):
        s[j] = s[j - 1]
    s[STEPS] = dx & MASK
    s[STEPS + SPAN] = dy & MASK
    s[STEPS + 2 * SPAN] = time


@inlined
def moved(s, axis, steps):
    """How far the pen came in the last so many steps; ``axis`` 0 is x, 1 is y."""
    total = 0
    for j in range(steps):
        total += number(s[STEPS + axis * SPAN + j])
    return total


@inlined
def expected(s, axis, steps, time, scale):
    """How far it will come in ``time`` at the speed of the last ``steps``, in 1/``scale``, at most 60."""
    passed = 0
    for j in range(steps):
        passed += s[STEPS + 2 * SPAN + j]
    passed = max(1, passed)
    far = (2 * moved(s, axis, steps) * time * scale + passed) // (2 * passed)
    return min(max(far, -60), 60)


@inlined
def direction(x, y):
    """One of 16, or 0 of no step."""
    width, height = abs(x), abs(y)
    if width + height == 0:
        return 0
    quadrant = (4 if x < 0 else 0) + (8 if y < 0 else 0)
    return 1 + quadrant + min(3, 4 * height // (width + height))


@inlined
def size(x, y):
    """Of a step, in 8 classes."""
    far = abs(x) + abs(y)
    if far < 4:
        return far
    return 4 if far < 6 else 5 if far < 9 else 6 if far < 16 else 7


@inlined
def pair(x, y):
    """Two small numbers as one."""
    return (x & 0xFFFF) << 16 | y & 0xFFFF


@inlined
def known_of_record(s, at):
    """A hash of the bytes of the record so far, ``at`` of them."""
    known = at
    for j in range(at):
        known = join(known, s[RECORD + j])
    return known


@inlined
def hash_points(s, h):
    """Hash the contexts of the next byte of a record into ``h``; kinds 53 and 54 are those of the network,
    and 0 where there is none."""
    k = s[COLUMNS]
    at = (s[POSITION] - HEAD) % k
    known = known_of_record(s, at)
    T = STEPS + 2 * SPAN
    time = min(s[RECORD], 223) if at > 0 and k > 2 else 8
    t1, t2, t3 = s[T], s[T] | s[T + 1] << 8, s[T] | s[T + 1] << 8 | s[T + 2] << 16
    v1, v2 = pair(moved(s, 0, 1), moved(s, 1, 1)), pair(s[STEPS + 1], s[STEPS + SPAN + 1])
    v3, v4 = pair(s[STEPS + 2], s[STEPS + SPAN + 2]), pair(s[STEPS + 3], s[STEPS + SPAN + 3])
    v5, v6 = pair(s[STEPS + 4], s[STEPS + SPAN + 4]), pair(s[STEPS + 5], s[STEPS + SPAN + 5])
    x2, y2 = moved(s, 0, 2), moved(s, 1, 2)
    x4, y4 = moved(s, 0, 4), moved(s, 1, 4)
    x8, y8 = moved(s, 0, 8), moved(s, 1, 8)
    d2, d4, d8 = direction(x2, y2), direction(x4, y4), direction(x8, y8)
    earlier = direction(x8 - x4, y8 - y4)
    sizes = 0
    for j in range(4):
        sizes = sizes << 3 | size(number(s[STEPS + j]), number(s[STEPS + SPAN + j]))
    hand, drawing = s[DRAWING] % s[HANDS], s[DRAWING]
    x, y = number(s[PLACE]), number(s[PLACE + 1])
    from_x, from_y = number(s[PLACE + 2]), number(s[PLACE + 3])
    since, stroke = s[SINCE], s[STROKE]
    # The last 0, 1, ... steps.
    h[0] = known
    h[1] = join(known, v1)
    h[2] = join(h[1], v2)
    h[3] = join(h[2], v3)
    h[4] = join(h[3], v4)
    h[5] = join(h[4], join(v5, v6))
    # The last times.
    h[6] = join(known, t1)
    h[7] = join(known, t2)
    h[8] = join(known, t3)
    h[9] = join(h[8], s[T + 3] << 8 | s[T + 4])
    h[10] = join(known, s[T] + s[T + 1])
    h[11] = join(known, s[T] + s[T + 1] + s[T + 2])
    h[12] = join(h[1], t1)
    h[13] = join(h[2], t2)
    h[14] = join(join(known, sizes), t1)
    h[15] = join(join(known, sizes & 0x3F), t3)
    # Where the pen goes.
    h[16] = join(known, d4 << 8 | size(x4, y4))
    h[17] = join(known, d8 << 8 | size(x8, y8))
    h[18] = join(h[1], d4 << 8 | earlier)
    h[19] = join(join(known, d4 << 8 | d2), t1)
    h[20] = join(known, d8 << 16 | min(255, abs(x8) + abs(y8)))
    h[21] = join(known, pair(x4, y4))
    h[22] = join(h[1], pair(x4, y4))
    h[23] = join(join(known, pair(x8, y8)), pair(x4, y4))
    h[24] = join(known, pair(x2, y2))
    h[25] = join(known, sizes)
    h[26] = join(known, size(x4, y4) << 8 | min(since, 40))
    # What its speed lets one expect.
    e1 = pair(expected(s, 0, 1, time, 4), expected(s, 1, 1, time, 4))
    e2 = pair(expected(s, 0, 2, time, 3), expected(s, 1, 2, time, 3))
    e4 = pair(expected(s, 0, 4, time, 4), expected(s, 1, 4, time, 4))
    e8 = pair(expected(s, 0, 8, time, 4), expected(s, 1, 8, time, 4))
    c4 = pair(expected(s, 0, 4, time, 2), expected(s, 1, 4, time, 2))
    h[27] = join(known, e4)
    h[28] = join(known, e2)
    h[29] = join(h[1], e8)
    h[30] = join(h[2], c4)
    h[31] = join(join(known, c4), drawing)
    h[32] = join(join(known, e1), hand)
    h[33] = join(join(known, c4), d8)
    h[34] = join(join(known, e4), e1)
    # Each axis by itself.
    h[35] = join(known, join(pair(s[STEPS], s[STEPS + 1]), s[STEPS + 2]))
    h[36] = join(known, join(pair(s[STEPS + SPAN], s[STEPS + SPAN + 1]), s[STEPS + SPAN + 2]))
    h[37] = join(h[35], pair(s[STEPS + 3], s[STEPS + 4]))
    h[38] = join(h[36], pair(s[STEPS + SPAN + 3], s[STEPS + SPAN + 4]))
    # Whose hand it is, and this drawing.
    h[39] = join(known, hand)
    h[40] = join(h[1], hand)
    h[41] = join(join(known, hand), t1)
    h[42] = join(join(known, hand), t2)
    h[43] = join(join(known, hand), s[T] + s[T + 1])
    h[44] = join(join(known, hand), s[T] + s[T + 1] + s[T + 2])
    h[45] = join(join(known, hand), s[CLOCK] & 15)
    h[46] = join(join(known, hand), sizes & 7 | t1 << 8)
    h[47] = join(h[12], hand)
    h[48] = join(known, drawing)
    h[49] = join(h[1], drawing)
    h[50] = join(join(known, drawing), t1)
    h[51] = join(join(known, drawing), s[CLOCK] & 7)
    h[52] = join(join(known, drawing), t2)
    # Where the pen is.
    h[55] = join(known, pair(x >> 2, y >> 2))
    h[56] = join(join(known, pair(x >> 3, y >> 3)), d4)
    h[57] = join(known, pair(from_x >> 1, from_y >> 1))
    h[58] = join(known, min(since, 255) << 8 | stroke)
    h[59] = join(join(known, stroke), pair(x >> 3, y >> 3))
    h[60] = join(join(known, min(since, 3)), min(s[CLOCK], 0xFFFF) >> 8)
    h[61] = join(join(known, pair(from_x >> 2, from_y >> 2)), d4)
    h[62] = join(h[16], t1)
    for kind in range(63):
        h[kind] = join(h[kind], STATE + min(since, 1))
    h[53] = h[54] = 0


@inlined
def tell_point_facts(s, f):
    """Note what selects weights for the next byte of a record, as :func:`tell_facts` does for text."""
    k = s[COLUMNS]
    at = (s[POSITION] - HEAD) % k
    T = STEPS + 2 * SPAN
    phase = min(at, 3)
    time = min(s[RECORD], 223) if at > 0 and k > 2 else 8
    x4, y4 = moved(s, 0, 4), moved(s, 1, 4)
    x8, y8 = moved(s, 0, 8), moved(s, 1, 8)
    last = s[RECORD + at - 1] if at > 0 else s[T]
    axis = min(1, max(0, at - 1))
    f[0] = 85 * min(at, 2) + min(last, 84)
    f[1] = 64 * phase + min(63, s[RECORD] if at > 0 else s[T + 1])
    f[2] = 64 * phase + direction(x4, y4)
    f[3] = 1 if at == 0 else 0
    f[4] = 64 * phase + min(63, s[SINCE])
    f[5] = 64 * phase + 32 + min(max(expected(s, axis, 4, time, 4), -32), 31)
    f[6] = phase | size(x4, y4) << 2 | direction(x4, y4) << 5 | min(last, 63) << 10
    f[7] = size(x8, y8)
    f[8] = 64 * phase + s[DRAWING] % s[HANDS] % 64
    f[9] = phase
    f[10] = join(known_of_record(s, at), pair(moved(s, 0, 1), moved(s, 1, 1))) & 0xFFFF
    f[11] = 64 * phase + 32 + min(max(expected(s, 1 - axis, 2, time, 4), -32), 31)
    f[12] = 1
