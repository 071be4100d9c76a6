"""Where bytes come from and where they go: paths, ``-``, and names of corpora."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click

from rnncompress import corpora
from rnncompress.attributes import Attributes
from rnncompress.cli.screen import Screen
from rnncompress.errors import InputError, MismatchError, NotRnncError, OutputError, about
from rnncompress.files import atomic_output, check_output, first_difference, open_input, scratch, spool
from rnncompress.modelfile import head, kind_of

STDIO: Final = "-"
STDIN_NAME: Final = "standard input"
SUFFIX: Final = ".rnnc"
_PIECE: Final = 1 << 20


def find_input(name: str, screen: Screen) -> str:
    """``name`` itself, or the path of the corpus of that name, fetched first, where no such file exists."""
    if name == STDIO or Path(name).exists() or (found := corpora.find(name)) is None:
        return name
    corpus, file = found
    if corpus.missing():
        fetch(corpus, screen)
    return str(corpus.path(file))


def fetch(corpus: corpora.Corpus, screen: Screen) -> None:
    """Download ``corpus`` and say so."""
    screen.say(f"fetching {corpus.url}")
    with screen.progress(corpus.archive) as update:
        corpora.fetch(corpus, lambda done, total: update(done, total, ""))


@contextmanager
def open_source(name: str) -> Iterator[BinaryIO]:
    """The file of that name or, for ``-``, a temporary copy of standard input; seekable.

    Errors about its content, in the block, name it.
    """
    if name != STDIO:
        with open_input(Path(name)) as file, about(name), _telling_what_it_is(name):
            yield file
        return
    if sys.stdin is None:
        raise InputError("standard input is closed")
    with spool(sys.stdin.buffer, STDIN_NAME) as file, about(STDIN_NAME):
        yield file


@contextmanager
def _telling_what_it_is(name: str) -> Iterator[None]:
    """If the block fails because the file ``name`` is not compressed, and it is a model, say so."""
    try:
        yield
    except NotRnncError as error:
        if kind := kind_of(head(Path(name))):
            error.add_note(f"it is {kind.use}")
        raise


def attributes_of(name: str) -> Attributes:
    """Those of the input ``name``, for its output to have; the usual ones for standard input."""
    return Attributes.usual() if name == STDIO else Attributes.of(Path(name))


def choose_target(
    source: str, output: str | None, to_stdout: bool, default: Path | None, *, overwrite: bool
) -> Path | None:
    """The path to write to, or None for standard output. Raises OutputError early, before hours of work.

    ``default`` is the path where neither -o nor -c is given; what came from ``-`` then goes to stdout.
    """
    if output and to_stdout:
        raise click.UsageError("-o and -c contradict each other")
    if to_stdout or output == STDIO or (source == STDIO and not output):
        if sys.stdout is None:
            raise OutputError("standard output is closed")
        return None
    target = Path(output) if output else default
    if target is None:
        raise click.UsageError(f"{source} does not end in {SUFFIX}; name the output with -o")
    check_output(target, overwrite=overwrite)
    refuse_input(source, target)
    return target


def refuse_input(source: str, path: Path, what: str = "input") -> None:
    """Raise OutputError if writing ``path`` would replace the input ``source``; messages call it ``what``."""
    if source != STDIO and path.exists() and Path(source).exists() and path.samefile(source):
        raise OutputError(f"{path} is the {what} itself; name another output with -o")


@contextmanager
def open_target(
    target: Path | None,
    attributes: Attributes,
    *,
    overwrite: bool,
    keep: Callable[[], bool] = lambda: False,
) -> Iterator[BinaryIO]:
    """A seekable file that goes to ``target``, or to standard output, when the block ends well.

    ``attributes`` and ``keep`` are those of :func:`atomic_output`.
    """
    if target is not None:
        with atomic_output(target, overwrite=overwrite, keep=keep, attributes=attributes) as file:
            yield file
        return
    with scratch() as file:
        yield file
        file.seek(0)
        try:
            shutil.copyfileobj(file, sys.stdout.buffer, _PIECE)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # the program ends as others do
            raise
        except OSError as error:
            raise OutputError(f"cannot write standard output: {error.strerror}") from error


def compare(decoded: BinaryIO, original: BinaryIO, name: str) -> None:
    """Raise MismatchError unless both files hold the same bytes."""
    if (first := first_difference(decoded, original)) is not None:
        raise MismatchError(f"what was decoded differs from {name} from byte {first:,} on")
