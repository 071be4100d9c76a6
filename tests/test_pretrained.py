"""Coding that starts from a trained model: smaller, the same everywhere, and never from another model."""

import io

import models
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnncompress
from rnncompress import Config, codec, container, use
from rnncompress import engine as engines
from rnncompress.checkpoint import Checkpoints
from rnncompress.config import LEARNING
from rnncompress.errors import CheckpointError, LimitError, ModelError, ModelNeededError
from rnncompress.model import Model
from rnncompress.pretrained import adapt, find
from rnncompress.use import LEAST_RATE, WALK, Use, from_numbers

MIXED = models.MIXED
DATA = "Ein Ziegel zählt den Dächerflüsterer.\n".encode() * 4
GOLDEN = """
89524e4e011f02a40179dee1180735e0081e394d504ca783b7a62f582514848209011001001abd81bf089ad42549e2d9
348cbfd50edcae4b5c36b1e64888c97a6a16f27aec5fbc6cacf4bccdaaa5
"""
OTHER = b"the quick brown fox jumps over the lazy dog " * 20


build = engines.build  # a real engine, without the self-check


def encoded(data: bytes, model: Model | None, **options) -> bytes:
    config = adapt(model, len(data)) if model else models.CONFIG
    target = io.BytesIO()
    codec.encode(io.BytesIO(data), target, config, model=model, build=build, **options)
    return target.getvalue()


def decoded(blob: bytes, model: Model | None, **options) -> bytes:
    target = io.BytesIO()
    codec.decode(io.BytesIO(blob), target, model=model, build=build, **options)
    return target.getvalue()


def test_the_file_is_this():
    """Training, and coding that starts from it, come to these very bytes, on every machine."""
    model = models.trained()
    assert model.digest.hex() == "a62f58251484820984d1039084765698"
    assert encoded(DATA, model) == bytes.fromhex(GOLDEN)


def test_a_trained_model_makes_similar_files_smaller():
    """A file like those of the training takes less than two thirds of what it takes from scratch."""
    model = models.trained()
    blob = encoded(DATA, model)
    assert 3 * len(blob) < 2 * len(encoded(DATA, None))
    assert decoded(blob, model) == DATA


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=40), st.integers(1, 5))
def test_anything_comes_back(unit, repeats):
    """Any bytes come back, also such as the model has never seen."""
    model = models.trained()
    assert decoded(encoded(unit * repeats, model), model) == unit * repeats


@pytest.mark.parametrize("options", [{"engine": "reference"}, {"threads": 3}])
def test_engine_and_threads_change_no_byte(options):
    """The specification and other numbers of threads write the same file and read it."""
    model = models.trained()
    blob = encoded(DATA, model)
    assert encoded(DATA, model, **options) == blob
    assert decoded(blob, model, **options) == DATA


def test_the_header_names_the_model():
    """The file holds 8 bytes of the model's digest; what follows from the model is not in it."""
    model = models.trained()
    header = container.inspect(io.BytesIO(encoded(DATA, model)))
    assert (header.mode, header.trained, header.config) == ("trained", model.digest[:8], None)
    assert header.use == Use(streams=1, window=16, lanes=1, frozen=0)
    assert header.size == 41


def test_the_right_model_is_needed():
    """Without the model, or with another, nothing is decoded, and the error names the right one and the given one."""
    model, other = models.trained(), models.trained(OTHER)
    blob = encoded(DATA, model)
    for wrong in (None, other):
        with pytest.raises(ModelNeededError, match=model.digest.hex()[:12]) as caught:
            decoded(blob, wrong)
        assert (other.digest.hex()[:12] in str(caught.value)) == (wrong is other)


def test_a_file_of_no_model_ignores_one():
    """What was coded from scratch is decoded with or without a model at hand."""
    assert decoded(encoded(DATA, None), models.trained()) == DATA


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256))])
def test_stored_files_need_no_model(data):
    """What the model does not make smaller is stored, and comes back without it."""
    blob = encoded(data, models.trained())
    assert container.inspect(io.BytesIO(blob)).trained is None
    assert decoded(blob, None) == data


def test_a_model_of_other_symbols_codes_no_files():
    """A model of characters or words is refused by name of its symbols."""
    for kind in ("characters", "words"):
        model = models.trained(kind=kind)
        with pytest.raises(ModelError, match=kind):
            adapt(model, 100)
        with pytest.raises(ModelError, match=kind):
            codec.encode(io.BytesIO(DATA), io.BytesIO(), models.CONFIG, model=model, build=build)


def test_a_configuration_of_another_network_is_refused():
    """A configuration that the model cannot fill is no configuration for it."""
    with pytest.raises(ModelError, match="another network"):
        codec.encode(io.BytesIO(DATA), io.BytesIO(), Config(hidden=32), model=models.trained(), build=build)


@pytest.mark.parametrize("config", [models.CONFIG, MIXED])
@pytest.mark.parametrize(
    "changes", [{}, {"rate_first": 7}, {"horizon": 7}, {"streams": 3, "frozen": 2}, {"past_bits": 20}]
)
def test_a_header_tells_the_configuration(config, changes):
    """With the model's own it gives the one that the file was coded with, also where that is not the usual one."""
    model = models.trained(config=config)
    wanted = adapt(model, 5000).replace(**changes)
    use = Use.of(wanted, config, 5000)
    assert use.config(config, 5000) == wanted
    assert from_numbers(list(use.numbers())) == use
    usual = set(changes) <= set(WALK) or wanted == adapt(model, 5000)
    assert (use.learning is None) == usual


def test_the_fields_of_a_use_are_those_that_may_differ():
    """Walk and learning together."""
    assert set(WALK) | set(use.LEARNING) == set(LEARNING)


@pytest.mark.parametrize(
    "numbers", [[], [1, 16, 1], [1, 16, 2, 0], [1, 15, 1, 0], [0, 16, 0, 0], [1, 16, 1, 0, 5]]
)
def test_an_impossible_use_is_damage(numbers):
    """Too few or too many numbers, or such as no encoder writes."""
    with pytest.raises(ValueError, match=r"numbers tell|is \d|more than"):
        from_numbers(numbers)


def test_mixing_of_a_model_is_gone_on_from():
    """A model that mixes makes similar files smaller, with any engine and any number of threads."""
    model = models.trained(config=MIXED)
    blob = encoded(DATA, model)
    assert 3 * len(blob) < 2 * len(encoded(DATA, None))
    assert encoded(DATA, model, threads=2) == blob
    assert encoded(DATA, model, engine="reference") == blob
    assert decoded(blob, model) == decoded(blob, model, engine="reference") == DATA


def test_the_memory_limit_holds():
    """The limit is compared with what the model takes, before it is asked for."""
    with pytest.raises(LimitError):
        decoded(encoded(DATA, models.trained()), models.trained(), memory_limit=1000)


def test_the_configuration_suits_the_input():
    """The network is the model's, and goes on at the rate with which training ended; the walk follows the length."""
    model = models.trained()
    small, large = adapt(model, 1000), adapt(model, 20_000_000)
    assert small == model.config.replace(streams=1, window=16, rate_first=3000, rate_last=3000)
    assert large == small.replace(streams=large.streams, lanes=large.lanes, window=large.window)
    assert large.window > small.window


def test_learning_does_not_come_to_rest():
    """However low the rate at which training ended, some learning goes on."""
    model = models.trained(config=models.CONFIG.replace(rate_last=1))
    assert adapt(model, 1000).rate_last == LEAST_RATE


def interrupted(target: io.BytesIO, checkpoints: Checkpoints, model: Model) -> None:
    """An encoding that is ended by a signal after some windows."""

    def stop(at) -> None:
        if at.stage == "coding" and at.done > 150:
            checkpoints.stop()

    with pytest.raises(KeyboardInterrupt):
        codec.encode(
            io.BytesIO(DATA * 5),
            target,
            adapt(model, len(DATA * 5)),
            model=model,
            build=build,
            checkpoints=checkpoints,
            progress=stop,
        )


def test_an_interrupted_run_goes_on_from_its_own_model_only(tmp_path, monkeypatch):
    """A resumed run writes the file of an undisturbed one; with another model it does not go on."""
    monkeypatch.setattr("rnncompress.loop.PROGRESS_SECONDS", 0)
    model, other = models.trained(), models.trained(OTHER)
    target = io.BytesIO()
    interrupted(target, Checkpoints(tmp_path / "out", every_bytes=64), model)

    def go_on(with_model: Model) -> None:
        checkpoints = Checkpoints(tmp_path / "out", every_bytes=10**9, resume=True)
        codec.encode(
            io.BytesIO(DATA * 5),
            target,
            adapt(with_model, len(DATA * 5)),
            model=with_model,
            build=build,
            checkpoints=checkpoints,
        )

    with pytest.raises(CheckpointError, match="another trained model"):
        go_on(other)
    go_on(model)
    assert target.getvalue() == encoded(DATA * 5, model)


def test_the_model_that_lies_near_is_found(tmp_path):
    """Of the model files in a folder the one with the digest is found; what is no model is passed over."""
    models.trained(OTHER).save(tmp_path / "a.rnnm")
    (tmp_path / "b.rnnm").write_bytes(b"something else")
    (tmp_path / "c.rnnm").mkdir()
    models.trained().save(tmp_path / "d.rnnm")
    assert find(models.trained().digest, [tmp_path / "none", tmp_path]) == tmp_path / "d.rnnm"
    assert find(bytes(16), [tmp_path]) is None


def test_the_library_takes_a_model():
    """``compress`` and ``decompress`` take the model; a preset beside it is the caller's mistake."""
    model = models.trained()
    blob = rnncompress.compress(DATA, model=model)
    assert rnncompress.inspect(io.BytesIO(blob)).trained == model.digest[:8]
    assert rnncompress.decompress(blob, model=model) == DATA
    with pytest.raises(rnncompress.ModelNeededError):
        rnncompress.decompress(blob)
    with pytest.raises(ValueError, match="preset"):
        rnncompress.compress(DATA, "fast", model=model)
