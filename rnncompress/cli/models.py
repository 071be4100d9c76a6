"""The option --model: a trained model from a file, and which file holds the one that is missing."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnncompress.cli.options import Option
from rnncompress.cli.streams import refuse_input
from rnncompress.container import Header
from rnncompress.errors import ModelNeededError
from rnncompress.files import open_input

if TYPE_CHECKING:
    from rnncompress.model import Model

model_option = click.option(
    "--model",
    "model_file",
    type=click.Path(),
    metavar="MODEL",
    cls=Option,
    section="Network",
    help="The trained model to start from; decoding needs the one that encoding had.",
)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A trained model and the file that holds it."""

    path: Path
    model: "Model"
    size: int
    """Bytes of the file."""


def load(name: str | None, *outputs: Path | None) -> ModelFile | None:
    """The model in the file ``name``, which none of the ``outputs`` may replace.

    Raises InputError, ModelError or VersionError; OutputError if an output is the model.
    """
    if name is None:
        return None
    from rnncompress.model import Model

    path = Path(name)
    refuse_model(name, *outputs)
    with open_input(path) as file:
        data = file.read()
    return ModelFile(path, Model.from_bytes(data, name), len(data))


def refuse_model(name: str | None, *outputs: Path | None) -> None:
    """Raise OutputError if one of the ``outputs`` would replace the model in the file ``name``."""
    for output in filter(None, outputs if name else ()):
        refuse_input(str(name), output, "model")


def check_needed(source: str, header: Header, given: ModelFile | None) -> None:
    """Raise ModelNeededError if a model was given and it is not the one that the file ``source`` needs."""
    if given:
        from rnncompress import pretrained

        with telling_which(source, header, given):
            pretrained.needed(header, given.model)


@contextmanager
def telling_which(source: str, header: Header, given: ModelFile | None) -> Iterator[None]:
    """If the block fails for want of the right model, tell which file is it, if that lies near."""
    try:
        yield
    except ModelNeededError as error:
        from rnncompress import pretrained

        folders = [Path(), Path(source).parent, *([given.path.parent] if given else [])]
        assert header.trained is not None
        found = pretrained.find(header.trained, dict.fromkeys(folders))
        error.add_note(f"use --model {shlex.quote(str(found))}" if found else "name its file with --model")
        raise
