"""``rnncompress sample``."""

import os
import sys
from itertools import islice
from typing import TYPE_CHECKING

import click

from rnncompress.cli.models import load
from rnncompress.cli.options import Command, quiet_option
from rnncompress.cli.run import announce_compiling, usable_cores
from rnncompress.cli.screen import Screen
from rnncompress.cli.units import thousandths
from rnncompress.errors import OutputError, about

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rnncompress.model import Model
    from rnncompress.network import IntArray
    from rnncompress.vocabulary import Vocabulary


@click.command(cls=Command)
@click.option(
    "--model",
    "model_file",
    type=click.Path(),
    metavar="MODEL",
    required=True,
    help="What `rnncompress train` made.",
)
@click.option("--prime", metavar="TEXT", default="", help="What comes before the text; it is not printed.")
@click.option(
    "--length",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    metavar="N",
    help="Bytes, characters or words to print, whichever the model knows; points of strokes.",
)
@click.option(
    "--temperature",
    type=thousandths(0.001, 1000),
    default="1",
    show_default=True,
    metavar="T",
    help="Below 1 more likely text, above 1 less; in steps of 0.001.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    metavar="S",
    help="The same seed gives the same text on every machine.",
)
@quiet_option
def sample(model_file: str, prime: str, length: int, temperature: int, seed: int, quiet: bool) -> None:
    """Print text that a trained model makes up, as it is made up; of a model for strokes, a picture as SVG.

    The weights stay as they were trained. It is the network that speaks: what mixing makes of its predictions, bit by
    bit, and what counters know, is for coding.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed")
    given = load(model_file)
    assert given is not None
    announce_compiling(Screen(quiet=quiet))
    from rnncompress import sampling

    if given.model.config.strokes:
        if prime:
            raise click.UsageError("--prime is for text, and this model is for strokes")
        with about(model_file):
            _write_picture(given.model, length, temperature, seed)
        return
    vocabulary = given.model.vocabulary
    with about(model_file):
        symbols = sampling.from_model(
            given.model, _symbols(vocabulary, prime), temperature, seed, threads=usable_cores()
        )
    out = sys.stdout.buffer
    try:
        for symbol in islice(symbols, length):
            out.write(vocabulary.text([symbol]))
            out.flush()
        if out.isatty():
            out.write(b"\n")
    except BrokenPipeError:  # the program ends as others do
        raise
    except OSError as error:
        raise OutputError(f"cannot write standard output: {error.strerror}") from error


def _write_picture(model: "Model", points: int, temperature: int, seed: int) -> None:
    """Write an SVG of so many points that ``model`` makes up."""
    from rnncompress import sampling
    from rnncompress.strokes.made_up import records
    from rnncompress.strokes.picture import drawings

    def symbols(prime: "IntArray") -> "Iterator[int]":
        return sampling.from_model(model, prime, temperature, seed, threads=usable_cores())

    picture = drawings(*records(symbols, points))
    try:
        sys.stdout.buffer.write(picture.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write standard output: {error.strerror}") from error


def _symbols(vocabulary: "Vocabulary", prime: str) -> "IntArray":
    """The symbols of ``prime``; the end of a line is one only where it is written."""
    text = os.fsencode(prime)
    symbols = vocabulary.symbols(text)
    if vocabulary.kind == "words" and not text.endswith(b"\n"):
        return symbols[:-1]
    return symbols
