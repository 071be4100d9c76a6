"""Makes the manual page ``docs/rnncompress.1`` from the commands: what --help says, as man(7) wants it.

python docs/make_man.py
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from rnncompress._version import __version__
from rnncompress.cli import main

PAGE = Path(__file__).with_name("rnncompress.1")


def page() -> str:
    """The whole page."""
    context = click.Context(main, info_name="rnncompress", **main.context_settings)
    lines = [f'.TH RNNCOMPRESS 1 "" "rnncompress {__version__}"']
    lines += [".ad l"]  # choices of options are long words, between which nothing could be widened
    lines += [".SH NAME", rf"rnncompress \- {text(first_line(main)).rstrip('.')}"]
    lines += [".SH SYNOPSIS", ".B rnncompress", r"[\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGUMENTS\fR]"]
    lines += [".SH OPTIONS", *options(main, context), ".SH COMMANDS"]
    for name, command in commands(main, context):
        lines += described(name, command, context)
    lines += [".SH NOTES", *paragraphs(main.epilog or "")]
    return "\n".join(lines) + "\n"


def commands(
    group: click.Group, context: click.Context, before: str = ""
) -> Iterator[tuple[str, click.Command]]:
    """All commands with their full names, those of groups in their places."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from commands(command, context, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def described(name: str, command: click.Command, parent: click.Context) -> list[str]:
    """One command: usage, description, options."""
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    return [
        f'.SS "{text(name)}"',
        rf"\fBrnncompress {text(name)}\fR {text(usage)}",
        ".PP",
        *paragraphs(inspect.cleandoc(command.help or "")),
        *options(command, context),
    ]


def options(command: click.Command, context: click.Context) -> list[str]:
    """The options as a list of terms."""
    lines = []
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record and isinstance(param, click.Option):
            lines += [".TP", rf"\fB{text(record[0])}\fR", text(" ".join(record[1].split()))]
    return lines


def paragraphs(content: str) -> list[str]:
    """Paragraphs between blank lines; those that click is told to leave as they are (``\\b``) stay so."""
    lines = []
    for part in re.split(r"\n\s*\n", content.strip("\n")):
        if part.startswith("\b"):
            lines += [".nf", *map(text, part.lstrip("\b\n").splitlines()), ".fi", ".PP"]
        else:
            lines += [text(" ".join(part.split())), ".PP"]
    return lines[:-1]


def first_line(command: click.Command) -> str:
    """What the command is, in a sentence."""
    return inspect.cleandoc(command.help or "").partition("\n")[0]


def text(content: str) -> str:
    """``content`` with nothing in it that man(7) would take for its own."""
    escaped = content.replace("\\", r"\e").replace("-", r"\-").replace("|", r"|\:")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
