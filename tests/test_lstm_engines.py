"""The fast engine equals the specification to the bit, whatever the network, the schedule, the threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import assert_same, configs, pick, seeds, step_through, text

from rnncompress.config import Config
from rnncompress.errors import DeviceError
from rnncompress.exact import grid
from rnncompress.lstm import available, build
from rnncompress.network import TOTAL

WINDOWS = 4

many = settings(max_examples=25, deadline=None)
few = settings(max_examples=10, deadline=None)
threads = st.integers(1, 3)


@many
@given(configs, seeds, threads)
def test_the_encoder_gets_the_numbers_of_the_specification(config: Config, seed: int, threads: int) -> None:
    """``predict_window`` of the CPU engine gives what the reference's tables say, and learns the same."""
    reference = build(config, WINDOWS, engine="reference")
    fast = build(config, WINDOWS, engine="cpu", threads=threads)
    for symbols in text(config, WINDOWS, seed):
        cum, freq = pick(step_through(reference, symbols), symbols)
        got_cum, got_freq = fast.predict_window(symbols)
        assert (got_cum == cum).all()
        assert (got_freq == freq).all()
        reference.learn()
        fast.learn()
        assert_same(fast.state(), reference.state())


@many
@given(configs, seeds, threads)
def test_the_decoder_gets_the_tables_of_the_specification(config: Config, seed: int, threads: int) -> None:
    """``predict_step`` of the CPU engine gives the reference's tables, and the window is learnt the same."""
    reference = build(config, WINDOWS, engine="reference")
    fast = build(config, WINDOWS, engine="cpu", threads=threads)
    for symbols in text(config, WINDOWS, seed):
        assert (step_through(fast, symbols) == step_through(reference, symbols)).all()
        reference.learn()
        fast.learn()
        assert_same(fast.state(), reference.state())


@few
@given(configs, seeds, st.sampled_from(["reference", "cpu"]))
def test_encoder_and_decoder_stay_together(config: Config, seed: int, engine: str) -> None:
    """One engine gives both schedules the same numbers and leaves both in the same state."""
    encoder, decoder = (build(config, WINDOWS, engine=engine) for _ in range(2))
    for symbols in text(config, WINDOWS, seed):
        cum, freq = encoder.predict_window(symbols)
        expected = pick(step_through(decoder, symbols), symbols)
        assert (cum == expected[0]).all()
        assert (freq == expected[1]).all()
        encoder.learn()
        decoder.learn()
        assert_same(encoder.state(), decoder.state())


@few
@given(configs, seeds, threads, st.data())
def test_the_last_window_may_be_short(config: Config, seed: int, threads: int, data: st.DataObject) -> None:
    """A last window of fewer than T steps is predicted alike by all schedules and engines."""
    steps = data.draw(st.integers(1, config.window))
    *whole, last = text(config, 3, seed, steps)
    reference, encoder, decoder = (
        build(config, 3, engine=engine, threads=threads) for engine in ("reference", "cpu", "cpu")
    )
    for symbols in whole:
        for predictor in (reference, encoder, decoder):
            predictor.predict_window(symbols)
            predictor.learn()
    tables = step_through(reference, last)
    cum, freq = encoder.predict_window(last)
    assert (cum == pick(tables, last)[0]).all()
    assert (freq == pick(tables, last)[1]).all()
    assert (step_through(decoder, last) == tables).all()


@few
@given(configs, seeds, st.permutations(["reference", "cpu", "cpu"]))
def test_a_state_continues_in_any_engine(config: Config, seed: int, engines: list[str]) -> None:
    """A state saved by one engine continues in another as if nothing had happened."""
    windows = list(text(config, len(engines) * 2, seed))
    whole = build(config, len(windows), engine="reference")
    for symbols in windows:
        whole.predict_window(symbols)
        whole.learn()

    state = None
    for number, engine in enumerate(engines):
        part = build(config, len(windows), engine=engine)
        if state is not None:
            part.predict_window(windows[0])  # what a predictor did before it took a state leaves no trace
            part.load_state(state)
        for symbols in windows[2 * number : 2 * number + 2]:
            part.predict_window(symbols)
            part.learn()
        state = part.state()
    assert_same(state, whole.state())


@pytest.mark.parametrize("engine", ["reference", "cpu"])
def test_a_state_is_a_copy(engine: str) -> None:
    """Neither going on nor writing into a saved state changes the other."""
    config = Config(hidden=16, alphabet=17, streams=2, window=2)
    predictor, witness = (build(config, 3, engine=engine) for _ in range(2))
    state = predictor.state()
    predictor.load_state(state)
    for symbols in text(config, 2):
        for one in (predictor, witness):
            one.predict_window(symbols)
            one.learn()
        for value in state.values():
            value[...] = 1
    assert all((value == 1).all() for value in state.values())
    assert_same(predictor.state(), witness.state())


@few
@given(configs, seeds)
def test_tables_are_what_the_coder_needs(config: Config, seed: int) -> None:
    """Every symbol has at least frequency 1 and every table sums to TOTAL, also when learning goes wild."""
    wild = config.replace(rate_first=4_000_000, rate_last=4_000_000)
    fast = build(wild, WINDOWS)
    for symbols in text(wild, WINDOWS, seed):
        tables = step_through(fast, symbols)
        assert tables.min() >= 1
        assert (tables.sum(axis=2) == TOTAL).all()
        fast.learn()


@pytest.mark.parametrize("engine", ["reference", "cpu"])
def test_weights_stop_at_their_limits(engine: str) -> None:
    """A learning rate beyond all reason drives weights to the end of their grid and not past it."""
    config = Config(hidden=16, alphabet=17, streams=2, window=2, rate_first=4_000_000)
    predictor = build(config, WINDOWS, engine=engine)
    for symbols in text(config, WINDOWS):
        predictor.predict_window(symbols)
        predictor.learn()
    for name, value in predictor.state().items():
        if name.startswith("matrices"):
            assert abs(value).max() == grid.WEIGHT_LIMIT


def test_it_learns() -> None:
    """After windows of one repeated phrase its symbols cost less than a fifth of what they did at first."""
    config = Config(hidden=32, layers=2, alphabet=64, streams=2, window=8)
    fast = build(config, 120)
    phrase = np.tile(np.arange(8, dtype=np.int32)[:, None], (1, 2))
    costs = []
    for _ in range(120):
        costs.append(24 - np.log2(fast.predict_window(phrase)[1]).mean())
        fast.learn()
    assert costs[-1] * 5 < costs[0]


def test_an_unknown_engine_is_refused() -> None:
    """Asking for an engine that is not there raises the error that the command line explains."""
    assert not available("abacus")
    with pytest.raises(DeviceError, match="abacus"):
        build(Config(), 1, engine="abacus")
