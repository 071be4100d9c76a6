"""Honest totals: the file and everything of ours that decoding it needs, as the LTCB counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rnncompress.bench.results import Row
from rnncompress.bench.work import OURS

NOTE: Final = (
    "The decompressor is a zip of the sources of ours that decoding loads. Python, numpy, numba, "
    "constriction and, on a GPU, PyTorch are not in it; they are not made for any file."
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


def totals(rows: Iterable[Row]) -> list[Total]:
    """The totals of our rows that decoded well."""
    return [
        Total(row.input.name, row.label, row.compressed_bytes, row.decoder_bytes, _prize(row))
        for row in rows
        if row.family == OURS
        and row.status == "ok"
        and row.compressed_bytes is not None
        and row.decoder_bytes
    ]


def _prize(row: Row) -> str:
    reasons = []
    if row.input.corpus != PRIZE_CORPUS:
        reasons.append("the prize is for enwik9 only")
    if row.options["engine"] == "cuda":
        reasons.append("a GPU was used")
    if row.options["threads"] > 1:
        reasons.append(f"{row.options['threads']} threads, one core is allowed")
    taken = row.encode + row.decode
    if max(each.memory_bytes or 0 for each in taken) > PRIZE_MEMORY:
        reasons.append("more than 10 GB of memory")
    if max(each.wall_ns for each in taken) > PRIZE_HOURS * 3600 * 10**9:
        reasons.append(f"longer than about {PRIZE_HOURS} hours")
    reasons.append("no program that runs without installing Python packages")
    return f"no entry: {'; '.join(reasons)}"
