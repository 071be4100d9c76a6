"""The file of a trained model: safetensors, with a JSON document in one entry of its metadata.

The name of that entry tells of which kind the model is. What the document and the arrays are for, the module of each
kind knows: :mod:`rnncompress.model`, :mod:`rnncompress.writing.model`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.errors import ModelError, VersionError
from rnncompress.files import open_input

_LONGEST_HEAD: Final = 100 << 20
"""Of safetensors."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a model can be for."""

    key: str
    """Of the entry."""
    version: int
    name: str
    use: str
    """What takes it."""
    make: str
    """How to get one."""


CODING: Final = Kind(
    "rnncompress",
    1,
    "model of rnncompress",
    "a model for files, which `rnncompress encode` takes",
    "make one with `rnncompress train`",
)
WRITING: Final = Kind(
    "rnncompress-writing",
    1,
    "model that writes",
    "a model that writes, which `rnncompress write` takes",
    "make one with benchmarks/handwriting.py",
)
_KINDS: Final = (CODING, WRITING)


def in_json(value: object) -> bytes:
    """One form for each value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def pack(kind: Kind, document: Mapping[str, object], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The file of ``arrays``, and a ``document`` that says more of them than its version."""
    from safetensors.numpy import save

    told = in_json({"version": kind.version, **document}).decode()
    little = {name: np.require(array, array.dtype.newbyteorder("<"), "C") for name, array in arrays.items()}
    return save(little, metadata={kind.key: told})


def document(data: bytes, kind: Kind, name: str) -> dict[str, Any]:
    """What the file ``data`` says of itself, of which the head will do; ``name`` is for messages.

    Raises ModelError if it is of no model of this kind, VersionError if a newer version of this program wrote it.
    """
    found, told = _told(data) or (None, {})
    if found != kind:
        other = f"is {found.use}; a {kind.name} is needed here:" if found else f"is no {kind.name};"
        raise ModelError(f"{name} {other} {kind.make}")
    if told.get("version") != kind.version:
        raise VersionError(
            f"{name} was written in model format {told.get('version')}; this program knows {kind.version}: upgrade it"
        )
    return told


def arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a file. Raises ValueError if they are not sound."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except SafetensorError as error:
        raise ValueError("its arrays are not sound") from error


def head(path: Path) -> bytes:
    """As much of the file ``path`` as says what it is. Raises InputError if it cannot be read."""
    with open_input(path) as file:
        size = file.read(8)
        return size + file.read(min(int.from_bytes(size, "little"), _LONGEST_HEAD))


def kind_of(data: bytes) -> Kind | None:
    """Of which kind a file that begins with ``data`` says it is; None if it is no model."""
    told = _told(data)
    return told[0] if told else None


def _told(data: bytes) -> tuple[Kind, dict[str, Any]] | None:
    """Kind and document."""
    size = int.from_bytes(data[:8], "little")
    if not 0 < size <= len(data) - 8 or data[8:9] != b"{":
        return None
    try:
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        kind = next(kind for kind in _KINDS if kind.key in metadata)
        told = json.loads(metadata[kind.key])
    except (LookupError, RecursionError, StopIteration, TypeError, ValueError):
        return None
    return (kind, told) if isinstance(told, dict) else None
