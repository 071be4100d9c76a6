"""Trust in this machine: it codes only after it was seen to compute the numbers that the format defines."""

import hashlib
import json
import platform
import secrets
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from rnncompress import engine as engines
from rnncompress import lstm
from rnncompress._version import __version__
from rnncompress.config import Config
from rnncompress.corpora import cache_folder
from rnncompress.engine import Engine
from rnncompress.network import Predictor

_trusted: Final[set[str]] = set()
"""Fingerprints that this process has checked."""


def build(
    config: Config,
    windows: int,
    *,
    engine: str = "cpu",
    threads: int = 1,
    state: Mapping[str, NDArray[Any]] | None = None,
) -> Engine:
    """:func:`rnncompress.engine.build`, after :func:`check`. Raises DeviceError besides."""
    built = engines.build(config, windows, engine=engine, threads=threads, state=state)
    check(engine, threads)
    return built


def build_network(
    config: Config,
    windows: int,
    *,
    engine: str = "cpu",
    threads: int = 1,
    state: Mapping[str, NDArray[Any]] | None = None,
) -> Predictor:
    """:func:`rnncompress.lstm.build`, after :func:`check`. Raises DeviceError besides."""
    network = lstm.build(config, windows, engine=engine, threads=threads, state=state)
    check(engine, threads)
    return network


def check(engine: str, threads: int) -> None:
    """The self-check of the engine, if it has not passed here before.

    That it has passed is remembered in the cache folder, for this machine, these versions and this device.
    Raises SelfCheckError, which tells what differs.
    """
    here = fingerprint(engine)
    if here not in _trusted:
        name = hashlib.blake2b(here.encode(), digest_size=12).hexdigest()
        record = cache_folder() / "selfcheck" / f"{name}.json"
        if not _remembered(record, here):
            from rnncompress import selfcheck

            selfcheck.run(engine, threads)
            _remember(record, here)
        _trusted.add(here)


def fingerprint(engine: str) -> str:
    """All that the numbers of an engine could depend on, as JSON."""
    packages = ["numpy"] if engine == "reference" else ["llvmlite", "numba", "numpy"]
    about: dict[str, object] = {
        "engine": engine,
        "rnncompress": [__version__, _newest_source()],
        "machine": [platform.node(), platform.machine(), platform.platform()],
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in packages},
    }
    if engine != "reference":
        from llvmlite import binding

        about["processor"] = [binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    if engine == "cuda":
        from rnncompress.lstm.cuda.device import describe

        about["device"] = describe()
    return json.dumps(about, sort_keys=True)


def _newest_source() -> int:
    """When this package was last changed or installed, in nanoseconds."""
    return max(path.stat().st_mtime_ns for path in Path(__file__).parent.rglob("*.py"))


def _remembered(record: Path, here: str) -> bool:
    try:
        return record.read_text(encoding="utf-8") == here
    except (OSError, UnicodeDecodeError):
        return False


def _remember(record: Path, here: str) -> None:
    """Write ``record`` whole or not at all; without a place to write the check is made again next time."""
    temporary = record.with_suffix(f".{secrets.token_hex(4)}")
    with suppress(OSError):
        record.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(here, encoding="utf-8")
        temporary.replace(record)
