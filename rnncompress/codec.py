"""The loop: predict, code, learn. Both directions share it; only where the symbols come from differs."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import BinaryIO, Final, Literal, Protocol

import numpy as np

from rnncompress import container
from rnncompress.coder import RangeDecoder, RangeEncoder
from rnncompress.container import Header, Mode
from rnncompress.errors import DamagedError, InputError, LimitError, MismatchError
from rnncompress.layout import CHUNK, Layout, WindowWriter, read_windows
from rnncompress.lstm import build as build_lstm
from rnncompress.predictor import PRECISION, IntArray, Predictor
from rnncompress.presets import Config

Engine = Literal["reference", "cpu", "cuda"]

MEMORY_LIMIT: Final = 8 << 30
"""Bytes of memory that a header may ask for, if the caller does not say otherwise."""
CURVE_POINTS: Final = 200
PROGRESS_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: bytes of the original done, of how many, and the bits they cost."""

    done: int
    total: int
    bits: float


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did. Sizes are in bytes; bpc is 8 × compressed / original, of the whole file on disk."""

    mode: Mode
    """"model", or "stored" where the input does not compress."""
    original_bytes: int
    compressed_bytes: int
    header_bytes: int
    payload_bytes: int
    """The blocks with their lengths and checksums, or the stored bytes."""
    bpc: float
    """0.0 for the empty file."""
    curve: tuple[tuple[int, float], ...]
    """About 200 points (bytes done, bpc so far), from the exact code lengths; empty if stored."""
    seconds: float
    config: Config | None
    """None if stored."""
    engine: Engine
    digest: bytes
    """BLAKE2b-128 of the original."""

    def to_dict(self) -> dict[str, object]:
        """The report as one JSON object: the digest in hexadecimal, the configuration as an object."""
        return asdict(self) | {"digest": self.digest.hex()}


class Build(Protocol):
    """Makes the predictor of a file: :func:`rnncompress.lstm.build`."""

    def __call__(self, config: Config, windows: int, *, engine: Engine, threads: int) -> Predictor:
        """A fresh predictor for a file of so many ``windows``."""


def announced_memory(config: Config) -> int:
    """Bytes that coding with ``config`` takes, roughly and from above; computed without allocating any."""
    units = config.layers * config.hidden
    # Weights, their second moments, gradients, and the integers made of them; then what a step of a stream
    # leaves behind for learning: gates and states of every unit, frequencies; then the buffers of the layout.
    step = 8 * units * (config.gates + 6) + 32 * config.alphabet
    return 32 * config.weights + config.streams * (config.window * (step + 8) + 2 * CHUNK) + (16 << 20)


def encode(
    source: BinaryIO,
    target: BinaryIO,
    config: Config,
    *,
    engine: Engine = "cpu",
    threads: int = 1,
    progress: ProgressCallback | None = None,
    build: Build = build_lstm,
) -> Report:
    """Compress all of ``source`` into ``target`` (both seekable; what ``target`` held before is overwritten).

    The bytes written depend on ``source`` and ``config`` alone. ``progress`` is called about every 0.1 s.
    ``build`` replaces the model (for tests). Raises InputError if the source changes meanwhile, DeviceError
    if the engine cannot run here, ValueError if ``config`` cannot be written to a file.
    """
    began = time.perf_counter()
    container.check_config(config)
    measured = _measure(source)
    length, digest = measured
    header = Header("stored", length, digest, None)
    size = header.size + length
    meter = _Meter(length, progress)
    if length:
        layout = Layout(length, config.streams, config.window)
        writer = container.Writer(target, Header("model", length, digest, config))
        predictor = build(config, layout.windows, engine=engine, threads=threads)
        _code(_Encoding(source, writer, layout), predictor, layout, meter)
        if writer.size < size:
            header, size = writer.header, writer.size
    if header.mode == "stored":
        container.write_stored(source, target, header)
    if _measure(source) != measured:
        raise InputError("the input changed while it was encoded; encode it again")
    return _report(header, size, meter, engine, began)


def decode(
    source: BinaryIO,
    target: BinaryIO,
    *,
    engine: Engine = "cpu",
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: ProgressCallback | None = None,
    build: Build = build_lstm,
) -> Report:
    """Decompress all of ``source`` into ``target``, both seekable, ``target`` also readable.

    All checksums of the file are verified before decoding begins, the hash of the content after it.
    Raises FormatError (NotRnncError, TruncatedError, DamagedError), VersionError, LimitError (see
    :func:`announced_memory`), MismatchError, DeviceError.
    """
    began = time.perf_counter()
    header = container.inspect(source)
    if header.config is not None and (memory := announced_memory(header.config)) > memory_limit:
        raise LimitError(
            f"decoding takes about {memory >> 20} MiB of memory, but the limit is {memory_limit >> 20} MiB; "
            "raise it with --memory-limit if you trust the file"
        )
    container.verify(source)
    size = source.seek(0, os.SEEK_END)
    meter = _Meter(header.length, progress)
    target.seek(0)
    target.truncate()
    if header.config is None:
        container.stored(source, target.write)
    else:
        layout = Layout(header.length, header.config.streams, header.config.window)
        predictor = build(header.config, layout.windows, engine=engine, threads=threads)
        decoding = _Decoding(source, target, layout)
        try:
            _code(decoding, predictor, layout, meter)
        except DamagedError as error:  # its checksum is right, so it is the model that differs
            raise MismatchError(f"{error}: this machine computes other numbers; run selfcheck") from error
        decoding.output.flush()
    if _measure(target) != (header.length, header.digest):
        raise MismatchError("the hash of the decoded bytes is not the one in the header; run selfcheck")
    return _report(header, size, meter, engine, began)


class _Direction(Protocol):
    """What encoding and decoding do differently."""

    def window(self, predictor: Predictor, first: int, steps: int) -> IntArray:
        """Code ``steps`` steps from step ``first`` on. Returns the frequencies (steps, B) of the symbols."""

    def end_block(self) -> None:
        """The next window begins a new block, or there is none."""


class _Encoding:
    """The symbols come from the file."""

    def __init__(self, source: BinaryIO, writer: container.Writer, layout: Layout) -> None:
        self._windows = read_windows(source, layout)
        self._encoder = RangeEncoder()
        self._writer = writer
        self._layout = layout

    def window(self, predictor: Predictor, first: int, steps: int) -> IntArray:
        cum, freq = predictor.predict_window(next(self._windows).astype(np.int32, order="C"))
        coded = self._layout.coded(first, steps)
        self._encoder.encode(cum.ravel()[:coded], freq.ravel()[:coded])
        return freq

    def end_block(self) -> None:
        self._writer.block(self._encoder.flush())


class _Decoding:
    """The symbols come from the decoder."""

    def __init__(self, source: BinaryIO, target: BinaryIO, layout: Layout) -> None:
        self.output = WindowWriter(target, layout)
        self._payloads = container.payloads(source)
        self._decoder: RangeDecoder | None = None
        self._layout = layout

    def window(self, predictor: Predictor, first: int, steps: int) -> IntArray:
        if self._decoder is None:
            self._decoder = RangeDecoder(next(self._payloads))
        streams = np.arange(self._layout.streams)
        symbols = np.zeros((steps, len(streams)), dtype=np.int32)
        freq = np.zeros_like(symbols)
        for t in range(steps):
            frequencies = predictor.predict_step()
            active = self._layout.active(first + t)
            symbols[t, :active] = self._decoder.decode(frequencies[:active])
            freq[t] = frequencies[streams, symbols[t]]
            predictor.observe(symbols[t])
        self.output.write(symbols)
        return freq

    def end_block(self) -> None:
        assert self._decoder is not None
        self._decoder.finish()
        self._decoder = None


def _code(direction: _Direction, predictor: Predictor, layout: Layout, meter: "_Meter") -> None:
    """Run through the whole file, window by window."""
    per_block = container.block_windows(predictor.config)
    for number in range(layout.windows):
        first = number * layout.window
        steps = min(layout.window, layout.steps - first)
        freq = direction.window(predictor, first, steps)
        last = number == layout.windows - 1
        if not last:
            predictor.learn()
        if last or (number + 1) % per_block == 0:
            direction.end_block()
        meter.add(freq.ravel()[: layout.coded(first, steps)])


class _Meter:
    """Counts bytes done and what they cost, keeps the curve, and tells whoever wants to know."""

    def __init__(self, total: int, progress: ProgressCallback | None) -> None:
        self.curve: list[tuple[int, float]] = []
        self._total = total
        self._progress = progress
        self._done = 0
        self._bits = 0.0
        self._told = time.monotonic()

    def add(self, freq: IntArray) -> None:
        """Count the symbols that were coded with these frequencies."""
        self._done += len(freq)
        self._bits += PRECISION * len(freq) - float(np.log2(freq).sum())
        if self._done * CURVE_POINTS >= self._total * (len(self.curve) + 1):
            self.curve.append((self._done, self._bits / self._done))
        now = time.monotonic()
        if self._progress and (self._done == self._total or now - self._told >= PROGRESS_SECONDS):
            self._told = now
            self._progress(Progress(self._done, self._total, self._bits))


def _measure(source: BinaryIO) -> tuple[int, bytes]:
    """Length and hash of all of ``source``."""
    length = source.seek(0, os.SEEK_END)
    source.seek(0)
    return length, container.copy(source, length, len)


def _report(header: Header, size: int, meter: _Meter, engine: Engine, began: float) -> Report:
    return Report(
        mode=header.mode,
        original_bytes=header.length,
        compressed_bytes=size,
        header_bytes=header.size,
        payload_bytes=size - header.size,
        bpc=8 * size / header.length if header.length else 0.0,
        curve=tuple(meter.curve) if header.mode == "model" else (),
        seconds=time.perf_counter() - began,
        config=header.config,
        engine=engine,
        digest=header.digest,
    )
