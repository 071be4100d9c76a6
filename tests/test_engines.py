"""What every engine owes: files of the reference, to the byte, and states that go on in any other engine.

The GPU engine runs in Triton's interpreter, on smaller networks.
"""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import State, assert_same, configs, seeds, text

from rnncompress import engine as engines
from rnncompress.coder.lanes import Parts
from rnncompress.config import Config
from rnncompress.engine import Engine
from rnncompress.errors import DeviceError, PayloadError
from rnncompress.network import IntArray

WINDOWS = {"cuda": 2}
"""Windows that an engine codes; 4 where it is not simulated, which is slow."""
NETWORK = Config(
    layers=2, hidden=16, alphabet=20, streams=5, lanes=3, window=2, rate_first=50_000,
    contexts=1 << 1 | 1 << 24, context_bits=4,
)  # fmt: skip
MIXED = NETWORK.replace(
    layers=1,
    alphabet=256,
    mixing=1 << 0 | 1 << 2 | 1 << 6 | 1 << 53,
    slot_bits=2,
    past_bits=12,
    frozen=1,
)
SMALL = {
    "lstm": NETWORK,
    "rnn": NETWORK.replace(cell="rnn"),
    "mixed": MIXED,
    "counts": MIXED.replace(layers=0, sets=2),
}
"""A network alone, one with mixing, and mixing alone."""


def simulated(config: Config, windows: int) -> Engine:
    from interpreted import CudaPredictor

    if config.mixing:
        from rnncompress.engine.mixed import MixedEngine

        return MixedEngine(
            config, CudaPredictor(config, windows, device="cpu") if config.layers else None, 1, None
        )

    from rnncompress.engine.cuda import CudaEngine

    return CudaEngine(CudaPredictor(config, windows, device="cpu"))


BUILD: dict[str, Callable[[Config, int], Engine]] = {
    "reference": lambda config, windows: engines.build(config, windows, engine="reference"),
    "cpu": lambda config, windows: engines.build(config, windows),
    "cpu-3": lambda config, windows: engines.build(config, windows, threads=3),
    "cuda": simulated,
}
"""Engines by name; "cpu-3" has three threads."""

every = pytest.mark.parametrize("name", BUILD)
all_stages = pytest.mark.parametrize("stages", SMALL)
laned = st.tuples(configs, st.integers(1, 5)).map(
    lambda drawn: drawn[0].replace(lanes=min(drawn[1], drawn[0].streams))
)


def counts(windows: list[IntArray], missing: int) -> list[int]:
    """Symbols coded of each window; of the last window's last step some are ``missing``."""
    return [window.size - missing * (window is windows[-1]) for window in windows]


def encoded(engine: Engine, windows: list[IntArray], missing: int = 0) -> tuple[Parts, list[float]]:
    """One block of these windows, the last not learnt, and all costs."""
    engine.begin_block(None)
    costs: list[float] = []
    for window, count in zip(windows, counts(windows, missing), strict=True):
        engine.encode_window(window, count)
        if window is not windows[-1]:
            engine.learn()
        costs += engine.costs().tolist()
    parts = engine.end_block()
    return parts, costs + engine.costs().tolist()


def check(name: str, config: Config, seed: int, steps: int, missing: int) -> None:
    """The engine writes what the reference writes, and decodes it; costs and states are equal."""
    count = WINDOWS.get(name, 4)
    windows = list(text(config, count, seed, steps))
    if missing:
        windows[-1][-1, -missing:] = 0
    expected, encoder, decoder = (BUILD[which](config, count) for which in ("reference", name, name))
    parts, costs = encoded(expected, windows, missing)
    assert encoded(encoder, windows, missing) == (parts, costs)
    decoder.begin_block(parts)
    found: list[float] = []
    for window, symbols in zip(windows, counts(windows, missing), strict=True):
        assert np.array_equal(decoder.decode_window(len(window), symbols), window)
        if window is not windows[-1]:
            decoder.learn()
        found += decoder.costs().tolist()
    assert not decoder.end_block()
    assert found == costs
    assert len(parts) == config.lanes


@pytest.mark.parametrize("name", ["cpu", "cpu-3"])
@settings(max_examples=25, deadline=None)
@given(laned, seeds, st.data())
def test_cpu_engines_write_and_read_the_reference_s_bytes(
    name: str, config: Config, seed: int, data: st.DataObject
) -> None:
    """Whatever the network, the lanes, the threads, and the end of the file."""
    steps = data.draw(st.integers(1, config.window))
    check(name, config, seed, steps, data.draw(st.integers(0, config.streams - 1)))


@every
@all_stages
def test_every_engine_writes_and_reads_the_reference_s_bytes(name: str, stages: str) -> None:
    """With three lanes of one or two streams, and a last step in which the last lane has no symbol."""
    check(name, SMALL[stages], 1, 1, 3)


@every
@pytest.mark.parametrize("stages", ["lstm", "mixed", "counts"])
def test_a_state_inside_a_block_goes_on_in_any_engine(name: str, stages: str) -> None:
    """Both ways, from the reference to the engine and back, at every window: the bytes are those of one run."""
    config = SMALL[stages]
    windows = list(text(config, 3))
    parts, _ = encoded(BUILD["reference"](config, 3), windows)
    states: dict[bool, State] = {}
    for number, window in enumerate(windows):
        which = ("reference", name)[number % 2]
        for decoding in (False, True):
            engine = BUILD[which](config, 3)
            engine.begin_block(parts if decoding else None)
            if number:
                engine.load_state(states[decoding])
            if decoding:
                assert np.array_equal(engine.decode_window(len(window), window.size), window)
            else:
                engine.encode_window(window, window.size)
            if window is windows[-1]:
                assert list(engine.end_block()) == ([] if decoding else list(parts))
                continue
            engine.learn()
            states[decoding] = engine.state()
            shapes = engine.shapes()
            assert {key: array.dtype for key, array in states[decoding].items()} == {
                key: dtype for key, (_, dtype) in shapes.items()
            }
    network = {key: array for key, array in states[False].items() if key not in ("coders", "words")}
    assert_same(network, {key: states[True][key] for key in network})


@every
@pytest.mark.parametrize("stages", ["lstm", "mixed", "counts"])
def test_damage_ends_decoding(name: str, stages: str) -> None:
    """Data that no encoder wrote are noticed, in any lane; so is a payload with words too many."""
    config = SMALL[stages]
    engine = BUILD[name](config, 2)
    engine.begin_block([b"", b"", b"\xff" * 8])
    with pytest.raises(PayloadError):
        engine.decode_window(2, 10)
    (window,) = text(config, 1)
    parts, _ = encoded(BUILD[name](config, 2), [window])
    engine = BUILD[name](config, 2)
    engine.begin_block([*parts[:-1], parts[-1] + b"more" * 9])
    assert np.array_equal(engine.decode_window(len(window), window.size), window)
    with pytest.raises(PayloadError):
        engine.end_block()


def test_an_unknown_engine_is_refused() -> None:
    """Asking for an engine that is not there raises the error that the command line explains."""
    with pytest.raises(DeviceError, match="abacus"):
        engines.build(Config(), 1, engine="abacus")


@pytest.mark.parametrize("engine", engines.ENGINES)
def test_nothing_to_predict_with_is_refused(engine: str) -> None:
    """An engine has a network, or mixing, or both."""
    with pytest.raises(ValueError, match="nothing to predict with"):
        engines.build(Config(layers=0), 1, engine=engine)
