"""Words in the C program: the text again, as Python has it, and the same refusals."""

import io

import pytest
from golden.pin import HERE, MIXED, TEXT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portable import Portable, needs_compiler
from test_words import PIECES, WORDS

from rnncompress import codec, decompress, forms
from rnncompress.config import Config
from rnncompress.errors import DamagedError
from rnncompress.forms import Packed
from rnncompress.words import packing

pytestmark = needs_compiler

SMALL = Config(layers=0, streams=1, window=4, mixing=3, sets=1, slot_bits=4, past_bits=12)
EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def portable(tmp_path) -> Portable:
    return Portable(tmp_path)


def encoded(text: bytes, packed: bytes, config: Config = SMALL) -> bytes:
    """The file of ``text`` in whose place ``packed`` is coded, whether that is right or not."""
    target = io.BytesIO()
    codec.encode(io.BytesIO(text), target, config, packed=Packed("words", io.BytesIO(packed)))
    return target.getvalue()


def test_the_golden_file_of_words(portable):
    """It decodes, and the same bytes are written."""
    blob = (HERE / "words.rnnc").read_bytes()
    assert portable.decode(blob) == TEXT
    found = forms.pack(io.BytesIO(TEXT), "words", for_strokes=None, trained=False)
    assert found is not None
    with found.file as file:
        file.seek(0)
        assert portable.encode(TEXT, MIXED, file.read(), "words") == blob


@EXAMPLES
@given(text=st.lists(PIECES, max_size=60).map(b"".join), ones=st.sampled_from([0, 1, 64, 127, 128]))
def test_any_text(portable, text, ones):
    """Both directions, with codes of one byte, of two, or both."""
    packed = b"".join(packing.pack([text], WORDS[: packing.most_words(ones)], ones))
    blob = encoded(text, packed)
    assert portable.encode(text, SMALL, packed, "words") == blob
    assert portable.decode(blob) == text


HEADS = st.sampled_from(
    [b"", b"\x02the of and in", b"\x02the of and in\n", b"\x01\n", b"\x00a\n", b"\x81a\n"]
)
BYTES = st.sampled_from([*range(60, 130), 6, 10, 32, 94, 97, 200, 255])


@EXAMPLES
@given(head=HEADS, items=st.lists(BYTES, max_size=8).map(bytes), length=st.integers(1, 20))
def test_what_is_no_packed_text(portable, head, items, length):
    """Files whose checksums are right, and which no encoder writes: refused where Python refuses them."""
    text = (b"the of and in" * 40)[: 400 + length]
    blob = encoded(text, head + items or b"x")
    code, content, _ = portable.run("d", blob)
    try:
        assert (code, content) == (0, decompress(blob))
    except DamagedError:
        assert code == 1


@pytest.mark.parametrize("packed", [b"", b"\x01the\n\x80", b"\x01of\n\x80 and"])
def test_words_of_another_text(portable, tmp_path, packed):
    """They are refused before anything is coded."""
    (tmp_path / "words").write_bytes(packed)
    code, content, message = portable.run("e", b"of and the", "-w", tmp_path / "words")
    assert code == 1
    assert content == b""
    assert message
