"""What is derived from the rows: bpc, speeds, Pareto fronts, totals of folders. Every table shows these."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rnncompress.bench.inputs import Input
from rnncompress.bench.results import Row, Status, Taken, newest


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of encoding or decoding over the repetitions."""

    seconds: float
    """The median, of wall time."""
    fastest: float
    slowest: float
    cpu_seconds: float
    """The median, of processor time."""
    repetitions: int

    @property
    def spread(self) -> float:
        """Half the range of the repetitions, as a share of the median."""
        return (self.slowest - self.fastest) / 2 / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table; None where nothing is known."""

    label: str
    family: str
    status: Status
    message: str
    version: str
    device: str
    bytes: int
    compressed_bytes: int | None
    header_bytes: int | None
    decoder_bytes: int | None
    """Zip of the source of a program that decodes it."""
    options: Mapping[str, Any]
    encode: Timing | None
    decode: Timing | None
    memory_bytes: int | None
    """The most that encoding or decoding held."""
    device_memory_bytes: int | None
    curve: tuple[tuple[int, float], ...]
    """Points (bytes done, bpc so far)."""
    busy: float | None
    """Cores that other programs kept busy just before, where the system tells."""
    best_encode: bool = False
    """On the Pareto front of size and encoding speed, among the lines of the same device."""
    best_decode: bool = False

    @property
    def ok(self) -> bool:
        """Whether the bytes came back."""
        return self.status == "ok"

    @property
    def bpc(self) -> float | None:
        """8 × compressed / original."""
        if self.compressed_bytes is None or not self.bytes:
            return None
        return 8 * self.compressed_bytes / self.bytes

    @property
    def ratio(self) -> float | None:
        """Original / compressed."""
        return self.bytes / self.compressed_bytes if self.compressed_bytes else None

    @property
    def encode_speed(self) -> float | None:
        """Bytes of the original per second."""
        return self._speed(self.encode)

    @property
    def decode_speed(self) -> float | None:
        """Bytes of the original per second."""
        return self._speed(self.decode)

    def _speed(self, timing: Timing | None) -> float | None:
        return self.bytes / timing.seconds if timing and timing.seconds else None


@dataclass(frozen=True, slots=True)
class Section:
    """One input, or the total of a folder, with its lines: the smallest first, failures last."""

    title: str
    bytes: int
    slice: bool
    corpus: str | None
    files: int
    """1, or the number of files added up."""
    group: str | None
    lines: tuple[Line, ...]


def sections(rows: Iterable[Row]) -> list[Section]:
    """The rows as tables: each input one, and before the files of a folder their total."""
    by_input: dict[Input, list[Row]] = {}
    for row in newest(rows):
        by_input.setdefault(row.input, []).append(row)
    groups: dict[tuple[str, int | None] | Input, list[Section]] = {}
    for input, found in by_input.items():
        section = Section(
            input.name, input.bytes, input.slice, input.corpus, 1, input.group,
            _ranked([_line(row) for row in found]),
        )  # fmt: skip
        groups.setdefault((input.group, input.prefix) if input.group else input, []).append(section)
    result = []
    for members in groups.values():
        if len(members) > 1:
            result.append(_total(members))
        result += members
    return result


def _line(row: Row) -> Line:
    taken = row.encode + row.decode
    measured = row.status in ("ok", "mismatch")
    return Line(
        label=row.label,
        family=row.family,
        status=row.status,
        message=row.message,
        version=row.version,
        device=row.device,
        bytes=row.input.bytes,
        compressed_bytes=row.compressed_bytes,
        header_bytes=row.header_bytes,
        decoder_bytes=row.decoder_bytes,
        options=row.options,
        encode=_timing(row.encode) if measured else None,
        decode=_timing(row.decode) if measured else None,
        memory_bytes=_most(each.memory_bytes for each in taken),
        device_memory_bytes=_most(each.device_memory_bytes for each in taken),
        curve=tuple((done, bits / done) for done, bits in row.curve if done),
        busy=row.machine.get("busy"),
    )


def _timing(taken: Sequence[Taken]) -> Timing:
    wall = [each.wall_ns / 1e9 for each in taken]
    cpu = statistics.median(each.cpu_ns / 1e9 for each in taken)
    return Timing(statistics.median(wall), min(wall), max(wall), cpu, len(taken))


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _total(members: Sequence[Section]) -> Section:
    """The lines that every member has, added up."""
    found: dict[tuple[str, str], list[Line]] = {}
    for member in members:
        for line in member.lines:
            found.setdefault((line.label, line.device), []).append(line)
    lines = [_sum(each) for each in found.values() if len(each) == len(members)]
    return Section(
        f"{members[0].group}, total of {len(members)} files",
        sum(member.bytes for member in members),
        any(member.slice for member in members),
        None,
        len(members),
        members[0].group,
        _ranked(lines),
    )


def _sum(lines: Sequence[Line]) -> Line:
    bad = [line for line in lines if not line.ok]
    if bad:
        worst = next((line for line in bad if line.status == "mismatch"), bad[0])
        return replace(
            worst,
            message=f"{len(bad)} of {len(lines)} files: {worst.message}",
            bytes=sum(line.bytes for line in lines),
            compressed_bytes=None,
            header_bytes=None,
            encode=None,
            decode=None,
            curve=(),
        )
    headers = [line.header_bytes for line in lines if line.header_bytes is not None]
    return replace(
        lines[0],
        bytes=sum(line.bytes for line in lines),
        compressed_bytes=sum(line.compressed_bytes or 0 for line in lines),
        header_bytes=sum(headers) if len(headers) == len(lines) else None,
        encode=_added([line.encode for line in lines if line.encode]),
        decode=_added([line.decode for line in lines if line.decode]),
        memory_bytes=_most(line.memory_bytes for line in lines),
        device_memory_bytes=_most(line.device_memory_bytes for line in lines),
        curve=(),
    )


def _added(timings: Sequence[Timing]) -> Timing:
    return Timing(
        sum(each.seconds for each in timings),
        sum(each.fastest for each in timings),
        sum(each.slowest for each in timings),
        sum(each.cpu_seconds for each in timings),
        min(each.repetitions for each in timings),
    )


def _ranked(lines: Sequence[Line]) -> tuple[Line, ...]:
    marked = [
        replace(
            line,
            best_encode=line.ok and not any(_beats(other, line, "encode_speed") for other in lines),
            best_decode=line.ok and not any(_beats(other, line, "decode_speed") for other in lines),
        )
        for line in lines
    ]
    return tuple(sorted(marked, key=lambda line: (not line.ok, line.compressed_bytes or 0, line.label)))


def _beats(other: Line, line: Line, speed: str) -> bool:
    """Whether ``other`` is no worse in size and speed, better in one, and measured on the same device."""
    if not other.ok or other.device != line.device:
        return False
    ours = (-(line.compressed_bytes or 0), getattr(line, speed) or 0.0)
    theirs = (-(other.compressed_bytes or 0), getattr(other, speed) or 0.0)
    return theirs != ours and all(b >= a for a, b in zip(ours, theirs, strict=True))
