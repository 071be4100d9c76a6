"""Texts as symbols and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncompress.vocabulary import END, UNKNOWN, WORDS, Vocabulary


@given(st.binary())
def test_bytes_are_their_own_symbols(text: bytes) -> None:
    """The vocabulary of bytes maps every text to its bytes and back, at no cost beside the symbols."""
    vocabulary = Vocabulary.of("bytes", b"")
    symbols = vocabulary.symbols(text)
    assert symbols.tolist() == list(text)
    assert vocabulary.text(symbols) == text
    assert (vocabulary.size, vocabulary.raw_bits(symbols)) == (256, 0)


@given(st.binary(min_size=1), st.binary())
def test_characters_are_those_of_the_text(text: bytes, other: bytes) -> None:
    """Characters of the text are symbols; any other byte is the escape symbol and eight bits."""
    vocabulary = Vocabulary.of("characters", text)
    assert vocabulary.text(vocabulary.symbols(text)) == text
    symbols = vocabulary.symbols(other)
    assert symbols.max(initial=0) < vocabulary.size
    unknown = sum(byte not in text for byte in other)
    assert vocabulary.raw_bits(symbols) == 8 * unknown
    if vocabulary.kind == "characters":
        assert (symbols == vocabulary.escape).sum() == unknown


def test_a_text_of_all_bytes_needs_no_escape() -> None:
    """Where every byte is a character, characters are bytes."""
    assert Vocabulary.of("characters", bytes(range(256))) == Vocabulary()


def test_words_and_ends_of_lines() -> None:
    """Words are separated by white space, the end of a line is a word, unknown words are one."""
    vocabulary = Vocabulary.of("words", b"to be or\nnot  to be\n")
    assert vocabulary.entries == (UNKNOWN, END, "be", "to", "not", "or")
    symbols = vocabulary.symbols(b"to err\nis not to be")
    assert symbols.tolist() == [3, 0, 1, 0, 4, 3, 2, 1]
    assert vocabulary.text(symbols) == b"to <unk> \n<unk> not to be \n"
    assert vocabulary.symbols(b"").tolist() == []


def test_a_text_may_have_its_unknown_words_marked() -> None:
    """``<unk>`` in a text is the symbol for unknown words, as in Mikolov's Penn Treebank."""
    vocabulary = Vocabulary.of("words", b"a <unk> b <unk>\n")
    assert vocabulary.entries == (UNKNOWN, END, "a", "b")
    assert vocabulary.symbols(b"<unk> a c").tolist() == [0, 2, 0, 1]


def test_only_the_most_frequent_words_are_known() -> None:
    """A vocabulary has 10,000 words, the most frequent; of equals the first in the alphabet."""
    rare = [f"w{n:05}" for n in range(WORDS)]
    vocabulary = Vocabulary.of("words", " ".join([*rare, "z", "z"]).encode())
    assert vocabulary.size == WORDS
    assert vocabulary.entries[2:4] == ("z", "w00000")
    assert vocabulary.entries[-1] == rare[WORDS - 4]


def test_words_may_be_any_bytes() -> None:
    """A word that is no UTF-8 is a word like others."""
    vocabulary = Vocabulary.of("words", b"\xff\xfe a\n")
    assert vocabulary.text(vocabulary.symbols(b"\xff\xfe")) == b"\xff\xfe \n"


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        ("bytes", ("a",)),
        ("characters", ()),
        ("characters", ("ab",)),
        ("characters", ("a", "a")),
        ("words", ("a", "b")),
        ("words", (UNKNOWN, END, "a b")),
        ("syllables", ()),
    ],
)
def test_what_is_no_vocabulary_is_refused(kind, entries) -> None:
    """Entries that no text could have led to raise ValueError."""
    with pytest.raises(ValueError, match="vocabulary"):
        Vocabulary(kind, entries)
