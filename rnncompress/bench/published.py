"""What others published about whole standard files: shown beside our rows, never among them."""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Published:
    """One published result."""

    system: str
    bytes: int | None
    """Of the compressed file; None where only bits per character on a test set were published."""
    bpc: float
    hardware: str
    note: str
    source: str
    """An address."""


def published(corpus: str | None) -> list[Published]:
    """What is known of that file (``enwik8``, ``enwik9``, ``text8``), the smallest first."""
    return sorted(_all().get(corpus or "", ()), key=lambda entry: (entry.bytes is None, entry.bpc))


@functools.cache
def _all() -> dict[str, tuple[Published, ...]]:
    table = tomllib.loads(Path(__file__).with_name("published.toml").read_text(encoding="utf-8"))
    return {
        corpus: tuple(
            Published(
                system=entry["system"],
                bytes=entry.get("bytes"),
                bpc=entry["bpc"] if "bpc" in entry else 8 * entry["bytes"] / _LENGTH[corpus],
                hardware=entry.get("hardware", "–"),
                note=entry.get("note", ""),
                source=entry["source"],
            )
            for entry in entries
        )
        for corpus, entries in table.items()
    }


_LENGTH = {"enwik8": 10**8, "enwik9": 10**9, "text8": 10**8}
