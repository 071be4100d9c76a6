"""Does this machine compute the numbers that the format defines? A miniature training tells."""

import hashlib
import platform
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import CELLS, Config
from rnncompress.errors import SelfCheckError
from rnncompress.exact import noise
from rnncompress.lstm import build

EXPECTED: Final = {
    "lstm, prediction 1": "b7225c62a544f16c",
    "lstm, learning 1": "adf46e7e08fdc4dc",
    "lstm, prediction 2": "e218a034b2b6aeb4",
    "lstm, learning 2": "5ff12ad09ff7bb79",
    "lstm, prediction 3": "ed5b044f8f94c26b",
    "lstm, learning 3": "f30ff68afd5a52d5",
    "rnn, prediction 1": "41f6713c9aac097f",
    "rnn, learning 1": "459c0c7473ade601",
    "rnn, prediction 2": "1ee39284f252cbb6",
    "rnn, learning 2": "39056e4cb62cfd13",
    "rnn, prediction 3": "4b2116293c0cc6d5",
    "rnn, learning 3": "8f56a90995451f36",
}
"""What every engine computes on every machine: stage and hash. ``tests/golden/pin.py`` writes it."""

_WINDOWS: Final = 3


def run(engine: str = "cpu", threads: int = 1) -> None:
    """Compare a miniature training with what the format defines.

    Raises:
        SelfCheckError: this machine computes other numbers; the text names the first stage that differs.
        DeviceError: the engine cannot run on this machine.
    """
    for stage, value in hashes(engine, threads):
        if value != EXPECTED[stage]:
            raise SelfCheckError(
                f"the {engine} engine computes other numbers than the format defines (first in: {stage}; "
                f"{platform.machine()}, numpy {np.__version__}): files cannot be coded with it; "
                "please report this, and use another machine or engine"
            )


def hashes(engine: str, threads: int) -> Iterator[tuple[str, str]]:
    """Stages of the training, and the hashes of what they compute.

    The sizes are odd on purpose: all shapes of the integer product occur, some symbols never do, and the
    learning rate is large, so that every difference spreads.
    """
    for cell in CELLS:
        config = Config(
            cell=cell, alphabet=113, layers=2, hidden=32, streams=13, window=4,
            rate_first=40_000, rate_last=20_000, horizon=2,
            contexts=1 << 1 | 1 << 3 | 1 << 24 | 1 << 25, context_bits=4,
        )  # fmt: skip
        predictor = build(config, _WINDOWS, engine=engine, threads=threads)
        for number in range(_WINDOWS):
            symbols = _symbols(config, number)
            if number == 1:  # as the decoder does
                tables = []
                for row in symbols:
                    tables.append(predictor.predict_step().copy())
                    predictor.observe(row)
            else:
                tables = list(predictor.predict_window(symbols))
            yield f"{cell}, prediction {number + 1}", _hash(tables)
            predictor.learn()
            state = predictor.state()
            yield f"{cell}, learning {number + 1}", _hash([state[name] for name in sorted(state)])


def _symbols(config: Config, number: int) -> NDArray[np.int32]:
    """Window ``number`` (T, B) of a text in which symbols repeat."""
    shape = (config.window, config.streams)
    u = noise.uniform(noise.key(63, number), np.arange(config.window * config.streams, dtype=np.uint32))
    symbols: NDArray[np.int32] = (u * u * np.float32(config.alphabet)).astype(np.int32).reshape(shape)
    return symbols


def _hash(arrays: list[Any]) -> str:
    """16 hexadecimal digits for the bits of some arrays, whatever the byte order of the machine."""
    digest = hashlib.blake2b(digest_size=8)
    for array in arrays:
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
