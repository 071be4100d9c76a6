"""The codec loop, with a small predictor in place of the network."""

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from fake import CountingPredictor, build
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress import codec, container, loop
from rnncompress.codec import Report
from rnncompress.config import Config, check_config
from rnncompress.engine import Engine
from rnncompress.engine.stages import Stages
from rnncompress.errors import DamagedError, FormatError, InputError, LimitError, MismatchError
from rnncompress.limits import MEMORY_LIMIT, announced_memory
from rnncompress.loop import Progress
from rnncompress.lstm.state import State
from rnncompress.network import IntArray

CONFIG = Config(streams=7, lanes=3, window=6)
BLOCK = 6 * CONFIG.streams * CONFIG.window


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of six windows, so that a small file has several."""
    monkeypatch.setattr(container, "BLOCK_SYMBOLS", BLOCK)


def text(length: int) -> bytes:
    """Bytes that compress."""
    return np.random.default_rng(length).choice(np.frombuffer(b"eeee tan", np.uint8), length).tobytes()


def noise(length: int) -> bytes:
    """Bytes that do not."""
    return np.random.default_rng(length).bytes(length)


def encoded(data: bytes, config: Config = CONFIG) -> bytes:
    target = io.BytesIO()
    codec.encode(io.BytesIO(data), target, config, build=build)
    return target.getvalue()


def decoded(blob: bytes) -> bytes:
    target = io.BytesIO()
    codec.decode(io.BytesIO(blob), target, build=build)
    return target.getvalue()


def never(config: Config, windows: int, *, engine: str, threads: int, state: State | None = None) -> Engine:
    """An engine that must not be built."""
    raise AssertionError("damage must be found before the model is built")


STEP, WINDOW = CONFIG.streams, CONFIG.streams * CONFIG.window
BOUNDARIES = [unit * n + d for unit in (STEP, WINDOW, BLOCK) for n in (1, 2, 5) for d in (-1, 0, 1)]


@pytest.mark.parametrize("length", [0, 1, *sorted(set(BOUNDARIES))])
@pytest.mark.parametrize("make", [text, noise, bytes])
def test_boundary_sizes_come_back(length: int, make: Callable[[int], bytes]) -> None:
    """Sizes around whole steps, windows and blocks come back, also where most streams are empty."""
    assert decoded(encoded(make(length))) == make(length)


@settings(max_examples=40)
@given(
    st.binary(max_size=30),
    st.integers(1, 30),
    st.integers(1, 12),
    st.integers(1, 4),
    st.integers(1, 5).map(lambda n: 2 * n),
)
def test_anything_comes_back(unit: bytes, repeats: int, streams: int, lanes: int, window: int) -> None:
    """Any bytes come back with any number of streams and lanes and any window, from a file no longer than stored."""
    data = unit * repeats
    blob = encoded(data, Config(streams=streams, lanes=min(lanes, streams), window=window))
    assert decoded(blob) == data
    assert len(blob) <= len(data) + 64


def test_the_model_is_used_for_what_compresses() -> None:
    """Text is coded in several blocks, and to fewer bytes."""
    blob = encoded(text(3 * BLOCK))
    assert container.inspect(io.BytesIO(blob)).mode == "model"
    assert len(list(container.payloads(io.BytesIO(blob)))) == 3
    assert len(blob) < 3 * BLOCK / 2


@pytest.mark.parametrize("length", [0, 1, 1000])
def test_what_does_not_compress_is_stored(length: int) -> None:
    """Noise grows by the header and by nothing else."""
    blob = encoded(noise(length))
    header = container.inspect(io.BytesIO(blob))
    assert header.mode == "stored"
    assert blob[header.size :] == noise(length)


def test_damage_is_found_before_decoding() -> None:
    """One flipped bit, a missing end, or garbage behind the end is an error before the model is built."""
    for blob in (encoded(text(2 * BLOCK + 1)), encoded(noise(100))):
        rng = np.random.default_rng(0)
        flips = [
            blob[:i] + bytes([blob[i] ^ 1 << int(rng.integers(8))]) + blob[i + 1 :] for i in range(len(blob))
        ]
        cuts = [blob[:size] for size in range(len(blob))]
        for damaged in [*flips, *cuts, blob + b"\0"]:
            target = io.BytesIO(b"old")
            with pytest.raises(FormatError):
                codec.decode(io.BytesIO(damaged), target, build=never)
            assert target.getvalue() == b"old"


def test_a_model_beyond_the_limit_is_refused_before_it_is_built() -> None:
    """The error names the option that raises the limit; with the limit raised the file decodes."""
    blob, need = encoded(text(1000)), announced_memory(CONFIG)
    with pytest.raises(LimitError, match="--memory-limit"):
        codec.decode(io.BytesIO(blob), io.BytesIO(), memory_limit=need - 1, build=never)
    codec.decode(io.BytesIO(blob), io.BytesIO(), memory_limit=need, build=build)


@pytest.mark.parametrize("field", ["layers", "hidden", "streams", "window", "context_bits"])
def test_absurd_models_exceed_the_default_limit(field: str) -> None:
    """The memory that the largest value of any field announces is computed at once and is above the limit."""
    largest = {
        "layers": 255,
        "hidden": 2**31 - 16,
        "streams": 2**31 - 1,
        "window": 2**31 - 2,
        "context_bits": 30,
    }
    config = Config(hidden=1024, contexts=2).replace(**{field: largest[field]})
    check_config(config)
    assert announced_memory(config) > MEMORY_LIMIT
    assert announced_memory(Config()) < MEMORY_LIMIT // 20


class Differing(CountingPredictor):
    """A predictor that computes other numbers from some point on, as a broken machine would."""

    def learn(self) -> None:
        super().learn()
        self._counts[:, 101] += 1


def test_other_numbers_are_a_mismatch() -> None:
    """A sound file that a differing model decodes to something else raises MismatchError."""

    def differ(
        config: Config, windows: int, *, engine: str, threads: int, state: State | None = None
    ) -> Engine:
        return Stages(Differing(config))

    for length in (1000, 5 * BLOCK):
        with pytest.raises(MismatchError, match="selfcheck"):
            codec.decode(io.BytesIO(encoded(text(length))), io.BytesIO(), build=differ)


@pytest.mark.parametrize("change", [b"x" * 2000, text(2000)[:-1], text(2000) + b"x", b""])
def test_an_input_that_changes_is_an_input_error(change: bytes) -> None:
    """Whatever happens to the input while it is encoded, the result is an error, not a wrong file."""
    source = io.BytesIO(text(2000))

    class Changing(CountingPredictor):
        def predict_window(self, symbols: IntArray) -> tuple[IntArray, IntArray]:
            source.seek(0)
            source.truncate()
            source.write(change)
            return super().predict_window(symbols)

    def changing(
        config: Config, windows: int, *, engine: str, threads: int, state: State | None = None
    ) -> Engine:
        return Stages(Changing(config))

    with pytest.raises(InputError):
        codec.encode(source, io.BytesIO(), CONFIG, build=changing)


def test_the_model_hears_of_the_file_what_it_was_promised() -> None:
    """The predictor is built for the number of windows, and learns after all of them but the last."""
    built: list[tuple[int, str, int]] = []
    learnt: list[int] = []

    class Counting(CountingPredictor):
        def learn(self) -> None:
            super().learn()
            learnt.append(1)

    def counting(
        config: Config, windows: int, *, engine: str, threads: int, state: State | None = None
    ) -> Engine:
        built.append((windows, engine, threads))
        return Stages(Counting(config))

    data, target = io.BytesIO(text(4 * WINDOW + 1)), io.BytesIO()
    codec.encode(data, target, CONFIG, engine="reference", threads=2, build=counting)
    codec.decode(target, io.BytesIO(), engine="reference", threads=2, build=counting)
    assert built == [(5, "reference", 2)] * 2
    assert len(learnt) == 2 * 4


def test_damage_that_appears_while_decoding_is_not_blamed_on_the_machine() -> None:
    """A file that is changed behind its checks is a damaged file; only a sound payload that fits nothing is not."""
    blob = bytearray(encoded(text(5 * BLOCK)))
    blob[-20] ^= 1

    source = io.BytesIO(encoded(text(5 * BLOCK)))

    def spoil(
        config: Config, windows: int, *, engine: str, threads: int, state: State | None = None
    ) -> Engine:
        source.seek(0)
        source.write(blob)
        return build(config, windows)

    with pytest.raises(DamagedError, match="block 4 is damaged"):
        codec.decode(source, io.BytesIO(), build=spoil)


def test_a_longer_old_target_is_overwritten() -> None:
    """What the targets held before leaves no trace."""
    for data in (text(1000), noise(20)):
        blob, output = io.BytesIO(bytes(5000)), io.BytesIO(bytes(5000))
        codec.encode(io.BytesIO(data), blob, CONFIG, build=build)
        assert blob.getvalue() == encoded(data)
        codec.decode(blob, output, build=build)
        assert output.getvalue() == data


def reports(data: bytes) -> tuple[Report, Report]:
    blob = io.BytesIO()
    return (
        codec.encode(io.BytesIO(data), blob, CONFIG, build=build),
        codec.decode(blob, io.BytesIO(), build=build),
    )


@pytest.mark.parametrize("data", [text(20000), noise(50), b""])
def test_the_report_accounts_for_every_byte(data: bytes) -> None:
    """Header and payload add up to the file, bpc counts all of it, and both directions report the same."""
    encoding, decoding = reports(data)
    assert encoding.original_bytes == len(data)
    assert encoding.compressed_bytes == len(encoded(data))
    assert encoding.header_bytes + encoding.payload_bytes == encoding.compressed_bytes
    assert encoding.bpc == (8 * len(encoded(data)) / len(data) if data else 0)
    assert {**encoding.to_dict(), "seconds": 0} == {**decoding.to_dict(), "seconds": 0}
    assert json.loads(json.dumps(encoding.to_dict()))["digest"] == encoding.digest.hex()


def test_the_curve_ends_at_the_size_of_the_payload() -> None:
    """The curve has about 200 points, rises in position, and ends just below the real bits per character."""
    report, _ = reports(text(20000))
    positions = [position for position, _ in report.curve]
    assert 190 <= len(positions) <= 200
    assert positions == sorted(set(positions))
    assert positions[-1] == 20000
    blocks = -(-20000 // BLOCK)
    # A block costs at most its size, its checksum, and two words of the coder for each lane more than its code length.
    assert (
        0
        <= 8 * report.payload_bytes / 20000 - report.curve[-1][1]
        <= 8 * blocks * (CONFIG.lanes * (2 + 8) + 4) / 20000
    )


def test_progress_is_told_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress comes after every window if there is time for it, and always at the end."""
    data = text(10 * WINDOW)
    for seconds, expected in ((0.0, [WINDOW * n for n in range(1, 11)]), (1e9, [10 * WINDOW])):
        monkeypatch.setattr(loop, "PROGRESS_SECONDS", seconds)
        told: list[Progress] = []
        blob = io.BytesIO()
        codec.encode(io.BytesIO(data), blob, CONFIG, build=build, progress=told.append)
        codec.decode(blob, io.BytesIO(), build=build, progress=told.append)
        coded = [progress for progress in told if progress.stage == "coding"]
        assert [progress.done for progress in coded] == expected * 2
        assert all(progress.total == len(data) and progress.bits > 0 for progress in coded)


def test_hashing_is_told_where_it_takes_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both directions hash before and after; who waits for that is told how far it is."""
    monkeypatch.setattr(loop, "PROGRESS_SECONDS", 0.0)
    told: list[Progress] = []
    data, blob = text(3 << 20), io.BytesIO()
    meter = loop.Meter(len(data), told.append)
    codec._measure(io.BytesIO(data), meter)
    assert [(at.done, at.total, at.bits, at.stage) for at in told] == [
        (n << 20, 3 << 20, 0.0, "hashing") for n in (1, 2, 3)
    ]
    told.clear()
    codec.encode(io.BytesIO(text(500)), blob, CONFIG, build=build, progress=told.append)
    assert [told[0].stage, told[-1].stage] == ["hashing", "hashing"]


def test_compiling_is_no_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds in which kernels are compiled do not count: they are those of the first run on a machine."""
    now, compiled = 100.0, 5.0
    monkeypatch.setattr(loop.time, "monotonic", lambda: now)
    monkeypatch.setattr("rnncompress.compiling.seconds", lambda: compiled)
    meter = loop.Meter(10, None)
    now, compiled = 130.0, 25.0
    assert meter.seconds == 10.0


def test_an_impossible_configuration_is_refused() -> None:
    """A configuration that no file can hold raises ValueError, even for an input that would be stored."""
    with pytest.raises(ValueError, match="hidden"):
        codec.encode(io.BytesIO(), io.BytesIO(), Config(hidden=100))
