"""The trained parameters of the network, their second moments, their start values and their learning rate.

The layout here is the one of the specification and of saved states; engines may keep another.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.exact import noise
from rnncompress.presets import Config

EPSILON: Final = np.float32(1e-8)
"""Added to the root of the second moment."""

Float = NDArray[np.float32]


@dataclass
class Parameters:
    """float32 master weights. Lists run over the layers; ``matrices`` and ``biases`` end with the softmax's."""

    matrices: list[Float]
    """Layer: (N, K). Softmax: (A, layers * H)."""
    biases: list[Float]
    """Layer: (N,). Softmax: (A,)."""
    embeddings: list[Float]
    """(A, N) for each layer: what the last symbol adds to the gate inputs."""
    matrix_moments: list[Float] = field(default_factory=list)
    bias_moments: list[Float] = field(default_factory=list)
    embedding_moments: list[Float] = field(default_factory=list)
    seen: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """(A,): updates in which each symbol occurred as an input."""
    updates: int = 0

    @classmethod
    def initial(cls, config: Config) -> "Parameters":
        """Uniform matrices and embeddings of variance 1/columns, forget bias 1 (Gers et al. 2000); computed, not stored."""
        A, H, L = config.alphabet, config.hidden, config.layers
        N = config.gates * H
        shapes = [(N, config.inputs(layer)) for layer in range(L)] + [(A, L * H)]
        biases = [np.zeros(rows, np.float32) for rows, _ in shapes]
        if config.cell == "lstm":
            for bias in biases[:L]:
                bias[H : 2 * H] = 1
        result = cls(
            matrices=[_uniform(number, shape) for number, shape in enumerate(shapes)],
            biases=biases,
            embeddings=[_uniform(L + 1 + layer, (A, N)) for layer in range(L)],
            seen=np.zeros(A, np.int32),
        )
        result.matrix_moments = [np.zeros_like(w) for w in result.matrices]
        result.bias_moments = [np.zeros_like(w) for w in result.biases]
        result.embedding_moments = [np.zeros_like(w) for w in result.embeddings]
        return result

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Copies of everything, under stable names."""
        named: dict[str, NDArray[Any]] = {"seen": self.seen.copy(), "updates": np.array(self.updates, np.int64)}
        for name in _LISTS:
            named |= {f"{name}.{n}": value.copy() for n, value in enumerate(getattr(self, name))}
        return named

    @classmethod
    def from_arrays(cls, config: Config, named: dict[str, NDArray[Any]]) -> "Parameters":
        """The inverse of :meth:`arrays`."""
        lengths = {name: config.layers + (not name.startswith("embedding")) for name in _LISTS}
        lists = {name: [named[f"{name}.{n}"].copy() for n in range(lengths[name])] for name in _LISTS}
        return cls(**lists, seen=named["seen"].copy(), updates=int(named["updates"]))


_LISTS: Final = ("matrices", "biases", "embeddings", "matrix_moments", "bias_moments", "embedding_moments")


def _uniform(number: int, shape: tuple[int, int]) -> Float:
    """Start values in ±sqrt(3/K) by the integer hash."""
    bound = np.float32(math.sqrt(3.0 / shape[1]))  # sqrt and / of float64 are correctly rounded everywhere
    u = noise.uniform(noise.key(number, 0), np.arange(shape[0] * shape[1], dtype=np.uint32))
    return ((u + u - np.float32(1)) * bound).reshape(shape)  # type: ignore[no-any-return]


def rate(config: Config, update: int, windows: int) -> np.float32:
    """Learning rate of the update with this number (from 1): geometric-free, linear in 1/rate over the file.

    Float64 ``+ - * /`` of integers, rounded once to float32: the same everywhere.
    """
    first, last = config.rate_first * 1e-6, config.rate_last * 1e-6
    progress = min(1.0, update / max(1, windows))
    return np.float32(first + (last - first) * progress)
