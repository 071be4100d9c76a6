"""Honest totals: the file and everything of ours that decoding it needs, as the LTCB counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rnncompress.bench.report import Line, Section
from rnncompress.bench.work import OURS

NOTE: Final = (
    "The decompressor is a zip of the sources of ours that decoding loads. Python, numpy, numba "
    "and, on a GPU, PyTorch are not in it; they are not made for any file."
)
PRIZE_CORPUS: Final = "enwik9"
PRIZE_MEMORY: Final = 10 * 10**9
PRIZE_HOURS: Final = 50
"""About: the rules (http://prize.hutter1.net/hrules.htm) scale it by the machine's speed."""


@dataclass(frozen=True, slots=True)
class Total:
    """One of our files with its decompressor; sizes in bytes."""

    input: str
    label: str
    archive: int
    decoder: int
    prize: str
    """Whether this run could be an entry of the Hutter Prize, and why not."""

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
    reasons = []
    if section.corpus != PRIZE_CORPUS:
        reasons.append(f"the prize is for {PRIZE_CORPUS} only")
    if line.options["engine"] == "cuda":
        reasons.append("a GPU was used")
    if line.options["threads"] > 1:
        reasons.append(f"{line.options['threads']} threads, one core is allowed")
    if (line.memory_bytes or 0) > PRIZE_MEMORY:
        reasons.append("more than 10 GB of memory")
    if any(way and way.slowest > PRIZE_HOURS * 3600 for way in (line.encode, line.decode)):
        reasons.append(f"longer than about {PRIZE_HOURS} hours")
    reasons.append("no program that runs without installing Python packages")
    return f"no entry: {'; '.join(reasons)}"
