"""Files to compressed files and back: what is checked before and after :mod:`rnncompress.loop` runs."""

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import BinaryIO, Final, Protocol, TypeVar

from rnncompress import container, forms, incompressible, pretrained
from rnncompress._version import __version__
from rnncompress.checkpoint import Checkpoints
from rnncompress.config import Config, canonical, check_config
from rnncompress.container import Header, Mode, Packing
from rnncompress.engine import Engine, EngineName
from rnncompress.engine import state as states
from rnncompress.errors import (
    CheckpointError,
    FormatError,
    InputError,
    MismatchError,
    PayloadError,
    VersionError,
)
from rnncompress.forms import Packed
from rnncompress.layout import Layout
from rnncompress.limits import MEMORY_LIMIT, check_memory, check_threads
from rnncompress.loop import Decoding, Encoding, Meter, ProgressCallback, code, rehearse
from rnncompress.model import Model, State
from rnncompress.snapshot import Identity, Snapshot
from rnncompress.trust import build as build_trusted
from rnncompress.use import Use

REPORT: Final = "please report it with what `rnncompress selfcheck` and `rnncompress info --json` print"

Way = TypeVar("Way", Encoding, Decoding)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did. Sizes are in bytes; bpc is 8 × compressed / original, of the whole file on disk."""

    mode: Mode
    """"model", or "trained" if coding started from one, or "stored" where the input does not compress."""
    original_bytes: int
    compressed_bytes: int
    header_bytes: int
    coded_bytes: int
    """Those of the original, or the packed ones in their place."""
    payload_bytes: int
    """The blocks with their lengths and checksums, or the stored bytes."""
    bpc: float
    """0.0 for the empty file."""
    curve: tuple[tuple[int, float], ...]
    """About 200 points (bytes done, bpc so far), from the exact code lengths; empty if stored."""
    seconds: float
    config: Config | None
    """None if stored."""
    engine: EngineName
    digest: bytes
    """BLAKE2b-128 of the original."""
    trained: bytes | None
    """The digest of the trained model without which the file cannot be decoded."""

    def _repr_html_(self) -> str:
        """The report as notebooks show it."""
        done = f"{self.original_bytes:,} → {self.compressed_bytes:,} bytes"
        rows = {
            "bits per character": f"{self.bpc:.3f}",
            "ratio": f"{self.original_bytes / self.compressed_bytes:.3f}",
            "mode": self.mode,
            "header": f"{self.header_bytes:,} bytes",
            "time": f"{self.seconds:.1f} s ({self.engine})",
            "content": f"BLAKE2b-128 {self.digest.hex()}",
        }
        if self.trained:
            rows["trained model"] = self.trained.hex()
        cells = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows.items())
        return f"<table><caption>{done}</caption>{cells}</table>"

    def to_dict(self) -> dict[str, object]:
        """The report as one JSON object: digests in hexadecimal, the configuration as an object."""
        trained = self.trained.hex() if self.trained else None
        return asdict(self) | {"digest": self.digest.hex(), "trained": trained}


class Build(Protocol):
    """Makes the engine of a file: :func:`rnncompress.trust.build`."""

    def __call__(
        self, config: Config, windows: int, *, engine: EngineName, threads: int, state: State | None
    ) -> Engine:
        """An engine for a file of so many ``windows``, whose network begins with ``state`` if given."""


def encode(
    source: BinaryIO,
    target: BinaryIO,
    config: Config,
    *,
    packed: Packed | None = None,
    model: Model | None = None,
    engine: EngineName = "cpu",
    threads: int = 1,
    progress: ProgressCallback | None = None,
    checkpoints: Checkpoints | None = None,
    notice_noise: bool = True,
    build: Build = build_trusted,
) -> Report:
    """Compress all of ``source`` into ``target`` (both seekable; what ``target`` held before is overwritten).

    The bytes written depend on ``source``, ``config`` and ``model`` alone. ``packed`` is what
    :func:`rnncompress.forms.pack` makes of it: then that is coded. With a trained ``model`` coding starts
    from it; ``config`` is of the same network, as :func:`rnncompress.pretrained.adapt` makes it, and decoding needs
    the same model. ``progress`` is called about every 0.1 s.
    With ``checkpoints`` the state is saved now and then, and a run can go on with the ``target`` that an
    interrupted one left; remove them when the output is safe. Large noise is stored without trying to code it
    unless ``notice_noise`` is false. ``build`` replaces the engine (for tests).
    Raises InputError if the source changes meanwhile, DeviceError if the engine cannot run here, ValueError
    if ``config`` cannot be written to a file or ``threads`` cannot be had, ModelError, CheckpointError, and
    KeyboardInterrupt after a checkpoint.
    """
    check_threads(threads)
    check_config(config)
    if model is not None:
        pretrained.check_bytes(model)
    length = source.seek(0, os.SEEK_END)
    coded = length if packed is None else packed.file.seek(0, os.SEEK_END)
    meter = Meter(length, progress, coded)
    if packed is not None:
        meter.spend(packed.seconds)
    measured = _measure(source, meter)
    length, digest = measured
    header = Header("stored", length, digest, None)
    size = header.size + length
    resuming = checkpoints is not None and checkpoints.resuming
    if resuming:  # the interrupted run may have found out already that the model does not help
        storing = _begins_with(target, header)
    else:
        make = partial(build, engine=engine, threads=threads, state=None)
        storing = notice_noise and model is None and packed is None and _is_noise(source, length, meter, make)
    if length and not storing:
        layout = Layout(coded, config.streams, config.window)
        trained = model.digest if model else None
        packing = None if packed is None else Packing(packed.form, coded)
        modelled = Header("model", length, digest, config, packed=packing)
        if model is not None:
            use = Use.of(config, model.config, coded)
            name = model.digest[: container.MODEL_HASH]
            modelled = Header("trained", length, digest, None, name, use, packing)
        start = model.state(config) if model is not None else None
        coding = build(config, layout.windows, engine=engine, threads=threads, state=start)
        identity = _identity("encode", length, digest, config, trained, packing)
        encoding = _begin(
            lambda at: Encoding(packed.file if packed else source, target, modelled, at),
            coding,
            layout,
            meter,
            checkpoints,
            identity,
        )
        with checkpoints.running(meter.done) if checkpoints else nullcontext():
            code(encoding, coding, meter, checkpoints, identity)
        if encoding.writer.size < size:
            header, size = modelled, encoding.writer.size
    if header.mode == "stored":
        container.write_stored(source, target, header)
    if _measure(source, meter) != measured:
        raise InputError("the input changed while it was encoded; encode it again")
    return _report(header, config if header.walk else None, size, meter, engine)


def decode(
    source: BinaryIO,
    target: BinaryIO,
    *,
    model: Model | None = None,
    engine: EngineName = "cpu",
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: ProgressCallback | None = None,
    checkpoints: Checkpoints | None = None,
    build: Build = build_trusted,
) -> Report:
    """Decompress all of ``source`` into ``target``, both seekable, ``target`` also readable.

    ``checkpoints`` are as in :func:`encode`. What is checked and raised :func:`rnncompress.library.decode` says, which
    opens files for it.
    """
    check_threads(threads)
    header = container.inspect(source)
    model = pretrained.needed(header, model)
    config = pretrained.configuration(header, model)
    if header.packed is not None:
        forms.check(header.packed.form, header.packed.size, header.length)
    if config is not None:
        check_memory(config, memory_limit, trained=header.trained is not None)
    container.verify(source)
    meter = Meter(header.length, progress, header.coded)
    size, packed_digest = _measure(source, meter)
    if config is None:
        target.seek(0)
        target.truncate()
        container.stored(source, target.write)
    else:
        layout = Layout(header.coded, config.streams, config.window)
        start = model.state(config) if model is not None else None
        coding = build(config, layout.windows, engine=engine, threads=threads, state=start)
        identity = _identity("decode", size, packed_digest, config, header.trained, header.packed)
        decoding = _begin(
            lambda at: Decoding(source, target, config, layout, at),
            coding,
            layout,
            meter,
            checkpoints,
            identity,
        )
        try:
            with checkpoints.running(meter.done) if checkpoints else nullcontext():
                code(decoding, coding, meter, checkpoints, identity)
        except PayloadError as error:  # its checksum is right, so it is the model that differs
            raise MismatchError(f"{error}: this machine computes other numbers; {REPORT}") from error
        decoding.output.flush()
        if header.packed is not None:
            forms.unpack(header.packed.form, target, header.length)
    if _measure(target, meter) != (header.length, header.digest):
        raise MismatchError(f"the hash of the decoded bytes is not the one in the header; {REPORT}")
    return _report(header, config, size, meter, engine)


def _is_noise(source: BinaryIO, length: int, meter: Meter, make: Callable[[Config, int], Engine]) -> bool:
    """Whether there is no use in coding a large ``source``.

    If that looks so samples are tried, with an engine that ``make`` makes. They decide by the bytes that their second
    half takes, when the counts have learnt what there is to learn from the first.
    """
    if length < incompressible.WORTH or not incompressible.looks_like_noise(
        source, partial(meter.tell, "looking")
    ):
        return False
    halves = incompressible.samples(source)
    total = sum(map(len, halves))
    config = incompressible.trial_config(total)
    coding = make(config, total // (config.streams * config.window))
    done = size = 0
    for half in halves:
        coding.begin_block(None)
        for count in rehearse(coding, half):
            done += count
            meter.tell("trying", done, total)
        size = sum(map(len, coding.end_block()))
    return size >= len(halves[-1])


def _begin(
    make: Callable[[Snapshot], Way],
    engine: Engine,
    layout: Layout,
    meter: Meter,
    checkpoints: Checkpoints | None,
    identity: Identity,
) -> Way:
    """The direction at the snapshot that the run can go on from, or else at the beginning."""

    def take(at: Snapshot) -> Way:
        if not 0 < at.windows < layout.windows:
            raise CheckpointError("it does not hold what it should")
        states.check_state(engine.config, at.state)
        direction = make(replace(at, state={}))
        if at.windows % container.block_windows(engine.config):
            direction.begin_block(engine)
        engine.load_state(at.state)
        meter.go_on(at, layout.coded(0, at.windows * layout.window))
        return direction

    if checkpoints is None:
        return make(Snapshot())
    expected = engine.shapes() if checkpoints.resuming else {}
    return checkpoints.restore(identity, expected, take) or make(Snapshot())


def _identity(
    direction: str,
    length: int,
    digest: bytes,
    config: Config,
    trained: bytes | None,
    packing: Packing | None,
) -> Identity:
    """What tells one run from another. Engine, device and threads do not: a run may go on with others."""
    return {
        "direction": direction,
        "input": f"{length} {digest.hex()}" + (f" {packing.size} as {packing.form}" if packing else ""),
        "configuration": canonical(config).hex(),
        "trained model": trained.hex() if trained else None,
        "version of rnncompress": f"{__version__}, format {container.VERSION}",
    }


def _measure(source: BinaryIO, meter: Meter) -> tuple[int, bytes]:
    """Length and hash of all of ``source``; ``meter`` is told how far that is."""
    length = source.seek(0, os.SEEK_END)
    source.seek(0)
    done = 0

    def count(piece: bytes) -> None:
        nonlocal done
        done += len(piece)
        meter.tell("hashing", done, length)

    return length, container.copy(source, length, count)


def _begins_with(target: BinaryIO, header: Header) -> bool:
    """Whether ``target`` holds ``header``."""
    try:
        return container.inspect(target) == header
    except (FormatError, VersionError):
        return False


def _report(header: Header, config: Config | None, size: int, meter: Meter, engine: EngineName) -> Report:
    return Report(
        mode=header.mode,
        original_bytes=header.length,
        compressed_bytes=size,
        header_bytes=header.size,
        coded_bytes=header.coded,
        payload_bytes=size - header.size,
        bpc=8 * size / header.length if header.length else 0.0,
        curve=tuple(meter.curve) if config else (),
        seconds=meter.seconds,
        config=config,
        engine=engine,
        digest=header.digest,
        trained=header.trained,
    )
