"""What to expect before waiting: how long a run takes on this machine, and how much memory."""

from dataclasses import dataclass
from typing import BinaryIO, Final

import click

from rnncompress import corpora
from rnncompress.cli.options import Option
from rnncompress.config import Config
from rnncompress.limits import announced_memory, announced_work
from rnncompress.speed import SAMPLE, Direction, Setting, known, measure

LONG: Final = 60.0
"""Seconds from which on a run is announced."""
_LARGE: Final = 500_000
_MUCH: Final = 10**12
"""Bytes, or multiply-accumulates, from which on a run may take that long on any machine."""

estimate_option = click.option(
    "--estimate",
    is_flag=True,
    cls=Option,
    section="Computing",
    help="Say how long it would take here and how much memory, and end.",
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take, as far as this machine has been measured."""

    command: Direction
    source: str
    length: int
    """Bytes of the original."""
    preset: str
    seconds: float
    memory: int
    threads: int
    target: None = None

    def line(self) -> str:
        """In one line."""
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.source}: {self.words()} on {threads}"

    def words(self) -> str:
        """Bytes, preset, time, memory."""
        took = f"{about(self.seconds)}, {in_units(self.memory)} of memory"
        return f"{self.length:,} bytes with {self.preset}: {took}"

    def document(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "command": self.command,
            "estimate": True,
            "input": self.source,
            "original_bytes": self.length,
            "preset": self.preset,
            "seconds": self.seconds,
            "memory_bytes": self.memory,
            "threads": self.threads,
        }

    def sizes(self) -> tuple[int, int, float]:
        """Bytes of the original, none of the compressed file, seconds."""
        return self.length, 0, self.seconds


def may_be_long(config: Config, length: int) -> bool:
    """Whether a run over ``length`` bytes may be one that is announced."""
    return length >= _LARGE or announced_work(config, length) >= _MUCH


def estimated(
    direction: Direction,
    source: str,
    setting: Setting,
    length: int,
    coded: int,
    sample: bytes,
    preset: str,
    *,
    trained: bool,
) -> Estimate:
    """The estimate for a run over ``length`` bytes, in whose place ``coded`` ones are coded.

    It is measured with ``sample`` if nothing was measured before.
    """
    rate = known(setting, direction) or (measure(setting, sample) if sample else 0.0)
    memory = announced_memory(setting.config, trained=trained)
    seconds = coded / rate if rate else 0.0
    return Estimate(direction, source, length, preset, seconds, memory, setting.threads)


def beginning(original: BinaryIO) -> bytes:
    """As much of a file as a measurement takes."""
    original.seek(0)
    return original.read(SAMPLE)


def sample_text() -> bytes:
    """Text for a measurement where the original is not there."""
    sample = corpora.get("sample")
    text = sample.path(sample.files[0]).read_bytes()
    return text * (1 + SAMPLE // len(text))


def about(seconds: float) -> str:
    """A time as rough as an estimate is."""
    if seconds < LONG:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    hours = seconds / 3600
    return f"about {hours:.1f} h" if hours < 48 else f"about {round(hours / 24)} days"


def in_units(size: int) -> str:
    """Bytes of memory in a unit that suits them."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{round(size / 1e6)} MB"
