"""Kernels read records as Python does, and take nothing from one that cannot be read."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from rnncompress.compiled.compile import kernel, plain
from rnncompress.compiled.record import Record


@dataclass(frozen=True)
class Inner(Record):
    numbers: Any


@dataclass(frozen=True)
class Outer(Record):
    count: int
    ratio: Any
    bytes: Any
    table: Any
    inner: Inner


@dataclass(frozen=True)
class Interrupted(Outer):
    @property
    def address(self) -> int:
        raise KeyboardInterrupt


def of(kind: type[Outer]) -> Outer:
    table = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    inner = Inner(np.array([5, 7], np.int64))
    return kind(-3, np.float32(0.25), np.array([200, 1], np.uint8), table, inner)


@kernel
def read(r, out):
    out[0] = r.count + r.bytes[0] + r.inner.numbers[1]
    out[1] = r.table[1, 2, 3] + r.table.shape[1]
    r.table[0, 1, 2] = int(r.ratio * 8)


def test_fields_are_what_they_are() -> None:
    """Numbers, arrays of any shape, and records in records; what a kernel writes stands in the array."""
    record = of(Outer)
    views = replace(
        record,
        bytes=record.bytes.data,
        table=record.table.copy().data,
        inner=Inner(record.inner.numbers.data),
    )
    for form, given in ((read, record), (plain(read), views)):
        out = np.zeros(2, np.int64)
        form(given, out)
        assert out.tolist() == [-3 + 200 + 7, 23 + 3]
        assert given.table[0, 1, 2] == 2


def test_an_interrupt_while_a_record_is_read_is_raised() -> None:
    """Ctrl-C at that moment ends the call, and not the process."""
    out = np.zeros(2, np.int64)
    with pytest.raises(KeyboardInterrupt):
        read(of(Interrupted), out)
    assert out.tolist() == [0, 0]


def test_an_array_with_gaps_is_refused() -> None:
    """Kernels count on rows without gaps."""
    with pytest.raises(TypeError, match="numbers is not C-contiguous"):
        read(
            Outer(
                0,
                np.float32(0),
                np.zeros(1, np.uint8),
                np.zeros((1, 1, 1), np.int16),
                Inner(np.zeros(4)[::2]),
            ),
            np.zeros(2),
        )
