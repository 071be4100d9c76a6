"""What the user sees while a command runs. All of it goes to stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

Update = Callable[[int, int | None, str], None]
"""Takes the bytes done, the bytes in all (None where unknown), and a note such as the bpc so far."""

LINE_SECONDS: Final = 10.0
"""Between two lines of progress where stderr is no terminal."""


class Screen:
    """Messages and progress, as much as the options -q and -v allow."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self._verbose = verbose
        self._bar: RichProgress | None = None
        """The bar that is on the terminal now."""

    def say(self, text: str) -> None:
        """A message; it stands above a bar."""
        if self.quiet:
            return
        if self._bar:
            self._bar.console.print(f"rnncompress: {text}", markup=False, highlight=False, soft_wrap=True)
        else:
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
            from rnncompress.cli.bar import bar

            with bar(title) as (self._bar, update):
                try:
                    yield update
                finally:
                    self._bar = None
        else:
            yield _lines(title)


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
    """Speed and time left, counted from the first call of a stage: a resumed download does not begin at 0."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None
        self._stage: tuple[int, int | None] = 0, None

    def text(self, done: int, total: int | None, note: str) -> str:
        """The pace in words, with ``note`` between speed and time left."""
        now = time.monotonic()
        if done < self._stage[0] or total != self._stage[1]:
            self._first = None
        self._stage = done, total
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
