"""How fast this machine codes with a configuration: measured once, and kept for estimates.

What is kept stands in the cache folder, for this machine, this version, and a number of threads. A long run is the
best measurement, so each leaves its own; before there is one some hundred kB are coded. An estimate is no promise:
other work on the machine is not known.
"""

import hashlib
import json
import os
import platform
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from rnncompress._version import __version__
from rnncompress.config import Config, canonical
from rnncompress.corpora import cache_folder

if TYPE_CHECKING:
    from rnncompress.engine import EngineName

SAMPLE: Final = 300_000
"""Bytes that are coded to measure, at most."""
SECONDS: Final = 2.0
"""Of measuring, about."""
_FIRST: Final = 4000
"""Bytes that do not count."""
WORTH: Final = 200_000
"""A run over so many bytes is a measurement."""

Direction = Literal["encode", "decode"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What the speed depends on, besides the machine."""

    config: Config
    engine: "EngineName"
    threads: int


def known(setting: Setting, direction: Direction) -> float | None:
    """Bytes in a second; of the other direction if only that was measured, None if neither was."""
    other: Direction = "decode" if direction == "encode" else "encode"
    for each in (direction, other):
        try:
            found = json.loads(_record(setting, each).read_text(encoding="utf-8"))
            size, seconds = float(found["bytes"]), float(found["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if size > 0 and seconds > 0:
            return size / seconds
    return None


def keep(setting: Setting, direction: Direction, size: int, seconds: float) -> None:
    """Keep that ``size`` bytes took so many seconds, if there is a place to write."""
    record = _record(setting, direction)
    temporary = record.with_suffix(f".{secrets.token_hex(4)}")
    with suppress(OSError):
        record.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps({"bytes": size, "seconds": seconds}), encoding="utf-8")
        temporary.replace(record)


def measure(setting: Setting, sample: bytes) -> float:
    """Bytes in a second, from encoding the beginning of ``sample``; it is kept.

    The first windows, in which kernels are compiled or loaded and memory is touched for the first time, do not count.
    A short sample is repeated. Raises DeviceError and SelfCheckError.
    """
    from rnncompress.loop import rehearse
    from rnncompress.trust import build

    config = setting.config
    window = config.streams * config.window
    first = max(1, _FIRST // window)
    whole = max(SAMPLE, 4 * first * window)
    sample = (sample * (1 + whole // len(sample)))[:whole]
    coding = build(config, len(sample) // window, engine=setting.engine, threads=setting.threads)
    coding.begin_block(None)
    began, size, seconds = time.monotonic(), 0, 0.0
    for number, count in enumerate(rehearse(coding, sample), 1):
        if number == first:
            began = time.monotonic()
        elif number > first:
            size += count
            seconds = time.monotonic() - began
            if seconds >= SECONDS:
                break
    keep(setting, "encode", size, seconds)
    return size / seconds


def _record(setting: Setting, direction: Direction) -> Path:
    """The file that keeps one measurement."""
    about = [
        platform.node(),
        platform.machine(),
        os.cpu_count(),
        __version__,
        direction,
        canonical(setting.config).hex(),
        setting.engine,
        setting.threads,
    ]
    name = hashlib.blake2b(json.dumps(about).encode(), digest_size=12).hexdigest()
    return cache_folder() / "speed" / f"{name}.json"
