"""Every error a user can meet, as one tree.

::

    RnncompressError                  exit 1   anything below; its text is one line that says what to do
    ├── InputError                    exit 1   the input cannot be read, or changed while it was read
    ├── OutputError                   exit 1   the output cannot be written (exists, no space, no permission)
    ├── CheckpointError               exit 1   no checkpoint fits: damaged, or of another input
    ├── ModelError                    exit 1   a model file is damaged, is none, or does not suit
    ├── CorpusError                   exit 1   a corpus cannot be fetched, or is not the published one
    ├── BenchError                    exit 1   a compressor crashed in the benchmark, or broke a limit
    ├── FormatError                   exit 1   the file is not ours, or is damaged
    │   ├── NotRnncError              exit 1   no magic number: some other kind of file
    │   ├── TruncatedError            exit 1   the file ends too early
    │   └── DamagedError              exit 1   a checksum differs, or a field makes no sense
    │       └── PayloadError          exit 1   the checksums are right, but no encoder writes such a payload
    ├── LimitError                    exit 1   a header asks for more than the limits allow
    ├── MismatchError                 exit 3   what was decoded is not what was encoded
    └── CannotDecodeHereError         exit 4   sound file, wrong machine or version
        ├── VersionError              exit 4   written by a newer format version
        ├── ModelNeededError          exit 4   the trained model that coding started from is not given
        ├── DeviceError               exit 4   the asked device is missing or unusable
        └── SelfCheckError            exit 4   this machine computes other numbers than the format defines

The command line prints the text of the error after ``rnncompress: error:`` and exits with ``exit_code``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final


class RnncompressError(Exception):
    """Base of all errors that rnncompress raises on purpose."""

    exit_code: ClassVar[int] = 1
    names_file: bool = False
    """Whether the text says which file the error is about."""


class InputError(RnncompressError):
    """The input cannot be read, or changed while it was being encoded."""


class OutputError(RnncompressError):
    """The output cannot be written."""


class CheckpointError(RnncompressError):
    """A checkpoint is damaged, or is not of this input, configuration and version."""


class ModelError(RnncompressError):
    """A model file is damaged, is no model of rnncompress, or is not the one that is needed."""


class CorpusError(RnncompressError):
    """A corpus cannot be fetched, or its bytes are not the published ones."""


class BenchError(RnncompressError):
    """A compressor crashed in the benchmark, or broke a limit of time or memory."""


class FormatError(RnncompressError):
    """The compressed file is not sound."""


class NotRnncError(FormatError):
    """The file does not begin with the magic number of the format."""


class TruncatedError(FormatError):
    """The file ends before its header says it does."""


class DamagedError(FormatError):
    """A checksum differs or a field has an impossible value."""


class PayloadError(DamagedError):
    """The payload fits no sequence of symbols: the decoder computes other numbers than the encoder did."""


class LimitError(RnncompressError):
    """The header asks for a network or a length beyond the limits in force."""


class MismatchError(RnncompressError):
    """The decoded bytes are not the bytes that were encoded."""

    exit_code = 3


class CannotDecodeHereError(RnncompressError):
    """The file may be sound, but this machine or version cannot decode it."""

    exit_code = 4


class VersionError(CannotDecodeHereError):
    """The file was written by a format version that this program does not know."""


class ModelNeededError(CannotDecodeHereError):
    """The file was encoded with a trained model that was not given, or another one was."""


class DeviceError(CannotDecodeHereError):
    """The asked device is missing, too old, or failed."""


class SelfCheckError(CannotDecodeHereError):
    """This machine computes other numbers than the format defines."""


_ABOUT_CONTENT: Final = (
    InputError,
    FormatError,
    LimitError,
    MismatchError,
    VersionError,
    ModelError,
    ModelNeededError,
)


@contextmanager
def about(name: str) -> Iterator[None]:
    """In the block the file ``name`` is read: an error about what a file holds begins with that name.

    What reads a file need not know its name. Errors that name a file already, and those about the machine, pass.
    """
    try:
        yield
    except _ABOUT_CONTENT as error:
        if not error.names_file:
            error.args = (f"{name}: {error}",)
            error.names_file = True
        raise
