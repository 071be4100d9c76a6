"""Model files: whole, the same everywhere, and refused when they are not what they say."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models import CONFIG, MIXED, TEXT, trained

from rnncompress import engine as engines
from rnncompress import lstm
from rnncompress.errors import ModelError, OutputError, VersionError
from rnncompress.lstm import state as states
from rnncompress.lstm.parameters import Parameters
from rnncompress.mixing import memory, sizes
from rnncompress.model import Model
from rnncompress.vocabulary import Vocabulary


def document(data: bytes) -> tuple[dict, dict, bytes]:
    """The head of a model file, our document in it, and the rest."""
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    return head, json.loads(head["__metadata__"]["rnncompress"]), data[8 + size :]


def with_document(data: bytes, **changes: object) -> bytes:
    """The file with another document in it."""
    head, told, rest = document(data)
    head["__metadata__"]["rnncompress"] = json.dumps(told | changes)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + rest


def merge(told: dict, changes: dict) -> dict:
    """``told`` with ``changes`` in it, at whatever depth; an empty value replaces."""
    return told | {
        name: merge(told[name], value) if isinstance(value, dict) and value else value
        for name, value in changes.items()
    }


@pytest.mark.parametrize("kind", ["bytes", "characters", "words"])
def test_a_file_keeps_all_of_a_model(tmp_path: Path, kind) -> None:
    """What is saved is loaded again, to the bit, and the file of the loaded model is the same."""
    model = trained(TEXT, kind)
    path = tmp_path / "m.rnnm"
    model.save(path)
    again = Model.load(path)
    assert (again.config, again.vocabulary, again.training) == (model.config, model.vocabulary, {})
    assert again.digest == model.digest
    assert again.to_bytes() == model.to_bytes() == path.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        model.save(path)


def test_a_model_goes_on_where_training_ended() -> None:
    """A predictor that takes the model's state has its weights, moments and contexts, and no past."""
    model = trained()
    state = model.state(CONFIG)
    predictor = lstm.build(CONFIG, 1)
    predictor.load_state(state)
    again = Model.of(CONFIG, model.vocabulary, predictor.state(), {})
    assert again.digest == model.digest
    assert not any(state[name].any() for name in states.SHORT if name in state)
    assert state["contexts"].any()


@pytest.mark.parametrize("config", [MIXED, MIXED.replace(layers=0)])
def test_a_model_keeps_what_mixing_has_learnt(config) -> None:
    """Tables hold what they held, from the rows that are not as at the start; the text is not kept."""
    model = trained(config=config)
    again = Model.from_bytes(model.to_bytes())
    assert again == model
    assert again.to_bytes() == model.to_bytes()
    assert len(model.arrays["mixing.weights.rows"]) < sum(sizes.ROWS[: config.sets]) / 2
    engine = engines.build(config, 1, state=again.state(config))
    assert Model.of(config, model.vocabulary, engine.state(), {}) == model
    fresh = engines.build(config, 1).state()
    assert all((engine.state()[f"mixing.{name}"] == 0).all() for name in memory.SHORT)
    assert (engine.state()["mixing.slots"] != fresh["mixing.slots"]).any()
    with pytest.raises(ModelError, match="other mixing"):
        model.state(config.replace(sets=2))


def test_a_start_state_is_an_empty_model() -> None:
    """No row of any table differs, and the state comes back."""
    state = engines.build(MIXED, 1).state()
    model = Model.of(MIXED, trained().vocabulary, state, {})
    assert not any(array.size for name, array in model.arrays.items() if name.endswith(".values"))
    again = model.state(MIXED)
    assert all((again[name] == state[name]).all() for name in again)


def test_streams_windows_and_rates_may_differ() -> None:
    """The weights of a model serve other streams, windows and rates, but no other network."""
    other = CONFIG.replace(streams=5, window=2, rate_first=1, rate_last=1, horizon=7)
    assert trained().state(other)["h"].shape == (1, 5, 16)
    for changes in ({"hidden": 32}, {"layers": 2}, {"contexts": 0}, {"context_bits": 9}, {"alphabet": 17}):
        with pytest.raises(ModelError, match="another network"):
            trained().state(CONFIG.replace(**changes))


def test_the_digest_tells_models_apart() -> None:
    """Any change of configuration, vocabulary or weights changes it; the facts about the training do not."""
    model = trained(TEXT, "characters")
    arrays = {name: array.copy() for name, array in model.arrays.items()}
    arrays["matrices.0"][3, 3] += 1
    entries = model.vocabulary.entries
    others = [
        replace(model, config=model.config.replace(rate_last=1)),
        replace(model, vocabulary=Vocabulary("characters", (*entries[1:], entries[0]))),
        replace(model, arrays=arrays),
    ]
    assert len({each.digest for each in [model, *others]}) == 4
    assert replace(model, training={"by": "hand"}).digest == model.digest
    assert replace(model, config=model.config.replace(lanes=2)).digest == model.digest


def test_models_are_equal_if_their_digests_are() -> None:
    """So they can be compared and be members of a set."""
    model = trained()
    same, other = replace(model, training={"by": "hand"}), replace(model, config=CONFIG.replace(rate_last=1))
    assert model == same
    assert model != other
    assert model != "a model"
    assert {model, same, other} == {model, other}


def test_a_part_of_a_newer_program_is_no_damage() -> None:
    """A configuration with an unknown part asks for a newer program."""
    data = trained().to_bytes()
    changed = document(data)[1]["config"] | {"colours": {"red": 1}}
    with pytest.raises(VersionError, match="colours"):
        Model.from_bytes(with_document(data, config=changed))


def test_loading_computes_no_start_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to learn the shapes of the arrays, nor to overwrite them."""
    data = trained().to_bytes()
    monkeypatch.setattr(Parameters, "initial", None)
    state = Model.from_bytes(data).state(CONFIG)
    for engine in ("reference", "cpu"):
        lstm.build(CONFIG, 1, engine=engine, state=state)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_is_found(data: st.DataObject) -> None:
    """A file with a byte changed, or cut anywhere, raises one of our errors, never another."""
    whole = trained().to_bytes()
    at = data.draw(st.one_of(st.integers(0, 2000), st.integers(0, len(whole) - 1)))
    damaged = bytearray(whole)
    damaged[at] ^= data.draw(st.integers(1, 255))
    for file in (bytes(damaged), whole[:at]):
        with suppress(ModelError, VersionError):
            assert Model.from_bytes(file).digest == trained().digest  # a fact or a blank may have changed


@pytest.mark.parametrize("data", [b"", b"text", b"\x10\0\0\0\0\0\0\0{}", b"\x02\0\0\0\0\0\0\0{}", bytes(100)])
def test_a_foreign_file_is_told_so(data: bytes) -> None:
    """What is no model file is called that, with the command that makes one."""
    with pytest.raises(ModelError, match="x is no model of rnncompress; make one with `rnncompress train`"):
        Model.from_bytes(data, "x")


def test_a_newer_file_is_told_so() -> None:
    """A newer version of the format is no damage."""
    with pytest.raises(VersionError, match="upgrade"):
        Model.from_bytes(with_document(trained().to_bytes(), version=99))


@pytest.mark.parametrize(
    "changes",
    [
        {"config": {"network": {"hidden": 1 << 20}}},
        {"config": {"network": {"layers": 0}}},
        {"config": {"network": {"cell": "gru"}}},
        {"config": {"network": {"cell": 0}}},
        {"config": {"network": {"hidden": 16.0}}},
        {"config": {"network": {"alphabet": 300}}},
        {"config": {"network": {"colour": 1}}},
        {"config": {"network": 3}},
        {"config": {"contexts": {"context_bits": 1}}},
        {"config": []},
        {"vocabulary": {"kind": "characters", "entries": ["a"]}},
        {"vocabulary": {}},
        {"digest": "00"},
        {"training": 3},
    ],
)
def test_a_file_that_lies_is_refused(changes: dict) -> None:
    """A document that does not fit the arrays is damage, found before memory is taken for it."""
    data = trained().to_bytes()
    told = document(data)[1]
    merged = merge(told, changes)
    with pytest.raises(ModelError, match="damaged"):
        Model.from_bytes(with_document(data, **merged))


@pytest.mark.parametrize(
    "name",
    [
        "context_rows", "context_values", "seen", "matrix_moments.0", "mixing.slots.rows", "mixing.weights.rows",
        "mixing.visits.values",
    ],
)  # fmt: skip
def test_arrays_out_of_range_are_refused(name: str) -> None:
    """Compiled code does not check what it takes as an index; a file that was made on purpose is refused here."""
    model = trained(config=MIXED)
    arrays = {key: array.copy() for key, array in model.arrays.items()}
    arrays[name].ravel()[-8:] = np.array(-5).astype(arrays[name].dtype)
    with pytest.raises(ModelError, match="out of range"):
        Model.from_bytes(replace(model, arrays=arrays).to_bytes())
