"""Corpora by name: what they are, where they are published, and fetching them into a cache folder, checked.

The manifest (``corpora/manifest.toml``) holds for each corpus its files with length and hashes, the licence,
and the address of the publisher's zip. Only the sample travels with this project.
"""

import hashlib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from rnncompress.errors import CorpusError, OutputError
from rnncompress.files import atomic_output

Progress = Callable[[int, int | None], None]
"""Called with the bytes that have arrived and, where known, the bytes to come in all."""

_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file of a corpus: its name, its length in bytes, and its published hashes by algorithm."""

    name: str
    bytes: int
    hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A published set of files. Without a ``url`` it is part of this project."""

    name: str
    title: str
    licence: str
    files: tuple[CorpusFile, ...]
    home: str | None = None
    url: str | None = None

    @property
    def bytes(self) -> int:
        """Bytes of all files together."""
        return sum(file.bytes for file in self.files)

    @property
    def archive(self) -> str:
        """The name of the publisher's zip."""
        return PurePosixPath(self.url or "").name

    def path(self, file: CorpusFile) -> Path:
        """Where ``file`` is, or will be once the corpus is fetched."""
        return (cache_folder() / self.name if self.url else data_folder()) / file.name

    def missing(self) -> list[CorpusFile]:
        """The files that are not here, or not in their full length."""
        return [file for file in self.files if not _has_length(self.path(file), file.bytes)]


def data_folder() -> Path:
    """The folder of the manifest and the sample: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_corpora"
    return installed if installed.is_dir() else package.parent / "corpora"


def cache_folder() -> Path:
    """Where fetched corpora live: ``RNNCOMPRESS_CACHE``, or a folder in the platform's place for caches."""
    if chosen := os.environ.get("RNNCOMPRESS_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("rnncompress", appauthor=False)


def manifest() -> dict[str, Corpus]:
    """All known corpora by name."""
    table = tomllib.loads((data_folder() / "manifest.toml").read_text(encoding="utf-8"))
    return {
        name: Corpus(name, **{**entry, "files": tuple(_file(**file) for file in entry["files"])})
        for name, entry in table.items()
    }


def _file(name: str, bytes: int, **hashes: str) -> CorpusFile:
    return CorpusFile(name, bytes, hashes)


def get(name: str) -> Corpus:
    """The corpus of that name. Raises CorpusError if there is none."""
    known = manifest()
    if name not in known:
        raise CorpusError(f"no corpus is called {name!r}; known are {', '.join(known)}")
    return known[name]


def find(name: str) -> tuple[Corpus, CorpusFile] | None:
    """The file meant by ``enwik8`` or ``calgary/book1``; None if no corpus has that name.

    Raises CorpusError where the corpus is known but the name does not say which of its files is meant.
    """
    corpus_name, _, file_name = name.partition("/")
    corpus = manifest().get(corpus_name)
    if corpus is None:
        return None
    files = [file for file in corpus.files if file_name in ("", file.name)]
    if len(files) != 1:
        example = f"{corpus.name}/{corpus.files[0].name}"
        raise CorpusError(f"{name!r} is not one file; name a file of the corpus, for example {example}")
    return corpus, files[0]


def fetch(corpus: Corpus, progress: Progress | None = None) -> None:
    """Download what is missing of ``corpus`` into the cache folder, unzip it and check every hash.

    An interrupted download is continued by the next call. Raises CorpusError (no network, wrong bytes), which
    says what to do next, OutputError if the cache folder cannot be written.
    """
    if not corpus.url or not corpus.missing():
        return
    part = cache_folder() / corpus.name / f"{corpus.archive}.part"
    with writing_cache(part.parent):
        part.parent.mkdir(parents=True, exist_ok=True)
    from rnncompress.download import download  # what speaks HTTP takes long to import

    download(corpus, part, progress)
    try:
        _unzip(corpus, part)
    except CorpusError as error:
        part.unlink()
        raise CorpusError(f"{error}; the download was removed, so the same command starts anew") from None
    part.unlink()


def take(corpus: Corpus, source: Path) -> None:
    """Fill the cache from ``source``, got elsewhere: the publisher's zip, a folder of files, or one raw file.

    Raises CorpusError if the bytes are not the published ones.
    """
    from zipfile import is_zipfile

    if not corpus.url:
        raise CorpusError(f"{corpus.name} is part of rnncompress; there is nothing to fetch")
    try:
        if source.is_dir():
            for file in corpus.files:
                with (source / file.name).open("rb") as stream:
                    _store(corpus, file, stream)
        elif is_zipfile(source):
            _unzip(corpus, source)
        else:
            length = source.stat().st_size
            meant = next((file for file in corpus.files if file.bytes == length), None)
            if meant is None:
                raise CorpusError(
                    f"{source} ({length:,} bytes) is neither {corpus.archive} nor a file of {corpus.name}"
                )
            with source.open("rb") as stream:
                _store(corpus, meant, stream)
    except OSError as error:
        raise CorpusError(f"cannot read {error.filename or source}: {error.strerror or error}") from None


def check(corpus: Corpus, file: CorpusFile) -> None:
    """Read ``file`` and raise CorpusError unless it is here and has the published length and hashes."""
    path = corpus.path(file)
    try:
        with path.open("rb") as stream:
            found = _Hashes(file)
            while piece := stream.read(_PIECE):
                found.update(piece)
    except OSError as error:
        reason = (
            f"run `rnncompress corpus fetch {corpus.name}`"
            if isinstance(error, FileNotFoundError)
            else error.strerror or str(error)
        )
        raise CorpusError(f"{file.name} is not at {path}: {reason}") from None
    found.compare(str(path))


class _Hashes:
    """Length and hashes of a file as its bytes go by."""

    def __init__(self, file: CorpusFile) -> None:
        self._file = file
        self._length = 0
        self._running = {name: hashlib.new(name, usedforsecurity=False) for name in file.hashes}

    def update(self, piece: bytes) -> None:
        self._length += len(piece)
        for running in self._running.values():
            running.update(piece)

    def compare(self, what: str) -> None:
        """Raise CorpusError, which names ``what``, unless all is as published."""
        if self._length != self._file.bytes:
            raise CorpusError(
                f"{what} is not the published file: {self._length:,} bytes instead of {self._file.bytes:,}"
            )
        for name, expected in self._file.hashes.items():
            if (found := self._running[name].hexdigest()) != expected:
                difference = f"{name} {found[:16]}… instead of {expected[:16]}…"
                raise CorpusError(f"{what} is not the published file: {difference}")


def _has_length(path: Path, length: int) -> bool:
    try:
        return path.stat().st_size == length
    except OSError:
        return False


@contextmanager
def writing_cache(folder: Path) -> Iterator[None]:
    """Turn a failure to write into one line that says where and what to do."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write to the cache folder {folder}: {error.strerror or error}; "
            "set RNNCOMPRESS_CACHE to a folder with room"
        ) from None


def _store(corpus: Corpus, file: CorpusFile, source: IO[bytes]) -> None:
    """Copy ``source`` into the cache; it takes its name only if its bytes are the published ones."""
    path = corpus.path(file)
    with writing_cache(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    found = _Hashes(file)
    with atomic_output(path, overwrite=True) as target:
        while piece := source.read(_PIECE):
            found.update(piece)
            target.write(piece)
        found.compare(file.name)


def _unzip(corpus: Corpus, archive: Path) -> None:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(archive) as opened:
            members = {PurePosixPath(member.filename).name: member for member in opened.infolist()}
            for file in corpus.files:
                if file.name not in members:
                    raise CorpusError(f"{archive.name} holds no {file.name}")
                with opened.open(members[file.name]) as source:
                    _store(corpus, file, source)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise CorpusError(f"{corpus.archive} is damaged ({error})") from None
