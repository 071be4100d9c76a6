"""What a run came to: one line, or one JSON document with everything."""

import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rnncompress.cli.models import ModelFile
from rnncompress.cli.screen import duration, speed
from rnncompress.config import Config
from rnncompress.container import Header
from rnncompress.machine import peak_memory, versions

if TYPE_CHECKING:
    from rnncompress.codec import Report


class Outcome(Protocol):
    """What a command tells when it is done."""

    @property
    def target(self) -> str | None:
        """Where the data went; None where nothing was written, - for standard output."""

    def line(self) -> str:
        """It in one line, for people."""

    def document(self) -> dict[str, object]:
        """All of it, for machines."""


class FileOutcome(Outcome, Protocol):
    """What became of one file, of which there may be several."""

    def sizes(self) -> tuple[int, int, float]:
        """Bytes of the original, bytes of the compressed file, seconds."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run and the circumstances that its report leaves out."""

    command: str
    source: str
    target: str | None
    """None where nothing was written."""
    report: "Report"
    threads: int
    given: ModelFile | None = None
    """The trained model that was given; it counts only if the file needs it."""
    preset: str | None = None
    """None where the configuration was chosen by the size of the input, or came from the file."""
    verified: bool = True

    @property
    def _model(self) -> ModelFile | None:
        """The trained model that decoding needs."""
        return self.given if self.report.trained else None

    @property
    def _bytes_with_model(self) -> int:
        return self.report.compressed_bytes + (self._model.size if self._model else 0)

    def line(self) -> str:
        """Input and output, bytes, ratio, bpc, time, speed."""
        report = self.report
        before, after = report.original_bytes, report.compressed_bytes
        names = f"{self.source} → {self.target}" if self.target else self.source
        sizes = f"{before:,} → {after:,}" if self.command == "encode" else f"{after:,} → {before:,}"
        parts = [
            f"{names}: {sizes} bytes",
            f"ratio {before / after:.3f}",
            f"{report.bpc:.3f} bpc",
            duration(report.seconds),
            speed(before / report.seconds),
        ]
        if report.mode == "stored":
            parts.append("stored")
        if self._model:
            parts.append(f"{self._bytes_with_model:,} bytes with the model")
        if self.verified:
            parts.append("verified")
        return ", ".join(parts)

    def sizes(self) -> tuple[int, int, float]:
        """Bytes of the original, bytes of the compressed file, seconds."""
        return self.report.original_bytes, self.report.compressed_bytes, self.report.seconds

    def document(self) -> dict[str, object]:
        """All of it, for machines. Bytes, seconds, and hashes in hexadecimal."""
        report = self.report
        return {
            "command": self.command,
            "input": self.source,
            "output": self.target,
            "preset": self.preset,
            **report.to_dict(),
            "model": str(self._model.path) if self._model else None,
            "model_bytes": self._model.size if self._model else 0,
            "compressed_bytes_with_model": self._bytes_with_model,
            "bpc_with_model": 8 * self._bytes_with_model / max(1, report.original_bytes),
            "ratio": report.original_bytes / report.compressed_bytes,
            "bytes_per_second": report.original_bytes / report.seconds,
            "verified": self.verified,
            "threads": self.threads,
            "machine": {"type": platform.machine(), "system": platform.platform(), "cores": os.cpu_count()},
            "peak_memory_bytes": peak_memory(),
            "versions": versions(),
        }


@dataclass(frozen=True, slots=True)
class Soundness:
    """What ``verify --quick`` found: all checksums of a file are right."""

    source: str
    header: Header
    size: int
    """Bytes of the file."""
    target: None = None

    def line(self) -> str:
        """What was checked, and what was not."""
        checked = "stored bytes" if self.header.walk is None else "blocks"
        return f"{self.source}: header and {checked} are sound, {self.size:,} bytes; nothing was decoded"

    def sizes(self) -> tuple[int, int, float]:
        """Bytes of the original, bytes of the compressed file, no time."""
        return self.header.length, self.size, 0.0

    def document(self) -> dict[str, object]:
        """The same as one JSON object."""
        return {
            "command": "verify",
            "quick": True,
            "input": self.source,
            "mode": self.header.mode,
            "original_bytes": self.header.length,
            "compressed_bytes": self.size,
        }


def in_words(config: Config) -> str:
    """The network in one line."""
    units = f"{config.layers} × {config.hidden} {config.cell} units"
    streams = f"{config.streams} stream{'s' if config.streams > 1 else ''}"
    return f"{units}, {config.weights:,} weights, {streams}, windows of {config.window} steps"
