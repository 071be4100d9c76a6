"""The option --as, and what a file holds that is coded in place of its bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import click

from rnncompress import presets
from rnncompress.cli.models import ModelFile
from rnncompress.cli.options import Option
from rnncompress.cli.run import Run, shown

if TYPE_CHECKING:
    from rnncompress.forms import As, Packed

as_option = click.option(
    "--as",
    "how",
    type=click.Choice(("auto", "bytes", "strokes", "words")),
    default="auto",
    show_default=True,
    cls=Option,
    section="Input",
    help="What it is coded as: pen strokes if it holds any, words if it is a long text; or as is said here.",
)


@contextmanager
def opened_packed(
    original: BinaryIO, name: str, how: "As", preset: str | None, given: ModelFile | None, run: Run
) -> Iterator["Packed | None"]:
    """What is coded in place of ``original``; None if its bytes are. Raises InputError if ``how`` cannot be done."""
    from rnncompress import forms  # what knows arrays takes long to import

    for_strokes = presets.for_strokes(preset) if preset else given.model.config.strokes if given else None
    with run.screen.progress(f"encoding {name}") as update:
        found = forms.pack(
            original, how, for_strokes=for_strokes, trained=given is not None, progress=shown(update)
        )
    if found is None:
        yield None
    else:
        with found.file:
            yield found
