"""One command in a process of its own, under limits of time and memory, measured from outside."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from rnncompress.machine import peak_memory

End = Literal["ok", "crashed", "timeout", "memory"]

_SHORTEST: Final = 0.0005
_LONGEST: Final = 0.02
"""Seconds between two looks at a process; a five-hundredth of its running time in between."""
_MEMORY_SECONDS: Final = 0.02
_TICK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may take."""

    seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it took. Times are in nanoseconds."""

    end: End
    message: str
    """Why it did not end well: one line."""
    wall_ns: int
    cpu_ns: int
    memory_bytes: int | None
    """The most that its processes held in memory at once, as far as the system tells."""


def run(
    command: Sequence[str],
    folder: Path,
    limits: Limits,
    stdout: Path | None = None,
    tick: Callable[[float], None] = lambda seconds: None,
) -> Outcome:
    """Run ``command`` in ``folder`` until it ends or breaks a limit; all it has started is killed then.

    Its stdout goes to ``stdout`` or nowhere. Memory is looked at every 0.02 s, where /proc or psutil tells. ``tick`` is
    called now and then with the seconds since the start.
    """
    errors = folder / "stderr"
    with errors.open("wb") as err, (stdout or Path(os.devnull)).open("wb") as out:
        began = time.perf_counter_ns()
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except OSError as error:
            return Outcome("crashed", f"cannot start {command[0]}: {error.strerror}", 0, 0, None)
        try:
            end, status, usage, peak = _watch(process.pid, began, limits, tick)
        except BaseException:
            _kill(process.pid)
            os.waitpid(process.pid, 0)
            raise
        finally:
            process.returncode = 0  # it has been waited for
        wall = time.perf_counter_ns() - began
        _kill(process.pid)  # what it may have left running
    code = os.waitstatus_to_exitcode(status)
    if end == "ok" and code:
        end = "crashed"
    cpu = round(1e9 * (usage.ru_utime + usage.ru_stime))
    return Outcome(end, _message(end, code, errors, limits), wall, cpu, _peak(usage, peak))


def _watch(
    pid: int, began: int, limits: Limits, tick: Callable[[float], None]
) -> tuple[End, int, resource.struct_rusage, int]:
    """Wait for the end. Returns how it came, the exit status, the resources used, and the memory seen."""
    end: End = "ok"
    peak, looked, told = 0, 0.0, 0.0
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return end, status, usage, peak
        elapsed = (time.perf_counter_ns() - began) / 1e9
        if end == "ok" and (elapsed < _MEMORY_SECONDS or elapsed - looked >= _MEMORY_SECONDS):
            looked = elapsed
            peak = max(peak, _memory(pid))
            if peak > limits.memory_bytes:
                end = "memory"
        if elapsed - told >= _TICK_SECONDS:
            told = elapsed
            tick(elapsed)
        if end == "ok" and elapsed > limits.seconds:
            end = "timeout"
        if end != "ok":
            _kill(pid)
        time.sleep(min(_LONGEST, max(_SHORTEST, elapsed / 500)))


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _peak(usage: resource.struct_rusage, seen: int) -> int | None:
    """The larger of what was seen and what the kernel counted, where its count is the command's.

    It also counts what this process held when it started the command, so smaller numbers say nothing.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    counted, own = usage.ru_maxrss * unit, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return max(seen, counted if counted > own else 0) or None


def _memory(pid: int) -> int:
    """What ``pid`` and all its descendants hold, added up: their peaks on Linux, elsewhere what psutil sees now."""
    if not Path("/proc/self/status").exists():
        return _resident(pid)
    total = peak_memory(pid) or 0
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):
                total += sum(_memory(int(child)) for child in children.read_text().split())
    return total


def _resident(pid: int) -> int:
    """0 where psutil is not installed."""
    try:
        import psutil
    except ImportError:
        return 0
    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += each.memory_info().rss
    return total


def _environment() -> dict[str, str]:
    """The environment, in which Python also finds this package."""
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path}


def _message(end: End, code: int, errors: Path, limits: Limits) -> str:
    if end == "timeout":
        return f"killed after {limits.seconds:g} s"
    if end == "memory":
        return f"killed above {limits.memory_bytes >> 20:,} MiB"
    if not code:
        return ""
    lines = errors.read_text(errors="replace").strip().splitlines()
    how = f"exit code {code}" if code > 0 else f"signal {-code} ({signal.Signals(-code).name})"
    return f"{how}: {lines[-1].strip()[:200]}" if lines else how
