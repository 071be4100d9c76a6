"""What one sees on stderr while `rnncompress bench` runs."""

import shutil
import sys
import time
from typing import TYPE_CHECKING, Final, Self

import click

from rnncompress.cli.screen import duration

if TYPE_CHECKING:
    from rnncompress.bench.inputs import Input
    from rnncompress.bench.results import Row

LINE_SECONDS: Final = 10.0
"""Between two lines about the same cell where stderr is no terminal."""


class Lines:
    """One line for each cell: what it is as soon as it begins, how far it is, and how it went when it ends.

    On a terminal the line is written over as the cell goes on. Elsewhere a cell that takes long gets more lines.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._over = sys.stderr is not None and sys.stderr.isatty()
        self._subject = ""
        self._open = False
        """Whether the last line has no end yet."""
        self._told = 0.0

    def __enter__(self) -> Self:
        """Nothing is written yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the last line, so that an error has one of its own."""
        if self._open:
            click.echo(err=True)

    def begins(self, number: int, total: int, input: "Input", label: str) -> None:
        """See :class:`rnncompress.bench.runner.Narrator`, also for the methods below."""
        self._subject = f"rnncompress: [{number}/{total}] {input.name}, {label}: "
        self._told = time.monotonic()
        self._write(self._subject)

    def goes_on(self, doing: str, seconds: float, left: float | None) -> None:
        """How far the cell is."""
        rest = f", about {duration(left)} left" if left is not None else ""
        text = f"{doing}, {duration(seconds)}{rest}"
        if self._over:
            self._begin_anew()
            self._write((self._subject + text)[: shutil.get_terminal_size().columns - 1])
        elif time.monotonic() - self._told >= LINE_SECONDS:
            self._told = time.monotonic()
            self._end(text)

    def ends(self, row: "Row", fresh: bool) -> None:
        """How the cell went."""
        from rnncompress.bench.tables import outcome

        if self._over:
            self._begin_anew()
        self._end(outcome(row) + ("" if fresh else " (measured before)"))

    def _begin_anew(self) -> None:
        if self._open:
            self._write("\r\x1b[K")
            self._open = False

    def _end(self, text: str) -> None:
        """Finish the line, or write a whole one where it is finished already."""
        self._write(f"{'' if self._open else self._subject}{text}\n")
        self._open = False

    def _write(self, text: str) -> None:
        if not self._quiet:
            click.echo(text, nl=False, err=True)
            self._open = True
