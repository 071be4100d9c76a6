"""Which compressor to take, in words, from the lines of one table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rnncompress.bench.report import Line, Section, Timing
from rnncompress.bench.work import OURS

ALIKE: Final = 1.1
"""Two speeds count as the same up to this ratio."""
BUSY: Final = 0.25
"""Cores that other programs may keep busy before a speed is doubted."""
UNSTEADY: Final = 0.2
"""The spread of repetitions, as a share, above which a speed is doubted."""

Way = Literal["encode", "decode"]
WAYS: Final[tuple[Way, ...]] = ("encode", "decode")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a table comes to: a sentence, and who should take what."""

    head: str
    advice: tuple[str, ...]


def verdict(section: Section) -> Verdict | None:
    """The verdict on one input; None where nothing decoded well."""
    good = [line for line in section.lines if line.ok]
    ours = [line for line in good if line.family == OURS]
    others = [line for line in good if line.family != OURS]
    if not good:
        return None
    return Verdict(_head(ours, others), tuple(_advice(ours, others)))


def _head(ours: Sequence[Line], others: Sequence[Line]) -> str:
    """``ours`` and ``others`` begin with their smallest."""
    if not ours or not others:
        best = (ours or others)[0]
        return f"{best.label} is the smallest: {best.compressed_bytes:,} bytes. " + (
            "No other compressor was measured." if ours else "None of our presets was measured."
        )
    own, other = ours[0], others[0]
    size = _larger(own, other)
    if size > 0:
        head = f"{other.label} is the smallest. {own.label}, our smallest, is {_percent(own, other)} larger"
    elif size < 0:
        head = f"{own.label} is the smallest: {_percent(own, other)} smaller than {other.label}, the best of the others"
    else:
        head = f"{own.label} and {other.label} are the smallest, and equal"
    return f"{head}, and {_pace(own, other)}."


def _advice(ours: Sequence[Line], others: Sequence[Line]) -> Iterable[str]:
    for n, line in enumerate(ours):
        yield f"{line.label}: {_who(line, ours[:n], others)}."
    if not ours:
        return
    own = min(ours, key=_seconds)
    quick = next((each for each in others if _faster(each, own)), None)
    if quick and _larger(quick, ours[0]) <= 0:
        yield f"{quick.label}: for all others; it is smaller than ours, and {_pace(quick, own)} than {own.label}."
    elif quick:
        size = f"{_percent(quick, own)} larger"
        yield f"{quick.label}: if {own.label} takes too long; it is {_pace(quick, own)}, and {size}."


def _who(line: Line, smaller: Sequence[Line], others: Sequence[Line]) -> str:
    """Who should take our preset ``line``, of which ``smaller`` are our smaller ones."""
    if better := next(
        (each for each in (*smaller, *others) if _larger(line, each) >= 0 and _faster(each, line)), None
    ):
        return f"no reason to take it here, {better.label} is smaller and faster"
    if smaller:
        best = smaller[0]
        return f"if {best.label} takes too long; it is {_pace(line, best)}, and {_percent(line, best)} larger"
    if not others or _larger(line, others[0]) <= 0:
        return "if size counts most"
    return f"if {others[0].label}, which is smaller, takes too long or too much memory"


def _larger(line: Line, other: Line) -> float:
    """By which share ``line`` is larger; negative where it is smaller."""
    return (line.compressed_bytes or 0) / (other.compressed_bytes or 1) - 1


def _percent(line: Line, other: Line) -> str:
    share = 100 * abs(_larger(line, other))
    return f"{share:.0f} %" if share >= 10 else f"{share:.1f} %"


def _seconds(line: Line) -> float:
    return sum(timing.seconds for timing in (line.encode, line.decode) if timing)


def _faster(line: Line, other: Line) -> bool:
    """Whether it is faster both ways, on the same device."""
    return line.device == other.device and all(_ratio(line, other, way) < 1 for way in WAYS)


def _ratio(line: Line, other: Line, way: Way) -> float:
    """How many times as long ``line`` takes; 1 where a time is too short to be known."""
    mine, theirs = _timing(line, way), _timing(other, way)
    return mine.seconds / theirs.seconds if mine and theirs and mine.seconds and theirs.seconds else 1.0


def _timing(line: Line, way: Way) -> Timing | None:
    return line.encode if way == "encode" else line.decode


def _pace(line: Line, other: Line) -> str:
    """How fast ``line`` is, ``other`` being 1."""
    if line.device != other.device:
        return "was measured on another device, whose speed is not compared"
    there, back = (_times(_ratio(line, other, way)) for way in WAYS)
    return f"{there} to encode and decode" if there == back else f"{there} to encode, {back} to decode"


def _times(ratio: float) -> str:
    if 1 / ALIKE < ratio < ALIKE:
        return "as fast"
    times = max(ratio, 1 / ratio)
    return f"{times:,.{0 if times >= 10 else 1}f} times {'slower' if ratio > 1 else 'faster'}"


def warnings(sections: Iterable[Section]) -> list[str]:
    """Why the speeds in these tables should be doubted."""
    lines = [line for section in sections if section.files == 1 for line in section.lines if line.ok]
    found = []
    if busy := [line for line in lines if line.busy is not None and line.busy > BUSY]:
        found.append(
            f"{len(busy)} of {len(lines)} cells were measured while other programs kept the processor busy: "
            "their speeds may be too low"
        )
    if unsteady := sorted({line.label for line in lines if _spread(line) > UNSTEADY}):
        found.append(
            f"repetitions differ by more than ±{UNSTEADY:.0%}: {', '.join(unsteady)}; --repeat helps, or a longer input"
        )
    return found


def _spread(line: Line) -> float:
    return max((timing.spread for timing in (line.encode, line.decode) if timing), default=0.0)
