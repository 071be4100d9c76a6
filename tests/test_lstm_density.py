"""The head of densities: its tables, its gradients, and both engines by ``==``."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import assert_same, step_through

from rnncompress.config import Config, check_config
from rnncompress.errors import CheckpointError
from rnncompress.lstm import build, density, head
from rnncompress.lstm.reference_density import ReferenceDensity, _gradient, _table
from rnncompress.lstm.state import check_state
from rnncompress.network import TOTAL, IntArray

WINDOWS = 5


def config(
    streams: int = 2, components: int = 3, window: int = 12, layers: int = 1, rate: int = 40_000
) -> Config:
    return Config(
        layers=layers, hidden=16, streams=streams, window=window, components=components,
        rate_first=rate, rate_last=rate // 2, horizon=3,
    )  # fmt: skip


def ink(network: Config, seed: int, windows: int = WINDOWS) -> list[IntArray]:
    """Windows (T, B) of packed strokes, most of them with small steps; streams differ in their columns."""
    rng = np.random.default_rng(seed)
    count = windows * network.window
    streams = []
    for b in range(network.streams):
        columns = int(rng.integers(2, 6)) if b else 3
        records = int(rng.integers(0, count // columns))
        points = np.minimum(255, rng.geometric(0.3, count))
        points[rng.random(count) < 0.05] = 255
        head = [columns, 1, records & 255, records >> 8, 0, 0]
        streams.append(np.concatenate([head, points])[:count])
    return list(np.array(streams, np.int32).T.reshape(windows, network.window, network.streams))


@settings(max_examples=15, deadline=None)
@given(
    st.builds(
        config,
        st.integers(1, 3),
        st.integers(1, 20),
        st.sampled_from([2, 10, 12]),
        st.integers(1, 2),
        st.sampled_from([1000, 100_000, 4_000_000]),
    ),
    st.integers(0, 2**32 - 1),
    st.integers(1, 3),
)
def test_the_fast_engine_equals_the_specification(network: Config, seed: int, threads: int) -> None:
    """What the encoder gets, what the decoder gets, and what is learnt."""
    reference = build(network, WINDOWS, engine="reference")
    encoder, decoder = (build(network, WINDOWS, engine="cpu", threads=threads) for _ in range(2))
    for symbols in ink(network, seed):
        tables = step_through(reference, symbols)
        assert (tables.sum(axis=2) == TOTAL).all()
        assert tables.min() >= 1
        assert (encoder.predict_paths(symbols)() == head.paths(tables, symbols)).all()
        assert (step_through(decoder, symbols) == tables).all()
        assert (encoder.densities() == reference.densities()).all()
        for predictor in (reference, encoder, decoder):
            predictor.learn()
        assert_same(encoder.state(), reference.state())
        assert_same(decoder.state(), reference.state())


@pytest.mark.parametrize("columns", [-1, 0, 2, 3, 8, 9, 255, 256])
def test_points_of_impossible_columns_are_refused(columns: int) -> None:
    """Compiled code divides by their number; what passes is used by both engines alike."""
    network = config(streams=1)
    first, last = ink(network, 1, 2)
    networks = [build(network, 2, engine=engine) for engine in ("reference", "cpu")]
    networks[0].predict_window(first)
    networks[0].learn()
    state = networks[0].state()
    assert state["track"][0, 2] > state["track"][0, 0]
    state["track"][0, 1] = columns
    if not 3 <= columns <= 8:
        with pytest.raises(CheckpointError):
            check_state(network, state)
        return
    check_state(network, state)
    for predictor in networks:
        predictor.load_state(state)
        predictor.predict_window(last)
        predictor.learn()
    assert_same(networks[0].state(), networks[1].state())


def test_a_state_goes_on_in_the_other_engine() -> None:
    """With its place in the records."""
    network = config()
    first, second = build(network, WINDOWS, engine="cpu"), build(network, WINDOWS, engine="reference")
    windows = ink(network, 1)
    for number, symbols in enumerate(windows):
        if number == 2:
            second.load_state(first.state())
        if number >= 2:
            second.predict_window(symbols)
            second.learn()
        first.predict_window(symbols)
        first.learn()
    assert_same(first.state(), second.state())


def of_one_step(outputs: np.ndarray, components: int) -> ReferenceDensity:
    """A head whose logits at the first step are ``outputs``."""
    head = ReferenceDensity(config(1, components))
    head.outputs[0, 0] = np.rint(outputs * 65536).astype(np.int64)
    return head


def cost(head: ReferenceDensity, dx: int, dy: int) -> float:
    """Nats of both bytes."""
    nats, row = 0.0, np.zeros(256, np.int64)
    for given_dx, byte in ((-1, dx), (dx, dy)):
        _table(head._arrays, 0, 0, given_dx, row.data, 0)
        nats -= math.log(row[byte] / TOTAL)
    return nats


@pytest.mark.parametrize("seed", range(4))
def test_gradients_are_those_of_the_code_length(seed: int) -> None:
    """Within what rounding lets one see, in all of the parameters."""
    rng = np.random.default_rng(seed)
    K = 3
    outputs = rng.normal(0, 0.4, 6 * K)
    dx, dy = (int(byte) for byte in rng.integers(0, 6, 2))
    result = np.zeros(6 * K, np.int64)
    _gradient(of_one_step(outputs, K)._arrays, 0, 0, dx, dy, result.data, 0)
    for n in range(6 * K):
        step = np.zeros(6 * K)
        step[n] = 0.02
        both = [cost(of_one_step(outputs + sign * step, K), dx, dy) for sign in (1, -1)]
        expected = (both[0] - both[1]) / 0.04
        assert result[n] / 65536 == pytest.approx(max(-1, min(1, expected)), abs=0.06), n


def test_masses_are_those_of_the_density() -> None:
    """One component: a logistic distribution, cell by cell."""
    head = of_one_step(np.array([0, 0.5, 0.3, -0.25, -0.2, 0.1]), 1)
    head._arrays.centres[0] = head._arrays.centres[1] = 0
    row = np.zeros(256, np.int64)
    _table(head._arrays, 0, 0, -1, row.data, 0)
    for d in range(-6, 10):
        scale = math.exp(0.3)
        above, below = (1 / (1 + math.exp(-(d + half - 2.0) / scale)) for half in (0.5, -0.5))
        assert row[2 * d if d >= 0 else -2 * d - 1] / TOTAL == pytest.approx(above - below, abs=0.002)
    _table(head._arrays, 0, 0, 10, row.data, 0)  # dx is 5
    mean = -1.0 + 0.1 * (5 - 2)
    assert abs((row[:224] * [(n >> 1) ^ -(n & 1) for n in range(224)]).sum() / TOTAL - mean) < 0.05


def test_tables_are_those_of_the_functions() -> None:
    """Made by integers, and within half a unit."""
    decay, logistic = density.tables()
    n = np.arange(len(decay))
    assert np.abs(decay - 65536 * np.exp(-n / 256)).max() <= 0.51
    z = np.arange(-4096, 4097) / 256
    assert len(logistic) == len(z)
    assert np.abs(logistic - 2**20 / (1 + np.exp(-z))).max() <= 0.51


def test_it_learns() -> None:
    """Steps of a circle cost less and less."""
    network = config(1, 5, 12, rate=20_000)
    angle = np.arange(400) * 0.3
    steps = np.rint(np.stack([5 * np.cos(angle), 5 * np.sin(angle)], axis=1)).astype(int)
    bytes_ = np.where(steps >= 0, 2 * steps, -2 * steps - 1)
    records = np.column_stack([np.full(400, 8), bytes_]).reshape(-1)
    data = np.concatenate([[3, 1, 400 & 255, 400 >> 8, 0, 0], records]).astype(np.int32)
    predictor = build(network, 100, engine="cpu")
    costs = []
    for start in range(0, 1200, 12):
        _, freq = predictor.predict_window(data[start : start + 12, None])
        costs.append(-np.log2(freq / TOTAL).sum() / 4)
        predictor.learn()
    assert np.mean(costs[-10:]) < 0.6 * np.mean(costs[:10])


def test_what_it_needs() -> None:
    """A network without contexts."""
    check_config(config())
    with pytest.raises(ValueError, match="components"):
        check_config(config().replace(contexts=2))
    with pytest.raises(ValueError, match="components"):
        check_config(config().replace(layers=0, mixing=1))
