"""The entropy coder, on integer frequencies."""

import constriction
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rnncompress.coder.blocks import RangeDecoder, RangeEncoder

from rnncompress.coder import range_decoder
from rnncompress.errors import DamagedError
from rnncompress.network import TOTAL, IntArray

patient = settings(deadline=None)
"""The first call compiles."""


def tables(rows: int, alphabet: int, seed: int, skew: float) -> IntArray:
    """Frequencies (rows, alphabet), from nearly uniform to nearly certain as ``skew`` grows."""
    weights = np.random.default_rng(seed).random((rows, alphabet))
    weights = (weights / weights.max(axis=1, keepdims=True)) ** skew
    share = weights / weights.sum(axis=1, keepdims=True)
    frequencies = 1 + np.floor(share * (TOTAL - alphabet)).astype(np.int32)
    frequencies[:, 0] += TOTAL - frequencies.sum(axis=1, dtype=np.int32)
    return frequencies


@st.composite
def messages(draw: st.DrawFn) -> tuple[IntArray, IntArray]:
    """Frequencies (rows, A) and a symbol for each row, likely or not."""
    alphabet = draw(st.sampled_from([2, 3, 17, 256]))
    rows = draw(st.integers(1, 200))
    seed = draw(st.integers(0, 2**32 - 1))
    frequencies = tables(rows, alphabet, seed, draw(st.sampled_from([0.0, 1.0, 20.0, 2000.0])))
    rng = np.random.default_rng(seed)
    likely = frequencies.argmax(axis=1)
    symbols = np.where(rng.random(rows) < draw(st.floats(0, 1)), likely, rng.integers(0, alphabet, rows))
    return frequencies, symbols.astype(np.int32)


def intervals(frequencies: IntArray, symbols: IntArray) -> tuple[IntArray, IntArray]:
    """Cumulative and own frequency of each symbol."""
    rows = np.arange(len(symbols))
    freq = frequencies[rows, symbols]
    return (1 + frequencies.cumsum(axis=1, dtype=np.int32)[rows, symbols] - freq).astype(np.int32), freq


@patient
@given(messages())
def test_three_way_rows_write_the_bytes_of_full_rows(message: tuple[IntArray, IntArray]) -> None:
    """The encoder's shortcut writes exactly what constriction writes with the whole table and its guards."""
    frequencies, symbols = message
    encoder = RangeEncoder()
    encoder.encode(*intervals(frequencies, symbols))
    full = np.pad(frequencies - 1, ((0, 0), (1, 1))).astype(np.float32)
    reference = constriction.stream.queue.RangeEncoder()
    reference.encode(symbols + 1, constriction.stream.model.Categorical(perfect=False), full)
    assert encoder.flush() == reference.get_compressed().astype("<u4").tobytes()


@patient
@given(messages(), st.integers(1, 7))
def test_symbols_come_back(message: tuple[IntArray, IntArray], step: int) -> None:
    """A decoder with the same tables, given a few rows at a time, returns the symbols and finds the end."""
    frequencies, symbols = message
    encoder = RangeEncoder()
    encoder.encode(*intervals(frequencies, symbols))
    decoder = RangeDecoder(encoder.flush())
    for first in range(0, len(symbols), step):
        piece = slice(first, first + step)
        assert np.array_equal(decoder.decode(frequencies[piece]), symbols[piece])
    decoder.finish()


@patient
@given(messages())
def test_the_length_is_that_of_the_information(message: tuple[IntArray, IntArray]) -> None:
    """A block is at most two words longer than the sum of the exact code lengths."""
    frequencies, symbols = message
    cum, freq = intervals(frequencies, symbols)
    encoder = RangeEncoder()
    encoder.encode(cum, freq)
    assert 8 * len(encoder.flush()) <= np.log2(2**24 / freq).sum() + 64


def test_blocks_are_independent() -> None:
    """A block holds the same bytes whatever block went before it, even one that ended with an open carry."""
    cum, freq = np.array([[2**23], [1]], dtype=np.int32), np.array([[5], [9]], dtype=np.int32)
    fresh = RangeEncoder()
    fresh.encode(cum, freq)
    expected = fresh.flush()
    encoder = RangeEncoder()
    for seed in range(300):
        encoder.encode(*intervals(tables(20, 256, seed, 3.0), np.arange(20, dtype=np.int32)))
        encoder.flush()
        encoder.encode(cum, freq)
        assert encoder.flush() == expected


def test_the_bytes_are_these() -> None:
    """The bytes of a fixed message are pinned: another version of constriction must write them, too."""
    weights = np.arange(12 * 256, dtype=np.int32).reshape(12, 256) ** 2 % 1009
    frequencies = 1 + weights * ((TOTAL - 256) // weights.sum(axis=1, keepdims=True))
    frequencies[:, 0] += TOTAL - frequencies.sum(axis=1)
    cum, freq = intervals(frequencies.astype(np.int32), np.arange(0, 240, 20, dtype=np.int32))
    encoder = RangeEncoder()
    encoder.encode(cum.reshape(3, 4), freq.reshape(3, 4))
    assert encoder.flush().hex() == "da0a08007117d1e758d5c989e9e15ca5"


@pytest.mark.parametrize("block", [bytes(8), b"\xff" * 8])
def test_a_guard_symbol_is_damage(block: bytes) -> None:
    """Data that decode to the symbol before or behind the alphabet were never written by the encoder."""
    with pytest.raises(DamagedError):
        RangeDecoder(block).decode(tables(1, 256, 0, 1.0))


@patient
@given(st.binary(min_size=4, max_size=40).map(lambda data: data[: len(data) // 4 * 4]), st.integers(0, 99))
def test_any_bytes_decode_or_are_damage(block: bytes, seed: int) -> None:
    """Whatever the block holds, the decoder returns symbols of the alphabet or raises DamagedError."""
    try:
        symbols = RangeDecoder(block).decode(tables(64, 256, seed, 3.0))
    except DamagedError:
        return
    assert symbols.min() >= 0
    assert symbols.max() < 256


def test_a_block_that_is_too_long_is_damage() -> None:
    """``finish`` notices that a block holds more than was decoded."""
    frequencies = tables(20, 256, 0, 0.0)
    cum, freq = intervals(frequencies, np.full(20, 200, dtype=np.int32))
    encoder = RangeEncoder()
    encoder.encode(cum, freq)
    decoder = RangeDecoder(encoder.flush())
    decoder.decode(frequencies[:4])
    with pytest.raises(DamagedError):
        decoder.finish()


@patient
@given(messages(), st.booleans(), st.data())
def test_our_decoder_is_constriction_s(
    message: tuple[IntArray, IntArray], sound: bool, data: st.DataObject
) -> None:
    """Symbol for symbol, of sound blocks and of any others, and in whether a block may end here."""
    frequencies, symbols = message
    if sound:
        encoder = RangeEncoder()
        encoder.encode(*intervals(frequencies, symbols))
        block = encoder.flush()
    else:
        block = data.draw(st.binary(max_size=80).map(lambda data: data[: len(data) // 4 * 4]))
    ours = RangeDecoder(block)
    theirs = constriction.stream.queue.RangeDecoder(ours.words)
    model = constriction.stream.model.Categorical(perfect=False)
    for row in frequencies:
        full = np.pad(row - 1, 1).astype(np.float32)
        try:
            expected = int(theirs.decode(model, full[None])[0]) - 1
        except AssertionError:
            expected = -1
        if not 0 <= expected < len(row):
            with pytest.raises(DamagedError):
                ours.decode(row[None])
            with pytest.raises(DamagedError):  # and so it stays
                ours.decode(row[None])
            return
        assert ours.decode(row[None]) == [expected]
        assert range_decoder.may_end(ours.state, ours.words) == theirs.maybe_exhausted()


@patient
@given(messages(), st.data())
def test_known_symbols_are_skipped(message: tuple[IntArray, IntArray], data: st.DataObject) -> None:
    """After skipping some symbols the others come; skipping other symbols than there are is damage."""
    frequencies, symbols = message
    cum, freq = intervals(frequencies, symbols)
    encoder = RangeEncoder()
    encoder.encode(cum, freq)
    block = encoder.flush()
    count = data.draw(st.integers(0, len(symbols)))
    decoder = RangeDecoder(block)
    decoder.skip(cum[:count], freq[:count])
    assert np.array_equal(decoder.decode(frequencies[count:]), symbols[count:])
    wrong = np.where(cum + freq < 2**24 - 1, cum + freq, cum - 1).astype(np.int32)
    with pytest.raises(DamagedError):
        RangeDecoder(block).skip(wrong, np.ones_like(freq))
