"""Direct connections from contexts: what a context is, and how fast one is learnt."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.config import Config
from rnncompress.lstm import build
from rnncompress.lstm.contexts import ENTRIES, HISTORY, ROW, Contexts, kinds, learn_row, word_hashes
from rnncompress.lstm.cpu import context_kernels
from rnncompress.network import TOTAL

texts = st.lists(st.sampled_from(b"abAB .\n\xc3\xa9\0"), min_size=HISTORY, max_size=HISTORY)


def past(text: str) -> list[int]:
    """The bytes before the next, the newest first, as far back as contexts look."""
    return [*reversed(text.encode()), *[0] * HISTORY][:HISTORY]


def test_kinds_are_the_bits_of_the_mask() -> None:
    """Orders come first, in ascending order, then the word and the pair of words."""
    assert kinds(0) == ()
    assert kinds(1 << 25 | 1 << 24 | 1 << 6 | 1 << 2) == (2, 6, 24, 25)


def test_a_word_is_its_letters() -> None:
    """Capitals count as small letters, what stands before the word does not count, what it says does."""
    word = word_hashes(past("so the Word"))[0]
    assert word == word_hashes(past("A\nword"))[0]
    assert word != word_hashes(past("the words"))[0]
    assert word_hashes(past("naïve"))[0] != word_hashes(past("nave"))[0]


def test_a_pair_is_two_words() -> None:
    """Whatever stands between the words, both count, and nothing before them."""
    pair = word_hashes(past("read the word"))[1]
    assert pair == word_hashes(past("see The -- WORD"))[1]
    assert pair != word_hashes(past("read a word"))[1]
    assert pair != word_hashes(past("the words"))[1]


@settings(deadline=None)
@given(texts)
def test_compiled_hashes_are_the_same(text: list[int]) -> None:
    """The kernels find the same words, and the same contexts of all kinds, as the specification."""
    symbols = np.array(text, np.int32)
    assert context_kernels.word_hashes(symbols) == word_hashes(text[::-1])
    contexts = Contexts(sum(1 << kind for kind in range(1, 26)), 4, 1)
    contexts.history = symbols[None]
    hashes = np.zeros((1, 1, 25), np.uint32)
    history = np.append(symbols, 0)[None].astype(np.int32)
    context_kernels.hash_contexts(0, 1, 0, 1, history, np.array(contexts.kinds), 4, contexts.tables, hashes)
    assert (hashes[0, 0] == contexts.hashes()[:, 0]).all()


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.tuples(st.integers(0, 1), st.integers(0, 15)), max_size=60))
def test_compiled_rows_learn_the_same(seed: int, uses: list[tuple[int, int]]) -> None:
    """Any sequence of uses, by two contexts that collide, leaves the same row."""
    generator = np.random.default_rng(seed)
    one, other = np.zeros(ROW, np.int32), np.zeros(ROW, np.int32)
    for context, symbol in uses:
        frequencies = 1 + generator.multinomial(TOTAL - 16, generator.dirichlet(np.full(16, 0.1)))
        check = np.uint32(0x80000001 + context)
        learn_row(one, int(check.view(np.int32)), symbol, frequencies.astype(np.int32))
        context_kernels.learn_row(other, check, symbol, frequencies.astype(np.int32))
        assert (one == other).all()


def test_a_row_forgets_the_weakest_symbol() -> None:
    """A row keeps as many symbols as it has room for; one more takes the place of the smallest weight."""
    row = np.zeros(ROW, np.int32)
    frequencies = np.full(256, TOTAL // 256, np.int32)
    for symbol in [10, 10, 20, 20, *range(30, 30 + ENTRIES - 1)]:
        learn_row(row, 1, symbol, frequencies)
    kept = set(row[ENTRIES : 2 * ENTRIES])
    assert {10, 20, 30 + ENTRIES - 2} <= kept
    assert len(kept) == ENTRIES


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
