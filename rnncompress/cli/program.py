"""Around every command: errors become one line and an exit code, signals an orderly end."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, NoReturn, TextIO

import click

from rnncompress.cli.signals import interrupt, when_asked_to_end
from rnncompress.errors import RnncompressError

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, SIGTERM or SIGHUP."""

BROKEN_PIPE: Final = 141
"""The exit code where the reader of the output has gone: what a shell shows of programs that SIGPIPE ends."""

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
            with _ending_with_the_reader(), when_asked_to_end(interrupt):
                return super().invoke(ctx)
        except RnncompressError as error:
            self._fail(ctx, error, str(error), error.exit_code)
        except KeyboardInterrupt as error:
            # What destructors then miss, the compiler's above all, which was stopped anywhere, helps nobody.
            sys.unraisablehook = lambda unraisable: None
            self._fail(ctx, error, "interrupted", INTERRUPTED)
        except MemoryError as error:
            self._fail(ctx, error, "not enough memory", 1)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self._fail(ctx, error, f"{where}{error.strerror or error}", 1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                traceback.print_exc()
            text = f"a bug: {error!r}; please report it with what {TRACEBACK}=1 shows"
            self._fail(ctx, error, text, 1)

    def make_context(self, *arguments: Any, **others: Any) -> click.Context:
        """Read the command line; --help and --version print here."""
        with _ending_with_the_reader():
            return super().make_context(*arguments, **others)

    def _fail(self, ctx: click.Context, error: BaseException, text: str, code: int) -> NoReturn:
        _drop_unwritten(sys.stdout)
        text = "; ".join([text, *getattr(error, "__notes__", [])])
        kind = "" if code == INTERRUPTED else "error: "
        click.echo(f"rnncompress: {kind}{' '.join(text.splitlines())}", err=True)
        ctx.exit(code)


@contextmanager
def _ending_with_the_reader() -> Iterator[None]:
    """End the program silently where the reader of its output has gone, as `head` does when it has seen enough."""
    try:
        yield
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            _drop_unwritten(stream)
        sys.exit(BROKEN_PIPE)


def _drop_unwritten(stream: TextIO | None) -> None:
    """Keep Python from trying again, at its end, to write to a pipe or disk that has just refused."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with suppress(OSError), open(os.devnull, "wb") as nothing:  # noqa: PTH123, a descriptor is wanted
            os.dup2(nothing.fileno(), stream.fileno())
