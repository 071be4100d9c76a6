# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""Direct probabilities: how often a bit was 1 in a context, of all times, where a history remembers a few.

A kind of contexts that has them has a table of *groups* of 16 adaptive probabilities, one for each node of the tree of
four bits, for the upper or the lower half of a byte. A hash names a group. Nothing is checked: contexts that share a
group count together. Loops here go through these kinds alone: as a case in the loops through all kinds they made coding
with ``fast`` 4 % slower.

One source: plain Python is the specification, compiled it is the CPU's.
"""

from typing import Final

from rnncompress.compiled.compile import inlined
from rnncompress.mixing.sizes import GROUP
from rnncompress.mixing.slot_kernels import lower_half, node
from rnncompress.mixing.vector_kernels import fetch

SEEN: Final = 1023
"""The bits of an adaptive probability that count."""


@inlined
def group_of(m, d, x):
    """Where the group of hash ``x`` begins in the tables, for the ``d``-th kind that has them: its upper bits say."""
    return ((d << m.line_bits) + (x >> (32 - m.line_bits))) * GROUP


@inlined
def fetch_group(m, k, x):
    """Have the group of hash ``x`` fetched, if kind number ``k`` has any."""
    d = m.direct_numbers[k]
    if d >= 0:
        fetch(m.direct, group_of(m, d, x))


@inlined
def fetch_lower_groups(m, n, c0):
    """Have the groups of the lower half of the byte at place ``n`` fetched, when the upper, in ``c0``, is known."""
    for d in range(m.direct_count):
        x = m.hashes[n * m.kinds_count + m.direct_kinds[d]]
        fetch(m.direct, group_of(m, d, lower_half(x, c0)))


@inlined
def find_groups(m, n, i, c0, b):
    """Find the groups of all kinds that have them, for the half of the byte at place ``n`` that begins at bit ``i``."""
    for d in range(m.direct_count):
        x = m.hashes[n * m.kinds_count + m.direct_kinds[d]]
        m.groups[b * m.direct_count + d] = group_of(m, d, lower_half(x, c0) if i else x)


@inlined
def inputs_of_direct(m, i, c0, b, z):
    """Set two inputs for each kind from ``z`` on: stretched, and as it is; 0 where nothing was counted."""
    j = node(i, c0)
    for d in range(m.direct_count):
        value = m.direct[m.groups[b * m.direct_count + d] + j]
        said, sure = 0, 0
        if value & SEEN:
            said, sure = m.stretch[value >> 20], (value >> 16) - 32768 >> 6
        m.x[z + 2 * d] = said
        m.x[z + 2 * d + 1] = sure
