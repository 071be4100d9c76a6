"""What a stream remembers of its text: records, matches, words, brackets, tags."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress import engine as engines
from rnncompress.compiled.compile import plain
from rnncompress.config import Config
from rnncompress.mixing import text_kernels as text
from rnncompress.mixing.sizes import MODELS, STATE

observe = plain(text.observe)
join = plain(text.join)
MASK = 4095


def read(data: bytes) -> Any:
    """The numbers of a stream that has read ``data``."""
    s, past = np.zeros(STATE, np.int64), np.zeros(MASK + 1, np.uint8)
    for c in data:
        observe(s.data, past.data, MASK, c)
    return s


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_hashes_leave_neither_32_bits_nor_64_on_the_way(a: int, b: int) -> None:
    """Their largest product stays below 2**63: compiled code does not wrap."""
    assert a * 0x1E3779B1 + b * 0x25EBCA6B + 0x7F4A7C15 < 2**63
    assert 0 <= join(a, b) < 2**32


@pytest.mark.parametrize("length", [2, 7, 24, 1000])
def test_the_length_of_records_is_found(length: int) -> None:
    """From a byte that returns at that distance, whatever stands between."""
    noise = np.random.default_rng(length).integers(1, 256, (40, length)).astype(np.uint8)
    noise[:, 0] = 0
    assert read(noise.tobytes())[text.RECORD] == length


def test_texts_have_no_records() -> None:
    """Nothing is made of distances that vary."""
    assert read(b"the quick brown fox jumps over the lazy dog and so on and on")[text.RECORD] == 0


def test_words_do_not_depend_on_case_and_end_at_other_bytes() -> None:
    """The word so far, and the ones before."""
    one, other = read(b"Word after wor"), read(b"another, word; AFTER\nWOR")
    for place in (text.WORD, text.WORD1, text.WORD2):
        assert one[place] == other[place] != 0
    assert read(b"Word ")[text.WORD] == 0


def test_brackets_open_and_close() -> None:
    """The innermost is the last; more than there is room for are forgotten, the end of the line closes all."""
    s = read(b"a [b (c) {d")
    assert s[text.DEPTH] == 2
    assert list(s[text.STACK : text.STACK + 2]) == list(b"[{")
    assert list(s[text.STACK + text.DEEPEST :][:2]) == [3, 10]
    assert read(b"(" * 1000)[text.DEPTH] == text.DEEPEST
    assert read(b")" * 1000)[text.DEPTH] == 0
    assert read(b"[[[\n")[text.DEPTH] == 0


def test_the_content_of_a_tag_is_remembered() -> None:
    """Where it began and ended the last time, for the next tag of that name."""
    s = read(b"<id>123</id><id>")
    field = s[text.FIELD] - 1
    assert (s[text.FIELDS + field], s[text.FIELDS + text.TAGS + field]) == (4, 7)
    assert s[text.FIELD_START] == 16


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(b"a'(<[{}]>) \n;A0\x80"), max_size=200).map(bytes))
def test_whatever_is_read_stays_within_its_bounds(data: bytes) -> None:
    """Nothing raises; places lie in the text."""
    s = read(data)
    assert s[text.POSITION] == len(data)
    assert 0 <= s[text.DEPTH] <= text.DEEPEST
    assert 0 <= s[text.FIELD] <= text.TAGS
    assert (s[text.SEEN :] <= len(data)).all()


def matches(texts: list[bytes], frozen: int = 4) -> Any:
    """(B, MODELS, 3): place, stream and length of the matches after streams have read these, of equal length."""
    symbols = np.array([list(data) for data in texts], np.int32).T
    steps = len(symbols) // 4 * 4
    config = Config(
        layers=0, streams=len(texts), window=4, mixing=1, sets=1, slot_bits=1, past_bits=12, frozen=frozen
    )
    engine = engines.build(config, steps // 4)
    engine.begin_block(None)
    for window in symbols[:steps].reshape(-1, 4, len(texts)):
        engine.encode_window(np.ascontiguousarray(window), window.size)
        engine.learn()
    return engine.state()["mixing.text"][:, text.MATCH : text.MATCH + 3 * MODELS].reshape(-1, MODELS, 3)


def test_a_repetition_is_followed() -> None:
    """By all models once it is long enough for them, each with the length that it knows of."""
    phrase = bytes(range(64, 104))
    (own,) = matches([phrase + phrase])
    assert (own[:, 0] == 40).all()
    assert (own[:, 1] == 0).all()
    assert (own[:, 2] > 16).all()


def test_no_repetition_is_none() -> None:
    """Lengths are 0 where nothing matches."""
    assert not matches([bytes(range(80))])[:, :, 2].any()


def test_what_another_stream_reads_is_followed_once_it_is_learnt() -> None:
    """Never beyond: streams that read the same at the same time cannot follow each other."""
    phrase = bytes(range(40, 120))
    together = matches([phrase, phrase])
    assert not together[:, :, 2].any()
    behind = matches([phrase, bytes(8) + phrase[:-8]])
    assert (behind[1, :, 1] == 0).all()
    assert (behind[1, :, 2] > 0).all()
    assert (behind[1, :, 0] == 72).all()
