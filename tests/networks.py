"""Small networks and inputs for tests of the predictor, drawn by hypothesis."""

from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st

from rnncompress.config import CELLS, Config
from rnncompress.network import IntArray, Predictor

State = dict[str, np.ndarray]

configs = st.builds(
    Config,
    cell=st.sampled_from(CELLS),
    alphabet=st.sampled_from([1, 2, 15, 16, 17, 49, 100, 256]),
    layers=st.integers(1, 3),
    hidden=st.sampled_from([16, 32, 48]),
    streams=st.integers(1, 5),
    window=st.sampled_from([2, 4, 6, 8]),
    rate_first=st.sampled_from(
        [0, 1, 4000, 100_000, 4_000_000]
    ),  # the last drives weights to their limits at once
    rate_last=st.sampled_from([0, 2000, 4_000_000]),
    horizon=st.sampled_from([1, 3, 1000]),
    contexts=st.sets(st.integers(1, 25), max_size=5).map(lambda bits: sum(1 << bit for bit in bits)),
    context_bits=st.sampled_from([1, 4, 9]),  # so few rows that contexts collide
)

seeds = st.integers(0, 2**32 - 1)


def text(config: Config, windows: int, seed: int = 0, steps: int | None = None) -> Iterator[IntArray]:
    """``windows`` windows of symbols (T, B), few of them frequent; the last of ``steps`` steps."""
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.full(config.alphabet, 0.3))
    for number in range(windows):
        count = steps if steps is not None and number == windows - 1 else config.window
        yield generator.choice(config.alphabet, (count, config.streams), p=shares).astype(np.int32)


def step_through(predictor: Predictor, symbols: IntArray) -> IntArray:
    """What the decoder does in a window. Returns the frequencies (steps, B, A)."""
    tables = []
    for row in symbols:
        tables.append(predictor.predict_step().copy())
        predictor.observe(row)
    return np.stack(tables)


def pick(tables: IntArray, symbols: IntArray) -> tuple[IntArray, IntArray]:
    """Cumulative and own frequency of the symbols, each (steps, B), from whole tables (steps, B, A)."""
    below = 1 + np.cumsum(tables, axis=2) - tables
    at = symbols[:, :, None]
    return np.take_along_axis(below, at, 2)[:, :, 0], np.take_along_axis(tables, at, 2)[:, :, 0]


def assert_same(one: State, other: State) -> None:
    """Every array of two states equal in shape, type and bits."""
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert (value.shape, value.dtype) == (other[name].shape, other[name].dtype), name
        assert value.tobytes() == other[name].tobytes(), name
