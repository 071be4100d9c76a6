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
from rnncompress.bench.results import Row, Status, Taken, cell_key
from rnncompress.files import first_difference


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run and how."""

    sources: Sequence[Source]
    codecs: Sequence[tuple[Family, str]]
    repeat: int
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
                    row = _measure(plan, input, family, codec, original)
                    results.append(plan.file, row)
                elif row.input != input:  # the same bytes under another name
                    row = replace(row, input=input)
                    results.append(plan.file, row)
                have[row.cell] = row
                rows.append(row)
                narrator.ends(row, fresh)
    return rows


def _measure(plan: Plan, input: Input, family: Family, codec: Codec, original: Path) -> Row:
    encode: list[Taken] = []
    decode: list[Taken] = []
    found: dict[str, Any] = {}
    status: Status = "missing" if family.missing else "ok"
    message = family.missing or ""
    facts, when = machine.facts(), datetime.now(UTC).isoformat(timespec="seconds")
    while status == "ok" and len(decode) < plan.repeat:
        with tempfile.TemporaryDirectory(prefix="cell-", dir=original.parent) as name:
            status, message = _round_trip(codec, original, Path(name), plan.limits, encode, decode, found)
    return Row(
        cell=cell_key(input, codec),
        status=status,
        message=message,
        input=input,
        family=codec.family,
        level=codec.level,
        label=codec.label,
        options=dict(codec.options),
        version=codec.version,
        device=codec.device,
        compressed_bytes=found.get("compressed_bytes"),
        header_bytes=found.get("header_bytes"),
        decoder_bytes=found.get("decoder_bytes"),
        encode=tuple(encode),
        decode=tuple(decode),
        curve=tuple((done, bits) for done, bits in found.get("curve", ())),
        limits=plan.limits,
        machine=facts,
        commit=machine.commit(),
        when=when,
    )


def _round_trip(
    codec: Codec,
    original: Path,
    folder: Path,
    limits: Limits,
    encode: list[Taken],
    decode: list[Taken],
    found: dict[str, Any],
) -> tuple[Status, str]:
    """Encode and decode once, in two folders that share nothing but the compressed file."""
    here, there = folder / "encode", folder / "decode"
    here.mkdir()
    there.mkdir()
    shutil.copyfile(original, here / "input")
    outcome, measured = _run(codec, codec.encode, here, codec.packed, limits)
    encode.append(_taken(outcome, measured))
    if outcome.end != "ok":
        return outcome.end, f"encoding: {outcome.message}"
    packed = here / codec.packed
    if not packed.is_file():
        return "crashed", "encoding: wrote no compressed file"
    found |= {"compressed_bytes": packed.stat().st_size}
    found |= {key: measured[key] for key in ("header_bytes", "curve") if key in measured}

    shutil.move(packed, there / codec.packed)
    outcome, measured = _run(codec, codec.decode, there, "output", limits)
    decode.append(_taken(outcome, measured))
    if outcome.end != "ok":
        return outcome.end, f"decoding: {outcome.message}"
    if not (there / "output").is_file():
        return "crashed", "decoding: wrote no file"
    found |= {key: measured[key] for key in ("decoder_bytes",) if key in measured}
    difference = _difference(original, there / "output")
    return ("mismatch", difference) if difference else ("ok", "")


def _run(
    codec: Codec, command: Iterable[str], folder: Path, writes: str, limits: Limits
) -> tuple[Outcome, dict[str, Any]]:
    """Run one command line. Returns how it ended, and what it tells of itself where it does."""
    names = {"{input}": "input", "{packed}": codec.packed, "{output}": "output", "{measured}": "measured"}
    target = "{output}" if writes == "output" else "{packed}"
    template = tuple(command)
    words = []
    for word in template:
        for placeholder, name in names.items():
            word = word.replace(placeholder, name)
        words.append(word)
    to_stdout = not any(target in word for word in template)
    outcome = run(words, folder, limits, folder / writes if to_stdout else None)
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
