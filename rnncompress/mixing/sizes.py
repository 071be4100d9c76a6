"""How large the arrays of the mixing stage are, and what memory they take. Nothing is compiled to tell."""

from typing import Any, Final

import numpy as np

from rnncompress.config import Config

Shapes = dict[str, tuple[tuple[int, ...], np.dtype[Any]]]

KINDS: Final = 63
"""Kinds of contexts there are; bit k of ``Config.mixing`` is for kind k."""
FACTS: Final = 16
"""Facts of a place: see :func:`tell_facts`."""
STATE: Final = 1024
"""Numbers that a stream remembers: see :mod:`rnncompress.mixing.text_kernels`."""
MODELS: Final = 3
"""Match models."""
LENGTHS: Final = 64
"""Those of a match model by length of the match."""
LINE_BYTES: Final = 64
GROUP: Final = 16
"""Direct probabilities of a half of a byte, one of them of no use."""
RUNS: Final = 64
"""Adaptive probabilities of a kind for its runs: by length up to 31, at the first bit and after it."""
LANES: Final = 16
"""Inputs that are taken together: the length of a vector is a multiple."""
OTHERS: Final = 2 + 2 * MODELS + 3
"""Inputs besides those of kinds of contexts: two low orders, the match models, the bias, the network."""
ROWS: Final = (256, 2048, 2048, 1024, 2048, 1536, 2048, 4096, 2048, 2048, 32768, 4096, 4096, 65536)
"""Rows of weights of each set: how many values its context has."""
FINALS: Final = 4
"""Mixers of the second layer; their outputs are averaged."""
FINAL_ROWS: Final = 2048
FINAL_STRIDE: Final = 16
"""Weights of a row, one for each set."""
MAPS: Final = 3
"""Adaptive maps after the mixer."""
MAP_ROWS: Final = 65536
BUCKETS: Final = 33


def kinds(mask: int) -> tuple[int, ...]:
    """The bits set in ``mask``, which is ``Config.mixing`` or ``Config.direct``."""
    return tuple(kind for kind in range(KINDS) if mask >> kind & 1)


def input_count(config: Config) -> int:
    """Inputs of the mixer, with what pads them to whole vectors."""
    K, D = len(kinds(config.mixing)), len(kinds(config.direct))
    return padded(padded(K) + 2 * K + OTHERS + 2 * D)


def padded(count: int) -> int:
    """``count`` rounded up to whole vectors."""
    return -(-count // LANES) * LANES


def match_bits(config: Config) -> int:
    """Binary logarithm of the places that a match model notes."""
    return min(22, config.past_bits + 1)


def shapes(config: Config) -> Shapes:
    """Shapes and types of all arrays of a state, by name. Nothing is computed or allocated."""
    B, K, rows = config.streams, len(kinds(config.mixing)), sum(ROWS[: config.sets])
    named: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "text": (np.int64, (B, STATE)),
        "past": (np.uint8, (B, 1 << config.past_bits)),
        "learnt": (np.int64, (B,)),
        "match_table": (np.uint32, (MODELS, 1 << match_bits(config))),
        "slots": (np.uint8, (K << config.slot_bits, LINE_BYTES)),
        "maps": (np.uint32, (K, 256)),
        "runs": (np.uint32, (K, RUNS)),
        "matches": (np.uint32, (MODELS, LENGTHS)),
        "order0": (np.uint32, (256,)),
        "order1": (np.uint32, (65536,)),
        "weights": (np.int16, (rows, input_count(config))),
        "visits": (np.int32, (rows,)),
        "finals": (np.int32, (FINAL_ROWS, FINAL_STRIDE)),
        "refinements": (np.uint16, (MAPS * MAP_ROWS, BUCKETS)),
        "indirect1": (np.uint32, (256,)),
        "indirect2": (np.uint32, (65536,)),
        "indirect3": (np.uint32, (1 << 20,)),
    }
    if config.direct:
        named["direct"] = (np.uint32, (len(kinds(config.direct)) << config.slot_bits, GROUP))
    return {name: (shape, np.dtype(kind)) for name, (kind, shape) in named.items()}


def memory(config: Config) -> int:
    """Bytes that the stage takes while it codes, from above."""
    arrays = sum(
        int(np.prod(shape, dtype=np.int64)) * kind.itemsize for shape, kind in shapes(config).values()
    )
    K = len(kinds(config.mixing))
    bit = 2 * input_count(config) + 8 * (3 * config.sets + 2 * FINALS + MODELS + MAPS + 2)
    # A checkpoint numbers the rows in use, of 64 bytes mostly: with 8 bytes each, after a mark for each.
    return (
        arrays
        + arrays // 7
        + config.streams * config.frozen * (8 * bit + 8 * (4 * K + FACTS + 2 * MODELS + 2))
    )
