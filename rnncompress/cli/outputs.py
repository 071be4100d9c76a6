"""The options -o, -c, -f, --rm and -k: where outputs go, and whether the input stays."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from rnncompress.cli.inputs import Input, is_folder, output_name
from rnncompress.cli.options import Option
from rnncompress.cli.streams import STDIO, choose_target
from rnncompress.errors import OutputError


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the user wants of the outputs."""

    output: str | None
    to_stdout: bool
    force: bool
    remove: bool

    @property
    def in_pipe(self) -> bool:
        """Whether the user asked for standard output."""
        return self.to_stdout or self.output == STDIO

    def check(self, *, several: bool) -> None:
        """Raise click.UsageError if the options contradict each other."""
        if several and self.output and self.output != STDIO and not is_folder(self.output):
            raise click.UsageError("several inputs need a folder for their outputs: -o FOLDER/")
        if self.remove and self.in_pipe:
            raise click.UsageError(
                "--rm is for outputs in files: a pipe does not tell what became of the data"
            )

    def name(self, given: Input) -> str | Path | None:
        """What the output of an input is called."""
        return output_name(given, self.output) or given.output

    def target(self, given: Input, path: str) -> Path | None:
        """Where the output of an input goes that is read from ``path``, checked; None for standard output."""
        return choose_target(
            path, output_name(given, self.output), self.to_stdout, given.output, overwrite=self.force
        )

    def dispose(self, given: Input) -> None:
        """Remove an input if the user wants that; its output is safe. Raises OutputError."""
        if self.remove and given.mine:
            try:
                Path(given.name).unlink()
            except OSError as error:
                raise OutputError(f"cannot remove {given.name}: {error.strerror}") from error


def output_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options; ``command`` gets one :class:`Outputs`."""

    @click.option(
        "-o",
        "--output",
        type=click.Path(allow_dash=True),
        metavar="OUT",
        cls=Option,
        section="Output",
        help="Where to write; - is standard output, FOLDER/ a folder for all outputs.",
    )
    @click.option(
        "-c",
        "--stdout",
        "to_stdout",
        is_flag=True,
        cls=Option,
        section="Output",
        help="Write to standard output.",
    )
    @click.option(
        "-f", "--force", is_flag=True, cls=Option, section="Output", help="Overwrite what is there."
    )
    @click.option(
        "--rm/--keep",
        " /-k",
        "remove",
        cls=Option,
        section="Output",
        help="Remove an input once its output is safe, or keep it. Default: keep.",
    )
    @functools.wraps(command)
    def with_outputs(
        output: str | None, to_stdout: bool, force: bool, remove: bool, **others: object
    ) -> None:
        command(outputs=Outputs(output, to_stdout, force, remove), **others)

    return with_outputs
