"""Noise is noticed early, and nothing is taken for noise that would have become smaller."""

import io
import lzma
import random

import fake
import pytest

from rnncompress import codec, corpora, incompressible
from rnncompress.config import Config

CONFIG = Config(layers=1, hidden=16, streams=1)
SIZE = 2_000_000
NOISE = random.Random(1).randbytes(SIZE)
SAMPLE = corpora.get("sample")
TEXT = SAMPLE.path(SAMPLE.files[0]).read_bytes()


def looks(data: bytes) -> bool:
    return incompressible.looks_like_noise(io.BytesIO(data))


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The windows that each engine is made for."""
    made: list[int] = []
    build = fake.build

    def counted(config: Config, windows: int, **options):
        made.append(windows * config.window * config.streams)
        return build(config, windows, **options)

    monkeypatch.setattr(fake, "build", counted)
    return made


def test_noise_looks_like_noise() -> None:
    """Random bytes, and what xz makes of anything."""
    assert looks(NOISE)
    numbers = b"".join(b"%d\n" % n for n in random.Random(2).choices(range(10**9), k=300_000))
    packed = lzma.compress(numbers, preset=0)
    assert len(packed) > incompressible.WORTH
    assert looks(packed)


@pytest.mark.parametrize(
    "data",
    [
        NOISE + TEXT * 2,
        TEXT * 2 + NOISE,
        NOISE[: SIZE // 2] + TEXT + NOISE[SIZE // 2 :],
        NOISE + NOISE[1000:21_000],
        bytes(byte % 251 for byte in NOISE),
        bytes(SIZE),
    ],
    ids=["noise, text", "text, noise", "text between", "a repetition", "five bytes are missing", "zeros"],
)
def test_what_would_become_smaller_by_a_per_cent_does_not(data: bytes) -> None:
    """Some text at either end or between, noise that comes a second time, bytes that never come."""
    assert not looks(data)


def test_noise_is_stored_after_a_trial(trials: list[int]) -> None:
    """Only samples are coded, and the file is as large as a stored one."""
    packed, again = io.BytesIO(), io.BytesIO()
    report = codec.encode(io.BytesIO(NOISE), packed, CONFIG, build=fake.build)
    assert report.mode == "stored"
    assert len(packed.getvalue()) < SIZE + 40
    assert len(trials) == 1
    assert trials[0] <= SIZE // 8
    codec.decode(packed, again, build=fake.build)
    assert again.getvalue() == NOISE


def test_a_trial_that_gains_decides(trials: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks like noise and yields to the counts is coded."""
    monkeypatch.setattr(incompressible, "looks_like_noise", lambda source, tell: True)
    monkeypatch.setattr(incompressible, "WORTH", 1 << 16)
    data = bytes(byte & 15 for byte in NOISE[: 1 << 17])
    report = codec.encode(io.BytesIO(data), io.BytesIO(), CONFIG, build=fake.build)
    assert report.mode == "model"
    assert len(trials) == 2


def test_small_inputs_and_trained_models_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first are coded soon enough; of the second nobody knows what they know."""
    monkeypatch.setattr(incompressible, "looks_like_noise", lambda source, tell: pytest.fail("looked"))
    codec.encode(io.BytesIO(NOISE[:2000]), io.BytesIO(), CONFIG, build=fake.build)


def test_samples_come_from_everywhere() -> None:
    """From the first byte to the last, in two halves of equal size."""
    data = bytes(n * 256 // SIZE for n in range(SIZE))
    halves = incompressible.samples(io.BytesIO(data))
    assert len(halves[0]) == len(halves[1]) <= SIZE // 16
    assert min(halves[0]) == 0
    assert max(halves[1]) == 255
    assert len(set(halves[0] + halves[1])) > 30
