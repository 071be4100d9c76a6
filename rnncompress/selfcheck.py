"""Does this machine compute the numbers that the format defines? Miniatures of all stages tell."""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress import engine as engines
from rnncompress import lstm
from rnncompress.config import CELLS, Config
from rnncompress.errors import SelfCheckError
from rnncompress.exact import noise

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
    "mixed, window 1": "55c895d4765541e3",
    "mixed, window 2": "2613e012947aca38",
    "mixed, window 3": "9463c66f2ffef985",
    "mixed, decoded": "714985fee7173c3c",
    "counts, window 1": "2d400d5b0dcbe2d6",
    "counts, window 2": "bc2dc7887f74f6fc",
    "counts, window 3": "0395ae8b3d1124e0",
    "counts, decoded": "46bccc3aaa90d88e",
    "points, window 1": "24f04f0394766f64",
    "points, window 2": "f6c8ffcbaee73360",
    "points, window 3": "793eccf802c7809f",
    "points, decoded": "51d695c631065795",
}
"""What every engine computes on every machine: stage and hash. ``tests/golden/pin.py`` writes it."""

_WINDOWS: Final = 3
_MIXED: Final = {
    "mixed": Config(
        layers=1, hidden=32, streams=3, lanes=2, window=10, rate_first=40_000, rate_last=20_000, horizon=2,
        contexts=1 << 1 | 1 << 24, context_bits=4,
        mixing=sum(1 << kind for kind in (0, 1, 3, 8, 14, 23, 53, 54)), slot_bits=3, past_bits=12, frozen=4,
    ),
    "counts": Config(
        layers=0, streams=2, window=16, mixing=sum(1 << kind for kind in (1, 2, 4, 6, 20, 36, 47, 50, 55)),
        slot_bits=2, past_bits=12, frozen=3, direct=1 << 1 | 1 << 36 | 1 << 50,
    ),
    "points": Config(
        layers=1, hidden=16, streams=2, window=26, rate_first=40_000, rate_last=20_000, horizon=2, components=2,
        mixing=sum(1 << kind for kind in range(0, 63, 3)), slot_bits=2, past_bits=12, frozen=3, points=1,
    ),
}  # fmt: skip
"""Miniatures with mixing: all sets of weights, so few lines that contexts collide, parts that are not whole."""
_TEXT: Final = b"<a>[[Word]] 12;34</a>\n<a>[[Word]] 12;56</a>\n{of|words}\n\0\1\xfe\xff"
_POINTS: Final = (
    b"\x03\x02\x24\0\0\0"
    b"\xff\1\0\0\x20\x1f"
    b"\7\2\1\7\2\0\x10\4\1\7\1\1\7\3\5\x09\1\3"
    b"\xff\0\0\xe3\4\7\1\1\0\7\0\2"
)
"""Packed strokes, at first."""
_APART: Final = 22
_SMALL: Final = 1 << 17
"""Bytes of an array."""


def run(engine: str = "cpu", threads: int = 1) -> None:
    """Compare miniatures with what the format defines.

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
    """Stages, and the hashes of what they compute."""
    yield from _networks(engine, threads)
    for name, config in _MIXED.items():
        yield from _mixing(name, config, engine, threads)


def _networks(engine: str, threads: int) -> Iterator[tuple[str, str]]:
    """A miniature training of each cell.

    The sizes are odd on purpose: all shapes of the integer product occur, some symbols never do, and the
    learning rate is large, so that every difference spreads.
    """
    for cell in CELLS:
        config = Config(
            cell=cell, alphabet=113, layers=2, hidden=32, streams=13, window=4,
            rate_first=40_000, rate_last=20_000, horizon=2,
            contexts=1 << 1 | 1 << 3 | 1 << 24 | 1 << 25, context_bits=4,
        )  # fmt: skip
        predictor = lstm.build(config, _WINDOWS, engine=engine, threads=threads)
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


def _mixing(name: str, config: Config, engine: str, threads: int) -> Iterator[tuple[str, str]]:
    """A miniature file with mixing, encoded and decoded."""
    windows = _bytes(config)
    encoder, decoder = (engines.build(config, len(windows), engine=engine, threads=threads) for _ in range(2))
    encoder.begin_block(None)
    for number, window in enumerate(windows):
        encoder.encode_window(window, window.size)
        encoder.learn()
        yield f"{name}, window {number + 1}", _hash(_small(encoder.state(copy=False)))
    decoder.begin_block(encoder.end_block())
    decoded = []
    for window in windows:
        decoded.append(decoder.decode_window(len(window), window.size))
        decoder.learn()
    yield f"{name}, decoded", _hash(decoded + _small(decoder.state(copy=False)))


def _small(state: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """Of a state what is soon hashed. The large tables show in what is coded by them."""
    return [state[name] for name in sorted(state) if state[name].nbytes <= _SMALL]


def _bytes(config: Config) -> list[NDArray[np.int32]]:
    """The windows (T, B) of a text that has all that contexts look for. Streams read the same a little later."""
    apart = len(_POINTS) if config.points else _APART
    text = np.frombuffer(_POINTS if config.points else _TEXT, np.uint8).astype(np.int32)
    places = np.arange(_WINDOWS * config.window)[:, None] + apart * np.arange(config.streams)
    symbols: NDArray[np.int32] = text[places % len(text)]
    return list(symbols.reshape(_WINDOWS, config.window, config.streams))


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
