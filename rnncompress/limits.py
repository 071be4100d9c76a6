"""What a header may ask for, worked out before anything is allocated."""

from typing import Final

from rnncompress.config import Config
from rnncompress.errors import LimitError

MEMORY_LIMIT: Final = 8 << 30
"""Bytes of memory that a header may ask for, if the caller does not say otherwise."""

MOST_THREADS: Final = 256
"""More threads have no work: they would share the units of a layer and the streams of a window."""

_BASE: Final = 32 << 20
_BUFFERS: Final = 1 << 13
"""Bytes of the file that are read or written at once, of each stream, with their copies."""


def announced_memory(config: Config, *, trained: bool = False) -> int:
    """Bytes that coding with ``config`` takes besides the program, from above; no memory is needed to tell.

    ``trained`` tells that it starts from a trained model.
    """
    from rnncompress.lstm import sizes as lstm
    from rnncompress.mixing import sizes as mixing  # they need numpy, which takes a while to import

    network, counts = config.layers > 0, config.mixing > 0
    stages = network * lstm.memory(config) + counts * mixing.memory(config)
    streams = config.streams * (8 * config.window + _BUFFERS)
    # A trained model is what the network remembers; while it is read or handed over, so is a copy.
    model = 2 * (network * lstm.long_memory(config) + counts * mixing.memory(config)) if trained else 0
    return _BASE + streams + stages + model


def announced_work(config: Config, length: int) -> int:
    """Multiply-accumulates that decoding ``length`` bytes takes, about: forward, and twice as many backward."""
    return 3 * config.macs * length


def check_threads(threads: int) -> None:
    """Raise ValueError unless so many ``threads`` can be had."""
    if not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads must be from 1 to {MOST_THREADS}, not {threads}")


def check_memory(config: Config, limit: int, *, trained: bool = False) -> None:
    """Raise LimitError if coding with ``config``, from a trained model or not, takes more than ``limit`` bytes."""
    if (memory := announced_memory(config, trained=trained)) > limit:
        raise LimitError(
            f"decoding takes about {memory >> 20} MiB of memory, but the limit is {limit >> 20} MiB; "
            "raise it with --memory-limit if you trust the file"
        )
