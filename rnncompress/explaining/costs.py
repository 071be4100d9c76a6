"""What each byte of a file costs, written down while the file is encoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress import codec
from rnncompress.codec import Build, Report
from rnncompress.compiled.compile import plain
from rnncompress.config import Config
from rnncompress.engine import Engine, EngineName
from rnncompress.engine.mixed_stages import MixedStages
from rnncompress.engine.stages import Stages
from rnncompress.explaining.opinion_kernels import OPINIONS, WAYS, WHOLE, weigh
from rnncompress.forms import Packed
from rnncompress.layout import Layout
from rnncompress.loop import ProgressCallback
from rnncompress.lstm.cpu.predictor import CpuPredictor
from rnncompress.lstm.reference import ReferencePredictor
from rnncompress.model import Model, State
from rnncompress.network import Predictor, lengths
from rnncompress.trust import build as build_trusted

Bits = NDArray[np.float32]

_BITS: Final[Bits] = np.log2(WHOLE / np.maximum(1, np.arange(WHOLE + 1))).astype(np.float32)
"""The length of a code by its probability, of 65536."""


@dataclass(frozen=True, eq=False, slots=True)
class Costs:
    """Bits, one number for each byte of the file in its order; each array is (n,)."""

    coded: Bits
    """What the byte cost. The sum is the size of the file, but for header, checksums and a few bytes a block."""
    network: Bits | None = None
    """What it would have cost under the network's own table; None where there is no network."""
    saved: Mapping[str, Bits] = field(default_factory=dict)
    """What ``network``, ``counts`` and ``matches`` saved each: how much more the mixer would have asked for the byte
    with that one silent and all else as it was. They do not add up: what two know, neither saves. Negative where the
    opinion misled. Empty without mixing."""
    densities: NDArray[np.int64] | None = None
    """What the head of densities told (n, 6 K) at the bytes that were asked for; None where none were."""

    def __len__(self) -> int:
        """Bytes of the file."""
        return len(self.coded)

    def spread(self, places: NDArray[np.int64], sizes: NDArray[np.int64]) -> "Costs":
        """The costs of the bytes of a text, from those of the bytes of its items.

        See :func:`rnncompress.words.spans.spans`: the item at ``places[n]`` is for the nth part of the text, of
        ``sizes`` bytes, which share what it costs.
        """

        def each(bits: Bits) -> Bits:
            part = np.bincount(places, bits, len(sizes)) / sizes
            return np.repeat(part, sizes).astype(np.float32)

        network = None if self.network is None else each(self.network)
        return Costs(each(self.coded), network, {name: each(bits) for name, bits in self.saved.items()})


def measure(
    source: BinaryIO,
    target: BinaryIO,
    config: Config,
    *,
    packed: Packed | None = None,
    densities_at: NDArray[np.int64] | None = None,
    model: Model | None = None,
    engine: EngineName = "cpu",
    threads: int = 1,
    progress: ProgressCallback | None = None,
    build: Build = build_trusted,
) -> tuple[Report, Costs]:
    """:func:`rnncompress.encode`, and what each byte cost; also where the file then is stored as it is, noise included.

    The bytes are those of ``packed``, if that is what is coded. It takes 20 bytes of memory for each of them. Of those
    ``densities_at`` (n,), in rising order, it notes what a head of densities tells, where the network has one and reads
    the file as one stream.
    """
    recorders: list[Recorder] = []
    length = (packed.file if packed else source).seek(0, 2)

    def watched(
        config: Config, windows: int, *, engine: EngineName, threads: int, state: State | None
    ) -> Engine:
        built = build(config, windows, engine=engine, threads=threads, state=state)
        wanted = densities_at if config.components and config.streams == 1 else None
        recorders.append(Recorder(built, Layout(length, config.streams, config.window), wanted))
        return built

    report = codec.encode(
        source,
        target,
        config,
        packed=packed,
        model=model,
        engine=engine,
        threads=threads,
        progress=progress,
        notice_noise=False,
        build=watched,
    )
    return report, recorders[0].costs() if recorders else Costs(np.zeros(0, np.float32))


class Recorder:
    """Looks on while ``engine`` encodes a file from its beginning."""

    def __init__(self, engine: Engine, layout: Layout, densities_at: NDArray[np.int64] | None = None) -> None:
        self._layout = layout
        self._densities_at = densities_at
        self._densities: list[NDArray[np.int64]] = []
        self._starts = np.array([layout.start(stream) for stream in range(layout.streams)], np.int64)
        self._step = 0
        """The first of the window, in the file."""
        assert isinstance(engine, MixedStages | Stages)
        self._network: Predictor | None = engine.network
        self._engine = engine if isinstance(engine, MixedStages) else None
        self._own = np.zeros(layout.length if self._network is not None else 0, np.float32)
        self._out = np.zeros(WAYS * layout.length if self._engine else 0, np.float32)
        self._sums = np.zeros(WAYS * engine.config.sets, np.int64)
        specification = self._engine is not None and isinstance(self._engine.memory.x, memoryview)
        self._weigh = plain(weigh) if specification else weigh
        engine.watch = self._watch

    def costs(self) -> Costs:
        """Of the whole file, when it is encoded."""
        densities = np.concatenate(self._densities) if self._densities_at is not None else None
        if self._engine is None:
            return Costs(self._own, self._own, densities=densities)
        coded, *saved = self._out.reshape(WAYS, -1)
        heard = {
            name: bits
            for name, bits in zip(OPINIONS, saved, strict=True)
            if name != "network" or self._network is not None
        }
        return Costs(coded, self._own if self._network is not None else None, heard, densities)

    def _watch(self, first: int, last: int) -> None:
        layout = self._layout
        if self._network is not None and first == 0:  # it predicts all of a window at once
            frequencies = self._network.coded()[1]
            steps = np.arange(self._step, self._step + len(frequencies))
            count = layout.coded(self._step, len(steps))
            where = (self._starts + steps[:, None]).reshape(-1)[:count]
            self._own[where] = lengths(frequencies.reshape(-1)[:count])
            if self._densities_at is not None:
                self._note_densities(self._densities_at, len(steps))
        step = self._step + first
        if self._engine is not None:
            places = layout.coded(step, last - first)
            self._weigh(
                self._engine.memory, step, places, self._starts, _BITS, self._sums, self._out, layout.length
            )
        if last == layout.window:
            self._step += last

    def _note_densities(self, places: NDArray[np.int64], count: int) -> None:
        """What is told at those ``places`` that are in the window, of so many steps; there is one stream."""
        assert isinstance(self._network, CpuPredictor | ReferencePredictor)
        first, last = np.searchsorted(places, (self._step, self._step + count))
        self._densities.append(self._network.densities()[0, places[first:last] - self._step])
