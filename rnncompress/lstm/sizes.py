"""What memory the network takes. Nothing is compiled to tell."""

from typing import Final

from rnncompress.config import Config

ROW: Final = 16
"""int32 words of a row, one cache line: weights, their symbols, the number of uses, the check of the context."""


def memory(config: Config) -> int:
    """Bytes that the network takes while it codes, from above, checkpoints included."""
    # Weights, their second moments, gradients, and the integers made of them, then their copies in a checkpoint.
    weights = 32 * config.weights
    # What a step of a stream leaves behind for learning: gates and states of every unit, frequencies.
    units = config.layers * config.hidden
    step = 8 * units * (config.gates + 6) + 32 * config.alphabet
    # The tables of contexts, and once more while a checkpoint is read.
    return weights + config.streams * config.window * step + 2 * table_bytes(config)


def long_memory(config: Config) -> int:
    """Bytes of the long memory, from above; no array is made to tell."""
    return 8 * (config.weights + config.embedding_rows) + table_bytes(config)


def table_bytes(config: Config) -> int:
    """Bytes of the tables of contexts."""
    return 4 * ROW * config.contexts.bit_count() << config.context_bits
