"""The loop: predict, code, learn. It is the same in both directions; only the source of the symbols differs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal, Protocol

from rnncompress.container import Mode
from rnncompress.predictor import Predictor
from rnncompress.presets import Config

Engine = Literal["reference", "cpu", "cuda"]

MEMORY_LIMIT: Final = 8 << 30
"""Bytes of memory that a header may ask for, if the caller does not say otherwise."""


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
        raise NotImplementedError


class Build(Protocol):
    """Makes the predictor of a file: :func:`rnncompress.lstm.build`."""

    def __call__(self, config: Config, windows: int, *, engine: Engine, threads: int) -> Predictor:
        """A fresh predictor for a file of so many ``windows``."""


def announced_memory(config: Config) -> int:
    """Bytes of memory, roughly and from above, that coding with ``config`` takes; computed without allocating."""
    raise NotImplementedError


def encode(
    source: BinaryIO,
    target: BinaryIO,
    config: Config,
    *,
    engine: Engine = "cpu",
    threads: int = 1,
    progress: ProgressCallback | None = None,
    build: Build | None = None,
) -> Report:
    """Compress all of ``source`` into ``target`` (both seekable; what ``target`` held before is overwritten).

    The bytes written depend on ``source`` and ``config`` alone. ``progress`` is called about every 0.1 s.
    ``build`` replaces the model (for tests). Raises InputError if the source changes meanwhile, DeviceError if the
    engine cannot run here, ValueError if ``config`` cannot be written to a file.
    """
    raise NotImplementedError


def decode(
    source: BinaryIO,
    target: BinaryIO,
    *,
    engine: Engine = "cpu",
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: ProgressCallback | None = None,
    build: Build | None = None,
) -> Report:
    """Decompress all of ``source`` into ``target``, both seekable, ``target`` also readable.

    All checksums of the file are verified before decoding begins, the hash of the content after it.
    Raises FormatError (NotRnncError, TruncatedError, DamagedError), VersionError, LimitError (see
    :func:`announced_memory`), MismatchError, DeviceError.
    """
    raise NotImplementedError
