"""The GPU engine equals the specification to the bit; Triton's interpreter stands in for the GPU."""

import io
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreted import CudaPredictor
from networks import assert_same, pick, step_through, text

from rnncompress import codec, selfcheck
from rnncompress import engine as engines
from rnncompress.config import CELLS, Config
from rnncompress.engine.cuda import CudaEngine
from rnncompress.lstm import build
from rnncompress.lstm.state import State

WINDOWS = 2
CONTEXTS = 1 << 1 | 1 << 3 | 1 << 24 | 1 << 25

few = settings(max_examples=3, deadline=None)

configs = st.builds(
    Config,
    cell=st.sampled_from(CELLS),
    alphabet=st.sampled_from([1, 2, 15, 17, 100]),
    layers=st.integers(1, 3),
    hidden=st.sampled_from([16, 32, 48]),
    streams=st.integers(1, 5),
    window=st.sampled_from([2, 4]),
    rate_first=st.sampled_from([0, 4000, 100_000, 4_000_000]),
    rate_last=st.sampled_from([0, 2000, 4_000_000]),
    horizon=st.sampled_from([1, 3, 1000]),
    contexts=st.sampled_from([0, 1 << 2, 1 << 24, CONTEXTS]),
    context_bits=st.sampled_from([1, 4]),
)

simulated = partial(CudaPredictor, device="cpu")


@few
@given(configs, st.integers(0, 2**32 - 1))
def test_both_schedules_give_the_numbers_of_the_specification(config: Config, seed: int) -> None:
    """What windows and steps predict, and the states they learn, are those of the CPU engine."""
    expected = build(config, WINDOWS)
    encoder, decoder = (simulated(config, WINDOWS) for _ in range(2))
    for symbols in text(config, WINDOWS, seed):
        tables = step_through(expected, symbols)
        cum, freq = encoder.predict_window(symbols)
        assert (cum == pick(tables, symbols)[0]).all()
        assert (freq == pick(tables, symbols)[1]).all()
        assert (step_through(decoder, symbols) == tables).all()
        assert all((one == other).all() for one, other in zip(decoder.coded(), (cum, freq), strict=True))
        for predictor in (expected, encoder, decoder):
            predictor.learn()
        assert_same(encoder.state(), expected.state())
        assert_same(decoder.state(), expected.state())


@pytest.mark.parametrize("cell", CELLS)
def test_extreme_weights_and_clipped_gradients(cell: str) -> None:
    """With every weight at a limit and a learning rate beyond all reason the engines still agree."""
    config = Config(cell=cell, layers=2, hidden=32, streams=3, window=2, alphabet=20, rate_first=4_000_000)
    expected, predictor = build(config, 3), simulated(config, 3)
    state = expected.state()
    for name, value in state.items():
        if name.startswith(("matrices", "embeddings")):
            value[...] = np.where(value < 0, -1, 1) * np.float32(32639 / 2**13)
    for one in (expected, predictor):
        one.load_state(state)
    for symbols in text(config, 3):
        results = [one.predict_window(symbols) for one in (expected, predictor)]
        assert (np.array(results[0]) == np.array(results[1])).all()
        for one in (expected, predictor):
            one.learn()
    assert_same(predictor.state(), expected.state())


def test_a_state_continues_in_either_engine() -> None:
    """A state saved by one engine continues in the other; what a predictor did before leaves no trace."""
    config = Config(layers=2, hidden=16, streams=2, window=2, alphabet=20, contexts=CONTEXTS, context_bits=3)
    windows = list(text(config, 4))
    whole = build(config, 4)
    for symbols in windows:
        whole.predict_window(symbols)
        whole.learn()
    state = None
    for symbols, make in zip(windows, (build, simulated, simulated, build), strict=True):
        part = make(config, 4)
        if state is not None:
            part.predict_window(windows[0])
            part.load_state(state)
        part.predict_window(symbols)
        part.learn()
        state = part.state()
    assert_same(state, whole.state())


def test_a_state_is_a_copy() -> None:
    """Neither going on nor writing into a saved state changes the other."""
    config = Config(layers=1, hidden=16, streams=2, window=2, alphabet=20)
    predictor, witness = (simulated(config, 2) for _ in range(2))
    state = predictor.state()
    predictor.load_state(state)
    for one in (predictor, witness):
        one.predict_window(next(text(config, 1)))
        one.learn()
    for value in state.values():
        value[...] = 1
    assert_same(predictor.state(), witness.state())


@pytest.mark.parametrize("steps", [1, 3])
def test_the_last_window_may_be_short(steps: int) -> None:
    """A last window of fewer than T steps is predicted alike by all schedules and engines."""
    config = Config(layers=3, hidden=16, streams=2, window=4, alphabet=20, contexts=1 << 1, context_bits=3)
    first, last = text(config, 2, steps=steps)
    expected, encoder, decoder = build(config, 2), simulated(config, 2), simulated(config, 2)
    for one in (expected, encoder, decoder):
        one.predict_window(first)
        one.learn()
    tables = step_through(expected, last)
    assert (np.array(encoder.predict_window(last)) == np.array(pick(tables, last))).all()
    assert (step_through(decoder, last) == tables).all()


def made(config: Config, windows: int, *, engine: str, threads: int, state: State | None = None) -> object:
    """What ``codec`` builds its engines with, the GPU engine simulated."""
    if engine == "cuda":
        return CudaEngine(simulated(config, windows, state=state))
    return engines.build(config, windows, engine=engine, state=state)


def test_files_cross_from_engine_to_engine() -> None:
    """Both engines write the same file, and the GPU engine decodes it."""
    config = Config(
        layers=1, hidden=16, streams=16, lanes=2, window=2, rate_first=50_000, contexts=1 << 2, context_bits=4
    )
    original = b"ab" * 64
    packed = {}
    for engine in ("cpu", "cuda"):
        target = io.BytesIO()
        report = codec.encode(io.BytesIO(original), target, config, engine=engine, build=made)
        packed[engine] = target.getvalue()
        assert report.mode == "model"
    assert packed["cpu"] == packed["cuda"]
    decoded = io.BytesIO()
    codec.decode(io.BytesIO(packed["cpu"]), decoded, engine="cuda", build=made)
    assert decoded.getvalue() == original


def test_the_self_check_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first stages of the self-check, which every new device must pass before it codes."""
    monkeypatch.setattr(selfcheck.lstm, "build", lambda config, windows, **_: simulated(config, windows))
    for _, (stage, value) in zip(range(2), selfcheck.hashes("cuda", 1), strict=False):
        assert value == selfcheck.EXPECTED[stage]
