"""The GPU engine equals the specification to the bit; Triton's interpreter stands in for the GPU."""

import io
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreted import CudaPredictor, torch
from networks import assert_same, pick, step_through, text

from rnncompress import codec, selfcheck
from rnncompress import engine as engines
from rnncompress.checkpoint import Checkpoints
from rnncompress.config import CELLS, Config
from rnncompress.engine import Engine, EngineName
from rnncompress.engine.cuda import CudaEngine
from rnncompress.engine.mixed import MixedEngine
from rnncompress.lstm import build
from rnncompress.lstm.cuda.pinned import Pinned
from rnncompress.lstm.state import State
from rnncompress.network import IntArray, Paths

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


def made(config: Config, windows: int, *, engine: str, threads: int, state: State | None = None) -> Engine:
    """What ``codec`` builds its engines with, the GPU engine simulated."""
    if engine != "cuda":
        return engines.build(config, windows, engine=engine, threads=threads, state=state)
    if config.mixing:
        return MixedEngine(config, simulated(config, windows), threads, state)
    return CudaEngine(simulated(config, windows, state=state))


FILE = Config(
    layers=1, hidden=16, streams=16, lanes=2, window=2, rate_first=50_000, contexts=1 << 2, context_bits=4
)
FILES = {
    "network": FILE,
    "mixing": FILE.replace(
        streams=7,
        lanes=3,
        window=6,
        mixing=1 << 0 | 1 << 2 | 1 << 6 | 1 << 53,
        slot_bits=4,
        past_bits=12,
        frozen=3,
    ),
}
"""The second with lanes and parts of windows that are not of one size."""
ORIGINAL = b"ab" * 64 + b"c"

files = pytest.mark.parametrize("config", FILES.values(), ids=FILES)


def packed_by(engine: str, config: Config) -> bytes:
    target = io.BytesIO()
    report = codec.encode(io.BytesIO(ORIGINAL), target, config, engine=engine, threads=2, build=made)
    assert report.mode == "model"
    return target.getvalue()


@files
def test_files_cross_from_engine_to_engine(config: Config) -> None:
    """Both engines write the same file, and the GPU engine decodes it."""
    packed = packed_by("cpu", config)
    assert packed_by("cuda", config) == packed
    decoded = io.BytesIO()
    codec.decode(io.BytesIO(packed), decoded, engine="cuda", threads=2, build=made)
    assert decoded.getvalue() == ORIGINAL


class Once(Checkpoints):
    """Ends the run when it has saved."""

    def save(self, *what: Any) -> None:
        super().save(*what)
        raise KeyboardInterrupt


@pytest.mark.parametrize("decoding", [False, True], ids=["encoding", "decoding"])
@files
def test_a_file_changes_the_device_midway(config: Config, decoding: bool, tmp_path: Path) -> None:
    """From the CPU to the GPU and back, by checkpoints: the bytes are those of one run."""
    packed = packed_by("cpu", config)
    target = io.BytesIO()

    def work(engine: EngineName, kind: type[Checkpoints]) -> None:
        code = (
            partial(codec.decode, io.BytesIO(packed), target)
            if decoding
            else partial(codec.encode, io.BytesIO(ORIGINAL), target, config)
        )
        checkpoints = kind(tmp_path / "out", every_bytes=1, resume=True)
        code(engine=engine, threads=2, build=made, checkpoints=checkpoints)

    for engine in ("cpu", "cuda"):
        with pytest.raises(KeyboardInterrupt):
            work(engine, Once)
    work("cpu", Checkpoints)
    assert target.getvalue() == (ORIGINAL if decoding else packed)


def test_the_device_is_a_window_ahead_of_mixing() -> None:
    """What the network says of a window may come as late as the next one is under way."""
    config, windows = FILES["mixing"], list(text(FILES["mixing"], 3))
    under_way = [threading.Event() for _ in range(4)]
    network = simulated(config, 3)

    def predict(symbols: IntArray, of: Paths = network.predict_paths) -> Paths:
        number = sum(event.is_set() for event in under_way)
        under_way[number].set()
        coming = of(symbols)

        def late() -> IntArray:
            assert under_way[number + 1].wait(60)
            return coming()

        return late

    engine = MixedEngine(config, network, 1, None)
    expected = engines.build(config, 3)
    network.predict_paths = predict  # type: ignore[method-assign]
    for one in (engine, expected):
        one.begin_block(None)
        for symbols in windows:
            one.encode_window(symbols, symbols.size)
            one.learn()
    under_way[3].set()
    assert engine.end_block() == expected.end_block()


def test_the_network_learns_while_its_window_is_coded() -> None:
    """Without mixing, too, the device does not wait for the host."""
    network, calls = simulated(FILE, 2), []

    def predict(symbols: IntArray, of: Any = network.predict_coded) -> Any:
        coming = of(symbols)
        return lambda: calls.append("coded") or coming()

    def learn(of: Callable[[], None] = network.learn) -> None:
        calls.append("learns")
        of()

    network.predict_coded, network.learn = predict, learn  # type: ignore[method-assign]
    engine = CudaEngine(network)
    engine.begin_block(None)
    for symbols in text(FILE, 2):
        engine.encode_window(symbols, symbols.size)
        engine.learn()
        assert len(engine.costs()) == symbols.size
    assert calls == ["learns", "coded"] * 2


def test_buffers_are_used_by_turns() -> None:
    """What came last stays as it is while the next is on its way."""
    pinned = Pinned(torch.device("cpu"), 3, 2)
    device = [torch.full((rows, 2), rows, dtype=torch.int32) for rows in (3, 1, 2)]
    first, second = (pinned.download(tensor)() for tensor in device[:2])
    assert (first.tolist(), second.tolist()) == ([[3, 3]] * 3, [[1, 1]])
    pinned.upload(np.array([[7, 8]], np.int32), device[2][1:])
    assert device[2].tolist() == [[2, 2], [7, 8]]
    assert second.tolist() == [[1, 1]]


def test_the_self_check_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first stages of the self-check, which every new device must pass before it codes."""
    monkeypatch.setattr(selfcheck.lstm, "build", lambda config, windows, **_: simulated(config, windows))
    for _, (stage, value) in zip(range(2), selfcheck.hashes("cuda", 1), strict=False):
        assert value == selfcheck.EXPECTED[stage]
