"""A second implementation of the format: one C file without dependencies, ``rnnc.c`` beside this text.

It is kept equal to the engines by ``tests/test_portable.py``; docs/portable.md says what it is for.
"""

import re
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
