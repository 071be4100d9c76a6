"""Encoding and decoding with the engines under test: bytes a second, and who waits for whom.

``encode`` and ``decode`` are what the loop of the program does, without files.
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rnncompress.coder.lanes import CompiledEncoders, Parts
from rnncompress.engine import Engine
from rnncompress.engine.cuda import CudaEngine
from rnncompress.engine.mixed import MixedEngine
from rnncompress.engine.stages import Stages

Windows = list[np.ndarray]
Decode = Callable[[int, int], np.ndarray]
LEAST = 16_384
"""Bytes of a turn."""


def encode(engine: Engine, windows: Windows) -> Parts:
    """One block of these windows, all of them learnt."""
    engine.begin_block(None)
    for symbols in windows:
        engine.encode_window(symbols, symbols.size)
        engine.learn()
    return engine.end_block()


def decode(engine: Engine, windows: Windows, block: Parts, by: Decode | None = None) -> None:
    """The reverse; ``by`` takes the place of the engine's own ``decode_window``. Raises AssertionError if it fails."""
    work = by or engine.decode_window
    engine.begin_block(block)
    found = []
    for known in windows:
        found.append(work(len(known), known.size))
        engine.learn()
    engine.end_block()
    if not all((one == other).all() for one, other in zip(found, windows, strict=True)):
        raise AssertionError("what was decoded is not what was encoded")


def ways(engine: Engine) -> dict[str, Decode | None]:
    """Of decoding: of a network alone also by tables that come to the host for each step."""
    found: dict[str, Decode | None] = {"decode, B/s": None}
    if isinstance(engine, CudaEngine):
        found["decode with the host's coder, B/s"] = lambda steps, count: Stages.decode_window(
            engine, steps, count
        )
    return found


def measure(
    make: Callable[[], Engine],
    text: Iterator[np.ndarray],
    wait: Callable[[], None],
    *,
    turns: int,
    count: int,
) -> dict[str, float]:
    """Medians over some turns of ``count`` windows or more, by engines that ``make`` makes."""
    encoder, decoder = make(), make()
    size = encoder.config.window * encoder.config.streams
    if turns > 1:  # what is compiled or recorded is so before anything is measured
        count = max(count, -(-LEAST // size))
        for by in ways(decoder).values():
            warm = list(itertools.islice(text, 3))
            decode(decoder, warm, encode(encoder, warm), by)
    speeds: dict[str, list[float]] = {}

    def timed(what: str, work: Callable[[], Any]) -> Any:
        began = time.monotonic()
        result = work()
        wait()
        speeds.setdefault(what, []).append(count * size / (time.monotonic() - began))
        return result

    for _ in range(turns):
        for what, by in ways(decoder).items():
            windows = list(itertools.islice(text, count))
            block = timed("encode, B/s", lambda windows=windows: encode(encoder, windows))
            timed(what, lambda windows=windows, block=block, by=by: decode(decoder, windows, block, by))
    found = {what: statistics.median(values) for what, values in speeds.items()}
    together = size / found["encode, B/s"]
    return found | shares(encoder, list(itertools.islice(text, count)), wait, together)


def shares(engine: Any, windows: Windows, wait: Callable[[], None], together: float) -> dict[str, float]:
    """What the device and the host take for a window, each by itself, and as parts of ``together``, in seconds.

    The larger part should be near 1: then the other one costs nothing.
    """
    network, config = engine.network, engine.config
    predict = network.predict_paths if config.mixing else network.predict_coded
    began = time.monotonic()
    for symbols in windows:
        coming = predict(symbols)
        network.learn()
    wait()
    device = (time.monotonic() - began) / len(windows)
    numbers = coming()
    engine.begin_block(None)
    coders = CompiledEncoders(config.streams, config.lanes)
    began = time.monotonic()
    for symbols in windows:
        if isinstance(engine, MixedEngine):
            engine.mix_window(lambda: numbers, symbols, symbols.size)
        else:
            coders.encode(*numbers, symbols.size)
    host = (time.monotonic() - began) / len(windows)
    engine.end_block()
    return {
        "encode, ms a window": together * 1e3,
        "of that the device alone": device / together,
        "of that the host alone": host / together,
    }
