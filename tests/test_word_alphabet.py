"""Ten thousand symbols: the table, the coder and the engines are made for words, too."""

import numpy as np
from networks import assert_same, pick, step_through, text

from rnncompress.coder.lanes import CompiledDecoders, CompiledEncoders
from rnncompress.config import Config
from rnncompress.exact.frequencies import frequencies
from rnncompress.lstm import build
from rnncompress.network import TOTAL

WORDS = 10_000
CONFIG = Config(layers=1, hidden=16, alphabet=WORDS, streams=2, window=4, rate_first=20_000, rate_last=20_000)


def zipf(rows: int) -> np.ndarray:
    """Logits (rows, WORDS) of words whose probability falls with their rank, as those of a language do."""
    logits = -np.log(np.arange(1, WORDS + 1))
    shifts = np.random.default_rng(1).normal(size=(rows, WORDS))
    return (logits + shifts).astype(np.float32)


def test_a_table_of_words_costs_what_the_softmax_says() -> None:
    """Every word has a frequency, they sum to the total, and rounding costs less than a hundredth of a bit a word."""
    logits = zipf(8)
    table = frequencies(logits)
    assert table.min() >= 1
    assert (table.sum(axis=1) == TOTAL).all()
    shares = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    lost = (shares * (np.log2(shares) - np.log2(table / 2**24))).sum(axis=1)
    assert lost.max() < 0.01


def test_words_are_coded_and_decoded() -> None:
    """Any word, the rarest too, comes out of the decoder as it went into the encoder."""
    table = frequencies(zipf(64))
    symbols = np.random.default_rng(2).integers(0, WORDS, 64).astype(np.int32)
    symbols[:2] = 0, WORDS - 1
    encoder = CompiledEncoders(1, 1)
    encoder.encode(*pick(table[:, None], symbols[:, None]), len(symbols))
    decoder = CompiledDecoders(1, 1, encoder.end())
    assert [decoder.decode(row[None])[0] for row in table] == symbols.tolist()


def test_engines_agree_on_words() -> None:
    """With ten thousand symbols the CPU engine predicts and learns what the specification does, on two threads."""
    reference, fast = build(CONFIG, 2, engine="reference"), build(CONFIG, 2, threads=2)
    for symbols in text(CONFIG, 2):
        cum, freq = pick(step_through(reference, symbols), symbols)
        got_cum, got_freq = fast.predict_window(symbols)
        assert (got_cum == cum).all()
        assert (got_freq == freq).all()
        reference.learn()
        fast.learn()
        assert_same(fast.state(), reference.state())
