"""Direct connections from contexts: what a context is, and how fast one is learnt."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.compiled.compile import plain
from rnncompress.config import Config
from rnncompress.lstm import build, context_kernels
from rnncompress.lstm.contexts import (
    CHECK,
    COUNT,
    ENTRIES,
    HISTORY,
    MOST_USES,
    RATES,
    SYMBOLS,
    ContextArrays,
    kinds,
)
from rnncompress.lstm.sizes import ROW
from rnncompress.network import TOTAL


def word_hashes(text: str) -> tuple[int, int]:
    """The hashes of the word at the end of a text, and of the last two."""
    history = [*[0] * HISTORY, *text.encode()]
    return plain(context_kernels.word_hashes)(history, len(history) - 1)


def one_row() -> ContextArrays:
    """What is needed to teach a single row."""
    return ContextArrays(1, 1, 256, None, RATES.tolist(), None, None, [0] * ROW)


def test_kinds_are_the_bits_of_the_mask() -> None:
    """Orders come first, in ascending order, then the word and the pair of words."""
    assert kinds(0) == ()
    assert kinds(1 << 25 | 1 << 24 | 1 << 6 | 1 << 2) == (2, 6, 24, 25)


def test_a_word_is_its_letters() -> None:
    """Capitals count as small letters, what stands before the word does not count, what it says does."""
    word = word_hashes("so the Word")[0]
    assert word == word_hashes("A\nword")[0]
    assert word != word_hashes("the words")[0]
    assert word_hashes("naïve")[0] != word_hashes("nave")[0]


def test_a_pair_is_two_words() -> None:
    """Whatever stands between the words, both count, and nothing before them."""
    pair = word_hashes("read the word")[1]
    assert pair == word_hashes("see The -- WORD")[1]
    assert pair != word_hashes("read a word")[1]
    assert pair != word_hashes("the words")[1]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sets(st.integers(1, 25)),
    st.sampled_from([1, 4]),
    st.integers(1, 3),
    st.integers(1, 4),
    st.booleans(),
)
def test_compiled_and_plain_are_the_same(
    seed: int, bits_set: set[int], bits: int, streams: int, steps: int, extreme: bool
) -> None:
    """Hashes, guesses, sums and what rows learn, over windows in which contexts collide; from extreme states too."""
    random = np.random.default_rng(seed)
    letters = np.frombuffer(b"abAB .\n\xc3\xa9\0\xff", np.uint8)
    of = kinds(sum(1 << bit for bit in bits_set))
    symbols = random.choice(letters, (streams, HISTORY + steps)).astype(np.int32)
    tables = np.zeros((len(of) << bits, ROW), np.int32)
    if extreme:
        tables[:, :ENTRIES] = random.choice([0, 1, -(2**31), 2**31 - 1], (len(tables), ENTRIES))
        tables[:, SYMBOLS:COUNT] = random.integers(0, 256, (len(tables), ENTRIES))
        tables[:, COUNT] = random.choice([0, 1, MOST_USES - 1, MOST_USES], len(tables))
    arrays = [
        np.array(of, np.int64),
        RATES,
        symbols.reshape(-1),
        np.zeros(streams * steps * len(of), np.int64),
    ]
    compiled = ContextArrays(steps, bits, 256, *arrays, tables.reshape(-1))
    spelled = ContextArrays(steps, bits, 256, *(memoryview(a.copy()) for a in (*arrays, tables.reshape(-1))))
    sums = random.integers(-(2**31), 2**31, streams * steps * 256).astype(np.int32)
    plain_sums = memoryview(sums.copy())
    frequencies = random.multinomial(TOTAL, random.dirichlet(np.full(256, 0.1)), streams * steps)
    frequencies = frequencies.astype(np.int32).reshape(-1)
    for _ in range(2):
        context_kernels.hash_contexts(compiled, 0, streams, 0, steps)
        plain(context_kernels.hash_contexts)(spelled, 0, streams, 0, steps)
        if extreme:  # rows that are in use, with what their weights are
            for n, hashed in enumerate(compiled.hashes.tolist()):
                row = context_kernels.row_of(compiled, n % len(of), hashed)
                compiled.tables[row + CHECK] = spelled.tables[row + CHECK] = int(
                    np.uint32(hashed).view(np.int32)
                )
        for b, t in np.ndindex(streams, steps):
            assert context_kernels.guess(compiled, b, t) == plain(context_kernels.guess)(spelled, b, t)
        context_kernels.add_contexts(compiled, 0, streams, 0, steps, sums, 256)
        plain(context_kernels.add_contexts)(spelled, 0, streams, 0, steps, plain_sums, 256)
        for n in range(len(of)):
            context_kernels.learn_contexts(compiled, n, streams, frequencies, 256)
            plain(context_kernels.learn_contexts)(spelled, n, streams, memoryview(frequencies), 256)
        assert list(plain_sums) == sums.tolist()
        for name in ("history", "hashes", "tables"):
            assert list(getattr(spelled, name)) == getattr(compiled, name).tolist()


def test_a_row_forgets_the_weakest_symbol() -> None:
    """A row keeps as many symbols as it has room for; one more takes the place of the smallest weight."""
    arrays = one_row()
    frequencies = [TOTAL // 256] * 256
    for symbol in [10, 10, 20, 20, *range(30, 30 + ENTRIES - 1)]:
        plain(context_kernels.learn_row)(arrays, 0, 1, symbol, frequencies, 0)
    kept = set(arrays.tables[SYMBOLS : SYMBOLS + ENTRIES])
    assert {10, 20, 30 + ENTRIES - 2} <= kept
    assert len(kept) == ENTRIES


def test_a_row_gives_way_when_it_is_rarely_used() -> None:
    """Another context halves the number of uses, and takes the row when one or none is left."""
    arrays = one_row()
    frequencies = [TOTAL // 256] * 256
    learn = plain(context_kernels.learn_row)
    for _ in range(5):
        learn(arrays, 0, 1, 10, frequencies, 0)
    for uses in (2, 1):
        learn(arrays, 0, 2, 20, frequencies, 0)
        assert (arrays.tables[CHECK], arrays.tables[COUNT]) == (1, uses)
    learn(arrays, 0, 2, 20, frequencies, 0)
    assert (arrays.tables[CHECK], arrays.tables[COUNT], arrays.tables[SYMBOLS]) == (2, 1, 20)


def test_a_rare_combination_is_learnt_at_first_sight() -> None:
    """What followed a context once costs a bit less the second time; the network alone has hardly noticed."""

    def gain(contexts: int) -> float:
        config = Config(hidden=16, layers=1, streams=1, window=16, contexts=contexts, context_bits=10)
        phrase = np.random.default_rng(1).integers(0, 256, (16, 1)).astype(np.int32)
        predictor = build(config, 100)
        first = predictor.predict_window(phrase)[1]
        predictor.learn()
        return float(np.log2(predictor.predict_window(phrase)[1] / first)[3:].mean())

    assert gain(1 << 3) > 1
    assert gain(0) < 1 / 4
