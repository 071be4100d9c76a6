"""Training: the same model on every engine, threads and after interruptions; what passes and noise do."""

from pathlib import Path

import models
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import TEXT

from rnncompress import lstm
from rnncompress.checkpoint import Checkpoints
from rnncompress.config import Config
from rnncompress.errors import CheckpointError, DeviceError, InputError, ModelError
from rnncompress.lstm.trainable import Noise
from rnncompress.training import trainer
from rnncompress.training.reading import Reading, bits, cost
from rnncompress.training.trainer import PATIENCE, Job, Progress, Trained, train
from rnncompress.vocabulary import Vocabulary

BYTES = Vocabulary.of("bytes", b"")
VOCABULARY = Vocabulary.of("characters", TEXT)
CONFIG = Config(
    layers=1, hidden=16, streams=3, window=8, rate_first=8000, rate_last=1000, alphabet=VOCABULARY.size
)
LEARNT, VALID = VOCABULARY.symbols(TEXT[:1000]), VOCABULARY.symbols(TEXT[1000:])
NOISES = [None, Noise(0.075), Noise(0.075, adaptive=True, symbols=1000)]


@pytest.fixture(autouse=True)
def untrusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is checked or remembered about this machine; progress after every window; no waiting for the disk."""
    monkeypatch.setattr(trainer, "build_network", lstm.build)
    monkeypatch.setattr(trainer, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def job(noise: Noise | None = None, **changes: object) -> Job:
    return Job(**({"config": CONFIG, "vocabulary": VOCABULARY, "text": LEARNT, "valid": VALID, "passes": 3,
                   "noise": noise} | changes))  # fmt: skip


@pytest.mark.parametrize("noise", NOISES)
def test_a_training_writes_one_file_everywhere(noise: Noise | None) -> None:
    """Engine and threads change nothing, not a byte of the model file."""
    short = job(noise, text=LEARNT[:150], valid=VALID[:40])
    files = {
        train(short, engine=engine, threads=threads).model.to_bytes()
        for engine, threads in (("reference", 1), ("cpu", 1), ("cpu", 2))
    }
    assert len(files) == 1


def test_compiling_is_no_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in coding: an hour of it while training is taken off."""
    compiled = iter((0.0, 3600.0))
    monkeypatch.setattr("rnncompress.compiling.seconds", lambda: next(compiled))
    assert train(job(passes=1)).seconds == pytest.approx(-3600, abs=100)


PINNED = [
    "86d7e73c0d27bb90e7dce044702446f6",
    "7ae56018751f52ae8d99d1cf534fd357",
    "c883e43bd9d4fb21fc58a1bc2c348186",
]


@pytest.mark.parametrize(("noise", "digest"), list(zip(NOISES, PINNED, strict=True)))
def test_a_training_gives_the_same_model_on_every_machine(noise: Noise | None, digest: str) -> None:
    """The digest is the one that was seen when the format was made."""
    assert train(job(noise)).model.digest.hex() == digest


def interrupt_at(window: int, kept: Checkpoints, noise: Noise | None) -> None:
    """Train until ``window`` and save then, as if the user had asked for the end."""
    size = CONFIG.streams * CONFIG.window

    def progress(at: Progress) -> None:
        if at.done == window * size:
            assert kept.stop()

    with pytest.raises(KeyboardInterrupt):
        train(job(noise), progress=progress, checkpoints=kept)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("window", [1, 40, 41, 57, 82])
def test_an_interrupted_training_ends_as_if_nothing_had_happened(
    tmp_path: Path, noise: Noise | None, window: int
) -> None:
    """Whether it was saved within a pass or at its end, a resumed training writes the same file."""
    output = tmp_path / "m.rnnm"
    interrupt_at(window, Checkpoints(output, every_seconds=300), noise)
    assert 1000 // (CONFIG.streams * CONFIG.window) == 41
    resumed = train(job(noise), checkpoints=Checkpoints(output, resume=True))
    assert resumed.model.to_bytes() == train(job(noise)).model.to_bytes()
    assert len(resumed.passes) == 3


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("text", {"text": LEARNT[::-1]}),
        ("validation text", {"valid": VALID[1:]}),
        ("number of passes", {"passes": 4}),
        ("noise", {"noise": NOISES[1]}),
        ("configuration", {"config": CONFIG.replace(rate_last=7)}),
    ],
)
def test_another_training_does_not_go_on_from_a_checkpoint(tmp_path: Path, name: str, changes: dict) -> None:
    """A checkpoint is of one job; another one is told what differs."""
    output = tmp_path / "m.rnnm"
    interrupt_at(5, Checkpoints(output, every_seconds=300), None)
    with pytest.raises(CheckpointError, match=f"it is of another {name};"):
        train(job(**changes), checkpoints=Checkpoints(output, resume=True))


def test_passes_are_told_and_the_best_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training learns; the model is that of the pass with the least cost of the validation text."""
    seen: list[Progress] = []
    result = train(job(), progress=seen.append)
    costs = [each.valid for each in result.passes]
    assert costs[-1] < costs[0] < np.log2(VOCABULARY.size)
    assert result.best == 1 + costs.index(min(costs))
    assert [at.done for at in seen] == [24 * n for n in range(1, 3 * 41 + 1)]
    assert {at.total for at in seen} == {24 * 3 * 41}
    assert [at.number for at in seen[::41]] == [1, 2, 3]
    assert seen[-1].passes == result.passes
    assert result.model.training["best pass"] == str(result.best)


def test_the_curve_within_passes_adds_up_to_them() -> None:
    """About 200 points a pass, here one for each window; what they say of a pass is what the pass says."""
    seen: list[Progress] = []
    result = train(job(), progress=seen.append)
    assert [symbols for symbols, _ in result.curve] == [24 * n for n in range(1, 3 * 41 + 1)]
    for number, each in enumerate(result.passes):
        costs = [cost for _, cost in result.curve[41 * number : 41 * (number + 1)]]
        assert sum(costs) / 41 == pytest.approx(each.trained)
        assert each.symbols == 24 * 41 * (number + 1)
    assert seen[50].curve == result.curve[:51]
    long = train(job(text=np.tile(LEARNT, 12), passes=1))
    assert len(long.curve) == trainer.CURVE_POINTS
    assert long.curve[-1][0] == long.passes[0].symbols


def test_an_interrupted_training_keeps_its_curve(tmp_path: Path) -> None:
    """Points from before the interruption are those of an undisturbed run."""
    output = tmp_path / "m.rnnm"
    interrupt_at(57, Checkpoints(output, every_seconds=300), None)
    assert train(job(), checkpoints=Checkpoints(output, resume=True)).curve == train(job()).curve


def test_after_each_pass_the_model_is_told() -> None:
    """As it then is: the best of them is the result."""
    told: dict[int, bytes] = {}
    result = train(job(), after_pass=lambda number, model: told.update({number: model.digest}))
    assert list(told) == [1, 2, 3]
    assert told[result.best] == result.model.digest


def overfit(passes: int) -> Trained:
    """A training on much too little text, whose rate does not go down."""
    config = CONFIG.replace(rate_first=30_000, rate_last=30_000, hidden=64)
    other = VOCABULARY.symbols(bytes(reversed(TEXT[:500])))
    return train(job(config=config, text=LEARNT[:240], valid=other, passes=passes))


def test_training_ends_when_it_is_of_no_more_use() -> None:
    """After PATIENCE passes without a better model there are no more, and the best is what a shorter one gives."""
    result = overfit(100)
    assert len(result.passes) == result.best + PATIENCE < 100
    assert overfit(result.best).model.digest == result.model.digest


def test_a_training_begins_with_a_model() -> None:
    """It is validated first, and stays the best if no pass improves it; the rate begins anew."""
    first = train(job()).model
    second = train(job(start=first))
    assert second.passes[0].valid < train(job()).passes[0].valid
    assert second.model.training["model to begin with"] == first.digest.hex()
    reversed_text = job(start=first, text=LEARNT[::-1].copy())
    worse = train(reversed_text)
    assert (worse.best, worse.model.digest) == (0, first.digest)
    with pytest.raises(ModelError, match="another network"):
        train(job(start=first, config=CONFIG.replace(hidden=32)))


def test_noise_keeps_a_network_from_learning_a_text_by_heart() -> None:
    """With noise on the weights the text it learns and the one it does not are closer in cost."""
    plain, noisy = (
        train(job(noise, config=CONFIG.replace(hidden=48), text=LEARNT[:300], passes=12)).passes[-1]
        for noise in (None, Noise(0.2))
    )
    assert noisy.valid - noisy.trained < plain.valid - plain.trained


MIXED = models.MIXED.replace(streams=3)
COUNTS = MIXED.replace(layers=0)


def mixed(config: Config = MIXED, **changes: object) -> Job:
    """A training of mixing, which is of bytes."""
    learnt, valid = (BYTES.symbols(text) for text in (TEXT[:600], TEXT[600:700]))
    return job(
        **({"config": config, "vocabulary": BYTES, "text": learnt, "valid": valid, "passes": 2} | changes)
    )


def test_mixing_learns_in_the_same_passes() -> None:
    """Validation of network and mixing costs less than of either; what the network learns is not changed by it."""
    both, counts = train(mixed()), train(mixed(COUNTS))
    network = train(mixed(MIXED.replace(mixing=0)))
    assert both.passes[0].valid < min(counts.passes[0].valid, network.passes[0].valid)
    kept = network.model.arrays
    assert all((both.model.arrays[name] == array).all() for name, array in kept.items())
    assert set(both.model.arrays) - set(kept) == set(counts.model.arrays)


def test_a_training_of_mixing_writes_one_file_everywhere() -> None:
    """Engine and threads change nothing, not a byte of the model file."""
    files = {
        train(mixed(passes=1), engine=engine, threads=threads).model.to_bytes()
        for engine, threads in (("reference", 1), ("cpu", 1), ("cpu", 2))
    }
    assert len(files) == 1


@pytest.mark.parametrize("config", [MIXED, COUNTS])
def test_an_interrupted_training_of_mixing_goes_on(tmp_path: Path, config: Config) -> None:
    """A resumed training writes the same file."""
    kept = Checkpoints(tmp_path / "m.rnnm", every_seconds=300)

    def progress(at: Progress) -> None:
        if at.done == 30 * config.streams * config.window:
            assert kept.stop()

    with pytest.raises(KeyboardInterrupt):
        train(mixed(config), progress=progress, checkpoints=kept)
    resumed = train(mixed(config), checkpoints=Checkpoints(tmp_path / "m.rnnm", resume=True))
    assert resumed.model.to_bytes() == train(mixed(config)).model.to_bytes()


def test_what_cannot_be_trained_is_told() -> None:
    """Noise without weights, and mixing of other symbols than bytes."""
    with pytest.raises(InputError, match="no network"):
        train(mixed(COUNTS, noise=NOISES[1]))
    with pytest.raises(InputError, match="only bytes are mixed"):
        train(job(config=MIXED.replace(alphabet=VOCABULARY.size)))


def test_too_short_texts_are_refused() -> None:
    """Less text than a window of all streams, or nothing to validate with, is told with what is needed."""
    for changes in ({"text": LEARNT[:23]}, {"valid": VALID[:0]}):
        with pytest.raises(InputError, match=r"too short a text: .* at least 24 and 1 are needed"):
            train(job(**changes))


def test_an_engine_that_cannot_train_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine without the means to train raises DeviceError before anything is done."""
    monkeypatch.setattr(trainer, "build_network", lambda *arguments, **options: object())
    with pytest.raises(DeviceError, match="use the CPU"):
        train(job(), engine="cuda")


@given(st.integers(1, 60), st.integers(1, 7), st.integers(1, 5).map(lambda n: 2 * n))
def test_every_symbol_of_a_text_is_read_once(length: int, streams: int, window: int) -> None:
    """The windows hold all symbols, in the order of the streams, each with the one before it."""
    symbols = np.arange(1, length + 1, dtype=np.int32)
    reading = Reading(symbols, streams, window)
    windows = [reading.window(n) for n in range(reading.layout.windows)]
    read = np.concatenate([w.symbols.ravel()[: w.coded] for w in windows])
    assert sorted(read.tolist()) == symbols.tolist()
    assert all((w.symbols > 0).all() for w in windows[: reading.whole])
    before = np.concatenate([w.inputs.ravel()[: w.coded] for w in windows])
    starts = [reading.layout.start(stream) for stream in range(streams)]
    assert all(b == (0 if s - 1 in starts else s - 1) for b, s in zip(before, read, strict=True))


@given(st.lists(st.integers(1, 2**24 - 3), min_size=1, max_size=50))
def test_costs_are_logarithms(frequencies: list[int]) -> None:
    """The integer cost is the code length, too much by less than 2**-16 bits for each symbol."""
    exact = 24 * len(frequencies) - float(np.log2(frequencies).sum())
    assert -1e-6 <= bits(cost(np.array(frequencies, np.int32))) - exact < len(frequencies) * 2.0**-15
