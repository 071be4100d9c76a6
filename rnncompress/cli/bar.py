"""The bar of progress on a terminal. Percent and time left are always there; the narrower, the less beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column

from rnncompress.cli.screen import Update

SPEED_FROM: Final = 50
NOTE_FROM: Final = 64
BAR_FROM: Final = 78
"""Columns of the terminal from which on there is room for the speed, the note, and the bar itself."""


@contextmanager
def bar(title: str) -> Iterator[tuple[Progress, Update]]:
    """A bar on stderr while the block runs, and what moves it."""
    console = Console(stderr=True)
    shown = Progress(*_columns(console.width), console=console, transient=True, expand=True)
    with shown:
        task = shown.add_task(title, total=None, note="")
        before: tuple[int, int | None] | None = None

        def update(done: int, total: int | None, note: str) -> None:
            nonlocal before
            if before is None or done < before[0] or total != before[1]:
                # What was done before, by an interrupted run or in another stage, tells nothing of the speed.
                shown.reset(task, completed=done, total=total, note=note)
            else:
                shown.update(task, completed=done, note=note)
            before = done, total

        yield shown, update


def _columns(width: int) -> Iterator[ProgressColumn]:
    """What a terminal of this ``width`` has room for. The title gives way before anything else."""

    def kept() -> Column:
        return Column(no_wrap=True)

    title = Column(no_wrap=True, overflow="ellipsis", ratio=1, min_width=1)
    yield TextColumn("{task.description}", markup=False, table_column=title)
    if width >= BAR_FROM:
        yield BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=4))
    yield TaskProgressColumn(table_column=kept())
    if width >= SPEED_FROM:
        yield TransferSpeedColumn(table_column=kept())
    if width >= NOTE_FROM:
        yield TextColumn("{task.fields[note]}", markup=False, table_column=kept())
    yield TimeRemainingColumn(compact=True, table_column=kept())
    yield TextColumn("left", table_column=kept())
