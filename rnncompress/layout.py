"""How a file becomes B streams: contiguous parts, the longer ones first.

Their lengths differ by at most one byte, so all streams are active at every step but the last, at which the
first few are. Parts are read and written a few KiB at a time: memory does not grow with the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.errors import InputError

ByteArray = NDArray[np.uint8]

CHUNK: Final = 4096
"""Bytes, about, that are read or written at once of each stream."""


@dataclass(frozen=True, slots=True)
class Layout:
    """``length`` bytes in ``streams`` parts. A step takes a byte of each; ``window`` steps are a window."""

    length: int
    streams: int
    window: int

    @property
    def steps(self) -> int:
        """Bytes of the longest part."""
        return -(-self.length // self.streams)

    @property
    def windows(self) -> int:
        """Windows of the whole file; the last may have fewer steps than the others."""
        return -(-self.steps // self.window)

    @property
    def chunk(self) -> int:
        """Steps that are read or written at once: whole windows."""
        return self.window * max(1, CHUNK // self.window)

    def start(self, stream: int) -> int:
        """Where the part of ``stream`` begins in the file."""
        size, longer = divmod(self.length, self.streams)
        return stream * size + min(stream, longer)

    def active(self, step: int) -> int:
        """Streams that have a byte at ``step``: the first so many."""
        return self.coded(step, 1)

    def coded(self, first: int, steps: int) -> int:
        """Symbols in ``steps`` steps from step ``first`` on; in C order they come before the padding."""
        return min(steps * self.streams, self.length - first * self.streams)

    def pieces(self, first: int, count: int) -> Iterator[tuple[int, int, int]]:
        """Where ``count`` steps from step ``first`` on lie: (stream, offset in the file, bytes > 0)."""
        for stream in range(min(self.streams, self.length)):
            start = self.start(stream) + first
            end = min(start + count, self.start(stream + 1))
            if start < end:
                yield stream, start, end - start


def read_windows(
    source: BinaryIO, layout: Layout, start: int = 0, stop: int | None = None
) -> Iterator[ByteArray]:
    """The symbols (steps, B) of every window from ``start`` to before ``stop``; 0 where a stream has ended.

    Raises InputError if ``source`` is shorter than it was.
    """
    end = layout.steps if stop is None else min(layout.steps, stop * layout.window)
    for first in range(start * layout.window, end, layout.chunk):
        steps = min(layout.chunk, end - first)
        parts = np.zeros((layout.streams, steps), dtype=np.uint8)
        for stream, offset, count in layout.pieces(first, steps):
            source.seek(offset)
            data = source.read(count)
            if len(data) != count:
                raise InputError("the file became shorter meanwhile")
            parts[stream, :count] = np.frombuffer(data, dtype=np.uint8)
        for step in range(0, steps, layout.window):
            yield parts[:, step : step + layout.window].T


class WindowWriter:
    """Puts windows of symbols, from window ``start`` on, back to where :func:`read_windows` found them."""

    def __init__(self, target: BinaryIO, layout: Layout, start: int = 0) -> None:
        self._target = target
        self._layout = layout
        self._parts = np.zeros((layout.streams, layout.chunk), dtype=np.uint8)
        self._first = start * layout.window
        """Step at which the buffer begins."""
        self._steps = 0
        """Steps in the buffer."""

    def write(self, symbols: NDArray[np.integer]) -> None:
        """Take the next window (steps, B)."""
        steps = len(symbols)
        self._parts[:, self._steps : self._steps + steps] = symbols.T
        self._steps += steps
        if self._steps == self._layout.chunk:
            self.flush()

    def flush(self) -> None:
        """Write what is left in the buffer: after the last window, or whenever all is to be in the file."""
        for stream, offset, count in self._layout.pieces(self._first, self._steps):
            self._target.seek(offset)
            self._target.write(self._parts[stream, :count].tobytes())
        self._first += self._steps
        self._steps = 0
