"""Signals that ask the program to end."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")


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
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def interrupt() -> None:
    """End what is going on in the main thread, as Ctrl-C does."""
    raise KeyboardInterrupt
