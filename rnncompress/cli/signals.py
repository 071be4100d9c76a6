"""Signals that ask the program to end."""

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")
SOON: Final = 0.01
"""Seconds after which a destructor has ended."""


@contextmanager
def when_asked_to_end(action: Callable[[], None]) -> Iterator[None]:
    """In the block Ctrl-C, SIGTERM and SIGHUP call ``action``, unless they are ignored (as by nohup)."""

    def handle(number: int, frame: FrameType | None) -> None:
        action()

    former = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                former[number] = signal.signal(number, handle)
    try:
        with _asking_again(list(former)):
            yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _asking_again(numbers: list[signal.Signals]) -> Iterator[None]:
    """In the block, raise again what ``action`` raised inside a destructor, where Python only prints it."""
    hook, timers = sys.unraisablehook, []

    def again(unraisable: "sys.UnraisableHookArgs") -> None:
        if numbers and issubclass(unraisable.exc_type, KeyboardInterrupt):
            timers.append(threading.Timer(SOON, _thread.interrupt_main, (numbers[0],)))
            timers[-1].start()
        else:
            hook(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        if sys.unraisablehook is again:
            sys.unraisablehook = hook
        for timer in timers:
            timer.cancel()


def interrupt() -> None:
    """End what is going on in the main thread, as Ctrl-C does."""
    raise KeyboardInterrupt
