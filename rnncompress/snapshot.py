"""A run between two windows, and the file that holds it.

::

    file = magic, size of the description (8 bytes), description (JSON), the arrays, BLAKE2b of all before

Nothing in the file is trusted: there is no pickle in it, and all sizes are compared with the expected ones
before anything is allocated.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.errors import CheckpointError

MAGIC: Final = b"\x89RNNCKPT"

Array = NDArray[Any]
Identity = Mapping[str, object]
"""What a run is of: anything that JSON can hold, and that tells runs apart."""
Shapes = Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]
"""Shapes and types of arrays by name; a first dimension of ``ANY`` may be of any size."""
ANY: Final = -1

_SIZE: Final = 8
_MAX_DESCRIPTION: Final = 1 << 20
_DIGEST: Final = 32
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run between two windows. The default is the beginning."""

    windows: int = 0
    """Windows done."""
    crc: int = 0
    """CRC-32 of the symbols done, window by window (when decoding)."""
    bits: float = 0.0
    """Code length so far."""
    curve: tuple[tuple[int, float], ...] = ()
    """See :class:`rnncompress.codec.Report`."""
    seconds: float = 0.0
    """Time taken so far."""
    state: Mapping[str, Array] = field(default_factory=dict)
    """The engine's state, its coders in it; empty at the beginning."""


class OtherRunError(CheckpointError):
    """The snapshot is sound, but of another run."""


def write(file: BinaryIO, identity: Identity, snapshot: Snapshot) -> None:
    """Write ``snapshot`` of the run ``identity`` to ``file``."""
    arrays = snapshot.state
    rows = {name: _rows(array) for name, array in arrays.items()}
    description = json.dumps(
        {
            "identity": identity,
            "windows": snapshot.windows,
            "crc": snapshot.crc,
            "bits": snapshot.bits,
            "curve": snapshot.curve,
            "seconds": snapshot.seconds,
            "arrays": [
                [name, _portable(array.dtype).str, array.shape, len(rows[name])]
                for name, array in arrays.items()
            ],
        }
    ).encode()
    digest = hashlib.blake2b(digest_size=_DIGEST)

    def put(data: bytes | memoryview) -> None:
        digest.update(data)
        file.write(data)

    put(MAGIC + len(description).to_bytes(_SIZE, "little") + description)
    for name, array in arrays.items():
        numbers, table = rows[name], _table(array)
        put(numbers.astype("<i8", copy=False).data)
        for some in _pieces(
            len(numbers) or len(table), table
        ):  # a table can take half of the memory there is
            piece = table[numbers[some]] if len(numbers) else table[some]
            put(piece.astype(_portable(piece.dtype), copy=False).tobytes())
    file.write(digest.digest())


def shapes(state: Mapping[str, Array]) -> Shapes:
    """What :func:`read` must know of a state."""
    return {name: (array.shape, array.dtype) for name, array in state.items()}


def read(file: BinaryIO, identity: Identity, expected: Shapes) -> Snapshot:
    """The snapshot of the run ``identity`` in ``file``, with a state of the ``expected`` shapes.

    Raises CheckpointError if the file is damaged, or OtherRunError.
    """
    end = _check_digest(file)
    file.seek(len(MAGIC))
    size = int.from_bytes(file.read(_SIZE), "little")
    if size > min(_MAX_DESCRIPTION, end - file.tell()):
        raise CheckpointError("its description is too long")
    try:
        told = json.loads(file.read(size))
        for name in identity:
            if told["identity"].get(name) != identity[name]:
                raise OtherRunError(f"it is of another {name}")
        arrays = dict(_arrays(file, told["arrays"], expected, end))
        snapshot = Snapshot(
            windows=int(told["windows"]),
            crc=int(told["crc"]),
            bits=float(told["bits"]),
            curve=tuple((int(done), float(bpc)) for done, bpc in told["curve"]),
            seconds=float(told["seconds"]),
            state=arrays,
        )
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise CheckpointError("its description makes no sense") from error
    complete = file.tell() == end and arrays.keys() == expected.keys()
    if not complete or not math.isfinite(snapshot.bits + snapshot.seconds):
        raise CheckpointError("it does not hold what it should")
    return snapshot


def _check_digest(file: BinaryIO) -> int:
    """Where the digest begins, after checking it."""
    end = file.seek(0, os.SEEK_END) - _DIGEST
    file.seek(0)
    digest = hashlib.blake2b(digest_size=_DIGEST)
    left = end
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        digest.update(piece)
        left -= len(piece)
    if end < len(MAGIC) + _SIZE or left or file.read(_DIGEST) != digest.digest():
        raise CheckpointError("it is damaged")
    return end


def _arrays(file: BinaryIO, told: Any, expected: Shapes, end: int) -> Iterator[tuple[str, Array]]:
    """The arrays, each allocated after a look at its shape, or at how much is left of the file."""
    if len(told) != len(expected):
        raise CheckpointError("it does not hold what it should")
    for name, kind, stated, count in told:
        shape, dtype = expected[name]
        if shape[:1] == (ANY,):
            shape = (int(stated[0]), *shape[1:])
        row = math.prod(shape[-1:]) * dtype.itemsize
        stored = count * (row + 8) if count else math.prod(shape) * dtype.itemsize
        if (kind, tuple(stated)) != (_portable(dtype).str, shape) or not 0 <= stored <= end - file.tell():
            raise CheckpointError("it does not hold what it should")
        numbers = np.frombuffer(file.read(8 * count), "<i8")
        array = np.zeros(shape, dtype)
        table = _table(array)
        if count and not 0 <= numbers.min() <= numbers.max() < len(table):
            raise CheckpointError("it does not hold what it should")
        for some in _pieces(count or len(table), table):
            size = len(range(*some.indices(count or len(table)))) * row
            piece = np.frombuffer(file.read(size), _portable(dtype)).reshape(-1, *table.shape[1:])
            table[numbers[some] if count else some] = piece
        yield name, array


def _rows(array: Array) -> Array:
    """Numbers of the rows to save where the others are zero; none if all are to be saved.

    Only of integers: a float has two zeros.
    """
    table = _table(array)
    if array.dtype.kind in "iu" and table.ndim == 2 and table.size:
        numbers = np.flatnonzero(table.any(axis=1))
        row = table[0].nbytes
        if len(numbers) * (row + 8) < table.nbytes:
            return numbers
    return np.zeros(0, np.int64)


def _table(array: Array) -> Array:
    """``array`` as rows, or as one row of numbers; a view where that can be."""
    return np.ascontiguousarray(array).reshape(-1, *array.shape[-1:]) if array.size else array.reshape(0)


def _pieces(rows: int, table: Array) -> Iterator[slice]:
    """Slices of so many rows, each of about a mebibyte."""
    step = max(1, _PIECE // max(1, table[:1].nbytes))
    for start in range(0, rows, step):
        yield slice(start, start + step)


def _portable(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type with the lowest byte first."""
    return dtype.newbyteorder("<")
