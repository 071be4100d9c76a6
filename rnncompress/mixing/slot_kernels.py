# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""Slots: what was seen in a context, for the upper or the lower half of a byte, in a hashed table for each kind.

A line of a table, 64 bytes, has three slots of 21 bytes: a check of 16 bits of the hash, the bit histories of the 15
nodes of the tree of four bits, and in slots of upper halves a *run*: the byte that came last in the context, and how
often in a row. One source: plain Python is the specification, compiled it is the CPU's.
"""

from typing import Final

from rnncompress.compiled.compile import inlined
from rnncompress.mixing.sizes import RUNS
from rnncompress.mixing.text_kernels import join
from rnncompress.mixing.vector_kernels import copy_histories, fetch

LINE_SHIFT: Final = 6
WAYS: Final = 3
SLOT: Final = 21
HISTORIES: Final = 2
"""Where the histories begin in a slot."""
RUN_BYTE: Final = 17
RUN_COUNT: Final = 18
HISTORIES_SHIFT: Final = 4
"""16 bytes are copied of the histories of a slot."""


@inlined
def node(i, c0):
    """The number of the history of bit ``i`` in a slot, after the bits of ``c0``, which begins with a 1."""
    if i < 4:
        return c0 - 1
    return (c0 & ((1 << (i - 4)) - 1) | (1 << (i - 4))) - 1


@inlined
def line_of(m, k, x):
    """Where the line of hash ``x`` begins in the tables: its upper bits say."""
    return ((k << m.line_bits) + (x >> (32 - m.line_bits))) << LINE_SHIFT


@inlined
def find(slots, line, x):
    """Where the slot of hash ``x`` is in its line; -1 if nowhere."""
    low, high = x & 255, x >> 8 & 255
    for way in range(WAYS):
        at = line + way * SLOT
        if slots[at] == low and slots[at + 1] == high:
            return at
    return -1


@inlined
def claim(m, line, x):
    """Where the slot of hash ``x`` is; if there is none it is made in place of the one that has seen least."""
    slots, low, high = m.slots, x & 255, x >> 8 & 255
    best, least = line, 1 << 30
    for way in range(WAYS):
        at = line + way * SLOT
        if slots[at] == low and slots[at + 1] == high:
            return at
        first = 2 * slots[at + HISTORIES]
        seen = m.counts[first] + m.counts[first + 1]
        if seen < least:
            best, least = at, seen
    slots[best], slots[best + 1] = low, high
    for j in range(best + HISTORIES, best + SLOT):
        slots[j] = 0
    return best


@inlined
def lower_half(x, c0):
    """The hash of a context with the upper half of the byte, in ``c0`` behind a 1."""
    return join(x, c0)


@inlined
def fetch_lower(m, n, c0):
    """Have the lines of the lower half fetched, when the upper is known."""
    K = m.kinds_count
    for k in range(K):
        fetch(m.slots, line_of(m, k, lower_half(m.hashes[n * K + k], c0)))


@inlined
def find_upper(m, n, b):
    """Find the histories of all kinds for the upper half of the byte at place ``n``, and what their runs expect."""
    K, R = m.kinds_count, m.runs_width
    slots = m.slots
    own = b * K << HISTORIES_SHIFT
    for k in range(K):
        x = m.hashes[n * K + k]
        at = find(slots, line_of(m, k, x), x)
        run, count = 0, 0
        if at >= 0:
            count = slots[at + RUN_COUNT]
            run = slots[at + RUN_BYTE] | 256 if count else 0
            at += HISTORIES
        copy_histories(slots, at, m.histories, own + (k << HISTORIES_SHIFT))
        m.run_bytes[n * R + k] = run
        m.run_counts[n * R + k] = count
        q = k * RUNS + 2 * min(count, 31)
        m.run_first[n * R + k] = m.run_stretch[q + 1]
        m.run_later[n * R + k] = m.run_stretch[q]


@inlined
def find_lower(m, n, c0, b):
    """Find those for the lower half."""
    K = m.kinds_count
    slots = m.slots
    own = b * K << HISTORIES_SHIFT
    for k in range(K):
        x = lower_half(m.hashes[n * K + k], c0)
        at = find(slots, line_of(m, k, x), x)
        if at >= 0:
            at += HISTORIES
        copy_histories(slots, at, m.histories, own + (k << HISTORIES_SHIFT))
