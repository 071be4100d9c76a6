"""In which form a file is coded: as its bytes, or packed, as the strokes or the words that it holds."""

import os
import time
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal

from rnncompress.container import Form
from rnncompress.errors import InputError
from rnncompress.loop import Meter, ProgressCallback
from rnncompress.strokes import files as strokes
from rnncompress.words import files as words

As = Literal["auto", "bytes", "strokes", "words"]
"""How a file is coded: as what it is recognised to hold, or as one is told."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What is coded in place of a file."""

    form: Form
    file: BinaryIO
    """A temporary one, seekable."""
    seconds: float = 0.0
    """Time that packing took."""


def pack(
    source: BinaryIO,
    how: As,
    *,
    for_strokes: bool | None,
    trained: bool,
    progress: ProgressCallback | None = None,
) -> Packed | None:
    """What is coded in place of ``source``; None if its bytes are.

    ``for_strokes`` says whether the preset or model that is to be used is for strokes; None where there is neither. A
    ``trained`` model has learnt bytes, or strokes, never words. Raises InputError if ``how`` cannot be done.
    """
    began = time.monotonic()
    if how == "words" and trained:
        raise InputError("a trained model knows no codes of words; leave out --as words, or --model")
    if how == "strokes" or (how == "auto" and for_strokes is not False):
        found = strokes.packed(source, sure=how == "strokes" or bool(for_strokes))
        if found is not None:
            return Packed("strokes", found, time.monotonic() - began)
    if how == "words" or (how == "auto" and not trained):
        tell = partial(Meter(0, progress).tell, "packing")
        found = words.packed(source, sure=how == "words", tell=tell)
        if found is not None:
            return Packed("words", found, time.monotonic() - began)
    return None


def size(original: BinaryIO, packed: Packed | None) -> int:
    """The bytes by which a preset chooses: the packed ones of strokes, which are far fewer, else the original's."""
    file = packed.file if packed is not None and packed.form == "strokes" else original
    return file.seek(0, os.SEEK_END)


def check(form: Form, packed: int, length: int) -> None:
    """Raise DamagedError if no file of ``length`` bytes is coded as so many packed ones."""
    if form == "strokes":
        strokes.check(packed, length)
    else:
        words.check(packed, length)


def unpack(form: Form, file: BinaryIO, length: int) -> None:
    """Put the ``length`` bytes of the original in place of the packed ones in ``file``. Raises DamagedError."""
    if form == "strokes":
        strokes.unpack(file, length)
    else:
        words.unpack(file, length)
