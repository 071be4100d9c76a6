"""A second implementation of the format: one C file without dependencies, ``rnnc.c`` beside this text.

It is kept equal to the engines by ``tests/test_portable.py``; docs/portable.md says what it is for.
"""

import io
import re
import zipfile
from importlib.resources import files
from typing import Final

_STRING: Final = r'("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')'
_STRING_OR_COMMENT: Final = re.compile(_STRING + r"|/\*.*?\*/", re.DOTALL)
_STRING_OR_BLANK: Final = re.compile(
    _STRING + r"| +(?= )| +(?=[][(){},;])|(?<=[][(){},;]) +|(?<=[^\WEePp]) +(?=[^\w ])|(?<=[^\w ]) +(?=\w)"
)
"""Blanks that C does not need; those between operators stay, and where a number could seem to go on (``0xE + 1``)."""


def source() -> str:
    """The text of ``rnnc.c``."""
    return (files(__name__) / "rnnc.c").read_text(encoding="utf-8")


def stripped(text: str) -> str:
    """C source without comments, empty lines, and blanks that it does not need; names stay."""
    text = _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", text)
    lines = (line for line in map(str.strip, text.splitlines()) if line)
    return "".join(
        f"{line if line.startswith('#') else _STRING_OR_BLANK.sub(lambda found: found[1] or '', line)}\n"
        for line in lines
    )


def zipped() -> bytes:
    """A zip of the source without comments: all that decoding any file needs beside a C compiler."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        entry = zipfile.ZipInfo("rnnc.c")  # no date: the same zip every day
        out.writestr(entry, stripped(source()), zipfile.ZIP_DEFLATED, 9)
    return archive.getvalue()
