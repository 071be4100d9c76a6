"""``rnncompress write``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnncompress.attributes import Attributes
from rnncompress.cli.options import Command, Option, quiet_option
from rnncompress.cli.screen import Screen
from rnncompress.cli.streams import STDIO, choose_target, open_target, refuse_input
from rnncompress.cli.units import thousandths
from rnncompress.errors import about
from rnncompress.files import atomic_output, check_output, open_input

if TYPE_CHECKING:
    from rnncompress.writing.model import WritingModel
    from rnncompress.writing.writer import Line


@click.command(cls=Command)
@click.argument("text", metavar="TEXT")
@click.option(
    "--model",
    "model_file",
    type=click.Path(),
    metavar="MODEL",
    required=True,
    help="A model that writes, as benchmarks/handwriting.py makes one.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(allow_dash=True),
    metavar="OUT.svg",
    default=STDIO,
    help="Where to write the picture. Default: standard output.",
)
@click.option("-f", "--force", is_flag=True, help="Overwrite what is there.")
@click.option(
    "--window",
    "window_file",
    type=click.Path(),
    metavar="OUT.svg",
    help="Also draw how much each character counted for each point of the pen.",
)
@click.option(
    "--bias",
    "bias",
    type=thousandths(0, 10),
    default="0.5",
    show_default=True,
    metavar="B",
    help="From 0, as the hands that it has learnt, to 10; the more, the neater. In steps of 0.001.",
)
@click.option(
    "--prime",
    "prime_file",
    type=click.Path(),
    metavar="STROKES",
    cls=Option,
    section="Style",
    help="Write as the hand that wrote this file of strokes: one line.",
)
@click.option(
    "--prime-text",
    metavar="TEXT",
    cls=Option,
    section="Style",
    help="What is written there; needed with --prime.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    metavar="S",
    help="The same seed gives the same picture on every machine.",
)
@quiet_option
def write(
    text: str,
    model_file: str,
    output: str,
    force: bool,
    window_file: str | None,
    bias: int,
    prime_file: str | None,
    prime_text: str | None,
    seed: int,
    quiet: bool,
) -> None:
    """Write TEXT by hand, as a picture (SVG): a network moves the pen, and looks at one character after the other.

    Long texts become lines, which are all in the style of the first one, or of --prime. A model knows the characters
    that it has learnt; any other is refused.
    """
    if not text.strip():
        raise click.UsageError("there is no text to write")
    if (prime_file is None) != (prime_text is None):
        raise click.UsageError("--prime and --prime-text go together: strokes, and what they say")
    target = choose_target(STDIO, output, False, None, overwrite=force)
    window = Path(window_file) if window_file else None
    if window is not None:
        check_output(window, overwrite=force)
    for path in filter(None, (target, window)):
        refuse_input(model_file, path, "model")
        if prime_file is not None:
            refuse_input(prime_file, path, "style")
    if target is not None and window is not None and target.resolve() == window.resolve():
        raise click.UsageError("-o and --window name the same file")

    from rnncompress.writing import picture
    from rnncompress.writing.model import WritingModel
    from rnncompress.writing.writer import write as written

    model = WritingModel.load(Path(model_file))
    prime = (
        _prime(model, prime_file, prime_text) if prime_file is not None and prime_text is not None else None
    )
    lines: list[Line] = []
    with Screen(quiet=quiet).progress("writing") as update, about(model_file):
        for line in written(model, text, bias=bias / 1000, seed=seed, prime=prime):
            lines.append(line)
            update(sum(len(each.text) + 1 for each in lines), len(text) + 1, "")
    with open_target(target, Attributes.usual(), overwrite=force) as file:
        file.write(picture.lines(lines).encode())
    if window is not None:
        with atomic_output(window, overwrite=force) as file:
            file.write(picture.window(lines).encode())


def _prime(model: "WritingModel", name: str, text: str) -> "Line":
    """The style in the file ``name``, which says ``text``."""
    from rnncompress.writing import prime

    with open_input(Path(name)) as file, about(name):
        return prime.read(model, file.read(), text)
