"""Signals that ask the program to end."""

import signal
import sys
import time

import pytest

from rnncompress.cli.signals import interrupt, when_asked_to_end


class Destroyed:
    """Gets a signal while it is destroyed."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)
        time.sleep(0)


def destroy() -> None:
    """And go on for a while."""
    with when_asked_to_end(interrupt):
        Destroyed()
        time.sleep(10)


def test_a_signal_in_a_destructor_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    """Python only prints what a destructor raises; the program ends all the same, and nothing is printed."""
    hook = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt):
        destroy()
    assert sys.unraisablehook is hook
    assert capsys.readouterr().err == ""


def test_what_else_a_destructor_raises_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no signal."""

    class Faulty:
        def __del__(self) -> None:
            raise ValueError

    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_type))
    with when_asked_to_end(interrupt):
        Faulty()
    assert told == [ValueError]
