"""The activation functions: how close they are to the true ones, and that compiled code has the same bits."""

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.exact import functions

Function = Callable[[Any], Any]

DENSE = np.linspace(-20, 20, 1_000_001, dtype=np.float32)
SPECIAL = np.array([0.0, -0.0, 1e-45, -1e-45, 1e-38, 4.875, -4.875, 1e38, -1e38, np.inf, -np.inf], np.float32)
floats = st.floats(width=32, allow_nan=False)


def test_tanh_is_close() -> None:
    """tanh is within 2e-4 of the true value everywhere, and closer than 2e-6 up to 2."""
    error = abs(functions.tanh(DENSE).astype(np.float64) - np.tanh(DENSE.astype(np.float64)))
    assert error.max() < 2e-4
    assert error[abs(DENSE) <= 2].max() < 2e-6


def test_sigmoid_is_close() -> None:
    """The logistic function is within 1e-4 of the true value everywhere."""
    error = abs(functions.sigmoid(DENSE).astype(np.float64) - 1 / (1 + np.exp(-DENSE.astype(np.float64))))
    assert error.max() < 1e-4


def test_exp_is_close_enough_for_a_softmax() -> None:
    """exp is (1 + x/1024)**1024: relative error at most about x²/2048, and zero from -1024 on."""
    x = np.linspace(-16, 0, 100_001, dtype=np.float32)
    true = np.exp(x.astype(np.float64))
    assert (abs(functions.exp(x) / true - 1) <= x.astype(np.float64) ** 2 / 2000 + 1e-4).all()
    assert (functions.exp(np.array([-1024, -1025, -1e30, -np.inf], np.float32)) == 0).all()
    assert functions.exp(np.float32(0)) == 1


def test_inverse_root_is_close() -> None:
    """1/sqrt is at most 0.18 % too small and never too large by more than rounding, for all normal numbers."""
    x = np.exp2(np.linspace(-125, 127, 1_000_001)).astype(np.float32)
    ratio = functions.inverse_root(x) * np.sqrt(x.astype(np.float64))
    assert ratio.min() > 0.9982
    assert ratio.max() < 1 + 1e-6


def test_results_stay_in_range() -> None:
    """No argument, not even an infinite one, leads to the ends of the range or beyond; tanh is odd."""
    x = np.concatenate([DENSE, SPECIAL])
    tanh, sigmoid = functions.tanh(x), functions.sigmoid(x)
    assert abs(tanh).max() < 1
    assert sigmoid.min() > 0
    assert sigmoid.max() < 1
    assert (functions.tanh(-x) == -tanh).all()


@pytest.mark.parametrize("function", [functions.tanh, functions.sigmoid, functions.exp])
def test_float32_stays_float32(function: Function) -> None:
    """Nothing is silently computed in float64."""
    assert function(DENSE).dtype == np.float32
    assert isinstance(function(np.float32(-0.5)), np.float32)


def _loop(function: Function) -> Callable[[np.ndarray], np.ndarray]:
    @nb.njit(error_model="numpy")
    def loop(x, result):
        for n in range(len(x)):
            result[n] = function(x[n])

    def run(x: np.ndarray) -> np.ndarray:
        result = np.empty_like(x)
        loop(x, result)
        return result

    return run


TANH, SIGMOID, EXP = _loop(functions.tanh), _loop(functions.sigmoid), _loop(functions.exp)
INVERSE_ROOT = _loop(functions.inverse_root)


@pytest.mark.parametrize(
    ("function", "compiled"), [(functions.tanh, TANH), (functions.sigmoid, SIGMOID), (functions.exp, EXP)]
)
def test_compiled_code_has_the_same_bits(function: Function, compiled: Function) -> None:
    """What numba makes of a function equals what numpy computes, over a dense range and special values."""
    x = np.concatenate([DENSE, SPECIAL])
    if compiled is EXP:
        x = x[x <= 0]
    assert function(x).tobytes() == compiled(x).tobytes()


def test_compiled_roots_have_the_same_bits() -> None:
    """The inverse root, which takes positive numbers only, is the same compiled, over all magnitudes."""
    x = np.exp2(np.linspace(-125, 127, 1_000_001)).astype(np.float32)
    assert functions.inverse_root(x).tobytes() == INVERSE_ROOT(x).tobytes()


@settings(max_examples=200, deadline=None)
@given(st.lists(floats, min_size=1, max_size=40))
def test_compiled_code_has_the_same_bits_for_any_float(values: list[float]) -> None:
    """The same for floats that hypothesis thinks of."""
    x = np.array(values, np.float32)
    assert functions.tanh(x).tobytes() == TANH(x).tobytes()
    assert functions.sigmoid(x).tobytes() == SIGMOID(x).tobytes()
    assert functions.exp(-abs(x)).tobytes() == EXP(-abs(x)).tobytes()
