# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""What a stream remembers of its text: the last bytes, words, lines, brackets, fields, records, and matches.

One source: plain Python is the specification, compiled it is the CPU's (see :mod:`rnncompress.compiled.compile`).
``s`` is the part of ``Memory.text`` that belongs to a stream; the names below are the places in it.
"""

from typing import Final

from rnncompress.compiled.compile import inlined
from rnncompress.mixing.sizes import MODELS, STATE

MASK: Final = 0xFFFFFFFF

POSITION: Final = 0
"""Bytes so far."""
LAST4: Final = 1
"""The last four bytes, the newest lowest."""
BEFORE4: Final = 2
"""The four before."""
WORD: Final = 3
"""Hash of the letters so far; 0 between words. Then those of the three words before."""
WORD1: Final = 4
WORD2: Final = 5
LINE: Final = 6
"""Where the line begins, and the line above."""
LINE1: Final = 7
FIRST: Final = 8
"""First byte of the line, once it is there."""
START: Final = 9
"""Hash of the first three bytes of the line."""
TAG: Final = 10
"""Hash of the last tag <...> so far."""
IN_TAG: Final = 11
"""0 before any tag, 1 in one, 2 behind one."""
MARKS: Final = 12
"""The last four bytes that are marks."""
CLASSES: Final = 13
"""Classes of the last ten bytes, 3 bits each."""
LETTERS: Final = 14
"""The last four letters, whatever stood between them."""
SENTENCE: Final = 15
"""16 bits of hash of the last words of the sentence."""
WORDS: Final = 16
"""Number of words in the sentence."""
DEPTH: Final = 17
"""Open brackets."""
BRACKETS: Final = 18
"""Hash of the brackets opened in the line."""
FIELD: Final = 19
"""1 + the number of the tag whose content this is; 0 elsewhere."""
FIELD_START: Final = 20
"""Where that content begins."""
RECORD: Final = 21
"""Length of a record, as the repetitions of bytes suggest; 0 as long as they do not."""
CANDIDATE: Final = 22
"""The length that may be the next, and how often it was seen in a row."""
VOTES: Final = 23
STACK: Final = 32
"""The open brackets, then where their content begins."""
DEEPEST: Final = 16
FIELDS: Final = 64
"""For 64 tags where their last content begins, then where it ends."""
TAGS: Final = 64
MATCH: Final = 192
"""For each match model: position in the text that it follows, stream of that text, length of the match (0: none)."""
SEEN: Final = 256
"""For each byte where it was last, how far that was from the time before, and how often in a row it was so far."""

LONGEST: Final = 65535
LONGEST_RECORD: Final = 65535
MOST_WORDS: Final = 255
VERIFIED: Final = 400
"""A match is followed back so far when it is found."""


@inlined
def join(a, b):
    """A hash of two numbers of 32 bits."""
    x = (a * 0x1E3779B1 + b * 0x25EBCA6B + 0x7F4A7C15) & MASK
    x ^= x >> 15
    x = (x * 0x2C1B3C6D) & MASK
    return x ^ (x >> 13)


@inlined
def is_mark(c):
    """Whether a byte structures text: one of ``[{(|=*'&;]}):,`` or the newline."""
    return (
        c == 91 or c == 123 or c == 40 or c == 124 or c == 61 or c == 42 or c == 39 or c == 38 or c == 59
        or c == 93 or c == 125 or c == 41 or c == 58 or c == 44 or c == 10
    )  # fmt: skip


@inlined
def class_of(c):
    """1 lower case, 2 upper case, 3 digit, 4 space, 5 newline, 6 one of ``[]{}|=*#<>&``, 7 other, 0 from 128 on."""
    if 97 <= c <= 122:
        return 1
    if 65 <= c <= 90:
        return 2
    if 48 <= c <= 57:
        return 3
    if c == 32:
        return 4
    if c == 10:
        return 5
    if (
        c == 91 or c == 93 or c == 123 or c == 125 or c == 124 or c == 61 or c == 42 or c == 35 or c == 60
        or c == 62 or c == 38
    ):  # fmt: skip
        return 6
    return 7 if c < 128 else 0


@inlined
def observe(s, past, mask, c):
    """The byte ``c`` follows. ``past`` is the stream's part of ``Memory.past``, of ``mask`` + 1 bytes."""
    position = s[POSITION]
    before = s[LAST4] & 255
    past[position & mask] = c
    observe_record(s, position, c)
    position += 1
    s[POSITION] = position
    s[BEFORE4] = ((s[BEFORE4] << 8) | (s[LAST4] >> 24)) & MASK
    s[LAST4] = ((s[LAST4] << 8) | c) & MASK
    s[CLASSES] = ((s[CLASSES] << 3) | class_of(c)) & 0x3FFFFFFF
    if is_mark(c):
        s[MARKS] = ((s[MARKS] << 8) | c) & MASK
    observe_word(s, c)
    observe_brackets(s, position, c, before)
    observe_tag(s, position, c)
    if c == 10:
        s[LINE1] = s[LINE]
        s[LINE] = position
        s[FIRST] = 0
        s[START] = 0
    else:
        if position - s[LINE] == 1:
            s[FIRST] = c
        if position - s[LINE] <= 3:
            s[START] = join(s[START], c)


@inlined
def observe_word(s, c):
    """Words are of letters, whose case does not count; bytes from 128 on are letters (UTF-8)."""
    lower = c + 32 if 65 <= c <= 90 else c
    if 97 <= lower <= 122 or c >= 128:
        s[WORD] = join(s[WORD] + 1, lower)
        s[LETTERS] = ((s[LETTERS] << 8) | lower) & MASK
        return
    if s[WORD] != 0:
        s[WORD2] = s[WORD1]
        s[WORD1] = s[WORD]
        s[WORD] = 0
        s[WORDS] = min(s[WORDS] + 1, MOST_WORDS)
        s[SENTENCE] = join(s[SENTENCE] >> 8, s[WORD1]) & 0xFFFF
    if c == 46 or c == 10:
        s[SENTENCE] = 0
        s[WORDS] = 0


@inlined
def observe_brackets(s, position, c, before):
    """``[ ( { <`` and two apostrophes open, ``] ) } >`` close, the end of the line closes all."""
    depth = s[DEPTH]
    if c == 91 or c == 40 or c == 123 or c == 60 or (c == 39 and before == 39):
        if depth < DEEPEST:
            s[STACK + depth] = c
            s[STACK + DEEPEST + depth] = position
            s[DEPTH] = depth + 1
        s[BRACKETS] = join(s[BRACKETS] & 0xFFFF, c)
    elif c == 93 or c == 41 or c == 125 or c == 62:
        s[DEPTH] = max(0, depth - 1)
    elif c == 10:
        s[DEPTH] = 0
        s[BRACKETS] = 0


@inlined
def observe_tag(s, position, c):
    """Tags of XML, and where the content of each began and ended the last time."""
    if c == 60:
        if s[FIELD]:
            s[FIELDS + s[FIELD] - 1] = s[FIELD_START]
            s[FIELDS + TAGS + s[FIELD] - 1] = position - 1
            s[FIELD] = 0
        s[TAG] = 1
        s[IN_TAG] = 1
    elif s[IN_TAG] == 1:
        if c == 62:
            s[IN_TAG] = 2
            s[FIELD] = 1 + s[TAG] % TAGS
            s[FIELD_START] = position
        else:
            s[TAG] = join(s[TAG], c)


@inlined
def observe_record(s, position, c):
    """The length of a record is a distance at which bytes return again and again (after paq8's record model)."""
    at = SEEN + 3 * c
    distance = position - s[at]
    if distance == s[at + 1]:
        s[at + 2] += 1
        if s[at + 2] >= 3 and 1 < distance <= LONGEST_RECORD:
            if distance == s[CANDIDATE]:
                s[VOTES] += 1
                if s[VOTES] > 12:
                    s[RECORD] = distance
            else:
                s[CANDIDATE] = distance
                s[VOTES] = 0
    else:
        s[at + 1] = distance
        s[at + 2] = 0
    s[at] = position


@inlined
def match_hash(past, own, mask, position, least, model):
    """Of the ``least`` bytes before ``position`` in the stream whose text begins at ``own``."""
    x = model
    for j in range(1, least + 1):
        x = (x * 0x2C1B3C6D + past[own + ((position - j) & mask)] + 1) & MASK
    return join(x, model)


@inlined
def follow(m, b, c):
    """The match models of stream ``b`` go on after the byte ``c``, which it has observed, or look for a match."""
    s = m.text[b * STATE : (b + 1) * STATE]
    mask = m.mask
    for model in range(MODELS):
        at = MATCH + 3 * model
        if s[at + 2] > 0:
            there = s[at + 1]
            guess = m.past[there * (mask + 1) + (s[at] & mask)]
            s[at] += 1
            # What other streams read in this part of the window is not known to all yet.
            if guess == c and (there == b or s[at] < m.learnt[there]):
                s[at + 2] = min(s[at + 2] + 1, LONGEST)
            else:
                s[at + 2] = 0
        if s[at + 2] == 0 and s[POSITION] >= m.least[model]:
            look_for_match(m, s, b, model)


@inlined
def look_for_match(m, s, b, model):
    """Have a match model follow the last place where the same bytes stood, if there was one."""
    mask, position, least = m.mask, s[POSITION], m.least[model]
    own = b * (mask + 1)
    x = match_hash(m.past, own, mask, position, least, model)
    found = m.match_table[(model << m.match_bits) + (x >> (32 - m.match_bits))]
    if found == 0:
        return
    there, place = (found - 1) % m.streams, (found - 1) // m.streams
    # What is not known to all streams yet, and what is overwritten in this part of the window, does not count.
    # Within this part the match may fall back behind another stream by as many steps again.
    if place >= m.learnt[there] or place < m.learnt[there] + 2 * m.frozen + VERIFIED - mask - 1:
        return
    other = there * (mask + 1)
    length = 0
    while length < min(VERIFIED, min(place, position)) and (
        m.past[other + ((place - 1 - length) & mask)] == m.past[own + ((position - 1 - length) & mask)]
    ):
        length += 1
    if length >= least:
        at = MATCH + 3 * model
        s[at] = place
        s[at + 1] = there
        s[at + 2] = length
