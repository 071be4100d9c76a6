"""From cells to rows: encode, decode into a fresh folder, compare all bytes, measure."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from rnncompress.bench import machine, results
from rnncompress.bench.codecs import Codec, Family
from rnncompress.bench.inputs import Input, Source
from rnncompress.bench.process import Limits, Outcome, run
from rnncompress.bench.results import Row, Status, Taken, cell_key, repetitions, short
from rnncompress.bench.work import PROGRESS
from rnncompress.files import first_difference


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run and how."""

    sources: Sequence[Source]
    codecs: Sequence[tuple[Family, str]]
    repeat: int | None
    """How often to measure a cell; None leaves it to its length."""
    limits: Limits
    rerun: bool
    shard: tuple[int, int]
    """(i, n): only every n-th cell, from the i-th on."""
    folder: Path
    """Where results are."""

    @property
    def file(self) -> Path:
        """Where new rows go: a file of its own for each shard, which may run at the same time."""
        i, n = self.shard
        return self.folder / (results.NAME if n == 1 else f"results-{i}-of-{n}.jsonl")


class Narrator(Protocol):
    """Is told how a run goes on."""

    def begins(self, number: int, total: int, input: Input, label: str) -> None:
        """The cell of that number comes next."""

    def goes_on(self, doing: str, seconds: float, left: float | None) -> None:
        """A process of the cell has run for ``seconds``; it will take ``left`` more, where that can be told."""

    def ends(self, row: Row, fresh: bool) -> None:
        """This is its row; ``fresh`` if it was measured just now."""


def execute(plan: Plan, narrator: Narrator) -> list[Row]:
    """Run the cells that have no row yet. Returns the rows of all cells of the plan.

    Raises InputError if an input cannot be read, OutputError if a result cannot be written.
    """
    rows = []
    have = {row.cell: row for row in results.read_folder(plan.folder)}
    number, total = 0, len(plan.sources) * len(plan.codecs)
    for source in plan.sources:
        with tempfile.TemporaryDirectory(prefix="rnncompress-bench-") as name:
            original = Path(name) / "original"
            with original.open("wb") as copy:
                input = source.read(copy.write)
            for family, level in plan.codecs:
                number += 1
                if (number - plan.shard[0]) % plan.shard[1]:
                    continue
                codec = family.codec(level, input.bytes)
                narrator.begins(number, total, input, codec.label)
                row = have.get(cell_key(input, codec))
                fresh = plan.rerun or row is None or not row.serves(plan.repeat, plan.limits)
                if row is None or fresh:
                    expected = _Expected(have.values(), codec, input.bytes)
                    row = _Cell(plan, input, family, codec, original, expected, narrator).measure()
                    results.append(plan.file, row)
                elif row.input != input:  # the same bytes under another name
                    row = replace(row, input=input)
                    results.append(plan.file, row)
                have[row.cell] = row
                rows.append(row)
                narrator.ends(row, fresh)
    return rows


class _Expected:
    """How long a codec will take for an input, by what it took for others on this device."""

    def __init__(self, rows: Iterable[Row], codec: Codec, length: int) -> None:
        known = [
            row
            for row in rows
            if row.status == "ok"
            and (row.label, row.device) == (codec.label, codec.device)
            and row.input.bytes
        ]
        nearest = min(known, key=lambda row: abs(row.input.bytes - length), default=None)
        share = length / nearest.input.bytes if nearest else 0.0
        self._seconds = {
            "encoding": nearest.encode[0].wall_ns / 1e9 * share if nearest else None,
            "decoding": nearest.decode[0].wall_ns / 1e9 * share if nearest else None,
        }

    def left(self, doing: str, seconds: float) -> float | None:
        """Seconds to go after ``seconds``; None where nothing is known, or it takes longer than it should."""
        whole = self._seconds[doing]
        return whole - seconds if whole is not None and whole > seconds else None


class _Cell:
    """One cell while it is measured."""

    def __init__(
        self,
        plan: Plan,
        input: Input,
        family: Family,
        codec: Codec,
        original: Path,
        expected: _Expected,
        narrator: Narrator,
    ) -> None:
        self._plan, self._input, self._family, self._codec = plan, input, family, codec
        self._original, self._expected, self._narrator = original, expected, narrator
        self._encode: list[Taken] = []
        self._decode: list[Taken] = []
        self._found: dict[str, Any] = {}
        """What the commands told of themselves, and the size of the compressed file."""

    def measure(self) -> Row:
        """Encode and decode until it is known well enough. A first run that is short warms up, and does not count."""
        plan, codec = self._plan, self._codec
        status: Status = "missing" if self._family.missing else "ok"
        message = self._family.missing or ""
        facts, when = machine.facts(), datetime.now(UTC).isoformat(timespec="seconds")
        wanted, known = 1, False
        while status == "ok" and len(self._decode) < wanted:
            with tempfile.TemporaryDirectory(prefix="cell-", dir=self._original.parent) as name:
                status, message = self._round_trip(Path(name))
            if status == "ok" and not known:
                known = True
                wanted = repetitions(plan.repeat, self._encode[0], self._decode[0])
                if wanted > 1 and short(self._encode[0], self._decode[0]):
                    self._encode.clear()
                    self._decode.clear()
        found = self._found
        return Row(
            cell=cell_key(self._input, codec),
            status=status,
            message=message,
            input=self._input,
            family=codec.family,
            level=codec.level,
            label=codec.label,
            options=dict(codec.options),
            version=codec.version,
            device=codec.device,
            compressed_bytes=found.get("compressed_bytes"),
            header_bytes=found.get("header_bytes"),
            decoder_bytes=found.get("decoder_bytes"),
            encode=tuple(self._encode),
            decode=tuple(self._decode),
            curve=tuple((done, bits) for done, bits in found.get("curve", ())),
            limits=plan.limits,
            machine=facts,
            commit=machine.commit(),
            when=when,
        )

    def _round_trip(self, folder: Path) -> tuple[Status, str]:
        """Encode and decode once, in two folders that share nothing but the compressed file."""
        codec = self._codec
        here, there = folder / "encode", folder / "decode"
        here.mkdir()
        there.mkdir()
        shutil.copyfile(self._original, here / "input")
        outcome, measured = self._run("encoding", codec.encode, here, codec.packed)
        self._encode.append(_taken(outcome, measured))
        if outcome.end != "ok":
            return outcome.end, f"encoding: {outcome.message}"
        packed = here / codec.packed
        if not packed.is_file():
            return "crashed", "encoding: wrote no compressed file"
        self._found |= {"compressed_bytes": packed.stat().st_size}
        self._found |= {key: measured[key] for key in ("header_bytes", "curve") if key in measured}

        shutil.move(packed, there / codec.packed)
        outcome, measured = self._run("decoding", codec.decode, there, "output")
        self._decode.append(_taken(outcome, measured))
        if outcome.end != "ok":
            return outcome.end, f"decoding: {outcome.message}"
        if not (there / "output").is_file():
            return "crashed", "decoding: wrote no file"
        self._found |= {key: measured[key] for key in ("decoder_bytes",) if key in measured}
        difference = _difference(self._original, there / "output")
        return ("mismatch", difference) if difference else ("ok", "")

    def _run(
        self, doing: str, command: Sequence[str], folder: Path, writes: str
    ) -> tuple[Outcome, dict[str, Any]]:
        """Run one command line. Returns how it ended, and what it tells of itself where it does."""
        names = {
            "{input}": "input",
            "{packed}": self._codec.packed,
            "{output}": "output",
            "{measured}": "measured",
        }
        target = "{output}" if writes == "output" else "{packed}"
        words = []
        for word in command:
            for placeholder, name in names.items():
                word = word.replace(placeholder, name)
            words.append(word)
        to_stdout = not any(target in word for word in command)

        def tick(seconds: float) -> None:
            left = self._expected.left(doing, seconds)
            with suppress(OSError, ValueError):  # not there yet, or half written
                share, spent = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
                left = spent * (1 - share) / share
            self._narrator.goes_on(doing, seconds, left)

        outcome = run(words, folder, self._plan.limits, folder / writes if to_stdout else None, tick)
        measured: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            measured = json.loads((folder / "measured").read_text(encoding="utf-8"))
        return outcome, measured


def _taken(outcome: Outcome, measured: dict[str, Any]) -> Taken:
    """What the command tells of itself, or else what was seen from outside."""
    return Taken(
        wall_ns=measured.get("wall_ns", outcome.wall_ns),
        cpu_ns=measured.get("cpu_ns", outcome.cpu_ns),
        memory_bytes=measured.get("memory_bytes") or outcome.memory_bytes,
        device_memory_bytes=measured.get("device_memory_bytes"),
    )


def _difference(original: Path, decoded: Path) -> str:
    """Where two files first differ, in words; empty if they do not."""
    with original.open("rb") as ours, decoded.open("rb") as theirs:
        first = first_difference(ours, theirs)
    if first is None:
        return ""
    lengths = original.stat().st_size, decoded.stat().st_size
    sizes = "" if lengths[0] == lengths[1] else f"{lengths[1]:,} bytes instead of {lengths[0]:,}, "
    return f"decoded to other bytes: {sizes}different from byte {first:,} on"
