"""What is compressed: files, folders, corpora by name, or prefixes of them. Their content identifies them."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rnncompress import corpora
from rnncompress.errors import InputError
from rnncompress.files import open_input

_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Input:
    """The identity of what is compressed, as results keep it."""

    name: str
    """The file's name, with its folder or corpus where it is one of several."""
    group: str | None
    """The folder or corpus whose files are added up; None for a single file."""
    bytes: int
    sha256: str
    slice: bool
    """Whether this is only the beginning of the file."""
    prefix: int | None
    """Of how many bytes a beginning was asked for, which keeps the totals of a folder apart."""
    corpus: str | None
    """The published file that these bytes are, such as ``enwik8`` or ``calgary/book1``, by its hashes."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of an input are: the first ``prefix`` bytes of ``path``, or all of it."""

    path: Path
    name: str
    group: str | None = None
    prefix: int | None = None

    def read(self, write: Callable[[bytes], object]) -> Input:
        """Pass the bytes on to ``write`` and return their identity. Raises InputError."""
        content = hashlib.sha256()
        length = 0
        with open_input(self.path) as file:
            rest = self.prefix
            while piece := file.read(_PIECE if rest is None else min(_PIECE, rest)):
                content.update(piece)
                write(piece)
                length += len(piece)
                rest = None if rest is None else rest - len(piece)
            sliced = bool(file.read(1))
        known = None if sliced else _known(self.path, length)
        prefix = self.prefix if sliced or self.group else None
        return Input(self.name, self.group, length, content.hexdigest(), sliced, prefix, known)


def find(
    names: Iterable[str],
    prefix: int | None,
    fetch: Callable[[corpora.Corpus], None],
    results: Path | None = None,
) -> list[Source]:
    """The sources that ``names`` mean, in order, each path once.

    A name is a file, a folder (all files in it, and a total), a corpus, or ``corpus/file``; ``fetch`` is
    called for a corpus that is not here. With ``prefix``, only the first so many bytes of every file. What lies in
    the folder of ``results`` does not count, unless it is named as a file. Raises InputError for what does not exist,
    CorpusError.
    """
    found = {source.path: source for name in names for source in _find(name, prefix, fetch, results)}
    return list(found.values())


def _find(
    name: str, prefix: int | None, fetch: Callable[[corpora.Corpus], None], results: Path | None
) -> Iterable[Source]:
    path = Path(name)
    if path.is_dir():
        group = path.resolve().name
        ours = results.resolve() if results else None
        files = sorted(
            each for each in path.rglob("*") if each.is_file() and ours not in each.resolve().parents
        )
        if not files:
            raise InputError(f"the folder {name} holds no files to compress")
        return [Source(each, f"{group}/{each.relative_to(path)}", group, prefix) for each in files]
    if path.exists():
        return [Source(path, path.name, None, prefix)]
    corpus = corpora.manifest().get(name.partition("/")[0])
    if corpus is None:
        raise InputError(f"{name} is not a file, a folder or a known corpus (see `rnncompress corpus list`)")
    wanted = corpus.files if "/" not in name else [_only(name)]
    if corpus.missing():
        fetch(corpus)
    if len(corpus.files) == 1:
        return [Source(corpus.path(file), file.name, None, prefix) for file in wanted]
    return [Source(corpus.path(file), f"{corpus.name}/{file.name}", corpus.name, prefix) for file in wanted]


def _only(name: str) -> corpora.CorpusFile:
    found = corpora.find(name)
    assert found is not None, "the corpus is known"
    return found[1]


def _known(path: Path, length: int) -> str | None:
    """The name of the published file that ``path`` is a copy of."""
    for corpus in corpora.manifest().values():
        for file in corpus.files:
            if file.bytes == length and all(
                _digest(path, algorithm) == value for algorithm, value in file.hashes.items()
            ):
                return corpus.name if len(corpus.files) == 1 else f"{corpus.name}/{file.name}"
    return None


def _digest(path: Path, algorithm: str) -> str:
    found = hashlib.new(algorithm, usedforsecurity=False)
    with open_input(path) as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()
