"""32 bits as Python's integers: the same as numpy's, without ever leaving 64 bits."""

import numba as nb
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncompress.exact import integers, noise

words = st.integers(0, 2**32 - 1)


@nb.njit
def both(x):
    return integers.mix(x), integers.wrap(x)


@given(words)
def test_the_hash_is_that_of_the_noise(x: int) -> None:
    """Plain, compiled and on arrays of numpy: one hash."""
    assert integers.mix(x) == both(x)[0] == noise.mix(np.array([x], np.uint32))[0]


@given(st.integers(-(2**62), 2**62))
def test_wrapping(x: int) -> None:
    """What is kept is what numpy keeps in 32 bits."""
    assert integers.wrap(x) == both(x)[1] == np.array([x]).astype(np.int32)[0]


def test_no_product_leaves_64_bits() -> None:
    """numba lets the compiler assume so: the largest factors stay within."""
    assert abs((2**32 - 1) * integers._MULTIPLIER_1) < 2**63
    assert abs((2**32 - 1) * integers._MULTIPLIER_2) < 2**63
