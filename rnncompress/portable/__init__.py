"""A second implementation of the format: one C file without dependencies, ``rnnc.c`` beside this text.

It is kept equal to the engines by ``tests/test_portable.py``; docs/portable.md says what it is for.
"""

import io
import re
import zipfile
from importlib.resources import files
from typing import Final

_STRING_OR_COMMENT: Final = re.compile(r'("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')|/\*.*?\*/', re.DOTALL)


def source() -> str:
    """The text of ``rnnc.c``."""
    return (files(__name__) / "rnnc.c").read_text(encoding="utf-8")


def stripped(text: str) -> str:
    """C source without comments, without blanks at the ends of lines, and without empty lines; names stay."""
    text = _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", text)
    return "".join(f"{line}\n" for line in map(str.strip, text.splitlines()) if line)


def zipped() -> bytes:
    """A zip of the source without comments: all that decoding any file needs beside a C compiler."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        entry = zipfile.ZipInfo("rnnc.c")  # no date: the same zip every day
        out.writestr(entry, stripped(source()), zipfile.ZIP_DEFLATED, 9)
    return archive.getvalue()
