"""The option --as, and the strokes that a file holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import click

from rnncompress import presets
from rnncompress.cli.models import ModelFile
from rnncompress.cli.options import Option

if TYPE_CHECKING:
    from rnncompress.strokes.files import As

as_option = click.option(
    "--as",
    "how",
    type=click.Choice(("auto", "bytes", "strokes")),
    default="auto",
    show_default=True,
    cls=Option,
    section="Input",
    help="What it is coded as: pen strokes if it holds any, or as is said here.",
)


@contextmanager
def opened_strokes(
    original: BinaryIO, how: "As", preset: str | None, given: ModelFile | None
) -> Iterator[BinaryIO | None]:
    """The packed strokes of ``original``; None if its bytes are to be coded. Raises InputError if none are found."""
    from rnncompress.strokes import files  # what knows arrays takes long to import

    for_strokes = presets.for_strokes(preset) if preset else given.model.config.strokes if given else None
    found = files.packed(original, files.wanted(how, for_strokes))
    if found is None:
        yield None
    else:
        with found:
            yield found
