"""The integer product: equal to arithmetic without bounds, modulo 2**32, for every shape and value."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.compiled.simd_kernels import PANEL, block_product, product

I16 = np.iinfo(np.int16)


def panels_of(w: np.ndarray) -> np.ndarray:
    """(inner, columns) as flat panels [column block][pair][16 columns][2]."""
    inner, columns = w.shape
    return np.ascontiguousarray(
        w.reshape(inner // 2, 2, columns // PANEL, PANEL).transpose(2, 0, 3, 1), np.int16
    ).reshape(-1)


def exact(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The product modulo 2**32, by 64-bit integers."""
    return (x.astype(np.int64) @ w.astype(np.int64)).astype(np.int32)


def multiply(x: np.ndarray, w: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """The product by the kernel under test, added to ``start`` if there is one."""
    (rows, inner), columns = x.shape, w.shape[1]
    out = np.full((rows, columns), 77, np.int32) if start is None else start.copy()
    product(
        np.ascontiguousarray(x, np.int16).reshape(-1), 0, 0, inner, 1, rows, panels_of(w), 0, inner * PANEL,
        columns // PANEL, inner // 2, out.reshape(-1), 0, 0, columns, start is not None,
    )  # fmt: skip
    return out


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 20),
    st.integers(1, 3),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.data(),
)
def test_any_shape_any_values(
    rows: int, blocks: int, pairs: int, seed: int, add: bool, data: st.DataObject
) -> None:
    """Any number of rows, odd ones too, and any 16-bit values give the exact product, stored or added."""
    generator = np.random.default_rng(seed)
    reach = data.draw(st.sampled_from([1, 127, 16383, 32767]))
    x = generator.integers(-reach, reach, (rows, 2 * pairs), endpoint=True)
    w = generator.integers(-32767, 32767, (2 * pairs, blocks * PANEL), endpoint=True)
    start = generator.integers(-(2**31), 2**31, (rows, blocks * PANEL)).astype(np.int32) if add else None
    expected = exact(x, w) if start is None else (exact(x, w).astype(np.int64) + start).astype(np.int32)
    assert (multiply(x, w, start) == expected).all()


def test_extreme_values_wrap() -> None:
    """The largest products of both signs, many of them, are summed modulo 2**32; -32768 squared as well."""
    for a in (I16.min, -1, 0, I16.max):
        for b in (I16.min, -1, 0, I16.max):
            for pairs in (1, 2, 100):
                x, w = np.full((7, 2 * pairs), a), np.full((2 * pairs, PANEL), b)
                assert (multiply(x, w) == exact(x, w)).all(), (a, b, pairs)


def test_starts_and_strides() -> None:
    """Rows, panels and results may lie apart, and nothing outside the result is touched."""
    generator = np.random.default_rng(3)
    inner, rows, columns = 6, 5, 2 * PANEL
    x, w = generator.integers(-99, 99, (rows, inner)), generator.integers(-99, 99, (inner, columns))
    wide_x = np.full((rows, inner + 3), 9, np.int16)
    wide_x[:, 2:-1] = x
    panels = panels_of(w).reshape(2, -1)
    wide_panels = np.full((2, panels.shape[1] + 8), 9, np.int16)
    wide_panels[:, 4:-4] = panels
    out = np.full((rows + 2, columns + 5), 77, np.int32)
    product(
        wide_x.reshape(-1), 2, 0, wide_x.shape[1], 1, rows, wide_panels.reshape(-1), 4, wide_panels.shape[1],
        2, inner // 2, out.reshape(-1), out.shape[1] + 3, 0, out.shape[1], False,
    )  # fmt: skip
    assert (out[1:-1, 3:-2] == exact(x, w)).all()
    out[1:-1, 3:-2] = 77
    assert (out == 77).all()


@given(st.integers(1, 4), st.integers(1, 9))
@settings(max_examples=20, deadline=None)
def test_groups_of_rows(groups: int, rows: int) -> None:
    """Rows may come in groups that lie apart otherwise than the rows do."""
    generator = np.random.default_rng(groups)
    inner, columns = 6, 2 * PANEL
    x, w = (
        generator.integers(-99, 99, (rows, groups, inner)),
        generator.integers(-99, 99, (inner, columns)),
    )
    out = np.zeros((rows, groups, columns), np.int32)
    product(
        np.ascontiguousarray(x, np.int16).reshape(-1), 0, inner, groups * inner, groups, rows, panels_of(w), 0,
        inner * PANEL, 2, inner // 2, out.reshape(-1), 0, columns, groups * columns, False,
    )  # fmt: skip
    assert (out == (x @ w)).all()


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_product_of_two_panels(pairs: int, seed: int) -> None:
    """16 by 16 sums of products of two panels, extreme values too, are exact modulo 2**32."""
    generator = np.random.default_rng(seed)
    x, w = generator.integers(-32767, 32767, (2, 2 * pairs, PANEL), endpoint=True)
    out = np.full(PANEL * PANEL, 77, np.int32)
    block_product(panels_of(x), 0, panels_of(w), 0, pairs, out)
    assert (out.reshape(PANEL, PANEL) == exact(x.T, w)).all()
