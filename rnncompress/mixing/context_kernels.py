# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""The contexts of a byte: hashes that name slots, and facts that select weights.

One source: plain Python is the specification, compiled it is the CPU's. A *place* n is a byte of the part of a window
in which nothing is learnt: n = step * streams + stream.
"""

from typing import Final

from rnncompress.compiled.compile import inlined
from rnncompress.mixing.direct_kernels import fetch_group
from rnncompress.mixing.point_kernels import hash_points, in_points, observe_point, tell_point_facts
from rnncompress.mixing.sizes import FACTS, KINDS, MODELS, STATE
from rnncompress.mixing.text_kernels import (
    BEFORE4,
    BRACKETS,
    CLASSES,
    DEEPEST,
    DEPTH,
    FIELD,
    FIELD_START,
    FIELDS,
    FIRST,
    IN_TAG,
    LAST4,
    LETTERS,
    LINE,
    LINE1,
    MARKS,
    MASK,
    MATCH,
    POSITION,
    RECORD,
    SENTENCE,
    STACK,
    START,
    TAG,
    TAGS,
    WORD,
    WORD1,
    WORD2,
    WORDS,
    follow,
    join,
    observe,
)
from rnncompress.mixing.vector_kernels import fetch

ORDERS: Final = 6
"""Kinds below are the last 1, 2, ... bytes."""
NETWORK: Final = (53, 54)
"""Kinds that need a network."""

SYMBOL: Final = 15
"""The fact that is only known afterwards: the byte that came."""


@inlined
def expect(m, b, n):
    """What the match models of stream ``b`` expect at place ``n``: a byte or -1, and the length of the match."""
    for model in range(MODELS):
        at = b * STATE + MATCH + 3 * model
        length = m.text[at + 2]
        m.lengths[n * MODELS + model] = length
        guess = -1
        if length > 0:
            guess = m.past[m.text[at + 1] * (m.mask + 1) + (m.text[at] & m.mask)]
        m.guesses[n * MODELS + model] = guess


@inlined
def hash_contexts(m, b, n):
    """Hash the contexts of stream ``b`` to place ``n``; the lines of their slots are on their way to the cache."""
    mask = m.mask
    s = m.text[b * STATE : (b + 1) * STATE]
    past = m.past[b * (mask + 1) : (b + 1) * (mask + 1)]
    h = m.scratch[b * (KINDS + 1) : (b + 1) * (KINDS + 1)]
    last, before = s[LAST4], s[BEFORE4]
    word, word1, word2 = s[WORD], s[WORD1], s[WORD2]
    c1 = last & 0xFF
    two, three = last & 0xFFFF, last & 0xFFFFFF
    # The last 1 to 6 bytes, then the word, 8 bytes, 11.
    h[0], h[1], h[2], h[3] = c1, two, three, last
    h[4] = join(last, before & 0xFF)
    h[5] = join(last, before & 0xFFFF)
    h[6] = word
    h[7] = join(last, before)
    h[26] = join(join(last, before & 0xFFFFFF), 1)
    # Words.
    h[8] = join(word, word1)
    h[9] = join(word, c1)
    h[13] = join(word, join(word1, word2))
    h[17] = join(word, word2)
    h[24] = join(three, word1)
    h[32] = join(word1, c1)
    h[33] = join(word1, join(word2, c1))
    h[41] = s[LETTERS]
    h[44] = join(s[SENTENCE], word)
    # Some of the last bytes, or some of their bits.
    h[10] = join(last & 0xF0F0F0F0, before & 0xF0F0)
    h[11] = last & 0xFFFF00
    h[12] = last & 0xFF00FF
    h[18] = last & 0xFFFF0000
    h[19] = join(last & 0xFF000000, before & 0xFF)
    h[25] = join(last & 0xDFDFDFDF, before & 0xDFDFDF)
    h[31] = join(last & 0xE0E0E0E0, before & 0xE0E0E0E0)
    h[42] = join(s[CLASSES] & 0xFFFFFF, c1)
    h[43] = join(s[CLASSES], two)
    hash_structure(m, s, past, h)
    # What followed the last times after the last byte, two, three.
    i1, i2 = m.indirect1[c1], m.indirect2[two]
    i3 = m.indirect3[join(three, 7) >> 12]
    h[48] = join(i1 & 0xFFFF, c1)
    h[49] = join(i1, c1)
    h[50] = join(i2 & 0xFFFF, c1)
    h[51] = join(i2 & 0xFF, two)
    h[52] = join(i3 & 0xFFFF, c1)
    # What others expect.
    longest = max(m.lengths[n * MODELS], max(m.lengths[n * MODELS + 1], m.lengths[n * MODELS + 2]))
    h[23] = join(m.guesses[n * MODELS] + 1, two)
    h[30] = join(min(longest, 15), three)
    for k in range(m.kinds_count):
        note_hash(m, n, k, h[m.kinds[k]])


@inlined
def note_hash(m, n, k, value):
    """Note the hash of kind number ``k`` at place ``n``, and have its line fetched."""
    x = join(value, m.kinds[k] + 1)
    m.hashes[n * m.kinds_count + k] = x
    fetch(m.slots, ((k << m.line_bits) + (x >> (32 - m.line_bits))) << 6)
    fetch_group(m, k, x)


@inlined
def hash_network(m, n):
    """Hash the contexts made of what the network expects, once it is known."""
    k = m.network_kinds
    expected, sure = m.expected[n], m.certainty[n] >> 1
    while k < m.kinds_count and m.kinds[k] <= NETWORK[1]:
        if m.kinds[k] == NETWORK[0]:
            note_hash(m, n, k, join(expected, m.facts[n * FACTS]))
        else:
            note_hash(m, n, k, join(expected << 3 | sure, m.facts[n * FACTS] | m.facts[n * FACTS + 1] << 8))
        k += 1


@inlined
def hash_structure(m, s, past, h):
    """Hash contexts from lines, marks, brackets, fields and records."""
    mask, position, last = m.mask, s[POSITION], s[LAST4]
    word, word1, marks, tag = s[WORD], s[WORD1], s[MARKS], s[TAG]
    first, start = s[FIRST], s[START]
    c1 = last & 0xFF
    two, three = last & 0xFFFF, last & 0xFFFFFF
    column = position - s[LINE]
    above, above_next = 0, 0
    if s[LINE1] + column < s[LINE]:
        above = past[(s[LINE1] + column) & mask]
    if s[LINE1] + column + 1 < s[LINE]:
        above_next = past[(s[LINE1] + column + 1) & mask]
    opened, distance, inside = 0, 0, 0
    if s[DEPTH] > 0:
        opened = s[STACK + s[DEPTH] - 1]
        at = s[STACK + DEEPEST + s[DEPTH] - 1]
        distance = min(31, position - at)
        if at < position:
            inside = past[at & mask]
    field, field_next = 0, 0
    if s[FIELD]:
        place = s[FIELDS + s[FIELD] - 1] + position - s[FIELD_START]
        end = s[FIELDS + TAGS + s[FIELD] - 1]
        if place < end:
            field = past[place & mask]
        if place + 1 < end:
            field_next = past[(place + 1) & mask]
    h[14] = join(marks & 0xFFFFFF, c1)
    h[22] = join(marks & 0xFFFFFF, word)
    h[27] = join(marks & 0xFFFFFF, two)
    h[29] = join(marks & 0xFFFF, join(word, word1))
    h[15] = join(start, word)
    h[28] = join(start, three)
    h[39] = join(first, two)
    h[40] = join(first, join(word, word1))
    h[16] = join(column & MASK, c1)
    h[34] = join(above, two)
    h[35] = join(above << 8 | above_next, first << 8 | c1)
    h[20] = join(tag, word)
    h[21] = join(tag, two)
    h[36] = join(s[FIELD], c1 << 16 | field_next << 8 | field)
    h[37] = join(opened, distance << 8 | c1)
    h[38] = join(inside << 8 | opened, word)
    h[45] = join(s[BRACKETS], word)
    h[46] = join(opened, three)
    h[47] = join(min(s[WORDS], 15) << 8 | opened, word)
    # Records: the same place one and two records before, the neighbours of that, and the place itself.
    length = s[RECORD]
    up, up2, left, right = 0, 0, 0, 0
    if 0 < length <= position and length < mask:
        up = past[(position - length) & mask]
        left = past[(position - length - 1) & mask]
        right = past[(position - length + 1) & mask]
        if 2 * length <= position and 2 * length < mask:
            up2 = past[(position - 2 * length) & mask]
    place = position % length if length > 0 else 0
    h[55] = join(up << 16 | left << 8 | c1, length)
    h[56] = join(up << 8 | up2, length)
    h[57] = join(place, length << 8 | up)
    h[58] = join(left << 16 | up << 8 | right, c1)
    h[59] = last & 0xFF00
    h[60] = last & 0xFF0000
    h[61] = join(place, c1)
    h[62] = join(up, two)


@inlined
def begin(m, b, n):
    """Work out what is known of the byte at place ``n``, the next of stream ``b``, before anything is predicted."""
    expect(m, b, n)
    if m.points and in_points(m.text[b * STATE : (b + 1) * STATE]):
        begin_point(m, b, n)
    else:
        hash_contexts(m, b, n)
        tell_facts(m, b, n)


@inlined
def begin_point(m, b, n):
    """The same for a byte of a record of packed strokes."""
    s = m.text[b * STATE : (b + 1) * STATE]
    h = m.scratch[b * (KINDS + 1) : (b + 1) * (KINDS + 1)]
    hash_points(s, h)
    for k in range(m.kinds_count):
        note_hash(m, n, k, h[m.kinds[k]])
    tell_point_facts(s, m.facts[n * FACTS : (n + 1) * FACTS])


@inlined
def end(m, b, n, c):
    """The byte at place ``n`` of stream ``b`` is ``c``."""
    m.facts[n * FACTS + SYMBOL] = c
    size = m.mask + 1
    if m.points:
        observe_point(m.text[b * STATE : (b + 1) * STATE], c)
    observe(m.text[b * STATE : (b + 1) * STATE], m.past[b * size : (b + 1) * size], m.mask, c)
    follow(m, b, c)


@inlined
def tell_facts(m, b, n):
    """Note what selects weights at place ``n`` besides the bits of the byte."""
    s = m.text[b * STATE : (b + 1) * STATE]
    f = m.facts[n * FACTS : (n + 1) * FACTS]
    last = s[LAST4]
    f[0] = last & 0xFF
    f[1] = last >> 8 & 0xFF
    f[2] = last >> 16 & 0xFF
    f[3] = 1 if s[WORD] else 0
    f[4] = min(255, s[POSITION] - s[LINE])
    f[5] = s[MARKS] & 0xFF
    f[6] = s[CLASSES] & 0xFFFF
    f[7] = s[STACK + s[DEPTH] - 1] & 15 if s[DEPTH] else 0
    f[8] = s[FIRST]
    f[9] = s[IN_TAG]
    f[10] = join(last & 0xFFFFFF, 3) & 0xFFFF
    f[11] = s[POSITION] % s[RECORD] % 256 if s[RECORD] else 0
    f[12] = 1 if s[RECORD] else 0
