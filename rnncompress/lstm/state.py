"""The state of the network: its arrays by name, their shapes, what they may hold, and the memory that coding takes.

*Long memory* is what the network has learnt: parameters, second moments, tables of contexts. *Short memory* is what it
keeps of the text it reads: a trained model has none.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.errors import CheckpointError
from rnncompress.exact.grid import ACTIVATION_MAX, WEIGHT_LIMIT
from rnncompress.lstm.contexts import COUNT, ENTRIES, HISTORY, MOST_USES, MOST_WEIGHT, SYMBOLS, kinds
from rnncompress.lstm.density import LEAST_COLUMNS, TRACK
from rnncompress.lstm.parameters import MOST_SEEN
from rnncompress.lstm.sizes import ROW
from rnncompress.strokes.layout import HEAD, MOST_COLUMNS

Array = NDArray[Any]
State = dict[str, Array]
Shapes = dict[str, tuple[tuple[int, ...], np.dtype[Any]]]

SHORT: Final = ("h", "c", "history", "track")
"""The names of the short memory; all others are of the long one. The track is there with densities only."""

_LARGEST_MOMENT: Final = 2.0**35
"""A gradient is a sum modulo 2**32 in units of 2**-14 at most: its square is below 2**34."""
_LARGEST_CELL: Final = 2.0**16
"""A forget gate is at most 0.99998, where its formula is clamped, so a cell stays below 58,100."""
_LARGEST_TRACK: Final = 1 << 48
"""Bytes of a stream."""
_LARGEST_END: Final = 1 << 32 + 3
"""Where records of eight bytes could end."""
_LARGEST_UPDATES: Final = 1 << 62
"""Beyond any run, and as far again from the end of int64."""


def shapes(config: Config) -> Shapes:
    """Shapes and types of all arrays of a state, by name. Nothing is computed or allocated."""
    A, B, H, L = config.alphabet, config.streams, config.hidden, config.layers
    E, N = config.embedding_rows, config.gates * H
    matrices = [(N, config.inputs(layer)) for layer in range(L)] + [(A, L * H)]
    named: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "updates": (np.int64, ()),
        "bias": (np.float32, (A,)),
        "bias_moment": (np.float32, (A,)),
        "seen": (np.int32, (E,)),
        "h": (np.int16, (L, B, H)),
        "c": (np.float32, (L, B, H)),
        "history": (np.int32, (B, HISTORY)),
        "contexts": (np.int32, (len(kinds(config.contexts)), 1 << config.context_bits, ROW)),
    }
    if config.components:
        named["track"] = (np.int64, (B, TRACK))
    for name in ("matrices", "matrix_moments"):
        named |= {f"{name}.{n}": (np.float32, shape) for n, shape in enumerate(matrices)}
    for name in ("embeddings", "embedding_moments"):
        named |= {f"{name}.{layer}": (np.float32, (E, N)) for layer in range(L)}
    return {name: (shape, np.dtype(kind)) for name, (kind, shape) in named.items()}


def long_shapes(config: Config) -> Shapes:
    """Those of the long memory."""
    return {name: shape for name, shape in shapes(config).items() if name not in SHORT}


def long(state: Mapping[str, Array]) -> State:
    """The long memory of ``state``."""
    return {name: array for name, array in state.items() if name not in SHORT}


def short(state: Mapping[str, Array]) -> State:
    """The short memory of ``state``."""
    return {name: state[name] for name in SHORT if name in state}


def no_text(config: Config) -> State:
    """The short memory of a network that has read nothing yet."""
    expected = shapes(config)
    return {name: np.zeros(*expected[name]) for name in SHORT if name in expected}


def check_state(config: Config, state: Mapping[str, Array]) -> None:
    """Raise CheckpointError if ``state`` (of the right shapes) holds what no run with ``config`` reaches.

    Compiled code does not check: it uses some of these numbers as indices. What passes can be gone on from.
    """
    for name, values, least, most in _bounds(config, state):
        if values.size and not (least <= values.min() and values.max() <= most):  # not so of NaN
            raise CheckpointError(f"its {name} are out of range")


def _bounds(config: Config, state: Mapping[str, Array]) -> Iterator[tuple[str, Array, float, float]]:
    """Names, values, the least and the most that these may be."""
    cell = _LARGEST_CELL if config.cell == "lstm" else 0.0
    limits: dict[str, tuple[float, float]] = {
        "updates": (0, _LARGEST_UPDATES),
        "seen": (0, MOST_SEEN),
        "history": (0, config.alphabet - 1),
        "h": (-ACTIVATION_MAX, ACTIVATION_MAX),
        "c": (0.0 - cell, cell),
    }
    weight = float(WEIGHT_LIMIT)
    for name, array in state.items():
        if name == "contexts":
            yield "weights of contexts", array[..., :ENTRIES], -MOST_WEIGHT, MOST_WEIGHT
            yield "symbols of contexts", array[..., SYMBOLS : SYMBOLS + ENTRIES], 0, config.alphabet - 1
            yield "counts of contexts", array[..., COUNT], 0, MOST_USES
        elif name == "track":
            place, columns, end = array.T
            yield "places in records", place, 0, _LARGEST_TRACK
            yield "columns of records", columns, 0, 255
            yield "ends of records", end, 0, _LARGEST_END
            in_records = columns[(place >= HEAD) & (end > 0)]
            yield "columns of points", in_records, LEAST_COLUMNS, MOST_COLUMNS
        elif name in limits:
            yield name, array, *limits[name]
        elif "moment" in name:
            yield name, array, 0.0, _LARGEST_MOMENT
        elif array.dtype.kind == "f":
            yield name, array, -weight, weight
