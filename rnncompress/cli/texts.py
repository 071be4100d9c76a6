"""Texts on the command line: files, standard input, or corpora, read as one."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnncompress.cli import folders
from rnncompress.cli.screen import Screen
from rnncompress.cli.streams import find_input, open_source
from rnncompress.errors import InputError

if TYPE_CHECKING:
    from rnncompress.strokes.packing import Strokes


def read(names: Sequence[str], screen: Screen) -> bytes:
    """The content of all of them, one after the other."""
    content = []
    for name in names:
        with open_source(find_input(name, screen)) as file:
            content.append(file.read())
    return b"".join(content)


def read_strokes(names: Sequence[str], screen: Screen) -> "Strokes":
    """The strokes in all of them, files or folders. Raises InputError if there are none."""
    from rnncompress.strokes import packing

    content = []
    for name in names:
        if Path(name).is_dir():
            with folders.packed(Path(name), screen) as (file, _):
                content.append(file.read())
        else:
            content.append(read([name], screen))
    found = packing.parse(b"".join(content))
    if found is None:
        raise InputError(f"{' '.join(names)}: no strokes are found, which this model is for")
    return found


def shares(ctx: click.Context, param: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Two parts of a text, such as 96:4."""
    if text is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,8}):([1-9][0-9]{0,8})", text)
    if not found:
        raise click.BadParameter(f"{text!r} is no split such as 96:4")
    return int(found[1]), int(found[2])


def cut(text: bytes, parts: tuple[int, int]) -> tuple[bytes, bytes]:
    """The beginning and the end of a text, in these proportions; the cut is made at the end of a line, if it can."""
    at = len(text) * parts[0] // sum(parts)
    line = text.rfind(b"\n", 0, at) + 1
    return (text[:line], text[line:]) if line > at // 2 else (text[:at], text[at:])
