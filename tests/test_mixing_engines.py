"""Mixing: what is compiled computes what plain Python does, whatever the contexts, the text and the threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import State, assert_same

from rnncompress import engine as engines
from rnncompress.config import MOST_DIRECT, Config
from rnncompress.mixing.sizes import KINDS, MODELS
from rnncompress.mixing.text_kernels import MATCH, POSITION
from rnncompress.network import IntArray

ALL = (1 << KINDS) - 1
TEXT = b"<page><title>A [[link|to]] {{it}}</title>\n 'tis the Word of words: 12;34;56.\n" + bytes(range(256))

configs = st.builds(
    Config,
    layers=st.integers(0, 1),
    hidden=st.just(16),
    contexts=st.sampled_from([0, 1 << 1]),
    context_bits=st.just(4),
    streams=st.integers(1, 4),
    lanes=st.just(1),
    window=st.sampled_from([2, 4, 6]),
    mixing=st.sets(st.integers(0, KINDS - 1), min_size=1, max_size=4).map(
        lambda kinds: sum(1 << k for k in kinds)
    ),
    sets=st.sampled_from([1, 2, 10]),
    slot_bits=st.sampled_from([1, 4]),  # so few lines that contexts collide
    past_bits=st.just(12),
    frozen=st.sampled_from([1, 3, 8]),
    points=st.integers(0, 1),
    direct=st.sampled_from([0, ALL]),
).map(lambda config: config.replace(direct=config.direct & config.mixing))
records = st.builds(
    lambda columns, hands, count, content: bytes([columns, hands, count, 0, 0, 0]) + content,
    st.integers(0, 9),
    st.integers(0, 3),
    st.integers(0, 12),
    st.lists(st.sampled_from(b"\x00\x01\x02\x03\x04\x08\x10\x40\xdf\xe0\xfe\xff"), max_size=60).map(bytes),
)
"""Packed strokes, or what looks like some at first."""
texts = st.one_of(
    records,
    st.binary(min_size=1, max_size=30),
    st.lists(st.sampled_from(b"ab \n<>[]{}'.|:;09A\x00\xff"), min_size=1, max_size=30).map(bytes),
    st.integers(0, len(TEXT)).map(lambda start: TEXT[start:] + TEXT[:start]),
)


def windows_of(config: Config, text: bytes, count: int, apart: int = 1) -> list[IntArray]:
    """Windows (T, B) of ``text``, over and over; each stream reads ``apart`` bytes ahead of the one before."""
    symbols = np.frombuffer(text, np.uint8).astype(np.int32)
    places = np.arange(count * config.window)[:, None] + apart * np.arange(config.streams)
    return list(symbols[places % len(symbols)].reshape(count, config.window, config.streams))


def whole(
    config: Config, windows: list[IntArray], engine: str, threads: int = 1, state: State | None = None
) -> tuple[list[bytes], list[float], State]:
    """Payload, costs and state after all windows, which a second engine decodes to the same end."""
    encoder, decoder = (
        engines.build(config, len(windows), engine=engine, threads=threads, state=state) for _ in range(2)
    )
    costs = []
    encoder.begin_block(None)
    for window in windows:
        encoder.encode_window(window, window.size)
        costs += encoder.costs().tolist()
        encoder.learn()
    parts = list(encoder.end_block())
    costs += encoder.costs().tolist()
    decoder.begin_block(parts)
    for window in windows:
        assert np.array_equal(decoder.decode_window(len(window), window.size), window)
        decoder.learn()
    decoder.end_block()
    ended = encoder.state()
    assert_same(ended, decoder.state())
    return parts, costs, ended


def check(config: Config, windows: list[IntArray], threads: int) -> None:
    parts, costs, state = whole(config, windows, "reference")
    others = whole(config, windows, "cpu", threads)
    assert (parts, costs) == others[:2]
    assert_same(state, others[2])


@settings(max_examples=12, deadline=None)
@given(configs, texts, st.integers(0, 3), st.integers(1, 4), st.integers(1, 3))
def test_compiled_code_computes_what_plain_python_does(
    config: Config, text: bytes, apart: int, lanes: int, threads: int
) -> None:
    """Payloads, costs and all that is learnt, also where streams read what others have just read."""
    config = config.replace(lanes=min(lanes, config.streams))
    check(config, windows_of(config, text, 2, apart), threads)


@pytest.mark.parametrize("layers", [0, 1])
def test_all_contexts_and_sets(layers: int) -> None:
    """On a text that has what they look for; the last part of a window is shorter than the others."""
    config = Config(
        layers=layers,
        hidden=16,
        streams=3,
        lanes=2,
        window=10,
        mixing=ALL,
        slot_bits=4,
        past_bits=12,
        frozen=4,
        direct=ALL >> KINDS - MOST_DIRECT,
    )
    check(config, windows_of(config, TEXT[:50], 2, 17), 2)


LONG = Config(
    layers=0, streams=5, lanes=4, window=64, mixing=0b1110111 | 1 << 23 | 1 << 36 | 1 << 55, slot_bits=6,
    past_bits=12, frozen=8, direct=0b110 | 1 << 36,
)  # fmt: skip


def test_threads_change_nothing() -> None:
    """However many share lanes, tables and sets of weights."""
    config = LONG
    windows = windows_of(config, TEXT * 2, 6, 30)
    parts, costs, state = whole(config, windows, "cpu")
    for threads in (2, 3, 8):
        others = whole(config, windows, "cpu", threads)
        assert (parts, costs) == others[:2]
        assert_same(state, others[2])


@pytest.mark.parametrize("frozen", [8, 2048])
def test_a_text_longer_than_what_is_kept(frozen: int) -> None:
    """Streams follow matches across the end of the ring, and their own text and that of others as it is overwritten.

    What is read must not depend on who reads first: lanes take turns step by step in plain Python, part by part in
    compiled code, and in another order with threads.
    """
    config = LONG.replace(streams=2, lanes=2, window=2048, frozen=frozen)
    noise = np.random.default_rng(1).integers(0, 256, 3000).astype(np.uint8).tobytes()
    windows = windows_of(config, noise, 4, 2047)
    one, two = (whole(config, windows, "cpu", threads) for threads in (1, 2))
    assert one[:2] == two[:2]
    assert_same(one[2], two[2])
    text = one[2]["mixing.text"]
    assert (text[:, POSITION] == 4 * 2048).all()
    if frozen < 2048:
        assert text[:, MATCH + 2 : MATCH + 3 * MODELS : 3].all()  # everything is a repetition
    short = config.replace(window=4, frozen=min(frozen, 4))
    rest = windows_of(short, noise[8192 % 3000 :] + noise[: 8192 % 3000], 2, 2047)
    state = {name: array for name, array in one[2].items() if name not in ("coders", "words")}
    expected = whole(short, rest, "reference", state=state)
    found = whole(short, rest, "cpu", 2, state)
    assert expected[:2] == found[:2]
    assert_same(expected[2], found[2])
