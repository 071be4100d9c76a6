"""The trained parameters of the network, their second moments, their start values and their learning rate.

The layout here is the one of the specification and of saved states; engines may keep another.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import LIMITS, Config
from rnncompress.exact import noise

MOST_SEEN: Final = LIMITS["horizon"].most
"""Updates of a row of the embeddings are counted up to here: no horizon is longer."""
EPSILON: Final = np.float32(1e-16)
"""Added to the second moment, so that its root is never that of zero."""

Float = NDArray[np.float32]


@dataclass
class Parameters:
    """float32 master weights, each with the second moment of its gradient. Lists run over the layers."""

    matrices: list[Float]
    """Layer: (N, K). The last is the softmax's: (A, layers * H)."""
    embeddings: list[Float]
    """(rows, N) for each layer: what the last symbol (A rows) and the guess of the contexts (a row for none, and 2A
    where there are contexts) add to the gate inputs. It takes the place of a bias."""
    bias: Float
    """(A,): the softmax's."""
    matrix_moments: list[Float]
    embedding_moments: list[Float]
    bias_moment: Float
    seen: NDArray[np.int32]
    """(rows,): updates in which each row of the embeddings was an input, at most ``MOST_SEEN``."""
    updates: int

    @classmethod
    def initial(cls, config: Config) -> "Parameters":
        """Uniform matrices and symbol embeddings of variance 1/columns, forget gates open (Gers et al. 2000).

        Computed from counters, so they cost nothing in the file.
        """
        A, H, L = config.alphabet, config.hidden, config.layers
        N = config.gates * H
        shapes = [(N, config.inputs(layer)) for layer in range(L)] + [(A, L * H)]
        matrices = [_uniform(number, shape) for number, shape in enumerate(shapes)]
        embeddings = [np.zeros((config.embedding_rows, N), np.float32) for _ in range(L)]
        for layer, embedding in enumerate(embeddings):
            embedding[:A] = _uniform(L + 1 + layer, (A, N))
            if config.cell == "lstm":
                embedding[:A, H : 2 * H] += np.float32(1)
        return cls(
            matrices=matrices,
            embeddings=embeddings,
            bias=np.zeros(A, np.float32),
            matrix_moments=[np.zeros_like(w) for w in matrices],
            embedding_moments=[np.zeros_like(w) for w in embeddings],
            bias_moment=np.zeros(A, np.float32),
            seen=np.zeros(config.embedding_rows, np.int32),
            updates=0,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything under stable names; no copies."""
        named: dict[str, NDArray[Any]] = {"updates": np.array(self.updates, np.int64)}
        named |= {name: getattr(self, name) for name in _SINGLE}
        for name in _LISTS:
            named |= {f"{name}.{n}": value for n, value in enumerate(getattr(self, name))}
        return named

    @classmethod
    def from_arrays(cls, config: Config, named: Mapping[str, NDArray[Any]]) -> "Parameters":
        """The inverse of :meth:`arrays`, but that the arrays are ``named`` themselves, not copies."""
        lengths = {name: config.layers + name.startswith("matri") for name in _LISTS}
        values: dict[str, Any] = {name: named[name] for name in _SINGLE}
        values |= {name: [named[f"{name}.{n}"] for n in range(lengths[name])] for name in _LISTS}
        return cls(**values, updates=int(named["updates"]))


_LISTS: Final = ("matrices", "embeddings", "matrix_moments", "embedding_moments")
_SINGLE: Final = ("bias", "bias_moment", "seen")


def _uniform(number: int, shape: tuple[int, int]) -> Float:
    """Start values in ±sqrt(3/K) by the integer hash."""
    bound = np.float32(math.sqrt(3.0 / shape[1]))  # sqrt and / of float64 are correctly rounded everywhere
    u = noise.uniform(noise.key(number, 0), np.arange(shape[0] * shape[1], dtype=np.uint32))
    return ((u + u - np.float32(1)) * bound).reshape(shape)  # type: ignore[no-any-return]


def rate(config: Config, update: int, windows: int) -> np.float32:
    """Learning rate of the update with this number (from 1): from ``rate_first`` to ``rate_last`` over the file.

    Float64 ``+ - * /`` of integers, rounded once to float32: the same everywhere.
    """
    first, last = config.rate_first * 1e-6, config.rate_last * 1e-6
    progress = min(1.0, update / max(1, windows))
    return np.float32(first + (last - first) * progress)
