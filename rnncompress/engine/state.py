"""The state of all stages of an engine: each stage answers for its own arrays, here the answers are put together.

The names of the mixing stage's arrays begin with :data:`MIXING`.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.lstm import state as lstm
from rnncompress.mixing import checks, sizes
from rnncompress.mixing import memory as mixing

Array = NDArray[Any]
State = dict[str, Array]

MIXING: Final = "mixing."
CODING: Final = ("coders", "words")
"""Arrays of a state that are neither the network's nor the mixing stage's."""
TABLES: Final = (
    "contexts",
    *(
        MIXING + name
        for name in (
            "slots",
            "weights",
            "visits",
            "refinements",
            "order1",
            "indirect2",
            "indirect3",
            "direct",
        )
    ),
)
"""Arrays most of whose rows are unused or as at the start: models keep the others. A table's rows all begin alike."""


def join(network: Mapping[str, Array], own: Mapping[str, Array]) -> State:
    """The state of both stages."""
    return {**network, **{MIXING + name: array for name, array in own.items()}}


def split(state: Mapping[str, Array]) -> tuple[State, State]:
    """The states of network and mixing."""
    network = {
        name: array for name, array in state.items() if not name.startswith(MIXING) and name not in CODING
    }
    own = {name[len(MIXING) :]: array for name, array in state.items() if name.startswith(MIXING)}
    return network, own


def shapes(config: Config) -> lstm.Shapes:
    """Shapes and types of all arrays of a state, by name."""
    network = lstm.shapes(config) if config.layers else {}
    own = sizes.shapes(config) if config.mixing else {}
    return {**network, **{MIXING + name: shape for name, shape in own.items()}}


def is_long(name: str) -> bool:
    """Whether an array is of the long memory, which a model keeps."""
    return name not in lstm.SHORT and name.removeprefix(MIXING) not in mixing.SHORT and name not in CODING


def long_shapes(config: Config) -> lstm.Shapes:
    """Those of the long memory."""
    return {name: shape for name, shape in shapes(config).items() if is_long(name)}


def long(state: Mapping[str, Array]) -> State:
    """The long memory of ``state``."""
    return {name: array for name, array in state.items() if is_long(name)}


def short(state: Mapping[str, Array]) -> State:
    """The short memory of ``state``."""
    return {name: array for name, array in state.items() if not is_long(name) and name not in CODING}


def rows(table: Array) -> Array:
    """The rows of all of a table, numbered through: (n, width), or (n,) where a row is a number."""
    return table.reshape(-1, table.shape[-1]) if table.ndim > 1 else table


def first_rows(config: Config) -> dict[str, Array]:
    """What each row of the tables is at the start, by name; no table is made to tell."""
    first: dict[str, Array] = {}
    if config.layers:
        first["contexts"] = np.zeros(lstm.shapes(config)["contexts"][0][-1:], np.int32)
    if config.mixing:
        least = config.replace(streams=1, lanes=1, sets=1, slot_bits=1, past_bits=12)
        start = join({}, mixing.start(least))
        first |= {name: rows(start[name])[0] for name in TABLES if name in start}
    return first


def no_text(config: Config) -> State:
    """The short memory of stages that have read nothing yet."""
    return join(
        lstm.no_text(config) if config.layers else {}, mixing.no_text(config) if config.mixing else {}
    )


def check_state(config: Config, state: Mapping[str, Array]) -> None:
    """Raise CheckpointError if ``state`` (of the right shapes) holds what no run with ``config`` reaches."""
    network, own = split(state)
    if config.layers:
        lstm.check_state(config, network)
    if config.mixing:
        checks.check_state(config, own)
