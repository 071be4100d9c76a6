"""The state of the network: its shapes, and that all of it that is accepted can be used."""

import numpy as np
import pytest
from hypothesis import given, settings
from networks import assert_same, configs, text

from rnncompress import lstm
from rnncompress.config import CELLS, Config
from rnncompress.lstm import state as states

SMALL = Config(hidden=16, streams=2, window=4, contexts=0b1110, context_bits=6)
WINDOWS = 4


@settings(max_examples=20, deadline=None)
@given(configs)
def test_shapes_are_those_of_the_engines(config: Config) -> None:
    """What is told without a network is what the networks have."""
    for engine in ("reference", "cpu"):
        state = lstm.build(config, 1, engine=engine).state(copy=False)
        assert {name: (array.shape, array.dtype) for name, array in state.items()} == states.shapes(config)
        states.check_state(config, state)


def used(config: Config) -> dict[str, np.ndarray]:
    """The state after some windows."""
    network = lstm.build(config, WINDOWS)
    for window in text(config, 2):
        network.predict_window(window)
        network.learn()
    return network.state()


def extremes(config: Config) -> dict[str, dict[str, np.ndarray]]:
    """States that hold, each in one place, the least or the most that is accepted."""
    found = {}
    for which in (2, 3):
        for number, _ in enumerate(states._bounds(config, used(config))):
            state = used(config)
            bounds = list(states._bounds(config, state))[number]
            bounds[1][...] = np.array(bounds[which], np.float64).astype(bounds[1].dtype)
            found[f"{bounds[0]} {bounds[which]}"] = state
    return found


@pytest.mark.parametrize("cell", CELLS)
def test_every_extreme_that_is_accepted_can_be_used(cell) -> None:
    """Networks take it, predict, learn, and come to the same state, which is accepted again."""
    config = SMALL.replace(cell=cell)
    for name, extreme in extremes(config).items():
        states.check_state(config, extreme)
        networks = [
            lstm.build(config, WINDOWS, engine=engine, state=extreme) for engine in ("reference", "cpu")
        ]
        for window in text(config, 2, seed=1):
            (cum, freq), (same_cum, same_freq) = (network.predict_window(window) for network in networks)
            assert np.array_equal(cum, same_cum), name
            assert np.array_equal(freq, same_freq), name
            assert (freq > 0).all(), name
            for network in networks:
                network.learn()
        one, other = (network.state() for network in networks)
        assert_same(one, other)
        states.check_state(config, one | {"updates": np.array(0)})


@pytest.mark.parametrize(
    "changes",
    [
        {"horizon": 2**30},
        {"rate_first": 2**31 - 1, "rate_last": 2**31 - 1},
        {"rate_first": 0, "rate_last": 2**31 - 1},
        {"contexts": 2**26 - 2, "context_bits": 1},
        {"contexts": 2**26 - 2, "context_bits": 10},
        {"layers": 255, "streams": 1, "window": 2},
        {"streams": 3000, "window": 2},
        {"streams": 1, "window": 3000},
    ],
)
def test_every_extreme_of_a_configuration_can_be_used(changes: dict[str, int]) -> None:
    """The largest values that memory allows predict and learn, the same with both engines."""
    config = SMALL.replace(**{"layers": 1, "contexts": 0, **changes})
    networks = [lstm.build(config, 3, engine=engine) for engine in ("reference", "cpu")]
    for window in text(config, 2):
        one, other = (network.predict_window(window)[1] for network in networks)
        assert np.array_equal(one, other)
        for network in networks:
            network.learn()
    assert_same(networks[0].state(), networks[1].state())


def test_nothing_beyond_the_extremes_is_accepted() -> None:
    """What compiled code would use as an index, or what is no number, is out of range."""
    for name in ("contexts", "history", "seen", "updates", "h", "c", "bias", "bias_moment", "matrices.0"):
        state = used(SMALL)
        array = state[name]
        array[...] = np.iinfo(array.dtype).min if array.dtype.kind == "i" else np.nan
        with pytest.raises(states.CheckpointError, match="out of range"):
            states.check_state(SMALL, state)
