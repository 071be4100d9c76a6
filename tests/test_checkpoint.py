"""Checkpoints: what an interrupted run leaves, and what it takes to go on from it."""

import hashlib
import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fake
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnncompress import Checkpoints, codec, container, snapshot
from rnncompress import engine as engines
from rnncompress.config import Config
from rnncompress.engine import EngineName
from rnncompress.errors import CheckpointError, OutputError
from rnncompress.files import beside
from rnncompress.loop import Progress
from rnncompress.lstm import state as states
from rnncompress.lstm.contexts import COUNT, SYMBOLS
from rnncompress.snapshot import OtherRunError, Snapshot

CONFIG = Config(layers=1, hidden=16, streams=3, window=4, contexts=0b1010, context_bits=6)
WINDOW = CONFIG.streams * CONFIG.window
TEXT = b"Wer wagt es, Rittersmann oder Knapp, zu tauchen in diesen Schlund? " * 4
WINDOWS = -(-len(TEXT) // WINDOW)
Build = codec.Build


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of four windows, and progress after each window; nothing waits for the disk."""
    monkeypatch.setattr(container, "BLOCK_SYMBOLS", 4 * WINDOW)
    monkeypatch.setattr("rnncompress.loop.PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # it is slow, and no power fails here


def checkpoints(output: Path, *, resume: bool = True, **options: float) -> Checkpoints:
    """Checkpoints after every window that go on from what is there."""
    return Checkpoints(output, every_bytes=1, resume=resume, **options)


def stop_after(windows: int) -> Callable[[Progress], None]:
    """Raises KeyboardInterrupt after so many windows of the whole file."""

    def progress(at: Progress) -> None:
        if at.stage == "coding" and at.done >= windows * WINDOW:
            raise KeyboardInterrupt

    return progress


def interrupted(
    output: Path,
    data: bytes,
    windows: int,
    build: Build = fake.build,
    config: Config = CONFIG,
    engine: str = "cpu",
) -> io.BytesIO:
    """Encode to ``output`` until so many windows are coded; the last of them is not saved. Returns the part."""
    target = io.BytesIO()
    with pytest.raises(KeyboardInterrupt):
        codec.encode(
            io.BytesIO(data),
            target,
            config,
            engine=engine,
            build=build,
            checkpoints=checkpoints(output),
            progress=stop_after(windows),
        )
    return target


def encoded(data: bytes, build: Build = fake.build, config: Config = CONFIG) -> bytes:
    """Without interruption."""
    target = io.BytesIO()
    codec.encode(io.BytesIO(data), target, config, build=build)
    return target.getvalue()


def go_on(output: Path, target: io.BytesIO, data: bytes = TEXT, config: Config = CONFIG) -> bytes:
    """Encode the rest."""
    codec.encode(io.BytesIO(data), target, config, build=fake.build, checkpoints=checkpoints(output))
    return target.getvalue()


@pytest.mark.parametrize("windows", range(2, WINDOWS))
def test_an_encoder_goes_on_from_every_window(tmp_path: Path, windows: int) -> None:
    """Wherever encoding is interrupted, inside a block or between two, the final file is the same."""
    output = tmp_path / "out"
    target = interrupted(output, TEXT, windows)
    assert go_on(output, target) == encoded(TEXT)


@pytest.mark.parametrize("windows", range(2, WINDOWS))
def test_a_decoder_goes_on_from_every_window(tmp_path: Path, windows: int) -> None:
    """Wherever decoding is interrupted the output is the original, and the report that of the whole run."""
    packed, target = io.BytesIO(encoded(TEXT)), io.BytesIO()
    with pytest.raises(KeyboardInterrupt):
        codec.decode(
            packed,
            target,
            build=fake.build,
            checkpoints=checkpoints(tmp_path / "out"),
            progress=stop_after(windows),
        )
    report = codec.decode(packed, target, build=fake.build, checkpoints=checkpoints(tmp_path / "out"))
    assert target.getvalue() == TEXT
    whole = codec.decode(packed, io.BytesIO(), build=fake.build)
    assert {**report.to_dict(), "seconds": 0} == {**whole.to_dict(), "seconds": 0}


@pytest.mark.parametrize(("first", "second"), [("reference", "cpu"), ("cpu", "reference")])
def test_another_engine_goes_on(tmp_path: Path, first: EngineName, second: EngineName) -> None:
    """What one engine began another one ends, with the same bytes, both ways, also with other threads."""
    output = tmp_path / "out"
    target = interrupted(output, TEXT, 9, engines.build, engine=first)
    rest = checkpoints(output)
    codec.encode(io.BytesIO(TEXT), target, CONFIG, engine=second, threads=2, checkpoints=rest)
    assert target.getvalue() == encoded(TEXT, engines.build)
    decoded = io.BytesIO()
    rest.remove()
    with pytest.raises(KeyboardInterrupt):
        codec.decode(target, decoded, engine=second, checkpoints=checkpoints(output), progress=stop_after(9))
    codec.decode(target, decoded, engine=first, checkpoints=checkpoints(output))
    assert decoded.getvalue() == TEXT


def test_stopping_saves_the_present_window(tmp_path: Path) -> None:
    """A run that is asked to stop saves and raises KeyboardInterrupt; asked again, it does not accept."""
    output, target = tmp_path / "out", io.BytesIO()
    rare = Checkpoints(output, every_seconds=1e9)
    accepted: list[bool] = []

    def progress(at: Progress) -> None:
        if at.stage == "coding" and at.done == 6 * WINDOW:
            accepted.extend([rare.stop(), rare.stop()])

    assert not Checkpoints(output, every_seconds=1e9).stop(), "nothing runs yet"
    with pytest.raises(KeyboardInterrupt):
        codec.encode(io.BytesIO(TEXT), target, CONFIG, build=fake.build, checkpoints=rare, progress=progress)
    assert accepted == [True, False]
    done: list[int] = []
    codec.encode(
        io.BytesIO(TEXT),
        target,
        CONFIG,
        build=fake.build,
        checkpoints=checkpoints(output),
        progress=lambda at: done.append(at.done) if at.stage == "coding" else None,
    )
    assert done[0] == 7 * WINDOW
    assert target.getvalue() == encoded(TEXT)


def test_a_short_run_that_nobody_asked_to_save_is_not(tmp_path: Path) -> None:
    """Nor one with checkpoints off: such a run is ended at once, and leaves nothing."""
    for unwilling in (
        Checkpoints(tmp_path / "out", every_seconds=300, asked=False),
        Checkpoints(tmp_path / "out"),
    ):
        with unwilling.running(0):
            assert not unwilling.due(1 << 40)
            assert not unwilling.stop()
            with pytest.raises(KeyboardInterrupt):
                unwilling.due(1 << 40)


@pytest.mark.parametrize(
    "change", [lambda b: b[:-1], lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b + b"x"]
)
def test_a_truncated_checkpoint_gives_way_to_the_one_before(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """A newest checkpoint of the wrong length is noticed, and the one before leads to the same file."""
    output = tmp_path / "out"
    target = interrupted(output, TEXT, 11)
    newest = beside(output, ".ckpt")
    newest.write_bytes(change(newest.read_bytes()))
    assert go_on(output, target) == encoded(TEXT)


def test_a_flipped_bit_anywhere_gives_way_to_the_one_before(tmp_path: Path) -> None:
    """Every damaged byte of the newest checkpoint is noticed; with both damaged the run is refused."""
    output = tmp_path / "out"
    part = interrupted(output, TEXT, 11).getvalue()
    newest, older = beside(output, ".ckpt"), beside(output, ".ckpt.old")
    sound, sound_older = newest.read_bytes(), older.read_bytes()
    for n in np.random.default_rng(0).integers(len(sound), size=60):
        newest.write_bytes(flipped(sound, int(n)))
        older.write_bytes(sound_older)
        assert go_on(output, io.BytesIO(part)) == encoded(TEXT)
    newest.write_bytes(flipped(sound, 99))
    older.write_bytes(flipped(sound_older, 99))
    with pytest.raises(CheckpointError, match="begin again with -f"):
        go_on(output, io.BytesIO(part))


def flipped(content: bytes, n: int) -> bytes:
    """One bit is another."""
    return content[:n] + bytes([content[n] ^ 1 << n % 8]) + content[n + 1 :]


def test_a_damaged_part_is_noticed(tmp_path: Path) -> None:
    """If the part of the output that the checkpoints go with is damaged, the run is refused."""
    output = tmp_path / "out"
    part = interrupted(output, TEXT, 11).getvalue()
    for damaged in (flipped(part, 70), part[:70], b""):
        with pytest.raises(CheckpointError):
            go_on(output, io.BytesIO(damaged))
    assert go_on(output, io.BytesIO(part + b"what was written after the checkpoint")) == encoded(TEXT)


def test_a_damaged_decoded_part_is_noticed(tmp_path: Path) -> None:
    """Decoded bytes that changed on disk meanwhile are found before hours of decoding, not after."""
    packed, target = io.BytesIO(encoded(TEXT)), io.BytesIO()
    kept = checkpoints(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        codec.decode(packed, target, build=fake.build, checkpoints=kept, progress=stop_after(9))
    with pytest.raises(CheckpointError):
        codec.decode(packed, io.BytesIO(flipped(target.getvalue(), 5)), build=fake.build, checkpoints=kept)


def test_another_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint of another input, configuration, direction or version is refused, and says of what."""
    output = tmp_path / "out"
    target = interrupted(output, TEXT, 9)
    with pytest.raises(CheckpointError, match="another input"):
        go_on(output, target, TEXT[::-1])
    with pytest.raises(CheckpointError, match="another configuration"):
        go_on(output, target, config=CONFIG.replace(rate_last=1))
    with pytest.raises(CheckpointError, match="another direction"):
        codec.decode(io.BytesIO(encoded(TEXT)), target, build=fake.build, checkpoints=checkpoints(output))
    with monkeypatch.context() as patch:
        patch.setattr(codec, "__version__", "0.0.1")
        with pytest.raises(CheckpointError, match="another version"):
            go_on(output, target)
    assert go_on(output, target) == encoded(TEXT)


def test_noise_that_is_being_stored_goes_on(tmp_path: Path) -> None:
    """A run that was killed while it stored what does not compress ends with the stored file."""
    data = np.random.default_rng(0).bytes(len(TEXT))
    output = tmp_path / "out"
    interrupted(output, data, 9)
    half = encoded(data)[: len(data) // 2]
    assert go_on(output, io.BytesIO(half), data) == encoded(data)


def test_without_a_checkpoint_a_run_begins_at_the_start(tmp_path: Path) -> None:
    """Resuming what was never interrupted is no error, and says so."""
    said: list[str] = []
    fresh = Checkpoints(tmp_path / "out", resume=True, tell=said.append)
    target = io.BytesIO(b"old")
    codec.encode(io.BytesIO(TEXT), target, CONFIG, build=fake.build, checkpoints=fresh)
    assert target.getvalue() == encoded(TEXT)
    assert "beginning at the start" in said[0]


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    """A file that has the name of a checkpoint but is none is neither overwritten nor removed."""
    output = tmp_path / "model"
    foreign = beside(output, ".ckpt")
    foreign.write_bytes(b"weights of somebody")
    kept = Checkpoints(output, every_bytes=1)
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="in the way"):
            kept.check(overwrite=overwrite)
    kept.remove()
    assert foreign.read_bytes() == b"weights of somebody"


tables = st.one_of(
    arrays.arrays(
        st.sampled_from([np.int32, np.int16, np.uint32, np.int64, np.float32]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
    ),
    st.builds(
        lambda rows, row: (
            np.where(np.isin(np.arange(40), rows), row, 0).astype(np.int32).repeat(3).reshape(2, 20, 3)
        ),
        st.lists(st.integers(0, 39)),
        st.integers(-(2**31), 2**31 - 1),
    ),
)


@given(st.dictionaries(st.text(min_size=1, max_size=5), tables, max_size=4), st.floats(0, 1e12))
def test_a_snapshot_comes_back_bit_for_bit(state: dict[str, np.ndarray], bits: float) -> None:
    """All arrays, sparse or not, and all numbers are read as they were written."""
    now = Snapshot(7, 123, bits, ((5, 1.5), (9, 1.25)), 3.5, state)
    file = io.BytesIO()
    snapshot.write(file, {"input": "x"}, now)
    back = snapshot.read(file, {"input": "x"}, snapshot.shapes(state))
    assert back.state.keys() == state.keys()
    for name, array in state.items():
        found = back.state[name]
        assert (found.shape, found.dtype, found.tobytes()) == (array.shape, array.dtype, array.tobytes())
        assert found.flags.writeable
    assert (back.windows, back.crc, back.bits, back.curve, back.seconds) == (7, 123, bits, now.curve, 3.5)
    with pytest.raises(OtherRunError, match="another input"):
        snapshot.read(file, {"input": "y"}, snapshot.shapes(state))


def test_empty_tables_take_no_room() -> None:
    """A table is saved in proportion to its rows that are in use."""
    table = np.zeros((3, 1 << 12, 16), np.int32)
    table[1, 5] = 7
    file = io.BytesIO()
    snapshot.write(file, {}, Snapshot(state={"contexts": table}))
    assert len(file.getvalue()) < 1000


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("contexts", (0, 5, SYMBOLS + 1), 256),
        ("contexts", (1, 63, SYMBOLS), -1),
        ("contexts", (0, 0, COUNT), -(2**31)),
        ("history", (0, 0), 2**31 - 1),
        ("seen", (7,), -1),
        ("updates", (), -1),
        ("matrices.0", (3, 3), np.nan),
        ("c", (0, 0, 0), np.inf),
        ("bias_moment", (9,), -1.0),
    ],
)
def test_no_state_reaches_beyond_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, place: tuple[int, ...], value: float
) -> None:
    """Values that compiled code would use as indices, or that are no numbers, are refused before they are loaded."""
    output = tmp_path / "out"
    state = engines.build(CONFIG, WINDOWS).state()
    target = interrupted(output, TEXT, 9, engines.build)
    states.check_state(CONFIG, state)
    state[name][place] = value

    def forged(*arguments: object) -> Snapshot:
        return replace(read(*arguments), state=state)

    read = snapshot.read
    monkeypatch.setattr(snapshot, "read", forged)
    with pytest.raises(CheckpointError, match="no checkpoint can be used"):
        codec.encode(io.BytesIO(TEXT), target, CONFIG, build=engines.build, checkpoints=checkpoints(output))


hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300)
@given(
    st.sampled_from(["identity", "windows", "crc", "bits", "curve", "seconds", "arrays", "all"]),
    hostile,
    st.binary(max_size=64),
)
def test_a_hostile_checkpoint_is_refused(field: str, value: object, rest: bytes) -> None:
    """Whatever a description with a right digest says, the result is a snapshot of the right shapes or an error."""
    like = {"weights": np.zeros((4, 2), np.float32), "table": np.zeros((8, 4), np.int32)}
    file = io.BytesIO()
    snapshot.write(file, {"input": "x"}, Snapshot(windows=1, state=like))
    content = file.getvalue()
    size = int.from_bytes(content[8:16], "little")
    told = json.loads(content[16 : 16 + size])
    described = json.dumps(value if field == "all" else told | {field: value}).encode()
    forged = (
        snapshot.MAGIC + len(described).to_bytes(8, "little") + described + content[16 + size : -32] + rest
    )
    forged += hashlib.blake2b(forged, digest_size=32).digest()
    try:
        back = snapshot.read(io.BytesIO(forged), {"input": "x"}, snapshot.shapes(like))
    except CheckpointError:
        return
    assert {name: array.shape for name, array in back.state.items()} == {"weights": (4, 2), "table": (8, 4)}
    assert math.isfinite(back.bits)
