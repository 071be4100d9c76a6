"""How long compiling has taken: it happens once on a machine, and is no part of the time that a file takes."""

import time
from typing import Any

from numba.core import event


class _Clock(event.Listener):  # type: ignore[misc]
    """Adds up the time in which something is compiled; a kernel that is compiled for another is not counted twice."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._began = 0.0

    def on_start(self, event: Any) -> None:
        if not self._depth:
            self._began = time.monotonic()
        self._depth += 1

    def on_end(self, event: Any) -> None:
        self._depth -= 1
        if not self._depth:
            self.seconds += time.monotonic() - self._began


_clock = _Clock()
event.register("numba:compile", _clock)


def seconds() -> float:
    """Time in which this process has compiled so far."""
    return _clock.seconds


class Stopwatch:
    """Tells the time since it was made, without that of compiling."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._compiled = seconds()

    @property
    def seconds(self) -> float:
        """Time so far."""
        return time.monotonic() - self._began - (seconds() - self._compiled)

    def add(self, before: float) -> None:
        """Count the time before an interruption, too."""
        self._began -= before
