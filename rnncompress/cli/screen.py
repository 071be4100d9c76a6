"""What the user sees while a command runs. All of it goes to stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

Update = Callable[[int, int | None, str], None]
"""Takes the bytes done, the bytes in all (None where unknown), and a note such as the bpc so far."""

LINE_SECONDS: Final = 10.0
"""Between two lines of progress where stderr is no terminal."""


class Screen:
    """Messages and progress, as much as the options -q and -v allow."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self._verbose = verbose

    def say(self, text: str) -> None:
        """A message."""
        if not self.quiet:
            click.echo(f"rnncompress: {text}", err=True)

    def detail(self, text: str) -> None:
        """A message for those who asked for more."""
        if self._verbose:
            self.say(text)

    @contextmanager
    def progress(self, title: str) -> Iterator[Update]:
        """Show progress while the block runs: a bar on a terminal, otherwise a line now and then."""
        if self.quiet:
            yield lambda done, total, note: None
        elif sys.stderr is not None and sys.stderr.isatty():
            with _bar(title) as update:
                yield update
        else:
            yield _lines(title)


@contextmanager
def _bar(title: str) -> Iterator[Update]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    words = TextColumn("{task.description}", markup=False)
    pace_column = TextColumn("{task.fields[pace]}", markup=False)
    columns = (words, BarColumn(), TaskProgressColumn(), pace_column)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, pace="")
        pace = Pace()

        def update(done: int, total: int | None, note: str) -> None:
            bar.update(task, completed=done, total=total, pace=pace.text(done, total, note))

        yield update


def _lines(title: str) -> Update:
    pace = Pace()
    told = time.monotonic()

    def update(done: int, total: int | None, note: str) -> None:
        nonlocal told
        text = pace.text(done, total, note)
        if time.monotonic() - told >= LINE_SECONDS:
            told = time.monotonic()
            percent = f"{done / total:.1%}" if total else f"{done:,} bytes"
            click.echo(f"rnncompress: {title}: {percent}, {text}", err=True)

    return update


class Pace:
    """Speed and time left, counted from the first call: a resumed download does not begin at 0."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def text(self, done: int, total: int | None, note: str) -> str:
        """The pace in words, with ``note`` between speed and time left."""
        now = time.monotonic()
        began, before = self._first = self._first or (now, done)
        rate = (done - before) / (now - began) if now > began else 0.0
        left = f"{duration((total - done) / rate)} left" if total and rate else ""
        return ", ".join(part for part in (speed(rate) if rate else "", note, left) if part)


def speed(rate: float) -> str:
    """Bytes per second in a unit that suits them."""
    for unit in ("B/s", "kB/s", "MB/s"):
        if rate < 999.5:
            return f"{rate:.3g} {unit}"
        rate /= 1000
    return f"{rate:.3g} GB/s"


def duration(seconds: float) -> str:
    """Seconds with a tenth below a minute, then minutes, then hours."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
