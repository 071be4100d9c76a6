"""Which inputs a command line means: files, folders, standard input, corpora; and where their outputs go."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem

from rnncompress import corpora
from rnncompress.cli.streams import STDIO, SUFFIX
from rnncompress.errors import CorpusError, InputError, OutputError
from rnncompress.files import PART

TAR: Final = ".tar"
_NOT_INPUTS: Final = (SUFFIX, PART, ".ckpt", ".ckpt.old", ".ckpt.new")
"""What the names of outputs, and of what stands beside them, end in."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a command."""

    name: str
    """A path, - for standard input, or the name of a corpus."""
    output: Path | None
    """What its output is called if the user does not say; None for none."""
    below: Path | None
    """The same in a folder of outputs."""
    is_folder: bool = False
    """All files in it are one input."""
    mine: bool = True
    """Whether it is a file of the user, which --rm may remove."""


def to_encode(names: Sequence[str], recursive: bool) -> Iterator[Input]:
    """The inputs that ``names`` mean for encoding, in their order; a corpus is not fetched yet."""
    for name in names:
        if not (name and Path(name).is_dir()):
            corpus = _corpus_file(name)
            output = Path((corpus or name) + SUFFIX)
            yield Input(name, output, Path(output.name), mine=corpus is None and name != STDIO)
        elif recursive:
            for path in _files(Path(name)):
                if not path.name.endswith(_NOT_INPUTS):
                    yield _in_folder(name, path, path.name + SUFFIX)
        else:
            whole = Path(name).resolve()
            output = whole if Path(name).name in ("", "..") else Path(name)
            output = output.with_name(whole.name + TAR + SUFFIX)
            yield Input(name, output, Path(output.name), is_folder=True, mine=False)


def to_decode(names: Sequence[str], recursive: bool) -> Iterator[Input]:
    """The compressed files that ``names`` mean, in their order."""
    for name in names:
        if recursive and name and Path(name).is_dir():
            for path in _files(Path(name)):
                if path.name.endswith(SUFFIX):
                    yield _in_folder(name, path, path.name.removesuffix(SUFFIX))
        else:
            output = Path(name.removesuffix(SUFFIX)) if name.endswith(SUFFIX) else None
            yield Input(name, output, Path(output.name) if output else None, mine=name != STDIO)


def output_name(given: Input, output: str | None) -> str | None:
    """The name of the output in the folder ``output``, which is made; else ``output`` itself. Raises OutputError."""
    if output is None or not is_folder(output):
        return output
    if given.below is None:
        return str(Path(output, Path(given.name).name))  # refused later: an output needs a name of its own
    path = Path(output) / given.below
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
    return str(path)


def is_folder(output: str) -> bool:
    """Whether the option -o names a folder for outputs: one that ends in a slash need not be there yet."""
    return output.endswith(("/", os.sep)) or Path(output).is_dir()


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files and folders, and the names of corpora."""
    names = [CompletionItem(name) for name in corpora.manifest() if name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


def _corpus_file(name: str) -> str | None:
    """What the file is called that the name of a corpus means; None if it means a file of the user, or none."""
    if name == STDIO or Path(name).exists():
        return None
    with suppress(CorpusError):  # that is told when it is fetched
        if found := corpora.find(name):
            return found[1].name
    return None


def _files(folder: Path) -> Iterator[Path]:
    """The regular files in ``folder`` and the folders in it, sorted; links are left alone. Raises InputError."""

    def fail(error: OSError) -> None:
        raise InputError(f"cannot read {error.filename}: {error.strerror}") from error

    for root, folders, names in os.walk(folder, onerror=fail):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _in_folder(name: str, path: Path, output: str) -> Input:
    """A file in the folder ``name``; in a folder of outputs it stands where it stood."""
    below = Path(Path(name).resolve().name) / path.relative_to(name)
    return Input(str(path), path.with_name(output), below.with_name(output))
