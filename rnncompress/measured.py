"""What the presets were measured to do: sizes of files that were decoded and compared, and the time that took.

``measured.json`` beside this module is written by ``benchmarks/presets.py``. A measurement belongs to a configuration,
not to a name: when a preset changes, its old measurements are no longer shown.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Final

from rnncompress.config import Config, from_parts, in_parts

NAME: Final = "measured.json"
TEXT: Final = "Wikipedia as text"
"""Stands in the description of a file that tells what texts cost."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One file, encoded and decoded again."""

    file: str
    """What it was, in words."""
    original_bytes: int
    compressed_bytes: int
    """All of the compressed file."""
    encode_seconds: float
    """Of the whole command, as the clock on the wall shows it."""
    decode_seconds: float
    machine: str
    """Processor or GPU, and the number of threads."""
    date: str

    @property
    def bpc(self) -> float:
        """Bits of the compressed file for each byte of the original."""
        return 8 * self.compressed_bytes / self.original_bytes

    def __str__(self) -> str:
        """In one line."""
        encode, decode = (
            self.original_bytes / seconds / 1000 for seconds in (self.encode_seconds, self.decode_seconds)
        )
        return (
            f"{self.bpc:.3f} bpc on {self.file}; encodes {encode:.1f}, decodes {decode:.1f} kB/s "
            f"({self.machine}, {self.date})"
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What a preset costs for a text of some length."""

    bpc: float
    encode_seconds: float
    decode_seconds: float
    measured: bool
    """Whether a text of that length was; else ratio and speed are those of the text nearest to it in length."""


def cost(measurements: Iterable[Measurement], length: int) -> Cost | None:
    """What ``length`` bytes of text cost, from what was measured of texts; None if nothing was."""
    texts = [one for one in measurements if TEXT in one.file]
    if not texts:
        return None
    near = min(texts, key=lambda one: abs(math.log(one.original_bytes / length)))
    part = length / near.original_bytes
    return Cost(
        near.bpc, near.encode_seconds * part, near.decode_seconds * part, near.original_bytes == length
    )


def load() -> dict[Config, list[Measurement]]:
    """All measurements, by configuration."""
    text = files("rnncompress").joinpath(NAME).read_text(encoding="utf-8")
    found: dict[Config, list[Measurement]] = {}
    for entry in json.loads(text):
        found.setdefault(from_parts(entry["config"]), []).append(Measurement(**entry["measured"]))
    return found


def dump(measurements: dict[Config, list[Measurement]]) -> str:
    """The text of the file that :func:`load` reads."""
    entries = [
        {"config": in_parts(config), "measured": asdict(one)}
        for config, several in measurements.items()
        for one in several
    ]
    return "[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n"
