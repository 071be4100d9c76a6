"""Around every command: errors become one line and an exit code, signals an orderly end."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, NoReturn

import click

from rnncompress.errors import RnncompressError

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, SIGTERM or SIGHUP."""

TRACEBACK: Final = "RNNCOMPRESS_TRACEBACK"
"""The environment variable that has the tracebacks of bugs shown."""


class Program(click.Group):
    """A group of commands that ends every failure with one line on stderr, never with a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(
                AttributeError
            ):  # a name that the terminal's encoding lacks must not end the program
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        try:
            with _signals_interrupt():
                return super().invoke(ctx)
        except RnncompressError as error:
            self._fail(ctx, str(error), error.exit_code)
        except KeyboardInterrupt:
            self._fail(ctx, "interrupted", INTERRUPTED)
        except MemoryError:
            self._fail(ctx, "not enough memory", 1)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self._fail(ctx, f"{where}{error.strerror or error}", 1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                traceback.print_exc()
            self._fail(ctx, f"a bug: {error!r}; please report it with what {TRACEBACK}=1 shows", 1)

    def _fail(self, ctx: click.Context, text: str, code: int) -> NoReturn:
        _drop_unwritten_output()
        kind = "" if code == INTERRUPTED else "error: "
        click.echo(f"rnncompress: {kind}{' '.join(text.splitlines())}", err=True)
        ctx.exit(code)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Make SIGTERM and SIGHUP do what Ctrl-C does, so that temporary files are removed on the way out."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        names = []
    former = {}
    for number in (getattr(signal, name) for name in names):
        if signal.getsignal(number) == signal.SIG_DFL:  # nohup, for one, has it ignored
            former[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _drop_unwritten_output() -> None:
    """Keep Python from trying again, at its end, to write to a pipe or disk that has just refused."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        with suppress(OSError), open(os.devnull, "wb") as nothing:  # noqa: PTH123, a descriptor is wanted
            os.dup2(nothing.fileno(), sys.stdout.fileno())
