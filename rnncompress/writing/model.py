"""A model that writes, and the file that keeps it: integers only, so that what it writes is the same everywhere.

The file is safetensors, as that of other models, and one entry of its metadata, ``rnncompress-writing``, holds a JSON
document. It is a format of its own, because :mod:`rnncompress.model` keeps what an engine learns on with: floats,
second moments, a vocabulary for files. Here the weights are fixed, 16 bits each, and no engine takes them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.errors import ModelError
from rnncompress.exact import grid
from rnncompress.files import atomic_output, open_input
from rnncompress.modelfile import WRITING, arrays, document, in_json, pack

SUFFIX: Final = ".rnnw"
"""What the name of such a file ends in by custom."""

POINT: Final = 3
"""Numbers of a point: two of the step, and whether its stroke ends there."""
COMPONENTS: Final = 20
"""Bivariate Gaussians of the mixture; each has a weight, two means, two deviations, and a correlation."""
WINDOWS: Final = 10
"""Gaussians of the soft window; each has a height, a width, and how far it moves."""
MOST_LAYERS: Final = 3
MOST_UNITS: Final = 1024

_DIGEST: Final = 16


def shapes(characters: int, layers: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """Of the weights by name: C characters, H units a layer, N layers.

    ``matrixN`` (4 H, 3 + C + H, and H more above the first): the gates input, forget, cell, output, of the point, the
    window, the layer below and the layer itself. ``window`` (3 J, H): heights, widths, moves. ``output``
    (1 + 6 K, N H): the end of a stroke, then weights, means of x and y, logarithms of their deviations, correlations.
    """
    told: dict[str, tuple[int, ...]] = {}
    for layer in range(layers):
        told[f"matrix{layer}"] = (4 * hidden, POINT + characters + (1 + (layer > 0)) * hidden)
        told[f"bias{layer}"] = (4 * hidden,)
    return told | {
        "window": (3 * WINDOWS, hidden),
        "window_bias": (3 * WINDOWS,),
        "output": (1 + 6 * COMPONENTS, layers * hidden),
        "output_bias": (1 + 6 * COMPONENTS,),
    }


@dataclass(frozen=True, eq=False)
class WritingModel:
    """What training leaves."""

    characters: str
    """Those it can write, in the order of the window."""
    layers: int
    hidden: int
    step: float
    """From point to point within a stroke, on average. The unit is the root mean square of x and y of all steps."""
    length: float
    """Of what the pen draws for a character, on average."""
    arrays: Mapping[str, NDArray[np.int16]]
    """By the names of :func:`shapes`, in units of 2^-13."""
    training: Mapping[str, str] = field(default_factory=dict)
    """Facts about the training; they do not count for the digest."""

    @classmethod
    def of(
        cls,
        characters: str,
        layers: int,
        hidden: int,
        step: float,
        length: float,
        weights: Mapping[str, NDArray[np.float32]],
        training: Mapping[str, str],
    ) -> "WritingModel":
        """The model of these ``weights``, which are rounded to the grid, and clipped to what it can represent."""
        arrays = {
            name: grid.weight(np.clip(array, -grid.WEIGHT_LIMIT, grid.WEIGHT_LIMIT)).astype(np.int16)
            for name, array in weights.items()
        }
        return cls(characters, layers, hidden, step, length, arrays, dict(training))

    @cached_property
    def digest(self) -> bytes:
        """BLAKE2b-128 of all but the facts of training: which model this is."""
        content = hashlib.blake2b(in_json(self._sizes()) + b"\0", digest_size=_DIGEST)
        for name, array in sorted(self.arrays.items()):
            content.update(f"{name} {list(array.shape)}\0".encode())
            content.update(array.astype("<i2").tobytes())
        return content.digest()

    @property
    def weights(self) -> int:
        """How many there are."""
        return sum(array.size for array in self.arrays.values())

    def to_bytes(self) -> bytes:
        """The model file."""
        told = {**self._sizes(), "training": dict(self.training), "digest": self.digest.hex()}
        return pack(WRITING, told, self.arrays)

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the file ``path``, whole or not at all. Raises OutputError."""
        with atomic_output(path, overwrite=overwrite) as file:
            file.write(self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> "WritingModel":
        """The model in the file ``path``.

        Raises InputError if it cannot be read, ModelError if it is no model that writes or is damaged, VersionError if
        a newer version of this program wrote it.
        """
        with open_input(path) as file:
            return cls.from_bytes(file.read(), str(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the model") -> "WritingModel":
        """The model of :meth:`to_bytes`; ``name`` is for messages. Raises as :meth:`load` does."""
        told = document(data, WRITING, name)
        try:
            characters, layers, hidden = str(told["characters"]), int(told["layers"]), int(told["hidden"])
            if not (1 <= layers <= MOST_LAYERS and 1 <= hidden <= MOST_UNITS and characters):
                raise ValueError("its sizes are impossible")
            if len(set(characters)) < len(characters):
                raise ValueError("its characters are not different")
            weights = arrays(data)
            expected = {
                key: (shape, "int16") for key, shape in shapes(len(characters), layers, hidden).items()
            }
            if {key: (array.shape, array.dtype.name) for key, array in weights.items()} != expected:
                raise ValueError("its arrays have other shapes than its sizes say")
            step, length = float(told["step"]), float(told["length"])
            if not (0 < step < 1e6 and 0 < length < 1e6):
                raise ValueError("its lengths are impossible")
            training = {str(key): str(value) for key, value in told["training"].items()}
            model = cls(characters, layers, hidden, step, length, weights, training)
            if model.digest.hex() != told["digest"]:
                raise ValueError("its content is not what was written")
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ModelError(f"{name} is damaged: {error}; train it again or get it again") from error
        return model

    def _sizes(self) -> dict[str, object]:
        return {
            "characters": self.characters,
            "layers": self.layers,
            "hidden": self.hidden,
            "step": self.step,
            "length": self.length,
        }
