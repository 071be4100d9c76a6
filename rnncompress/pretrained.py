"""Coding that starts from a trained model and goes on learning: with which configuration, and from which model.

This is dynamic evaluation (Graves 2013, section 2) put to use, and what a dictionary is to zstd.
"""

from collections.abc import Iterable
from pathlib import Path

from rnncompress import presets
from rnncompress.config import Config
from rnncompress.container import MODEL_HASH, Header
from rnncompress.errors import ModelError, ModelNeededError, RnncompressError
from rnncompress.model import SUFFIX, Model, told_digest
from rnncompress.use import Use


def adapt(model: Model, length: int) -> Config:
    """The configuration with which ``model`` codes an input of ``length`` bytes, or so many of packed strokes.

    Streams, lanes, window and frozen steps are those of the default preset; learning goes on as
    :func:`rnncompress.use.usual` says. Raises ModelError if the model's symbols are not bytes.
    """
    check_bytes(model)
    like = presets.choose(length, strokes=model.config.strokes)
    frozen = like.frozen if model.config.mixing else 0
    return Use(like.streams, like.window, like.lanes, frozen).config(model.config, length)


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
    if model is None or model.digest[:MODEL_HASH] != header.trained:
        given = "" if model is None else f", and {short(model.digest)} is another"
        raise ModelNeededError(f"this file needs the trained model {short(header.trained)}{given}")
    return model


def configuration(header: Header, model: Model | None) -> Config | None:
    """The configuration of a file, None if it is stored; ``model`` is what :func:`needed` gives."""
    if header.use is None:
        return header.config
    assert model is not None
    return header.use.config(model.config, header.coded)


def short(digest: bytes) -> str:
    """As much of a digest as people read."""
    return digest.hex()[:12]


def find(digest: bytes, folders: Iterable[Path]) -> Path | None:
    """A model file in one of the ``folders`` that says it is the model whose digest begins with ``digest``."""
    for folder in folders:
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                if told_digest(path)[: len(digest)] == digest:
                    return path
            except RnncompressError:
                continue
    return None
