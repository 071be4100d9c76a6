"""With what is compressed: every codec is two command lines with exact options, whatever is behind them."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rnncompress import devices, presets
from rnncompress.bench import external, machine
from rnncompress.bench.library import LIBRARIES, Library
from rnncompress.bench.work import OURS
from rnncompress.devices import Device

USUAL_PRESETS: Final = ("default", "fast")


@dataclass(frozen=True, slots=True)
class Codec:
    """A compressor with exact options.

    In the command lines ``{input}``, ``{packed}``, ``{output}`` stand for files in the current folder. A
    command that names no file to write writes to stdout. One that names ``{measured}`` writes there what it
    took.
    """

    family: str
    level: str
    label: str
    options: Mapping[str, object]
    version: str
    device: str
    """The name of the hardware that computes."""
    encode: tuple[str, ...]
    decode: tuple[str, ...]
    packed: str = "packed"
    """The name of the compressed file; some programs insist on a suffix."""


@dataclass(frozen=True, slots=True)
class Family:
    """One compressor in all its levels."""

    name: str
    levels: tuple[str, ...]
    usual: tuple[str, ...]
    """The levels measured unless others are asked for."""
    missing: str | None
    """What to do to have it here; None if it is here."""
    codec: Callable[[str, int], Codec]
    """Makes the codec of a level for an input of so many bytes."""


def families(device: Device, threads: int, tables: Iterable[Path] = ()) -> dict[str, Family]:
    """All families by name: Python's, external programs (also from ``tables``), and ours.

    Ours computes on ``device``, with ``threads`` on a CPU; the others use one thread. Raises InputError for a table
    that is wrong.
    """
    found = [_library_family(name, library) for name, library in LIBRARIES.items()]
    found += [_external_family(program) for program in external.load(tables)]
    found.append(_our_family(device, threads))
    return {family.name: family for family in found}


def select(
    known: Mapping[str, Family], names: Iterable[str], levels: Iterable[str], chosen: Iterable[str]
) -> list[tuple[Family, str]]:
    """Families and levels to measure, in order.

    ``names`` are families, none for all that are here; ``levels`` those for all families but ours, which has
    the presets ``chosen``; none for the usual ones. Raises ValueError, with one line, for what is unknown.
    """
    names, levels, chosen = list(names), list(levels), list(chosen)
    for name in names:
        if name not in known:
            raise ValueError(f"no codec is called {name!r}; known are {', '.join(known)}")
    wanted = [known[name] for name in dict.fromkeys(names)] if names else list(known.values())
    if chosen and OURS in known and known[OURS] not in wanted:
        wanted.append(known[OURS])
    for level in levels:
        if not any(level in family.levels for family in wanted if family.name != OURS):
            raise ValueError(f"none of the codecs asked for has the level {level!r}")
    pairs = []
    for family in wanted:
        if family.missing and not names:
            continue
        asked = chosen if family.name == OURS else levels if len(family.levels) > 1 else ()
        pairs += [(family, level) for level in asked or family.usual if level in family.levels]
    return pairs


def _python(family: str, options: Mapping[str, object], direction: str) -> tuple[str, ...]:
    source, target = ("{input}", "{packed}") if direction == "encode" else ("{packed}", "{output}")
    work = (sys.executable, "-P", "-m", "rnncompress.bench.work")
    return (*work, family, direction, json.dumps(options), source, target, "{measured}")


def _library_family(name: str, library: Library) -> Family:
    def codec(level: str, length: int) -> Codec:
        options = {"level": level}
        return Codec(
            name, level, library.label.format(level), options, library.version, machine.cpu(),
            _python(name, options, "encode"), _python(name, options, "decode"),
        )  # fmt: skip

    missing = None if library.here else f"pip install {library.package}"
    return Family(name, library.levels, library.usual, missing, codec)


def _external_family(program: external.Program) -> Family:
    def codec(level: str, length: int) -> Codec:
        encode, decode = program.commands(level)
        options = {"encode": encode[1:], "decode": decode[1:]}
        return Codec(
            program.name, level, program.label.replace("{level}", level), options, program.version(),
            machine.cpu(), encode, decode, program.packed,
        )  # fmt: skip

    missing = None if program.path else f"{' or '.join(program.programs)} is not on the PATH"
    return Family(program.name, program.levels, program.usual, missing, codec)


def _our_family(device: Device, threads: int) -> Family:
    def codec(level: str, length: int) -> Codec:
        config = presets.get(level, length)
        engine = devices.choose(device, config, length)
        options = {"config": asdict(config), "engine": engine, "threads": threads}
        gpu = machine.gpu() if engine == "cuda" else None
        where = " · GPU" if engine == "cuda" else f" · {threads} threads" if threads > 1 else ""
        return Codec(
            OURS, level, f"{OURS} {level}{where}", options, machine.our_version(),
            gpu["name"] if gpu else machine.cpu(),
            _python(OURS, options, "encode"), _python(OURS, options, "decode"),
        )  # fmt: skip

    return Family(OURS, presets.for_bytes(), USUAL_PRESETS, None, codec)
