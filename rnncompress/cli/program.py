"""Around every command: it is imported when it is asked for, errors become one line and an exit code, signals an
orderly end."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Final, NoReturn, TextIO

import click

from rnncompress.cli.defaults import OPTIONS, usual_options
from rnncompress.cli.failures import failure, in_one_line
from rnncompress.cli.signals import interrupt, when_asked_to_end
from rnncompress.errors import RnncompressError

Groups = Mapping[str, Mapping[str, tuple[str, str]]]
"""Titles, names of commands, and of each the place below this package and a line of help."""

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, SIGTERM or SIGHUP."""

BROKEN_PIPE: Final = 141
"""The exit code where the reader of the output has gone: what a shell shows of programs that SIGPIPE ends."""

TRACEBACK: Final = "RNNCOMPRESS_TRACEBACK"
"""The environment variable that has the tracebacks of bugs shown."""


class Program(click.Group):
    """A group of commands that ends every failure with one line on stderr, never with a traceback.

    Commands are also known by ``aliases``, and by ``letters`` as an option in their place.
    """

    def __init__(
        self,
        *arguments: Any,
        commands_in_groups: Groups,
        aliases: Mapping[str, str],
        letters: Mapping[str, str],
        **others: Any,
    ) -> None:
        super().__init__(*arguments, **others)
        self._groups = commands_in_groups
        self._places = {name: place for group in self._groups.values() for name, (place, _) in group.items()}
        self._aliases = aliases
        self._letters = letters

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order of the help."""
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name or alias, imported now."""
        place = self._places.get(self._aliases.get(cmd_name, cmd_name))
        if place is None:
            return None
        module, name = place.split(".")
        command: click.Command = getattr(import_module(f"{__package__}.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in their groups; none of them is imported for that."""
        for title, group in self._groups.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in group.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take an option such as -d, or -dc, in place of a command."""
        letters = "".join(self._letters)
        found = re.fullmatch(rf"-([^-{letters}]*)([{letters}])([^-{letters}]*)", args[0]) if args else None
        if found and "h" not in args[0] and "V" not in args[0]:
            rest = found[1] + found[3]
            args = [self._letters[found[2]], *([f"-{rest}"] if rest else []), *args[1:]]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, and its arguments after the options that the environment has for it."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and os.environ.get(OPTIONS):
            known = [found for each in self._places if (found := self.get_command(ctx, each))]
            rest = [*usual_options(command, known), *rest]
        return name, command, rest

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
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt as error:
            # What destructors then miss, the compiler's above all, which was stopped anywhere, helps nobody.
            sys.unraisablehook = lambda unraisable: None
            self._fail(ctx, error, "interrupted", INTERRUPTED)
        except (RnncompressError, MemoryError, OSError) as error:
            self._fail(ctx, error, *failure(error))
        except Exception as error:
            if os.environ.get(TRACEBACK):
                import traceback

                traceback.print_exc()
            self._fail(ctx, error, f"a bug: {error!r}; please report it with what {TRACEBACK}=1 shows", 1)

    def make_context(self, *arguments: Any, **others: Any) -> click.Context:
        """Read the command line; --help and --version print here."""
        with _ending_with_the_reader():
            return super().make_context(*arguments, **others)

    def _fail(self, ctx: click.Context, error: BaseException, text: str, code: int) -> NoReturn:
        _drop_unwritten(sys.stdout)
        click.echo(
            f"rnncompress: {'' if code == INTERRUPTED else 'error: '}{in_one_line(error, text)}", err=True
        )
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
