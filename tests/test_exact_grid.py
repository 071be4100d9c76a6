"""The grids: ranges, rounding, and a dither that is right on average."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncompress.exact import grid, noise

floats = st.floats(-(2.0**100), 2.0**100, width=32)


def dither(counter: int) -> np.ndarray:
    """Noise (1,) number ``counter``."""
    return noise.uniform(noise.key(0, 1), np.array([counter], np.uint32))


@given(floats)
def test_activations_fit_eight_bits(h: float) -> None:
    """Whatever comes, an activation is an integer within ±127."""
    value = grid.activation(np.float32(h))
    assert value == int(value)
    assert abs(value) <= grid.ACTIVATION_MAX


@given(floats, st.integers(0, 2**32 - 1))
def test_gradients_fit_fifteen_bits(g: float, counter: int) -> None:
    """Whatever comes, a gradient is an integer within ±16383, one of the two neighbours of what it rounds."""
    value = grid.gradient(np.float32(g), dither(counter))[0]
    assert value == int(value)
    assert abs(value) <= grid.GRADIENT_MAX
    if abs(g) < 1 - 2**-13:
        assert abs(value - g * 2**14) <= 1


def test_weights_split_into_two_bytes() -> None:
    """Every weight within its limit rounds to 16 bits whose high byte, rounded, lies within eight bits."""
    w = np.linspace(-grid.WEIGHT_LIMIT, grid.WEIGHT_LIMIT, 200_001, dtype=np.float32)
    integers = grid.weight(w).astype(np.int32)
    assert abs(integers).max() == grid.WEIGHT_MAX
    high = (integers + 128) >> 8
    assert abs(high).max() <= 127
    assert abs(integers - 256 * high).max() <= 128


def test_grid_points_are_fixed() -> None:
    """A value on a grid stays what it is, whatever the dither."""
    h = np.arange(-127, 128)
    assert (grid.activation(h.astype(np.float32) / grid.ACTIVATION_SCALE) == h).all()
    w = np.arange(-grid.WEIGHT_MAX, grid.WEIGHT_MAX + 1)
    assert (grid.weight(w.astype(np.float32) / grid.WEIGHT_SCALE) == w).all()
    g = np.arange(-1000, 1001)
    for counter in range(10):
        assert (grid.gradient(g.astype(np.float32) / grid.GRADIENT_SCALE, dither(counter)) == g).all()


def test_the_dither_is_right_on_average() -> None:
    """The mean of many roundings is the value itself, within five standard deviations."""
    count = 1 << 18
    u = noise.uniform(noise.key(0, 1), np.arange(count, dtype=np.uint32))
    for steps in (0.02, 0.5, -0.25, 123.9):
        rounded = grid.gradient(np.full(count, steps / 2**14, np.float32), u).astype(np.float64)
        share = steps % 1
        assert abs(rounded.mean() - steps) < 5 * np.sqrt(share * (1 - share) / count)
