"""The file format, byte for byte (docs/format.md). Nothing else knows its bytes."""

from dataclasses import dataclass
from typing import BinaryIO, Literal

from rnncompress.presets import Config

Mode = Literal["model", "stored"]


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the payload."""

    mode: Mode
    """"model", or "stored" where the input does not compress."""
    length: int
    """Bytes of the original."""
    digest: bytes
    """BLAKE2b-128 of the original."""
    config: Config | None
    """The model; None if stored."""

    @property
    def size(self) -> int:
        """Bytes of the header in the file."""
        raise NotImplementedError


def inspect(source: BinaryIO) -> Header:
    """Read the header at the start of ``source`` and nothing else.

    Raises NotRnncError, TruncatedError, DamagedError or VersionError.
    """
    raise NotImplementedError
