"""A trained model: what network and mixing have learnt, what its symbols mean, and the file that keeps both.

The file is safetensors; one entry of its metadata, ``rnncompress``, holds a JSON document with the version of the
format, the configuration, the vocabulary, the facts of the training, and the digest. The same training writes the
same bytes on every machine.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import LEARNING, Config, canonical, check_config, from_parts, in_parts
from rnncompress.engine import state as states
from rnncompress.errors import CheckpointError, ModelError
from rnncompress.files import atomic_output, open_input
from rnncompress.modelfile import CODING, arrays, document, head, in_json, pack
from rnncompress.vocabulary import Vocabulary

SUFFIX: Final = ".rnnm"
"""What the name of a model file ends in by custom."""

Array = NDArray[Any]
State = dict[str, Array]

_DIGEST: Final = 16
_ROWS: Final = {name: (f"{name}.rows", f"{name}.values") for name in states.TABLES} | {
    "contexts": ("context_rows", "context_values")
}
"""The names of what is kept of a table."""


@dataclass(frozen=True, eq=False)
class Model:
    """What training leaves. Two models are equal if their digests are."""

    config: Config
    """As trained; its alphabet is the vocabulary's."""
    vocabulary: Vocabulary
    arrays: Mapping[str, Array]
    """The long memory of a state, see :mod:`rnncompress.engine.state`. In place of each of its tables: the numbers
    (n,) int64 of the rows that are not as at the start, and these rows, such as ``context_rows`` and
    ``context_values``, ``mixing.slots.rows`` and ``mixing.slots.values``."""
    training: Mapping[str, str] = field(default_factory=dict)
    """Facts about the training; they do not count for the digest."""

    @classmethod
    def of(
        cls, config: Config, vocabulary: Vocabulary, state: Mapping[str, Array], training: Mapping[str, str]
    ) -> "Model":
        """The model of a predictor in this ``state``."""
        arrays = states.long(state)
        for name, first in states.first_rows(config).items():
            rows = states.rows(arrays.pop(name))
            other = rows != first
            used = np.flatnonzero(other.any(axis=1) if other.ndim > 1 else other).astype(np.int64)
            arrays |= dict(zip(_ROWS[name], (used, rows[used]), strict=True))
        return cls(config, vocabulary, arrays, dict(training))

    def __eq__(self, other: object) -> bool:
        """Whether both have the same digest."""
        return self.digest == other.digest if isinstance(other, Model) else NotImplemented

    def __hash__(self) -> int:
        """Of the digest."""
        return hash(self.digest)

    @cached_property
    def digest(self) -> bytes:
        """BLAKE2b-128 of configuration, vocabulary and arrays: which model this is. The number of lanes, with which
        nothing is trained, does not count."""
        content = hashlib.blake2b(digest_size=_DIGEST)
        content.update(canonical(self.config, without=["lanes"]))
        content.update(in_json(asdict(self.vocabulary)) + b"\0")
        for name, array in sorted(self.arrays.items()):
            content.update(f"{name} {array.dtype.str[1:]} {list(array.shape)}\0".encode())
            content.update(np.require(array, array.dtype.newbyteorder("<"), "C").data)
        return content.digest()

    def state(self, config: Config) -> State:
        """The state of an engine of ``config`` that has learnt what this model knows and has seen no text yet.

        ``config`` may have other streams, windows and rates. The parameters are the model's own arrays, no copies.
        Raises ModelError if ``config`` is of another network, or of other mixing.
        """
        if canonical(self.config, without=LEARNING) != canonical(config, without=LEARNING):
            raise ModelError("the model is of another network, or of other mixing, than the configuration")
        arrays, shapes = dict(self.arrays), states.shapes(config)
        for name, first in states.first_rows(config).items():
            table = np.zeros(*shapes[name])
            rows = states.rows(table)
            if first.any():
                rows[:] = first
            used, values = (arrays.pop(part) for part in _ROWS[name])
            rows[used] = values
            arrays[name] = table
        return arrays | states.no_text(config)

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the file ``path``, whole or not at all. Raises OutputError."""
        with atomic_output(path, overwrite=overwrite) as file:
            file.write(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The model file."""
        told = {
            "config": in_parts(self.config),
            "vocabulary": asdict(self.vocabulary),
            "training": dict(self.training),
            "digest": self.digest.hex(),
        }
        return pack(CODING, told, self.arrays)

    @classmethod
    def load(cls, path: Path) -> "Model":
        """The model in the file ``path``.

        Raises InputError if it cannot be read, ModelError if it is no model file or damaged, VersionError if it
        was written by a newer version of this program.
        """
        with open_input(path) as file:
            return cls.from_bytes(file.read(), str(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the model") -> "Model":
        """The model of :meth:`to_bytes`; ``name`` is for messages. Raises as :meth:`load` does."""
        told = document(data, CODING, name)
        try:
            config = from_parts(told["config"])
            vocabulary = Vocabulary(
                told["vocabulary"]["kind"], tuple(map(str, told["vocabulary"]["entries"]))
            )
            training = {str(key): str(value) for key, value in told["training"].items()}
            _check(config, vocabulary, len(data))
            model = cls(config, vocabulary, arrays(data), training)
            if model.digest.hex() != told["digest"]:
                raise ValueError("its content is not what was written")
            model._check_arrays()
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            CheckpointError,
        ) as error:
            raise ModelError(f"{name} is damaged: {error}; train it again or get it again") from error
        return model

    def _check_arrays(self) -> None:
        """Raise ValueError or CheckpointError if a predictor could not take the arrays."""
        expected = states.long_shapes(self.config)
        first, arrays = states.first_rows(self.config), dict(self.arrays)
        ends: dict[str, int] = {}
        for name, row in first.items():
            shape, kind = expected.pop(name)
            count = len(self.arrays[_ROWS[name][0]])
            expected |= dict(
                zip(_ROWS[name], (((count,), np.dtype(np.int64)), ((count, *row.shape), kind)), strict=True)
            )
            ends[name] = math.prod(shape) // row.size
        if {name: (array.shape, array.dtype) for name, array in self.arrays.items()} != expected:
            raise ValueError("its arrays have other shapes than its configuration says")
        for name, end in ends.items():
            rows, arrays[name] = (arrays.pop(part) for part in _ROWS[name])
            if rows.size and not (rows[0] >= 0 and rows[-1] < end and (np.diff(rows) > 0).all()):
                raise ValueError(f"its rows of {name} are out of range")
        # The short memory is checked with the rest, so the least of it is made.
        least = self.config.replace(streams=1, lanes=1, past_bits=12)
        states.check_state(least, arrays | states.no_text(least))


def told_digest(path: Path) -> bytes:
    """The digest that the model file ``path`` says it has; the rest of it is not read.

    Raises InputError if it cannot be read, ModelError if it is no model file.
    """
    told = document(head(path), CODING, str(path))
    try:
        return bytes.fromhex(told["digest"])
    except (LookupError, TypeError, ValueError):
        raise ModelError(f"{path} is damaged: it does not say which model it is") from None


def _check(config: Config, vocabulary: Vocabulary, size: int) -> None:
    """Raise ValueError if no file of ``size`` bytes can hold such a model: before memory is taken for it."""
    check_config(config.replace(alphabet=256))
    if config.mixing and vocabulary.kind != "bytes":
        raise ValueError("its symbols are mixed, and are no bytes")
    if config.alphabet != vocabulary.size:
        raise ValueError("its alphabet is not that of its vocabulary")
    if 8 * config.weights > size:  # each weight with its moment, 4 bytes each
        raise ValueError("it is too short for its configuration")
