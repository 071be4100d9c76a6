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
from rnncompress.predictor import IntArray

MAGIC: Final = b"\x89RNNCKPT"

Array = NDArray[Any]
Identity = Mapping[str, object]
"""What a run is of: anything that JSON can hold, and that tells runs apart."""

_SIZE: Final = 8
_MAX_DESCRIPTION: Final = 1 << 20
_DIGEST: Final = 32
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run between two windows. The default is the beginning."""

    windows: int = 0
    """Windows done."""
    pairs: IntArray = field(default_factory=lambda: np.zeros((2, 0), np.int32))
    """Cumulative and own frequencies (2, n) of the symbols of the block in progress."""
    crc: int = 0
    """CRC-32 of the symbols done, window by window (when decoding)."""
    bits: float = 0.0
    """Code length so far."""
    curve: tuple[tuple[int, float], ...] = ()
    """See :class:`rnncompress.codec.Report`."""
    seconds: float = 0.0
    """Time taken so far."""
    state: Mapping[str, Array] = field(default_factory=dict)
    """The predictor's state; empty at the beginning."""


class OtherRunError(CheckpointError):
    """The snapshot is sound, but of another run."""


def write(file: BinaryIO, identity: Identity, snapshot: Snapshot) -> None:
    """Write ``snapshot`` of the run ``identity`` to ``file``."""
    arrays = {"": snapshot.pairs, **snapshot.state}
    packed = {name: _pack(array) for name, array in arrays.items()}
    description = json.dumps(
        {
            "identity": identity,
            "windows": snapshot.windows,
            "crc": snapshot.crc,
            "bits": snapshot.bits,
            "curve": snapshot.curve,
            "seconds": snapshot.seconds,
            "arrays": [
                [name, _portable(array).str, array.shape, len(rows)]
                for (name, array), (rows, _) in zip(arrays.items(), packed.values(), strict=True)
            ],
        }
    ).encode()
    digest = hashlib.blake2b(digest_size=_DIGEST)

    def put(data: bytes | memoryview) -> None:
        digest.update(data)
        file.write(data)

    put(MAGIC + len(description).to_bytes(_SIZE, "little") + description)
    for rows, values in packed.values():
        put(rows.astype("<i8").tobytes())
        put(values.astype(_portable(values), order="C", copy=False).reshape(-1).view(np.uint8).data)
    file.write(digest.digest())


def read(file: BinaryIO, identity: Identity, like: Mapping[str, Array]) -> Snapshot:
    """The snapshot of the run ``identity`` in ``file``, with a state like ``like`` in names and shapes.

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
        arrays = dict(_arrays(file, told["arrays"], like, end))
        snapshot = Snapshot(
            windows=int(told["windows"]),
            pairs=arrays.pop(""),
            crc=int(told["crc"]),
            bits=float(told["bits"]),
            curve=tuple((int(done), float(bpc)) for done, bpc in told["curve"]),
            seconds=float(told["seconds"]),
            state=arrays,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise CheckpointError("its description makes no sense") from error
    complete = file.tell() == end and arrays.keys() == like.keys()
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


def _arrays(file: BinaryIO, told: Any, like: Mapping[str, Array], end: int) -> Iterator[tuple[str, Array]]:
    for name, kind, shape, count in told:
        if name == "":
            expected, form = np.dtype("<i4"), (2, int(shape[1]))
        else:
            expected, form = _portable(like[name]), like[name].shape
        dense = count == 0
        table = (count, form[-1]) if not dense else form
        stored = math.prod(table) * expected.itemsize
        if kind != expected.str or tuple(shape) != form or not 0 <= stored + 8 * count <= end - file.tell():
            raise CheckpointError("it does not hold what it should")
        rows = np.frombuffer(file.read(8 * count), "<i8")
        values = np.frombuffer(bytearray(file.read(stored)), expected).reshape(table)
        values = values.astype(expected.newbyteorder("="), copy=False)
        yield name, values if dense else _unpack(rows, values, form)


def _pack(array: Array) -> tuple[Array, Array]:
    """Numbers and values of the rows to save: of sparse tables of integers those that are not zero.

    No numbers mean all rows. Only integers: a float has two zeros.
    """
    everything = np.zeros(0, np.int64), array
    if array.ndim < 2 or array.dtype.kind not in "iu" or not array.size:
        return everything
    table = array.reshape(-1, array.shape[-1])
    rows = np.flatnonzero(table.any(axis=1))
    return (rows, table[rows]) if 0 < 2 * len(rows) < len(table) else everything


def _unpack(rows: Array, values: Array, shape: tuple[int, ...]) -> Array:
    array = np.zeros(shape, values.dtype)
    table = array.reshape(-1, shape[-1])
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(table):
        raise CheckpointError("it does not hold what it should")
    table[rows] = values
    return array


def _portable(array: Array) -> np.dtype[Any]:
    """The type of ``array``, with the lowest byte first."""
    return array.dtype.newbyteorder("<")
