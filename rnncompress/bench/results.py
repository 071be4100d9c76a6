"""Results are data: one JSON line a cell, written as it finishes; several files add up."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from rnncompress.bench.codecs import Codec
from rnncompress.bench.inputs import Input
from rnncompress.bench.process import Limits
from rnncompress.errors import InputError, OutputError

Status = Literal["ok", "mismatch", "crashed", "timeout", "memory", "missing"]
"""``ok``: decoded to the same bytes; ``mismatch``: to others; ``missing``: asked for but not here."""

SCHEMA: Final = 1
SHORT: Final = 1.0
"""Seconds of encoding and decoding below which one run says little about the speed."""
REPETITIONS: Final = 3
"""How often a short cell is measured, after a run that does not count, unless somebody says how often."""
NAME: Final = "results.jsonl"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run of an encoder or decoder took; None where nobody tells."""

    wall_ns: int
    cpu_ns: int
    memory_bytes: int | None
    device_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One cell: integers as measured, from which everything else is derived."""

    cell: str
    status: Status
    message: str
    input: Input
    family: str
    level: str
    label: str
    options: dict[str, Any]
    version: str
    device: str
    compressed_bytes: int | None
    """Size of the compressed file on disk."""
    header_bytes: int | None
    decoder_bytes: int | None
    """Zip of the source of a program that decodes it, where that is known."""
    encode: tuple[Taken, ...]
    decode: tuple[Taken, ...]
    """One each a repetition."""
    curve: tuple[tuple[int, int], ...]
    """Points (bytes done, bits they cost), for codecs that tell."""
    limits: Limits
    machine: dict[str, Any]
    commit: str | None
    when: str
    """UTC, ISO 8601."""

    def to_json(self) -> str:
        """The row as one line."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """The row that :meth:`to_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        values = json.loads(line)
        if values.pop("schema") != SCHEMA:
            raise ValueError("of another version of rnncompress")
        values |= {
            "input": Input(**values["input"]),
            "limits": Limits(**values["limits"]),
            "encode": tuple(Taken(**each) for each in values["encode"]),
            "decode": tuple(Taken(**each) for each in values["decode"]),
            "curve": tuple((done, bits) for done, bits in values["curve"]),
        }
        return cls(**values)

    def serves(self, repeat: int | None, limits: Limits) -> bool:
        """Whether measuring again, so often (see :func:`repetitions`) and under these limits, could not tell more."""
        if self.status == "timeout":
            return limits.seconds <= self.limits.seconds
        if self.status == "memory":
            return limits.memory_bytes <= self.limits.memory_bytes
        return self.status != "missing" and (
            self.status != "ok" or len(self.encode) >= repetitions(repeat, self.encode[0], self.decode[0])
        )

    @property
    def subject(self) -> tuple[str, str, int | None, str, str]:
        """What the row is about, whatever the version: a newer row of the same subject replaces it."""
        return self.input.sha256, self.input.name, self.input.prefix, self.label, self.device


def repetitions(repeat: int | None, encode: Taken, decode: Taken) -> int:
    """How often to measure a cell whose first run took that: ``repeat`` times, None leaves it to its length."""
    return repeat or (REPETITIONS if short(encode, decode) else 1)


def short(encode: Taken, decode: Taken) -> bool:
    """Whether one run says little: the first also reads programs and input from the disk."""
    return encode.wall_ns + decode.wall_ns < SHORT * 1e9


def cell_key(input: Input, codec: Codec) -> str:
    """The hash of (input, codec with exact options, code version, device)."""
    cell = [input.sha256, codec.family, codec.level, codec.options, codec.version, codec.device]
    return hashlib.sha256(json.dumps(cell, sort_keys=True).encode()).hexdigest()[:32]


def append(path: Path, row: Row) -> None:
    """Add ``row`` to the file, durably, whole or not at all: a torn last line, from a crash, is left behind.

    Raises OutputError.
    """
    try:
        with path.open("ab+") as file:
            start = b""
            if file.tell():
                file.seek(-1, os.SEEK_END)
                start = b"" if file.read(1) == b"\n" else b"\n"
            file.write(start + row.to_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None


def read(path: Path) -> list[Row]:
    """All rows of a file, a torn line left out. Raises InputError if it holds none but something else."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    rows = []
    for line in lines:
        try:
            rows.append(Row.from_json(line))
        except (ValueError, KeyError, TypeError):
            continue
    if lines and not rows:
        raise InputError(f"{path} holds no results of this version of rnncompress bench")
    return rows


def read_folder(folder: Path) -> list[Row]:
    """The rows of all ``*.jsonl`` in ``folder``, the oldest first."""
    rows = [row for path in sorted(folder.glob("*.jsonl")) for row in read(path)]
    return sorted(rows, key=lambda row: row.when)


def newest(rows: Iterable[Row]) -> list[Row]:
    """Of rows of the same subject only the last."""
    return list({row.subject: row for row in rows}.values())
