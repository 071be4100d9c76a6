"""Facts about this process and its machine, for reports and for choices of threads."""

import os
import platform
import sys
from pathlib import Path
from typing import Final

from rnncompress._version import __version__

_PACKAGES: Final = ("numba", "numpy", "torch", "triton")
"""What computes."""


def cores() -> int:
    """The number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_memory(pid: int | str = "self") -> int | None:
    """The most memory that process ``pid`` has held, in bytes; None where the system does not tell."""
    if Path("/proc/self/status").exists():
        return _from_proc(pid)
    if pid != "self" or sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _from_proc(pid: int | str) -> int | None:
    """As Linux tells; its ru_maxrss also counts what the parent held before this program was started."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), None)


def versions() -> dict[str, str]:
    """Versions of this program, of Python, and of the packages that compute, without importing them."""
    import importlib.metadata  # takes long

    found = {"rnncompress": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
