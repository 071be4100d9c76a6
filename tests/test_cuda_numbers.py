"""The exact functions in Triton equal those in numpy to the bit."""

import numpy as np
import pytest
from interpreted import number_kernels, torch, triton
from interpreted import triton_language as tl

from rnncompress.exact import functions, grid, noise
from rnncompress.lstm import reference

COUNT = 1 << 16


@triton.jit
def apply(x, y, out, NAME: tl.constexpr, COUNT: tl.constexpr):
    """out = function NAME of x, and of y where it takes two."""
    n = tl.arange(0, COUNT)
    a, b = tl.load(x + n), tl.load(y + n)
    if NAME == "tanh":
        result = number_kernels.tanh(a)
    elif NAME == "sigmoid":
        result = number_kernels.sigmoid(a)
    elif NAME == "exp":
        result = number_kernels.exp(a)
    elif NAME == "inverse_root":
        result = number_kernels.inverse_root(a)
    elif NAME == "activation":
        result = number_kernels.activation(a)
    elif NAME == "weight":
        result = number_kernels.weight(a)
    elif NAME == "gradient":
        result = number_kernels.gradient(a, b)
    elif NAME == "uniform":
        result = number_kernels.uniform(a.to(tl.uint32, bitcast=True), b.to(tl.uint32, bitcast=True))
    else:
        result = number_kernels.mix(a.to(tl.uint32, bitcast=True)).to(tl.int32, bitcast=True)
    tl.store(out + n, result)


def run(name: str, x: np.ndarray, kind: np.dtype, y: np.ndarray | None = None) -> np.ndarray:
    out = np.zeros(COUNT, kind)
    tensors = [torch.from_numpy(array) for array in (x, x if y is None else y, out)]
    apply[(1,)](*tensors, name, COUNT)
    return out


def floats(low: float, high: float, seed: int = 0) -> np.ndarray:
    """Numbers between the bounds: uniform ones, those of all magnitudes, both zeros, the bounds."""
    random = np.random.default_rng(seed)
    near = random.uniform(low, high, COUNT // 2)
    far = np.exp2(random.uniform(-140, np.log2(high), COUNT // 2)) * random.choice([-1, 1], COUNT // 2)
    values = np.concatenate([near, np.clip(far, low, high)]).astype(np.float32)
    values[:4] = 0.0, -0.0, low, high
    return values


def same(one: np.ndarray, other: np.ndarray) -> None:
    assert one.dtype == other.dtype
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_squashing_functions(name: str) -> None:
    """tanh and sigmoid, far beyond where they saturate and down to denormal arguments."""
    x = floats(-20, 20)
    same(run(name, x, np.float32), getattr(functions, name)(x))


def test_exponential() -> None:
    """exp of nonpositive numbers, down to where it is zero."""
    x = -abs(floats(-1100, 1100))
    same(run("exp", x, np.float32), functions.exp(x))


def test_inverse_root() -> None:
    """1/sqrt of normal positive numbers of all magnitudes, and of those it is used for."""
    x = np.exp2(np.random.default_rng(0).uniform(-125, 125, COUNT)).astype(np.float32)
    same(run("inverse_root", x, np.float32), functions.inverse_root(x))


def test_rounding_to_the_grids() -> None:
    """Activations and weights: ties go to even, from just above and below a tie to the nearest."""
    ties = (np.arange(COUNT) - COUNT // 2).astype(np.float32) / 2
    for x in (ties, np.nextafter(ties, np.float32(1e9)), np.nextafter(ties, np.float32(-1e9))):
        h = np.clip(x, -150, 150) / grid.ACTIVATION_SCALE
        same(run("activation", h, np.int8), grid.activation(h).astype(np.int8))
        w = np.clip(x / grid.WEIGHT_SCALE, -grid.WEIGHT_LIMIT, grid.WEIGHT_LIMIT)
        same(run("weight", w, np.int32), grid.weight(w).astype(np.int32))


def test_gradients_are_dithered_alike() -> None:
    """Small, large and clipped gradients with any dither."""
    dither = noise.uniform(np.uint32(7), np.arange(COUNT, dtype=np.uint32))
    for bound in (1e-4, 1.0, 100.0, 1e6):
        g = floats(-bound, bound)
        g[:100] = -dither[:100] * np.float32(2**-14)  # just on a grid point
        same(run("gradient", g, np.int32, dither), grid.gradient(g, dither).astype(np.int32))


def test_noise() -> None:
    """The hash and the numbers made of it."""
    bits = np.random.default_rng(0).integers(-(2**31), 2**31, (2, COUNT)).astype(np.int32)
    x, y = bits.view(np.uint32)
    same(run("mix", bits[0], np.int32).view(np.uint32), noise.mix(x))
    same(run("uniform", bits[0], np.float32, bits[1]), noise.uniform(x, y))


@triton.jit
def move(w, v, g, blend, step, COUNT: tl.constexpr):
    n = tl.arange(0, COUNT)
    new_w, new_v = number_kernels.adam(
        tl.load(w + n), tl.load(v + n), tl.load(g + n), tl.load(blend), tl.load(step)
    )
    tl.store(w + n, new_w)
    tl.store(v + n, new_v)


@pytest.mark.parametrize("step", [0.0, 0.005, 4.0])
def test_adam(step: float) -> None:
    """Weights and second moments, from small moves to such as end at the limits."""
    w, g = floats(-3.9, 3.9, 1), floats(-1, 1, 2)
    v = abs(floats(-1, 1, 3))
    blend, rate = np.float32(1) / np.float32(3), np.float32(step)
    expected = reference.adam(w, v, g, blend, rate)
    tensors = [torch.from_numpy(array) for array in (w, v, g, np.array([blend]), np.array([rate]))]
    move[(1,)](*tensors, COUNT)
    same(w, expected[0])
    same(v, expected[1])


@triton.jit
def cut(x, high, low, COUNT: tl.constexpr):
    n = tl.arange(0, COUNT)
    tl.store(high + n, number_kernels.high_slice(tl.load(x + n)))
    tl.store(low + n, number_kernels.low_slice(tl.load(x + n)))


def test_slices() -> None:
    """Every weight and every gradient is 256 * high + low of two integers of 8 bits; high is what backward uses."""
    x = np.resize(np.arange(-grid.WEIGHT_MAX, grid.WEIGHT_MAX + 1, dtype=np.int32), COUNT)
    high, low = np.zeros(COUNT, np.int8), np.zeros(COUNT, np.int8)
    cut[(1,)](*(torch.from_numpy(array) for array in (x, high, low)), COUNT)
    assert (256 * high.astype(np.int32) + low == x).all()
    assert (high == (x + 128) >> 8).all()
