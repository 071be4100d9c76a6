"""Compress with an LSTM that learns while it codes, and decode to the same bytes on every machine.

    >>> import rnncompress
    >>> blob = rnncompress.compress(b"to be or not to be")
    >>> rnncompress.decompress(blob)
    b'to be or not to be'

``encode`` and ``decode`` do the same over seekable binary files and never hold a large file in memory;
``inspect`` reads a header; ``Model.load`` reads a trained model to start from. All raise kinds of
:class:`RnncompressError` (see :mod:`rnncompress.errors`).

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
    from rnncompress.codec import Report, decode, encode
    from rnncompress.config import Config
    from rnncompress.container import Header, inspect
    from rnncompress.loop import Progress
    from rnncompress.model import Model
    from rnncompress.pretrained import adapt

__all__ = [
    "CannotDecodeHereError",
    "CheckpointError",
    "Checkpoints",
    "Config",
    "CorpusError",
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
    "inspect",
]

_LAZY = {
    "Checkpoints": "checkpoint",
    "Config": "config",
    "Header": "container",
    "Model": "model",
    "Progress": "loop",
    "Report": "codec",
    "adapt": "pretrained",
    "decode": "codec",
    "encode": "codec",
    "inspect": "container",
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


def compress(
    data: bytes, preset: str | None = None, *, model: "Model | None" = None, threads: int = 1
) -> bytes:
    """The compressed form of ``data``.

    Without a ``preset`` the choice depends on nothing but the length of ``data``. With a trained ``model`` coding
    starts from it, and :func:`decompress` needs it, too. The result depends neither on ``threads`` nor on the
    machine. For large data use :func:`encode` over files. Raises KeyError for an unknown preset, ValueError for a
    preset beside a model and for ``threads`` that cannot be had, ModelError if the model's symbols are not bytes.
    """
    from io import BytesIO

    from rnncompress import presets
    from rnncompress.codec import encode
    from rnncompress.pretrained import adapt

    if model is not None and preset is not None:
        raise ValueError("a model says what it is: name no preset")
    if model is not None:
        config = adapt(model, len(data))
    else:
        config = presets.get(preset, len(data)) if preset else presets.choose(len(data))
    target = BytesIO()
    encode(BytesIO(data), target, config, model=model, threads=threads)
    return target.getvalue()


def decompress(blob: bytes, *, model: "Model | None" = None, threads: int = 1) -> bytes:
    """The data that ``blob`` was made from by :func:`compress` or :func:`encode`, with the same ``model`` if any.

    Raises FormatError (not our format, truncated, damaged), LimitError (the header asks for too much memory),
    MismatchError (what was decoded is not what was encoded) or CannotDecodeHereError (ModelNeededError if the
    ``model`` is missing or another), ValueError for ``threads`` that cannot be had.
    """
    from io import BytesIO

    from rnncompress.codec import decode

    target = BytesIO()
    decode(BytesIO(blob), target, model=model, threads=threads)
    return target.getvalue()
