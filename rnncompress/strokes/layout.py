"""Where things stand in packed strokes, and what the bytes of a record mean; those that predict them know it, too."""

from typing import Final

COUNT_BYTES: Final = 4
HEAD: Final = 2 + COUNT_BYTES
"""Bytes before the records: columns, hands, number of records."""
MOST_COLUMNS: Final = 8
"""Numbers of a point at most."""

NEAR: Final = 224
"""Differences below, once they are no longer negative, are told by the byte alone."""
FURTHEST: Final = 254
"""All of a difference is elsewhere, as a varint; from NEAR on to here, its lower eight bits are."""
LIFT: Final = 255
"""Begins a record without a point."""
GOES_ON: Final = 0
BEGINS: Final = 1
"""The second byte of such a record: a run goes on with a drawing, or begins one."""
