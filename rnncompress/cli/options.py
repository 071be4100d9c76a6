"""Options that several commands share."""

from collections.abc import Callable
from functools import reduce
from typing import Any, Final, TypeVar

import click

from rnncompress.cli.units import size
from rnncompress.limits import MEMORY_LIMIT, MOST_THREADS

Command = TypeVar("Command", bound=Callable[..., Any])


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
    help="Refuse files that ask for more, e.g. 16GB. Default: 8GiB.",
)
thread_count = click.IntRange(1, MOST_THREADS)
"""The type of options that take a number of threads."""


def output_options(command: Command) -> Command:
    """The options -o, -c, -f."""
    return reduce(lambda inner, option: option(inner), reversed(_OUTPUT), command)
