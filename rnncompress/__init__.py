"""Compress with an LSTM that learns while it codes, and decode to the same bytes on every machine.

    >>> import rnncompress
    >>> blob = rnncompress.compress(b"to be or not to be")
    >>> rnncompress.decompress(blob)
    b'to be or not to be'

``encode("book.txt", "book.txt.rnnc")`` and ``decode`` do the same over files, by path or open, and never hold a
large one in memory; ``open`` reads what a compressed file holds; ``inspect`` reads a header; ``Model.load`` reads a
trained model to start from; ``explain`` tells what each byte costs. All raise kinds of :class:`RnncompressError`
(see :mod:`rnncompress.errors`).

Importing this package imports none of numpy, numba and torch: the first call does.
"""

from typing import TYPE_CHECKING

from rnncompress._version import __version__
from rnncompress.errors import (
    CannotDecodeHereError,
    CheckpointError,
    CorpusError,
    DamagedError,
    DeviceError,
    FormatError,
    InputError,
    LimitError,
    MismatchError,
    ModelError,
    ModelNeededError,
    NotRnncError,
    OutputError,
    RnncompressError,
    SelfCheckError,
    TruncatedError,
    VersionError,
)

if TYPE_CHECKING:
    from rnncompress.checkpoint import Checkpoints
    from rnncompress.codec import Report
    from rnncompress.config import Config
    from rnncompress.container import Header, inspect
    from rnncompress.explaining.costs import Costs
    from rnncompress.library import compress, decode, decompress, encode, explain, open
    from rnncompress.loop import Progress
    from rnncompress.model import Model
    from rnncompress.pretrained import adapt

__all__ = [
    "CannotDecodeHereError",
    "CheckpointError",
    "Checkpoints",
    "Config",
    "CorpusError",
    "Costs",
    "DamagedError",
    "DeviceError",
    "FormatError",
    "Header",
    "InputError",
    "LimitError",
    "MismatchError",
    "Model",
    "ModelError",
    "ModelNeededError",
    "NotRnncError",
    "OutputError",
    "Progress",
    "Report",
    "RnncompressError",
    "SelfCheckError",
    "TruncatedError",
    "VersionError",
    "__version__",
    "adapt",
    "compress",
    "decode",
    "decompress",
    "encode",
    "explain",
    "inspect",
    "open",
]

_LAZY = {
    "Checkpoints": "checkpoint",
    "Costs": "explaining.costs",
    "Config": "config",
    "Header": "container",
    "Model": "model",
    "Progress": "loop",
    "Report": "codec",
    "adapt": "pretrained",
    "compress": "library",
    "decode": "library",
    "decompress": "library",
    "encode": "library",
    "explain": "library",
    "inspect": "container",
    "open": "library",
}
"""Names that are fetched on first use (PEP 562), and their modules."""


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
