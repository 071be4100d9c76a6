"""Kernels of the GPU engine, each against what the specification says, at odd sizes and with extreme values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreted import context_kernels, head_kernels, product_kernels, torch, triton, update_kernels
from interpreted import triton_language as tl

from rnncompress.exact import grid, noise
from rnncompress.exact.frequencies import TOTAL, frequencies, raw_scale
from rnncompress.lstm import head
from rnncompress.lstm.contexts import HISTORY, RATES
from rnncompress.lstm.reference import product
from rnncompress.lstm.reference_contexts import ReferenceContexts
from rnncompress.lstm.sizes import ROW
from rnncompress.network import PATH

few = settings(max_examples=5, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    """The same memory as tensors."""
    return [torch.from_numpy(array) for array in arrays]


@triton.jit
def multiply(
    whole, high, low, out, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr,
    WHOLE: tl.constexpr, PARTS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """out (M, N) = whole (M, K) times the 16-bit integers (N, K), summed over K."""
    m, n = tl.arange(0, WHOLE), tl.arange(0, PARTS)
    total = update_kernels.window_sums(
        whole + m * K, m < M, high + n * K, low + n * K, n < N, K, WHOLE, PARTS, K, DEPTH
    )
    tl.store(out + m[:, None] * N + n[None, :], total, mask=(m < M)[:, None] & (n < N)[None, :])


def multiplied(a: np.ndarray, b: np.ndarray, depth: int) -> np.ndarray:
    """The kernel's product of integers of 8 bits (M, K) and of 16 bits (N, K)."""
    high = ((b + 128) >> 8).astype(np.int8)
    low = (b - 256 * high.astype(np.int32)).astype(np.int8)
    out = np.zeros((len(a), len(b)), np.int32)
    multiply[(1,)](*tensors(a.astype(np.int8), high, low, out), len(a), len(b), a.shape[1], 16, 32, depth)
    return out


@few
@given(st.integers(1, 16), st.integers(1, 32), st.integers(1, 150), seeds, st.booleans())
def test_products_of_any_shape(m: int, n: int, k: int, seed: int, extreme: bool) -> None:
    """Two products of 8 bits make one of 16 bits, whatever the sizes and however large the values."""
    random = np.random.default_rng(seed)
    a, b = random.integers(-127, 128, (m, k)), random.integers(-grid.WEIGHT_MAX, grid.WEIGHT_MAX + 1, (n, k))
    if extreme:
        a, b = np.where(a < 0, -127, 127), np.where(b < 0, -grid.WEIGHT_MAX, grid.WEIGHT_MAX)
    assert (multiplied(a, b, 32) == product(a, b.T)).all()


@few
@given(st.integers(1, 9), seeds)
def test_paths_are_what_the_table_says_of_each_bit(rows: int, seed: int) -> None:
    """Sums on the way to a byte, and the first of the most frequent bytes, in blocks that are not full."""
    random = np.random.default_rng(seed)
    table = random.integers(1, 9, (rows, 256)).astype(np.int32)
    symbols = random.choice([0, 1, 127, 128, 254, 255, *random.integers(0, 256, 9)], rows).astype(np.int32)
    paths = np.zeros((rows, PATH), np.int32)
    head_kernels.follow_paths[(-(-rows // 4),)](*tensors(table, symbols, paths), rows, PATH, 4)
    assert (paths == head.paths(table[None], symbols[None])[0]).all()


def test_long_sums_wrap_and_never_saturate() -> None:
    """Sums of more products than one pair of 8-bit sums can take are cut into pieces, and wrap modulo 2**32."""
    k = product_kernels.LONGEST.value + 70_000
    a = np.full((2, k), 127, np.int64)
    a[1] *= -1
    for low in (grid.WEIGHT_MAX, 128):  # the second has a low slice of -128 throughout
        b = np.full((2, k), low, np.int64)
        expected = (a[:1] * b[:1]).sum()
        assert abs(expected) > 2**31
        assert (multiplied(a, b, 1 << 15) == product(a, b.T)).all()


@few
@given(st.sampled_from([1, 2, 17, 256, 257, 1000]), st.sampled_from([1, 1000, 2**23, 2**31 - 1]), seeds)
def test_frequencies(alphabet: int, size: int, seed: int) -> None:
    """Sums become the frequencies of the specification, and the coder's two numbers are read off them."""
    random = np.random.default_rng(seed)
    rows, block = 3, 64
    sums = random.integers(-size, size, (rows, alphabet), dtype=np.int32)
    sums[1] = size // 2  # all equal: what is left goes to the first
    bias = random.normal(size=alphabet).astype(np.float32) * (size > 1)
    bias[: alphabet // 2] = 0
    expected = frequencies(sums.astype(np.float32) * grid.FORWARD_UNIT + bias)
    scale = float(raw_scale(alphabet))
    head_kernels.frequencies[(1,)](*tensors(sums, bias), 1, rows - 1, scale, alphabet, 4, block)
    head_kernels.frequencies[(1,)](*tensors(sums, bias), 0, 1, scale, alphabet, 2, block)
    assert (sums == expected).all()
    symbols = random.integers(0, alphabet, rows, dtype=np.int32)
    cum, freq = np.zeros(rows, np.int32), np.zeros(rows, np.int32)
    head_kernels.pick[(2,)](*tensors(sums, symbols, cum, freq), rows, alphabet, 2, block)
    assert (cum == [1 + row[:s].sum() for row, s in zip(expected, symbols, strict=True)]).all()
    assert (freq == expected[range(rows), symbols]).all()


@pytest.mark.parametrize(("rows", "alphabet"), [(3, 1), (70, 17), (5, 100)])
def test_gradient_at_the_logits(rows: int, alphabet: int) -> None:
    """Frequency minus one where the symbol was, dithered; both orders hold the same, the padding zeros."""
    random = np.random.default_rng(alphabet)
    padded, layers = -(-alphabet // 16) * 16, 2
    table = random.multinomial(TOTAL, random.dirichlet(np.full(alphabet, 0.1)), rows).astype(np.int32)
    symbols = random.integers(0, alphabet, rows, dtype=np.int32)
    keys = np.array([noise.key(layer, 5) for layer in range(layers + 1)], np.uint32)
    wide, tall = (np.full((2, *shape), 99, np.int8) for shape in ((rows, padded), (padded, rows)))
    head_kernels.logit_gradient[(-(-rows // 32), -(-padded // 64))](
        *tensors(table, symbols, keys.view(np.int32), *wide, *tall), layers, rows, alphabet, padded, 32, 64
    )
    dz = table.astype(np.float32) * np.float32(2**-24) - (np.arange(alphabet) == symbols[:, None]).astype(
        np.float32
    )
    u = noise.uniform(keys[-1], np.arange(dz.size, dtype=np.uint32)).reshape(dz.shape)
    expected = np.zeros((rows, padded), np.int32)
    expected[:, :alphabet] = grid.gradient(dz, u)
    assert (256 * wide[0].astype(np.int32) + wide[1] == expected).all()
    assert (256 * tall[0].astype(np.int32) + tall[1] == expected.T).all()


@pytest.mark.parametrize("stream", range(2))
def test_marks_of_inputs(stream: int) -> None:
    """Each row of the embeddings has ones where it was an input, and is known to be used at all."""
    embeddings, rows = 70, 50
    inputs = np.random.default_rng(stream).integers(0, [[20, embeddings]], (rows, 2)).astype(np.int32)
    inputs[:, 1] = np.maximum(inputs[:, 1], 20)
    marks, used = np.full((embeddings, rows), 7, np.int8), np.zeros(embeddings, np.int32)
    update_kernels.mark_inputs[(3, 4)](*tensors(inputs, marks, used), rows, embeddings, 32, 16)
    expected = (inputs[None] == np.arange(embeddings)[:, None, None]).any(axis=2)
    assert (marks == expected).all()
    assert (used == expected.any(axis=1)).all()


@pytest.mark.parametrize(
    ("mask", "alphabet"), [(1 << 2, 4), (1 << 1 | 1 << 3 | 1 << 24, 256), (1 << 23 | 1 << 25, 256)]
)
def test_contexts(mask: int, alphabet: int) -> None:
    """Hashes, guesses, sums and what the tables learn, over windows in which contexts collide."""
    streams, steps, bits, block = 3, 6, 2, 16
    rows = streams * steps
    specification = ReferenceContexts(mask, bits, streams, alphabet)
    kinds = len(specification.kinds)
    random = np.random.default_rng(mask % 1000)
    history = np.zeros((HISTORY + steps, streams), np.int32)
    tables = np.zeros((kinds, 1 << bits, ROW), np.int32)
    hashes, context_rows = np.zeros((2, kinds, rows), np.int32)
    inputs = np.zeros((steps, streams, 2), np.int32)
    orders, words, pairs = mask & (1 << 24) - 1, bool(mask >> 24 & 1), bool(mask >> 25 & 1)
    letters = np.frombuffer(b"aB b.\xe4" if alphabet == 256 else bytes(range(4)), np.uint8)
    for _ in range(3):
        symbols = random.choice(letters, (steps, streams)).astype(np.int32)
        sums = random.integers(-1000, 1000, (rows, alphabet), dtype=np.int32)
        expected, expected_inputs, expected_hashes = sums.copy(), [], []
        for t in range(steps):
            expected_hashes.append(specification.hashes().T)
            guess = alphabet + specification.guesses()
            expected_inputs.append(np.stack([specification.history[:, -1], guess], axis=1))
            specification.add_to(expected[t * streams : (t + 1) * streams])
            specification.observe(symbols[t])
        history[HISTORY:] = symbols
        for first, count in ((0, 2 * streams), (2 * streams, rows - 2 * streams)):  # in two parts
            some = (-(-count // block),)
            context_kernels.hash_contexts[some](
                *tensors(history, hashes, context_rows), first, count,
                orders, words, pairs, bits, streams, rows, block,
            )  # fmt: skip
            context_kernels.set_inputs[some](
                *tensors(history, hashes, context_rows, tables, inputs), first, count,
                orders, bits, alphabet, streams, rows, block,
            )  # fmt: skip
            context_kernels.add_contexts[(*some, kinds)](
                *tensors(hashes, context_rows, tables, sums), first, count, bits, alphabet, rows, block
            )
        assert (hashes.view(np.uint32) == np.concatenate(expected_hashes, axis=1)).all()
        assert (inputs == expected_inputs).all()
        assert (sums == expected).all()
        table = random.multinomial(TOTAL, np.full(alphabet, 1 / alphabet), rows).astype(np.int32)
        order = np.argsort(context_rows, axis=1, kind="stable")
        found = np.take_along_axis(context_rows, order, axis=1)
        following = symbols.reshape(-1)[order]
        context_kernels.learn_contexts[(rows, kinds)](
            *tensors(
                found, order, np.take_along_axis(hashes, order, axis=1), following, table[order, following], table,
                tables, RATES.copy(),
            ),
            bits, alphabet, rows,
        )  # fmt: skip
        specification.learn(list(table.reshape(steps, streams, alphabet)), list(symbols))
        assert (tables == specification.tables).all()
        history[:HISTORY] = history[-HISTORY:].copy()
