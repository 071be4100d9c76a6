"""Codes for words in place of their letters: the same bytes again, whatever they were."""

import contextlib
import io
import itertools
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnncompress
from rnncompress import container, forms
from rnncompress.errors import DamagedError, InputError
from rnncompress.words import dictionary, files, packing
from rnncompress.words import order as order_module
from rnncompress.words.order import company, order
from rnncompress.words.packing import CAPITAL, CAPITALS, LITERAL, pack, unpack
from rnncompress.words.spans import spans

WORDS = [b"the", b"of", b"and", b"in"] + [b"word" + bytes([97 + n // 26, 97 + n % 26]) for n in range(200)]
PIECES = st.sampled_from(
    [*WORDS, b"The", b"THE", b"tHe", b"I", b" ", b"\n", b"@", b"^", b"\x06", b"\xc3\xa9", b"x"]
)


def packed(text: bytes, ones: int, words: list[bytes] = WORDS) -> bytes:
    """``text``, packed in one piece."""
    return b"".join(pack([text], words, ones))


def unpacked(data: bytes, length: int) -> bytes:
    """The text again."""
    return b"".join(unpack(io.BytesIO(data), length))


def sentences(count: int, seed: int = 1) -> bytes:
    """Made-up text: verbs stand between nouns."""
    rng = random.Random(seed)
    nouns, verbs = (
        [b"noun" + bytes([97 + n]) for n in range(12)],
        [b"verb" + bytes([97 + n]) for n in range(12)],
    )
    some = (
        b" ".join((b"The", rng.choice(nouns), rng.choice(verbs), b"a", rng.choice(nouns)))
        for _ in range(count)
    )
    return b". ".join(some)


@given(st.lists(PIECES).map(b"".join) | st.binary(), st.sampled_from([0, 1, 64, 127, 128]))
def test_any_bytes_come_back(text, ones) -> None:
    """Text or not, with codes of one byte, of two, or both."""
    words = WORDS[: packing.most_words(ones)]
    assert unpacked(packed(text, ones, words), len(text)) == text


@given(st.binary(max_size=40), st.integers(0, 255), st.integers(0, 80))
def test_damage_is_noticed_or_harmless(body, ones, length) -> None:
    """Bytes that nobody packed make a text of the length asked for, or a ValueError."""
    for data in (body, bytes([ones]) + b"the of\n" + body):
        with contextlib.suppress(ValueError):
            assert len(unpacked(data, length)) == length


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (b"\x80", b"the"),
        (bytes([CAPITAL]) + b"\x80", b"The"),
        (bytes([CAPITALS]) + b"\x80", b"THE"),
        (bytes([CAPITAL]) + b"x", b"X"),
        (b"\x82\x80", b"and"),
        (bytes([LITERAL]) + b"\x80", b"\x80"),
        (bytes([LITERAL, LITERAL]), bytes([LITERAL])),
    ],
)
def test_items_mean_what_the_format_says(item, text) -> None:
    """Two words have codes of one byte here, the others of two."""
    assert unpacked(b"\x02the of and in\n" + item, len(text)) == text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02the of",
        b"\x81the of\n",
        b"\x02the  of\n",
        b"\x02the of \n",
        b"\x02The of\n",
        b"\x01the\n\x81\x80",
        b"\x01the\n\x81",
        b"\x01the\n@",
        b"\x01the\n@ ",
        b"\x01the\n^a",
        b"\x01the\n\x06a",
        b"\x80" + b" ".join(WORDS) + b"\n",
    ],
)
def test_what_is_no_packed_text_is_refused(data) -> None:
    """A dictionary that is none, codes without words, marks before nothing."""
    with pytest.raises(ValueError, match=r"item|code|dictionary|length"):
        unpacked(data, 3)


def test_a_text_cut_anywhere_is_packed_into_the_same_meaning(monkeypatch) -> None:
    """Pieces of a few bytes, when packed and when unpacked."""
    text = sentences(40)
    whole = b"".join(pack([text[n : n + 7] for n in range(0, len(text), 7)], WORDS, 64))
    for size in (1, 2, 3, 5):
        monkeypatch.setattr(packing, "PIECE", size)
        assert unpacked(whole, len(text)) == text


def test_words_of_a_kind_stand_together() -> None:
    """Nouns and verbs, which have other neighbours, are in different halves."""
    text = sentences(2000)
    words, ones = dictionary.choose([text], [text])
    kinds = [word[:4] for word in words if word[:4] in (b"noun", b"verb")]
    assert ones >= len(words)
    assert sum(a != b for a, b in itertools.pairwise(kinds)) == 1


@given(st.integers(0, 300), st.sampled_from([1, 16, 128]))
def test_an_order_holds_each_word_once(count, unit) -> None:
    """Whatever their number, also if all are alike."""
    rows = company(np.arange(3 * count, dtype=np.int32).reshape(count, 3) % 7)
    assert sorted(order(rows, unit)) == list(range(count))
    assert list(order(np.zeros((count, 2)), unit)) == list(range(count))


def test_the_order_is_found_by_exact_sums() -> None:
    """What matrix products of doubles tell is what integers tell: so their order does not matter."""
    counts = np.random.default_rng(3).poisson(2.0, (60, 40)).astype(np.int32)
    rows = company(counts)
    matrix = [[int(value) for value in row] for row in rows]
    assert rows.tolist() == matrix
    x = [n * 40503 % 65536 - 32768 for n in range(1, 41)]
    y: list[int] = []
    for _ in range(order_module._STEPS):
        y = _times(matrix, _scaled(x))
        total = sum(y)
        y = _scaled([len(matrix) * value - total for value in y])
        x = _times(list(zip(*matrix, strict=True)), y)
    assert order_module._component(rows).tolist() == y


def _times(matrix: Sequence[Sequence[int]], vector: list[int]) -> list[int]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _scaled(vector: list[int]) -> list[int]:
    shift = max(0, max(map(abs, vector)).bit_length() - order_module._BITS)
    return [value >> shift for value in vector]


def test_long_runs_of_letters_are_no_words() -> None:
    """As in a genome: a list of such words would be longer than a list may be."""
    rng = random.Random(1)
    runs = [bytes(rng.choices(b"acgt", k=90_000)) for _ in range(15)]
    text = b"\n".join(runs * 17)
    words, _ = dictionary.choose([text], [text])
    assert max(map(len, words), default=0) <= dictionary.LONGEST
    found = forms.pack(io.BytesIO(text), "words", for_strokes=None, trained=False)
    assert found is not None
    with found.file as file:
        forms.unpack("words", file, len(text))
        file.seek(0)
        assert file.read() == text
    most = max(packing.most_words(ones) for ones in dictionary.ONES)
    assert most * (dictionary.LONGEST + 1) < packing.MOST_DICTIONARY


def test_what_does_not_come_back_is_coded_as_bytes(monkeypatch) -> None:
    """The packed text is unpacked before anything is coded."""
    monkeypatch.setattr(packing, "code", lambda number, ones: b"\x80")
    text = sentences(30_000)
    assert forms.pack(io.BytesIO(text), "auto", for_strokes=None, trained=False) is None


def test_long_texts_are_coded_as_words_and_others_are_not() -> None:
    """By themselves; a file of noise, or a short one, is not."""
    text = sentences(30_000)
    assert len(text) > files.WORTH
    noise = np.random.default_rng(1).bytes(files.WORTH)
    found = forms.pack(io.BytesIO(text), "auto", for_strokes=None, trained=False)
    assert found is not None
    with found.file as file:
        assert found.form == "words"
        assert file.seek(0, 2) < 0.6 * len(text)
    others = [
        (text, "bytes", False),
        (text, "auto", True),
        (noise, "auto", False),
        (text[:9000], "auto", False),
    ]
    for data, how, trained in others:
        assert (
            forms.pack(io.BytesIO(data), how, for_strokes=False if trained else None, trained=trained) is None
        )


@pytest.mark.parametrize("text", [sentences(300), b"no word comes often", bytes(range(256)) * 3])
def test_a_file_of_words_is_decoded(text) -> None:
    """Whatever it is, if one asks for words."""
    blob = rnncompress.compress(text, "fast", how="words")
    header = container.inspect(io.BytesIO(blob))
    assert header.packed is None or header.packed.form == "words"
    assert rnncompress.decompress(blob) == text


def test_the_size_of_the_text_chooses_the_preset() -> None:
    """Not that of its words, so that ``bench`` and estimates take the same one."""
    text = io.BytesIO(sentences(30_000))
    packed = forms.Packed("words", io.BytesIO(bytes(10)))
    assert forms.size(text, packed) == forms.size(text, None) == len(text.getvalue())
    assert forms.size(text, forms.Packed("strokes", io.BytesIO(bytes(10)))) == 10


def test_words_and_a_trained_model_exclude_each_other() -> None:
    """In one line."""
    with pytest.raises(InputError, match="--as words"):
        forms.pack(io.BytesIO(b"text"), "words", for_strokes=False, trained=True)


def test_a_header_may_not_ask_for_more_than_a_text_can_take() -> None:
    """Before anything is decoded."""
    with pytest.raises(DamagedError, match="words"):
        forms.check("words", 2 * 1000 + packing.MOST_DICTIONARY + 1, 1000)
    forms.check("words", 2 * 1000 + packing.MOST_DICTIONARY, 1000)


@given(st.lists(PIECES).map(b"".join), st.sampled_from([2, 64]))
def test_spans_cover_text_and_packed_text(text, ones) -> None:
    """Every byte of either, and each part is as long as what it stands for."""
    data = packed(text, ones)
    places, sizes = spans(data)
    assert len(places) == len(data)
    assert sizes.sum() == len(text)
    assert (sizes > 0).all()
    assert not len(sizes) or places.max() < len(sizes)


def test_explain_counts_the_bits_of_words_for_their_letters() -> None:
    """The sum is what the packed bytes cost."""
    text = sentences(300)
    data = packed(text, 64, [b"noun" + bytes([97 + n]) for n in range(12)])
    places, sizes = spans(data)
    from rnncompress.explaining.costs import Costs

    bits = np.linspace(0, 8, len(data)).astype(np.float32)
    costs = Costs(bits, bits, {"counts": bits}).spread(places, sizes)
    assert len(costs) == len(text)
    assert costs.coded.sum() == pytest.approx(float(bits.sum()), rel=1e-5)
