"""Noise on the weights, pulls and skips on a GPU: equal to the specification, by the interpreter and on tensors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from interpreted import CudaPredictor, torch
from networks import assert_same, text

from rnncompress.config import Config
from rnncompress.exact import functions, noise
from rnncompress.lstm.cuda import training
from rnncompress.lstm.reference import ReferencePredictor
from rnncompress.lstm.trainable import Anchor, Network, Noise, NoisyWeights
from rnncompress.network import IntArray

CONFIGS = [
    Config(layers=2, hidden=16, alphabet=19, streams=2, window=4, horizon=2, rate_first=9000),
    Config("rnn", layers=1, hidden=16, alphabet=16, streams=1, window=2, contexts=0b110, context_bits=4),
]
WINDOWS = 3


def states(config: Config, act: Callable[[Network, list[IntArray]], Any]) -> tuple[Any, Any]:
    """What ``act`` gives for the specification and for the GPU engine."""
    windows = list(text(config, WINDOWS))
    return act(ReferencePredictor(config, WINDOWS), windows), act(
        CudaPredictor(config, WINDOWS, "cpu"), windows
    )


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("kind", [Noise(0.075), Noise(0.075, adaptive=True, symbols=1000)])
def test_noisy_windows_are_those_of_the_specification(config: Config, kind: Noise) -> None:
    """Frequencies, prior and weights of some noisy windows are the same bits."""

    def act(network: Network, windows: list[IntArray]) -> tuple[Any, ...]:
        weights, told = NoisyWeights(network, kind), []
        before = np.zeros_like(windows[0][:1])
        for symbols in windows:
            weights.begin(np.concatenate([before, symbols[:-1]]))
            before = symbols[-1:]
            told.append(network.predict_window(symbols)[1].tolist())
            weights.end()
            network.learn()
        return told, weights.prior.tolist(), network.state()

    (*expected, state), (*found, found_state) = states(config, act)
    assert found == expected
    assert_same(found_state, state)


@pytest.mark.parametrize("config", CONFIGS)
def test_dynamic_evaluation_is_that_of_the_specification(config: Config) -> None:
    """Kept moments, a late start, the pull back, skips and a new text: the same bits."""

    def act(network: Network, windows: list[IntArray]) -> Any:
        network.predict_window(windows[0])
        network.learn()
        anchor = Anchor(network, 0.3)
        network.started, network.keep_moments = 1, True
        network.predict_window(windows[1])
        network.learn()
        anchor.pull()
        network.predict_window(windows[2])
        network.skip()
        skipped = network.state()
        network.rewind()
        return skipped, network.state()

    expected, found = states(config, act)
    for one, other in zip(expected, found, strict=True):
        assert_same(other, one)


def test_the_numbers_are_those_of_the_specification() -> None:
    """The noise of any place, and the inverse root of any number, are the same bits on tensors."""
    places = np.random.default_rng(1).integers(0, 2**32, 5000, dtype=np.uint32)
    expected = noise.normal(np.uint32(0xFEDCBA98), places)
    found = training.normal(0xFEDCBA98, torch.from_numpy(places.astype(np.int64)))
    assert found.numpy().tobytes() == expected.tobytes()
    numbers = np.abs(places.view(np.float32))
    numbers = numbers[(numbers > 1e-30) & (numbers < 1e30)]
    assert training.inverse_root(torch.from_numpy(numbers)).numpy().tobytes() == (
        functions.inverse_root(numbers).tobytes()
    )
