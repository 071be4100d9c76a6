"""Options that the user has put into the environment, for every command that knows them."""

import os
import shlex
from collections.abc import Iterator, Sequence
from typing import Final

import click

OPTIONS: Final = "RNNCOMPRESS_OPTIONS"
"""The environment variable, such as "--threads 2 --preset fast -q"."""


def usual_options(command: click.Command, commands: Sequence[click.Command]) -> list[str]:
    """What the environment has for ``command``; options that only other ``commands`` know are left out.

    Raises click.UsageError for what is an option of none.
    """
    try:
        words = shlex.split(os.environ.get(OPTIONS, ""))
    except ValueError as error:
        raise click.UsageError(f"{OPTIONS}: {error}") from None
    theirs = _options(command)
    known = {name: option for each in commands for name, option in _options(each).items()}
    chosen: list[str] = []
    rest = iter(words)
    for word in rest:
        name = word.partition("=")[0] if word.startswith("--") else word[:2]
        if not word.startswith("-") or name not in known:
            raise click.UsageError(f"{OPTIONS}: {word!r} is an option of no command")
        pieces = [word, *_value(word, name, known[name], rest)]
        if name in theirs:
            chosen += pieces
    return chosen


def _value(word: str, name: str, option: click.Option, rest: Iterator[str]) -> list[str]:
    """The value of an option where it is the next word."""
    if option.is_flag or word != name:
        return []
    try:
        return [next(rest)]
    except StopIteration:
        raise click.UsageError(f"{OPTIONS}: {word} needs a value") from None


def _options(command: click.Command) -> dict[str, click.Option]:
    """All names of the options of a command."""
    return {
        name: option
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
    }
