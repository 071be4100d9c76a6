"""Coding that starts from a trained model and goes on learning: with which configuration, and from which model.

This is dynamic evaluation (Graves 2013, section 2) put to use, and what a dictionary is to zstd.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rnncompress import presets
from rnncompress.config import Config
from rnncompress.container import Header
from rnncompress.errors import ModelError, ModelNeededError, RnncompressError
from rnncompress.model import SUFFIX, Model, told_digest

LEAST_RATE: Final = 500
"""In millionths. Training may end with a rate at which hardly anything is learnt any more."""


def adapt(model: Model, length: int) -> Config:
    """The configuration with which ``model`` codes an input of ``length`` bytes.

    Streams, lanes and window are those of the default preset. Learning goes on at the rate with which training ended,
    as was measured best: see "Trained models" in docs/experiments.md. Raises ModelError if the model's symbols are
    not bytes.
    """
    check_bytes(model)
    usual = presets.choose(length)
    rate = max(model.config.rate_last, LEAST_RATE)
    return model.config.replace(
        streams=usual.streams, window=usual.window, lanes=usual.lanes, rate_first=rate, rate_last=rate
    )


def check_bytes(model: Model) -> None:
    """Raise ModelError if ``model`` cannot code any file."""
    if model.vocabulary.kind != "bytes":
        raise ModelError(
            f"the model's symbols are {model.vocabulary.kind}, and files are coded as bytes: train one on bytes"
        )


def needed(header: Header, model: Model | None) -> Model | None:
    """The model that coding started from, None where none is needed. Raises ModelNeededError if it is not ``model``."""
    if header.trained is None:
        return None
    if model is None or model.digest != header.trained:
        given = "" if model is None else f", and {short(model.digest)} is another"
        raise ModelNeededError(f"this file needs the trained model {short(header.trained)}{given}")
    return model


def short(digest: bytes) -> str:
    """As much of a digest as people read."""
    return digest.hex()[:12]


def find(digest: bytes, folders: Iterable[Path]) -> Path | None:
    """A model file in one of the ``folders`` that says it is the model ``digest``."""
    for folder in folders:
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                if told_digest(path) == digest:
                    return path
            except RnncompressError:
                continue
    return None
