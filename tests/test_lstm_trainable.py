"""Noise on the weights, pulls and skips: the CPU engine equals the specification, and each does what it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import assert_same, configs, seeds, text

from rnncompress.config import Config
from rnncompress.exact.noise import normal
from rnncompress.lstm import trainable
from rnncompress.lstm.cpu.predictor import CpuPredictor
from rnncompress.lstm.reference import ReferencePredictor
from rnncompress.lstm.trainable import Anchor, Network, Noise, NoisyWeights
from rnncompress.network import IntArray

WINDOWS = 4

few = settings(max_examples=10, deadline=None)
engines = st.integers(1, 2)
noises = st.sampled_from([Noise(0.075), Noise(0.075, adaptive=True, symbols=1000), Noise(3.0, True, 10**7)])
small = Config(hidden=16, alphabet=17, streams=2, window=4, horizon=3)


def both(config: Config, threads: int = 1) -> tuple[ReferencePredictor, CpuPredictor]:
    return ReferencePredictor(config, WINDOWS), CpuPredictor(config, WINDOWS, threads)


def inputs(windows: list[IntArray]) -> list[IntArray]:
    """The symbols before each step of each window."""
    whole = np.concatenate([np.zeros_like(windows[0][:1]), *windows])
    return [whole[n * len(windows[0]) :][: len(windows[0])] for n in range(len(windows))]


@few
@given(configs, seeds, engines, noises)
def test_noisy_windows_are_those_of_the_specification(
    config: Config, seed: int, threads: int, noise: Noise
) -> None:
    """With noise on the weights the CPU engine codes, learns and sums for the prior as the reference does."""
    windows = list(text(config, WINDOWS, seed))
    results = []
    for network in both(config, threads):
        weights = NoisyWeights(network, noise)
        told = []
        for before, symbols in zip(inputs(windows), windows, strict=True):
            weights.begin(before)
            told.append(network.predict_window(symbols)[1].copy())
            weights.end()
            network.learn()
        results.append((told, weights.prior, network.state()))
    (told, prior, state), (fast_told, fast_prior, fast_state) = results
    assert np.array_equal(told, fast_told)
    assert prior.tolist() == fast_prior.tolist()
    assert_same(fast_state, state)


@few
@given(configs, seeds, engines, st.sampled_from([0.001, 0.3]))
def test_pulls_and_kept_moments_are_those_of_the_specification(
    config: Config, seed: int, threads: int, decay: float
) -> None:
    """Learning with kept moments, a late start of the schedule, and pulled back: one result in both engines."""
    states = []
    for network in both(config, threads):
        windows = text(config, WINDOWS, seed)
        for symbols in (next(windows), next(windows)):
            network.predict_window(symbols)
            network.learn()
        anchor = Anchor(network, decay)
        network.started, network.keep_moments = network.updates, True
        before = network.state()
        for symbols in windows:
            network.predict_window(symbols)
            network.learn()
            anchor.pull()
        states.append(network.state())
        assert all((states[-1][name] == before[name]).all() for name in before if "moment" in name)
    assert_same(*states)


@few
@given(configs, seeds, engines)
def test_a_skipped_window_is_carried_but_not_learnt(config: Config, seed: int, threads: int) -> None:
    """After a skip both engines hold the same, and of that only the carried state has changed."""
    states = []
    for network in both(config, threads):
        before = network.state()
        for symbols in text(config, 2, seed):
            network.predict_window(symbols)
            network.skip()
        states.append(network.state())
        changed = {name for name in before if (before[name] != states[-1][name]).any()}
        assert changed <= {"h", "c", "history"}
        assert changed
    assert_same(*states)


@few
@given(configs, seeds)
def test_a_text_begins_as_the_first_did(config: Config, seed: int) -> None:
    """Rewound without having learnt, both engines are in the state they were made in."""
    for network in both(config):
        fresh = network.state()
        for symbols in text(config, 2, seed):
            network.predict_window(symbols)
            network.skip()
        network.rewind()
        assert_same(network.state(), fresh)


@pytest.mark.parametrize("network", both(small))
def test_noise_comes_off_again(network: Network) -> None:
    """Between the end of a noisy window and its update the master weights are what they were."""
    before = network.state()
    (symbols,) = text(small, 1)
    weights = NoisyWeights(network, Noise(0.5))
    weights.begin(symbols)
    noisy = network.state()
    weights.end()
    assert (noisy["matrices.0"] != before["matrices.0"]).mean() > 0.9
    assert (noisy["embeddings.0"][symbols.min()] != before["embeddings.0"][symbols.min()]).any()
    assert_same(network.state(), before)


def test_the_noise_is_nearly_normal() -> None:
    """Mean 0, variance 1, two thirds within one deviation, and another number for every weight and update."""
    many = normal(np.uint32(7), np.arange(1 << 18, dtype=np.uint32))
    assert abs(many.mean()) < 0.01
    assert abs(many.std() - 1) < 0.01
    assert abs((abs(many) < 1).mean() - 0.6827) < 0.02
    assert many.tolist() != normal(np.uint32(8), np.arange(1 << 18, dtype=np.uint32)).tolist()


def test_adaptive_noise_spares_what_the_text_depends_on() -> None:
    """A weight with large gradients gets little noise, one without any gets the prior's."""
    size = 1 << 12
    moments = np.repeat(np.array([0, 1e-4], np.float32), size)
    group = trainable.Group(
        np.zeros(2 * size, np.float32), moments, trainable.numbers(0, 2 * size), 1.0, True
    )
    one = np.float32(1)
    variation = trainable.Variation(
        np.uint32(5), np.float32(0.5), np.float32(100), np.float32(1e8), one, 0 * one, one
    )
    trainable.perturb(group, variation, np.zeros(4, np.int64))
    assert group.values[:size].std() == pytest.approx(0.1, rel=0.05)
    assert group.values[size:].std() == pytest.approx(0.01, rel=0.05)


def test_the_pull_leads_back() -> None:
    """Pulled often enough without learning, weights are where they were when training ended."""
    network = CpuPredictor(small, WINDOWS, 1)
    for symbols in text(small, WINDOWS):
        network.predict_window(symbols)
        network.learn()
    anchor, trained = Anchor(network, 0.5), network.state()
    for group in network.groups(None):
        group.values[:] += np.float32(0.1) * (group.moments > 0)
    moved = abs(network.state()["matrices.0"] - trained["matrices.0"]).mean()
    for _ in range(200):
        anchor.pull()
    assert moved > 0.05
    assert abs(network.state()["matrices.0"] - trained["matrices.0"]).mean() < moved / 4
