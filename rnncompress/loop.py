"""The loop: code a window, learn from it. Both directions share it; only where the symbols come from differs."""

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import BinaryIO, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rnncompress import compiling, container
from rnncompress.checkpoint import Checkpoints
from rnncompress.config import Config
from rnncompress.container import Header
from rnncompress.engine import Engine
from rnncompress.errors import DamagedError
from rnncompress.files import sync
from rnncompress.layout import Layout, WindowWriter, read_windows
from rnncompress.snapshot import Identity, Snapshot

CURVE_POINTS: Final = 200
PROGRESS_SECONDS: Final = 0.1


Stage = Literal["packing", "hashing", "looking", "trying", "coding"]
"""What a run does: a text is packed; a file is hashed before and after it is coded; of a large one it is found out
whether it is noise, by looking at all of it, and if that does not tell by trying to code samples."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: bytes done, of how many, and the bits they cost."""

    done: int
    total: int
    bits: float
    """0 where nothing is coded."""
    stage: Stage = "coding"
    """What is done with the bytes. All stages but coding are fast."""


ProgressCallback = Callable[[Progress], None]


class Direction(Protocol):
    """What encoding and decoding do differently."""

    layout: Layout
    at: Snapshot
    """Where it began; without the state."""

    def begin_block(self, engine: Engine) -> None:
        """The next window begins a block, or goes on with one."""

    def window(self, engine: Engine, steps: int, count: int) -> None:
        """Have the next ``steps`` steps coded, of whose symbols, in C order, the first ``count`` are there."""

    def end_block(self, engine: Engine) -> None:
        """The next window begins a new block, or there is none."""

    def sync(self) -> int:
        """Have the output so far on disk. Returns ``Snapshot.crc``."""


class Encoding:
    """The symbols come from the file."""

    def __init__(self, source: BinaryIO, target: BinaryIO, header: Header, at: Snapshot) -> None:
        walk = header.walk
        assert walk is not None
        self.layout = Layout(header.coded, walk.streams, walk.window)
        self.at = at
        self.writer = container.Writer(target, header, at.windows // container.block_windows(walk))
        self._target = target
        self._windows = read_windows(source, self.layout, at.windows)

    def begin_block(self, engine: Engine) -> None:
        """See the protocol."""
        engine.begin_block(None)

    def window(self, engine: Engine, steps: int, count: int) -> None:
        """See the protocol."""
        engine.encode_window(next(self._windows).astype(np.int32, order="C"), count)

    def end_block(self, engine: Engine) -> None:
        """See the protocol."""
        self.writer.block(engine.end_block())

    def sync(self) -> int:
        """See the protocol."""
        sync(self._target)
        return 0


class Decoding:
    """The symbols come from the engine."""

    def __init__(
        self, source: BinaryIO, target: BinaryIO, config: Config, layout: Layout, at: Snapshot
    ) -> None:
        self.layout = layout
        self.at = at
        self._target = target
        self._crc = 0
        target.truncate(layout.length if at.windows else 0)
        for symbols in read_windows(target, layout, 0, at.windows):
            self._add(symbols)
        if self._crc != at.crc:
            raise DamagedError("the bytes decoded so far are not what they were")
        self.output = WindowWriter(target, layout, at.windows)
        self._payloads = islice(
            container.payloads(source), at.windows // container.block_windows(config), None
        )

    def begin_block(self, engine: Engine) -> None:
        """See the protocol."""
        engine.begin_block(next(self._payloads))

    def window(self, engine: Engine, steps: int, count: int) -> None:
        """See the protocol."""
        symbols = engine.decode_window(steps, count)
        self.output.write(symbols)
        self._add(symbols)

    def end_block(self, engine: Engine) -> None:
        """See the protocol."""
        engine.end_block()

    def sync(self) -> int:
        """See the protocol."""
        self.output.flush()
        sync(self._target)
        return self._crc

    def _add(self, symbols: NDArray[np.integer]) -> None:
        self._crc = zlib.crc32(symbols.astype(np.uint8).tobytes(), self._crc)


class Meter:
    """Counts bytes done and what they cost, keeps the curve, and tells whoever wants to know.

    Where other bytes are coded in place of a file's, those are counted, and told as so many of the file's.
    """

    def __init__(self, length: int, progress: ProgressCallback | None, coded: int | None = None) -> None:
        self.curve: list[tuple[int, float]] = []
        self.done = 0
        """Coded bytes."""
        self.bits = 0.0
        self._length = length
        self._total = length if coded is None else coded
        self._progress = progress
        self._told = time.monotonic()
        self._watch = compiling.Stopwatch()

    def spend(self, seconds: float) -> None:
        """So much time was taken before."""
        self._watch.add(seconds)

    @property
    def seconds(self) -> float:
        """Time taken so far, without that between interruption and going on, and without that of compiling."""
        return self._watch.seconds

    def tell(self, stage: Stage, done: int, total: int) -> None:
        """Tell, of a stage that takes long, how far it is."""
        now = time.monotonic()
        if self._progress and now - self._told >= PROGRESS_SECONDS:
            self._told = now
            self._progress(Progress(done, total, 0.0, stage))

    def go_on(self, at: Snapshot, done: int) -> None:
        """Count from ``at`` on, where so many bytes are done."""
        self.done, self.bits, self.curve = done, at.bits, list(at.curve)
        self._watch.add(at.seconds)

    def add(self, costs: NDArray[np.float64]) -> None:
        """Count symbols by what they cost, in bits."""
        if not len(costs):
            return
        self.done += len(costs)
        self.bits += float(costs.sum())
        done = self.done * self._length // self._total
        if self.done * CURVE_POINTS >= self._total * (len(self.curve) + 1) and done:
            self.curve.append((done, self.bits / done))
        now = time.monotonic()
        if self._progress and (self.done == self._total or now - self._told >= PROGRESS_SECONDS):
            self._told = now
            self._progress(Progress(done, self._length, self.bits))


def code(
    direction: Direction,
    engine: Engine,
    meter: Meter,
    checkpoints: Checkpoints | None,
    identity: Identity,
) -> None:
    """Run through what is left of the file, window by window.

    If that begins inside a block, ``direction`` has begun it, and the engine is at its place in it.
    """
    layout, at = direction.layout, direction.at
    per_block = container.block_windows(engine.config)
    for number in range(at.windows, layout.windows):
        first = number * layout.window
        steps = min(layout.window, layout.steps - first)
        last = number == layout.windows - 1
        if number % per_block == 0:
            direction.begin_block(engine)
        direction.window(engine, steps, layout.coded(first, steps))
        if not last:
            engine.learn()
        if last or (number + 1) % per_block == 0:
            direction.end_block(engine)
        meter.add(engine.costs())
        if checkpoints and not last and checkpoints.due(meter.done):
            state = engine.state(copy=False)
            meter.add(engine.costs())  # of what the state has waited for
            now = Snapshot(
                windows=number + 1,
                crc=direction.sync(),
                bits=meter.bits,
                curve=tuple(meter.curve),
                seconds=meter.seconds,
                state=state,
            )
            checkpoints.save(identity, now, meter.done)


def rehearse(engine: Engine, data: bytes) -> Iterator[int]:
    """Code the whole windows of ``data``, at most a block, and learn from them; how many symbols each has.

    The caller begins and ends the block.
    """
    config = engine.config
    symbols_each = config.streams * config.window
    layout = Layout(len(data) // symbols_each * symbols_each, config.streams, config.window)
    for symbols in read_windows(BytesIO(data), layout):
        engine.encode_window(symbols.astype(np.int32, order="C"), symbols_each)
        engine.learn()
        yield symbols_each
