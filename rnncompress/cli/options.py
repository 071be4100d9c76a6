"""Options that several commands share."""

from collections.abc import Callable
from functools import reduce
from typing import Any, Final, TypeVar

import click

from rnncompress.limits import MEMORY_LIMIT

Command = TypeVar("Command", bound=Callable[..., Any])


def size(text: str) -> int:
    """A number of bytes, such as 500000, 512M or 16G (powers of 1024)."""
    digits, unit = (text[:-1], text[-1].upper()) if text[-1:].upper() in tuple("KMGT") else (text, " ")
    if not (digits.isascii() and digits.isdecimal()):
        raise click.BadParameter(f"{text!r} is no size such as 512M or 16G")
    return int(digits) << 10 * " KMGT".index(unit)


_OUTPUT: Final = (
    click.option("-o", "--output", metavar="OUT", help="Where to write; - is standard output."),
    click.option("-c", "--stdout", "to_stdout", is_flag=True, help="Write to standard output."),
    click.option("-f", "--force", is_flag=True, help="Overwrite what is there."),
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
memory_limit_option = click.option(
    "--memory-limit",
    type=size,
    default=str(MEMORY_LIMIT),
    metavar="SIZE",
    help="Refuse files that ask for more, e.g. 16G. Default: 8G.",
)


def output_options(command: Command) -> Command:
    """The options -o, -c, -f."""
    return reduce(lambda inner, option: option(inner), reversed(_OUTPUT), command)
