"""Facts about the machine and the code, which every row carries."""

import functools
import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Final

from rnncompress._version import __version__
from rnncompress.machine import cores, versions

PACKAGE = Path(__file__).resolve().parents[1]


CPUINFO: Final = Path("/proc/cpuinfo")
_MODEL: Final = (
    "cpu family", "model", "stepping",  # x86
    "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision",  # ARM
    "cpu", "revision",  # POWER
)  # fmt: skip
_FEATURES: Final = ("flags", "Features", "features", "isa")


@functools.cache
def cpu() -> str:
    """The processor's name, and what tells it from others of the same name: speeds belong to a processor."""
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return (
            _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor() or platform.machine()
        )
    return identity(text) or platform.machine()


def identity(cpuinfo: str) -> str:
    """Name, family, model and features of the first processor of a /proc/cpuinfo; empty if it tells nothing.

    Cloud machines often give no more of a name than "AMD EPYC", and hide features that a program would use; the
    features are many, so a hash stands for them.
    """
    lines = (line.partition(":") for line in cpuinfo.partition("\n\n")[0].splitlines())
    facts = {key.strip(): value.strip() for key, _, value in lines}
    parts = [facts["model name"]] if "model name" in facts else []
    parts += [f"{key} {facts[key]}" for key in _MODEL if facts.get(key)]
    features = sorted(word for key in _FEATURES for word in facts.get(key, "").split())
    if features:
        parts.append(f"features {hashlib.sha256(' '.join(features).encode()).hexdigest()[:8]}")
    return ", ".join(parts)


@functools.cache
def gpu() -> dict[str, str] | None:
    """Name, driver and memory of the first NVIDIA GPU; None without one."""
    if shutil.which("nvidia-smi") is None:
        return None
    text = _output("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
    if not text:
        return None
    name, driver, memory = (part.strip() for part in text.splitlines()[0].split(","))
    return {"name": name, "driver": driver, "memory": memory}


def memory() -> int:
    """Bytes of main memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def busy(seconds: float = 0.1) -> float | None:
    """How many cores other programs keep busy, seen over some time; None without psutil."""
    try:
        import psutil
    except ImportError:
        return None
    share: float = psutil.cpu_percent(interval=seconds) / 100
    return round(share * (psutil.cpu_count() or 1), 2)


def facts() -> dict[str, object]:
    """All of it, with the load at this moment."""
    return {
        "cpu": cpu(),
        "cores": cores(),
        "memory_bytes": memory(),
        "gpu": gpu(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2),
        "busy": busy(),
        "versions": versions(),
    }


@functools.cache
def commit() -> str | None:
    """The commit of the checkout that this package runs from, marked if changed; None outside of one."""
    if not (PACKAGE.parent / ".git").exists():
        return None
    head = _output("git", "-C", str(PACKAGE.parent), "rev-parse", "HEAD")
    changed = _output("git", "-C", str(PACKAGE.parent), "status", "--porcelain", "--", PACKAGE.name)
    return f"{head}, changed" if head and changed else head or None


@functools.cache
def our_version() -> str:
    """Our version with a hash of all sources that can change a compressed file or its speed."""
    content = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if name.parts[0] not in ("bench", "cli"):
            content.update(f"{name}\0".encode() + path.read_bytes())
    return f"{__version__}+{content.hexdigest()[:12]}"


def _output(*command: str) -> str:
    """What ``command`` prints, or nothing if it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
