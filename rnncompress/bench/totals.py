"""Honest totals: the file and everything that decoding it needs, as the Hutter Prize and the LTCB count."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rnncompress.bench.report import Line, Section
from rnncompress.bench.work import OURS

NOTE: Final = (
    "The decompressor is the zipped source of the C program, without comments; it needs a C compiler and nothing else. "
    "Rows of versions before it count a zip of Python sources. Hours and memory are those of this run, by the Python "
    "engine."
)
PRIZE_CORPUS: Final = "enwik9"
PRIZE_RECORD: Final = 110_793_128
"""Of fx2-cmix, September 2024: archive and decompressor. An entry has to be smaller by the share below."""
PRIZE_GAIN: Final = 0.01
PRIZE_MEMORY: Final = 10 * 10**9
PRIZE_HOURS: Final = 50
"""About, for both directions each: the rules (http://prize.hutter1.net/hrules.htm) scale it by the machine's speed."""


@dataclass(frozen=True, slots=True)
class Total:
    """One of our files with its decompressor; sizes in bytes."""

    input: str
    label: str
    archive: int
    decoder: int
    prize: str
    """Which rules of the Hutter Prize this run met, and which not."""

    @property
    def total(self) -> int:
        """Archive and decompressor."""
        return self.archive + self.decoder


def totals(sections: Iterable[Section]) -> list[Total]:
    """The totals of our lines that decoded well: of single files, and of folders as a whole."""
    return [
        Total(section.title, line.label, line.compressed_bytes, line.decoder_bytes, _prize(section, line))
        for section in sections
        if section.files > 1 or section.group is None
        for line in section.lines
        if line.family == OURS and line.ok and line.compressed_bytes is not None and line.decoder_bytes
    ]


def _prize(section: Section, line: Line) -> str:
    if section.corpus != PRIZE_CORPUS:
        return f"the prize is for {PRIZE_CORPUS} only"
    rules = list(_rules(line))
    parts = (
        (name, "; ".join(told for told, met in rules if met == wanted))
        for name, wanted in (("met", True), ("not met", False))
    )
    return ". ".join(f"{name}: {told}" for name, told in parts if told)


def _rules(line: Line) -> Iterator[tuple[str, bool]]:
    """What is told of each rule, and whether this run met it."""
    assert line.compressed_bytes is not None
    assert line.decoder_bytes is not None
    limit = int(PRIZE_RECORD * (1 - PRIZE_GAIN))
    total = line.compressed_bytes + line.decoder_bytes
    yield f"a total of {total:,} bytes, at most {limit:,} is wanted", total <= limit
    threads = line.options["threads"]
    yield f"{threads} {'thread' if threads == 1 else 'threads'}, one core is allowed", threads == 1
    gpu = line.options["engine"] == "cuda"
    yield "a GPU was used" if gpu else "no GPU", not gpu
    if line.memory_bytes is not None:
        gigabytes = line.memory_bytes / 10**9
        yield f"{gigabytes:.1f} GB of memory, 10 are allowed", line.memory_bytes <= PRIZE_MEMORY
    for name, way in (("encoding", line.encode), ("decoding", line.decode)):
        if way:
            hours = way.slowest / 3600
            yield f"{hours:.1f} hours of {name}, about {PRIZE_HOURS} are allowed", hours <= PRIZE_HOURS
    yield "a program that runs without installing packages", True
