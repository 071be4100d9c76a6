"""The range coders, plain and compiled: the bit stream of constriction, and lanes side by side."""

import constriction
import constriction_coder as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.coder import kernels, lanes
from rnncompress.coder.lanes import (
    CompiledDecoders,
    CompiledEncoders,
    Decoders,
    Encoders,
    PlainDecoders,
    PlainEncoders,
)
from rnncompress.coder.plain import Decoder, Encoder
from rnncompress.compiled.compile import kernel
from rnncompress.errors import CheckpointError, PayloadError
from rnncompress.network import TOTAL, IntArray

patient = settings(deadline=None)
"""The first call compiles."""

KINDS = {"plain": (PlainEncoders, PlainDecoders), "compiled": (CompiledEncoders, CompiledDecoders)}
kinds = pytest.mark.parametrize("kind", KINDS)


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
    """Cumulative and own frequency of each symbol, each (n, 1)."""
    rows = np.arange(len(symbols))
    freq = frequencies[rows, symbols]
    cum = 1 + frequencies.cumsum(axis=1, dtype=np.int32)[rows, symbols] - freq
    return cum.astype(np.int32)[:, None], freq[:, None]


def written(encoders: Encoders, cum: IntArray, freq: IntArray) -> bytes:
    """The block of one lane that codes these symbols."""
    encoders.encode(cum, freq, cum.size)
    (block,) = encoders.end()
    return block


@kinds
@patient
@given(messages())
def test_the_block_is_constriction_s(kind: str, message: tuple[IntArray, IntArray]) -> None:
    """Symbols make the words that constriction writes with whole tables and guards, and with three intervals."""
    frequencies, symbols = message
    cum, freq = intervals(frequencies, symbols)
    block = written(KINDS[kind][0](1, 1), cum, freq)
    assert block == oracle.encode(symbols + 1, oracle.rows(frequencies))
    assert block == oracle.encode(np.ones_like(symbols), oracle.intervals(cum[:, 0], freq[:, 0]))


@kinds
@patient
@given(messages())
def test_symbols_come_back(kind: str, message: tuple[IntArray, IntArray]) -> None:
    """A decoder with the same tables returns the symbols and finds the end."""
    frequencies, symbols = message
    encoders, decoders = KINDS[kind]
    decoder: Decoders = decoders(1, 1, [written(encoders(1, 1), *intervals(frequencies, symbols))])
    for row, symbol in zip(frequencies, symbols, strict=True):
        assert decoder.decode(row[None]) == [symbol]
    decoder.end()


@patient
@given(messages())
def test_the_length_is_that_of_the_information(message: tuple[IntArray, IntArray]) -> None:
    """A block is at most two words longer than the sum of the exact code lengths."""
    cum, freq = intervals(*message)
    assert 8 * len(written(CompiledEncoders(1, 1), cum, freq)) <= np.log2(2**24 / freq).sum() + 64


@pytest.mark.parametrize("skew", [0.0, 3.0, 500.0])
def test_millions_of_symbols_make_constriction_s_words(skew: float) -> None:
    """Of nearly uniform, usual and nearly certain tables; constriction's words decode to the symbols."""
    count = 1_000_000
    table = tables(1, 64, 7, skew)
    shares = table[0] / table[0].sum()
    symbols = np.random.default_rng(1).choice(64, count, p=shares).astype(np.int32)
    cum, freq = intervals(np.broadcast_to(table, (count, 64)), symbols)
    block = written(CompiledEncoders(1, 1), cum, freq)
    assert block == oracle.encode(np.ones_like(symbols), oracle.intervals(cum[:, 0], freq[:, 0]))
    decoder = CompiledDecoders(1, 1, [block])
    found = np.empty_like(symbols)
    repeat(decoder.states[0], decoder.words, table[0], found)
    assert np.array_equal(found, symbols)
    decoder.end()


@kernel
def repeat(state, words, frequencies, symbols):
    """Decode symbols of one table."""
    for n in range(len(symbols)):
        symbols[n] = kernels.decode_symbol(state, words, frequencies, len(frequencies))


@pytest.mark.parametrize("middle", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("last", ["below", "above", "none"])
@kinds
def test_carries_go_through_many_words(kind: str, middle: int, last: str) -> None:
    """An interval around a boundary of words, kept so over several words, is resolved to either side, or at the end.

    2**23 is the middle of all frequencies; of an interval with the boundary in its middle the two frequencies around
    2**23 are again such an interval.
    """
    cum, freq = [2**23 - 1] * (2 * middle + 1), [2] * (2 * middle + 1)
    sides = {"below": (1, 2**22), "above": (2**23 + 2**22, 2**22), "none": (2**23 - 1, 2)}
    cum.append(sides[last][0])
    freq.append(sides[last][1])
    both = [np.array(numbers, np.int32)[:, None] for numbers in (cum, freq)]
    block = written(KINDS[kind][0](1, 1), *both)
    assert block == oracle.encode(np.ones(len(cum)), oracle.intervals(both[0][:, 0], both[1][:, 0]))


@st.composite
def bits(draw: st.DrawFn) -> tuple[IntArray, IntArray]:
    """Bits (n,), likely or not, and the probabilities that they are 1."""
    count, seed = draw(st.integers(1, 300)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    extreme = rng.choice([1, 2, 2**15 - 1, 2**15, 2**16 - 1], count)
    ones = np.where(rng.random(count) < draw(st.floats(0, 1)), extreme, rng.integers(1, 2**16, count))
    likely = rng.random(count) < draw(st.sampled_from([0.0, 0.5, 0.99, 1.0]))
    return (likely == (ones > 2**15)).astype(np.int32), ones.astype(np.int32)


@kernel
def code_bits(state, words, values, ones):
    for n in range(len(values)):
        kernels.encode_bit(state, words, values[n], ones[n])


@kernel
def read_bits(state, words, values, ones):
    for n in range(len(values)):
        values[n] = kernels.decode_bit(state, words, ones[n])


@patient
@given(bits())
def test_bits_are_constriction_s(message: tuple[IntArray, IntArray]) -> None:
    """Bits with probabilities of 16 bits make constriction's words, plain and compiled, and come back."""
    values, ones = message
    expected = oracle.encode(values, oracle.bit_rows(ones))
    state = np.array([0, 2**64 - 1, 0, 0], np.uint64)
    words = np.zeros(len(values) + 2, np.uint32)
    code_bits(state, words, values, ones)
    kernels.end_encoding(state, words)
    encoder = Encoder()
    for value, one in zip(values.tolist(), ones.tolist(), strict=True):
        encoder.encode_bit(value, one)
    assert words[: int(state[kernels.WORDS])].astype("<u4").tobytes() == expected
    assert np.array(encoder.end(), "<u4").tobytes() == expected

    decoder, plain, found = CompiledDecoders(1, 1, [expected]), Decoder(encoder.words), np.empty_like(values)
    read_bits(decoder.states[0], decoder.words, found, ones)
    assert np.array_equal(found, values)
    assert [plain.decode_bit(one) for one in ones.tolist()] == values.tolist()
    decoder.end()
    plain.end()


def test_millions_of_bits_make_constriction_s_words() -> None:
    """Two million bits, most of them likely."""
    rng = np.random.default_rng(3)
    ones = np.clip(rng.beta(0.3, 0.3, 2_000_000) * 2**16, 1, 2**16 - 1).astype(np.int32)
    values = (rng.random(len(ones)) * 2**16 < ones).astype(np.int32)
    state, words = np.array([0, 2**64 - 1, 0, 0], np.uint64), np.zeros(len(ones), np.uint32)
    code_bits(state, words, values, ones)
    kernels.end_encoding(state, words)
    block = words[: int(state[kernels.WORDS])].astype("<u4").tobytes()
    assert block == oracle.encode(values, oracle.bit_rows(ones))
    decoder, found = CompiledDecoders(1, 1, [block]), np.empty_like(values)
    read_bits(decoder.states[0], decoder.words, found, ones)
    assert np.array_equal(found, values)


def test_the_bytes_are_these() -> None:
    """The bytes of a fixed message are pinned."""
    weights = np.arange(12 * 256, dtype=np.int32).reshape(12, 256) ** 2 % 1009
    frequencies = 1 + weights * ((TOTAL - 256) // weights.sum(axis=1, keepdims=True))
    frequencies[:, 0] += TOTAL - frequencies.sum(axis=1)
    cum, freq = intervals(frequencies.astype(np.int32), np.arange(0, 240, 20, dtype=np.int32))
    assert written(CompiledEncoders(1, 1), cum, freq).hex() == "da0a08007117d1e758d5c989e9e15ca5"


@kinds
@pytest.mark.parametrize("block", [bytes(8), b"\xff" * 8])
def test_a_guard_symbol_is_damage(kind: str, block: bytes) -> None:
    """Data that decode to the symbol before or behind the alphabet were never written by the encoder."""
    with pytest.raises(PayloadError):
        KINDS[kind][1](1, 1, [block]).decode(tables(1, 256, 0, 1.0))


@kinds
def test_a_block_that_is_too_long_is_damage(kind: str) -> None:
    """``end`` notices that a block holds more than was decoded."""
    frequencies = tables(20, 256, 0, 0.0)
    encoders, decoders = KINDS[kind]
    symbols = np.full(20, 200, dtype=np.int32)
    decoder = decoders(1, 1, [written(encoders(1, 1), *intervals(frequencies, symbols))])
    for row in frequencies[:4]:
        decoder.decode(row[None])
    with pytest.raises(PayloadError):
        decoder.end()


def ended(decoder: Decoders) -> bool:
    try:
        decoder.end()
    except PayloadError:
        return False
    return True


@patient
@given(messages(), st.booleans(), st.data())
def test_our_decoders_are_constriction_s(
    message: tuple[IntArray, IntArray], sound: bool, data: st.DataObject
) -> None:
    """Symbol for symbol, of sound blocks and of any others, and in whether a block may end here."""
    frequencies, symbols = message
    block = data.draw(st.binary(max_size=80).map(lambda data: data[: len(data) // 4 * 4]))
    if sound:
        block = written(CompiledEncoders(1, 1), *intervals(frequencies, symbols))
    ours: list[Decoders] = [decoders(1, 1, [block]) for _, decoders in KINDS.values()]
    theirs = constriction.stream.queue.RangeDecoder(np.frombuffer(block, "<u4").astype(np.uint32))
    for row in frequencies:
        try:
            expected = int(theirs.decode(oracle.MODEL, oracle.rows(row[None]))[0]) - 1
        except AssertionError:
            expected = -1
        for decoder in ours:
            if 0 <= expected < len(row):
                assert decoder.decode(row[None]) == [expected]
                assert ended(decoder) == theirs.maybe_exhausted()
            else:
                for _ in range(2):  # and so it stays
                    with pytest.raises(PayloadError):
                        decoder.decode(row[None])
        if not 0 <= expected < len(row):
            return


@patient
@given(st.integers(1, 9), st.data(), st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(KINDS)))
def test_lanes_are_coders_of_their_own(streams: int, data: st.DataObject, one: str, other: str) -> None:
    """Each lane's part is what a coder of its symbols alone writes; a state goes on in the other kind of coders.

    Wherever symbols end in a step, and wherever the state is taken.
    """
    count = data.draw(st.integers(1, streams))
    number = data.draw(st.integers(1, count))
    steps, last = data.draw(st.integers(2, 12)), data.draw(st.integers(1, streams))
    coded = (steps - 1) * streams + last
    frequencies = tables(steps * streams, 17, streams, 2.0)
    symbols = np.random.default_rng(steps).integers(0, 17, steps * streams).astype(np.int32)
    cum, freq = (numbers.reshape(steps, streams) for numbers in intervals(frequencies, symbols))
    whole: Encoders = KINDS[one][0](streams, number)
    whole.encode(cum, freq, coded)
    parts = whole.end()

    owner = np.searchsorted(lanes.starts(streams, number), np.arange(steps * streams) % streams, "right") - 1
    for lane, part in enumerate(parts):
        mine = np.flatnonzero(owner[:coded] == lane)
        assert part == written(KINDS[one][0](1, 1), cum.ravel()[mine, None], freq.ravel()[mine, None])

    cut = data.draw(st.integers(1, steps - 1))
    first: Encoders = KINDS[one][0](streams, number)
    first.encode(cum[:cut], freq[:cut], cut * streams)
    second: Encoders = KINDS[other][0](streams, number)
    second.load(*first.state())
    second.encode(cum[cut:], freq[cut:], coded - cut * streams)
    assert second.end() == parts

    rows, decoders = frequencies.reshape(steps, streams, 17), KINDS[one][1](streams, number, parts)
    for t in range(steps):
        if t == cut:
            state = decoders.state()
            decoders = KINDS[other][1](streams, number, parts)
            decoders.load(*state)
        active = min(streams, coded - t * streams)
        assert np.array_equal(decoders.decode(rows[t, :active]), symbols.reshape(steps, streams)[t, :active])
    decoders.end()


@kinds
def test_states_of_coders_that_cannot_be_are_refused(kind: str) -> None:
    """Numbers of words that are not there, and ranges that no coder has."""
    fresh, words = KINDS[kind][0](3, 2).state()
    for field, value in ((kernels.WORDS, 1), (kernels.WORDS, 2**63), (kernels.RANGE, 5)):
        wrong = fresh.copy()
        wrong[:, field] = value
        with pytest.raises(CheckpointError):
            KINDS[kind][0](3, 2).load(wrong, words)
    with pytest.raises(CheckpointError):
        KINDS[kind][0](3, 2).load(fresh, np.zeros(1, np.uint32))
    decoders = KINDS[kind][1](3, 2, [b"", b""])
    broken = decoders.state()[0]
    broken[1, kernels.RANGE] = 0
    with pytest.raises(CheckpointError):
        decoders.load(broken, words)
