"""What a saved state may hold. Compiled code does not check: it uses some of these numbers as indices."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.errors import CheckpointError
from rnncompress.lstm.contexts import COUNT, ENTRIES, SYMBOLS

_LARGEST: Final = 1e30
"""Far beyond what any number reaches, and far from overflow. Moments, of which roots are taken, are never negative."""


def check(config: Config, state: Mapping[str, NDArray[Any]]) -> None:
    """Raise CheckpointError if ``state`` (of the right shapes) holds what no run with ``config`` reaches."""
    for name, array in state.items():
        lowest = 0.0 if "moment" in name else -_LARGEST
        if array.dtype.kind == "f" and not ((array >= lowest) & (array <= _LARGEST)).all():
            raise CheckpointError(f"its {name} are out of range")
    for name, values, limit in _bounded(config, state):
        if values.size and not 0 <= values.min() <= values.max() < limit:
            raise CheckpointError(f"its {name} are out of range")


def _bounded(config: Config, state: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any], int]]:
    """Integers from 0 to below a limit: name, values, limit."""
    if "contexts" in state:
        tables = state["contexts"]
        yield "symbols", tables[..., SYMBOLS : SYMBOLS + ENTRIES], config.alphabet
        yield "counts", tables[..., COUNT], 1 << 31
    for name, limit in (("history", config.alphabet), ("seen", 1 << 31), ("updates", 1 << 62)):
        if name in state:
            yield name, state[name], limit
