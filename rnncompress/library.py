"""What Python programs call: buffers and files, by path or open, to compressed ones and back."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, overload

from rnncompress import codec, presets
from rnncompress.attributes import Attributes
from rnncompress.checkpoint import Checkpoints
from rnncompress.codec import Report
from rnncompress.config import Config
from rnncompress.engine import EngineName
from rnncompress.errors import about
from rnncompress.explaining.costs import Costs, measure
from rnncompress.files import atomic_output, open_input, scratch
from rnncompress.forms import As, pack, size
from rnncompress.limits import MEMORY_LIMIT, check_threads
from rnncompress.loop import ProgressCallback
from rnncompress.model import Model
from rnncompress.pretrained import adapt

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

File = str | Path | BinaryIO
"""A path, or a seekable binary file."""


def compress(
    data: "ReadableBuffer",
    preset: str | Config | None = None,
    *,
    how: As = "auto",
    model: Model | None = None,
    threads: int = 1,
    progress: ProgressCallback | None = None,
) -> bytes:
    """The compressed form of ``data``: bytes, or any other buffer.

    Without a ``preset`` the choice depends on nothing but the length of ``data``, and on whether it holds pen strokes
    (see docs/strokes.md) or is a long text (docs/words.md); ``how`` tells that it is coded as ``strokes``, ``words``,
    or ``bytes``. With a trained ``model`` coding starts from it, and :func:`decompress` needs it, too. The result
    depends neither on ``threads`` nor on the machine. ``progress`` is called about every 0.1 s. For large data use
    :func:`encode` over files. Raises ValueError for an unknown preset, a preset beside a model, and ``threads`` that
    cannot be had, ModelError if the model's symbols are not bytes, InputError if ``how`` asks for what cannot be done.
    """
    target = io.BytesIO()
    encode(io.BytesIO(data), target, preset, how=how, model=model, threads=threads, progress=progress)
    return target.getvalue()


def decompress(
    blob: "ReadableBuffer",
    *,
    model: Model | None = None,
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: ProgressCallback | None = None,
) -> bytes:
    """The data that ``blob`` was made from by :func:`compress` or :func:`encode`, with the same ``model`` if any.

    Raises FormatError (not our format, truncated, damaged), LimitError (the header asks for too much memory),
    MismatchError (what was decoded is not what was encoded) or CannotDecodeHereError (ModelNeededError if the
    ``model`` is missing or another), ValueError for ``threads`` that cannot be had.
    """
    target = io.BytesIO()
    decode(
        io.BytesIO(blob),
        target,
        model=model,
        threads=threads,
        memory_limit=memory_limit,
        progress=progress,
    )
    return target.getvalue()


def explain(
    data: "ReadableBuffer",
    preset: str | Config | None = None,
    *,
    model: Model | None = None,
    threads: int = 1,
) -> Costs:
    """What each byte of ``data`` costs in :func:`compress`, in bits: ``explain(data).coded`` has a number for each.

    Strokes and words are bytes here. Takes what :func:`compress` takes but ``how``, raises what it raises, about as
    fast.
    """
    check_threads(threads)
    source = io.BytesIO(data)
    config = _config(len(source.getbuffer()), preset, model, strokes=False)
    return measure(source, io.BytesIO(), config, model=model, threads=threads)[1]


def _for_strokes(preset: str | Config | None, model: Model | None) -> bool | None:
    """Whether a preset or model is for strokes; None where there is neither."""
    if isinstance(preset, str):
        return presets.for_strokes(preset)
    config = model.config if model is not None else preset
    return None if config is None else config.strokes


def _config(length: int, preset: str | Config | None, model: Model | None, *, strokes: bool) -> Config:
    """What ``length`` bytes are coded with, be they packed ``strokes`` or not."""
    if isinstance(preset, Config):
        return preset
    if model is not None:
        if preset is not None:
            raise ValueError("a model says what it is: name no preset")
        return adapt(model, length)
    return presets.get(preset, length) if preset is not None else presets.choose(length, strokes=strokes)


def encode(
    source: File,
    target: File,
    preset: str | Config | None = None,
    *,
    how: As = "auto",
    model: Model | None = None,
    engine: EngineName = "cpu",
    threads: int = 1,
    progress: ProgressCallback | None = None,
    checkpoints: Checkpoints | None = None,
    overwrite: bool = False,
) -> Report:
    """Compress all of ``source`` into ``target``.

    A path of a ``target`` appears when all of it is there, with mode and times of ``source`` if that is a path; what is
    there already is replaced only with ``overwrite``. Of an open file, seekable, all is replaced. ``preset`` names a
    network, or is a configuration; without one the size of the input decides. Everything else is as in
    :func:`compress`; ``checkpoints``, of an open ``target``, let an interrupted run go on.
    Raises InputError if the source cannot be read or changes meanwhile, OutputError, DeviceError if the engine cannot
    run here, ModelError, CheckpointError, KeyboardInterrupt after a checkpoint, and ValueError.
    """
    check_threads(threads)
    with _reading(source) as original:
        packed = pack(original, how, for_strokes=_for_strokes(preset, model), trained=model is not None)
        with packed.file if packed else nullcontext():
            strokes = packed is not None and packed.form == "strokes"
            config = _config(size(original, packed), preset, model, strokes=strokes)
            with _writing(target, source, overwrite) as compressed:
                return codec.encode(
                    original,
                    compressed,
                    config,
                    packed=packed,
                    model=model,
                    engine=engine,
                    threads=threads,
                    progress=progress,
                    checkpoints=checkpoints,
                )


def decode(
    source: File,
    target: File,
    *,
    model: Model | None = None,
    engine: EngineName = "cpu",
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: ProgressCallback | None = None,
    checkpoints: Checkpoints | None = None,
    overwrite: bool = False,
) -> Report:
    """Decompress all of ``source`` into ``target``; both are as in :func:`encode`, an open ``target`` also readable.

    All checksums of the file are verified before decoding begins, the hash of the content after it.
    ``model`` is the trained one that coding started from; a file that was coded without one ignores it.
    Raises FormatError (NotRnncError, TruncatedError, DamagedError), VersionError, LimitError (see
    :mod:`rnncompress.limits`), ModelNeededError, MismatchError, DeviceError, CheckpointError, InputError, OutputError,
    and ValueError if ``threads`` cannot be had.
    """
    check_threads(threads)
    with _reading(source) as packed, _writing(target, source, overwrite) as decoded:
        return codec.decode(
            packed,
            decoded,
            model=model,
            engine=engine,
            threads=threads,
            memory_limit=memory_limit,
            progress=progress,
            checkpoints=checkpoints,
        )


@overload
def open(
    source: File,
    mode: Literal["r", "rb"] = "rb",
    *,
    model: Model | None = None,
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
) -> BinaryIO: ...


@overload
def open(
    source: File,
    mode: Literal["rt"],
    *,
    encoding: str | None = None,
    model: Model | None = None,
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
) -> IO[str]: ...


def open(
    source: File,
    mode: str = "rb",
    *,
    encoding: str | None = None,
    model: Model | None = None,
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
) -> IO[bytes] | IO[str]:
    """The content of the compressed file ``source``, to read and seek in: as bytes, or with ``mode`` "rt" as text.

    All of it is decoded first, into a temporary file that closing removes: nothing is read whose hash is not right.
    Raises what :func:`decode` raises, and ValueError for another mode.
    """
    if mode not in ("r", "rb", "rt"):
        raise ValueError(f"the mode is {mode!r}: compressed files are opened to read, as 'rb' or 'rt'")
    decoded = scratch()
    try:
        decode(source, decoded, model=model, threads=threads, memory_limit=memory_limit)
        decoded.seek(0)
    except BaseException:
        decoded.close()
        raise
    return io.TextIOWrapper(decoded, encoding or "utf-8") if mode == "rt" else decoded


@contextmanager
def _reading(source: File) -> Iterator[BinaryIO]:
    """``source`` open; errors about its content name its path."""
    if isinstance(source, str | Path):
        with open_input(Path(source)) as file, about(str(source)):
            yield file
    else:
        yield source


@contextmanager
def _writing(target: File, source: File, overwrite: bool) -> Iterator[BinaryIO]:
    """``target`` open; a path becomes the output when the block ends well."""
    if isinstance(target, str | Path):
        attributes = Attributes.of(Path(source)) if isinstance(source, str | Path) else None
        with atomic_output(Path(target), overwrite=overwrite, attributes=attributes) as file:
            yield file
    else:
        yield target
