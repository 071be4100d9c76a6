"""Strokes in the C program: their contexts, their densities, and the file again, as Python has them."""

import io

import ink
import models
import pytest
from golden.pin import HERE, POINTS, STROKES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portable import Portable, fields, needs_compiler
from test_portable import CONFIGS, TEXT, encoded, exit_code

from rnncompress.config import Config
from rnncompress.pretrained import adapt
from rnncompress.strokes import files, packing, scanning
from rnncompress.strokes.layout import COUNT_BYTES
from rnncompress.strokes.numbers import block, varint, varints

pytestmark = needs_compiler

CONTEXTS_ALONE = Config(layers=0, mixing=1 | 1 << 12, sets=2, slot_bits=4, past_bits=12, points=1)
DENSITIES = Config(layers=1, hidden=16, streams=1, window=6, components=4, rate_first=50_000)
KINDS = {"contexts": CONTEXTS_ALONE, "densities": DENSITIES, "both": POINTS}
SMALL = st.integers(0, 40)
BYTES = st.one_of(SMALL, SMALL, st.integers(0, 255), st.just(255))


@pytest.fixture
def portable(tmp_path) -> Portable:
    return Portable(tmp_path)


def packed(text: bytes) -> bytes:
    """What is coded in place of ``text``."""
    found = files.packed(io.BytesIO(text), sure=True)
    assert found is not None
    with found:
        found.seek(0)
        return found.read()


def of_strokes(config: Config) -> st.SearchStrategy[Config]:
    """``config`` with contexts of points where it mixes, and with densities where it has a network, or not."""
    pointed = config.replace(points=int(config.mixing > 0))
    densities = [config.replace(components=n, contexts=0) for n in (1, 3, 20)] if config.layers else []
    return st.sampled_from(
        [pointed, *densities, *(each.replace(points=pointed.points) for each in densities)]
    )


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """What begins as packed strokes of 0 to 9 columns, and goes on with anything."""
    records = draw(st.lists(BYTES, max_size=300))
    columns, count = draw(st.integers(0, 9)), draw(st.integers(0, 80))
    return bytes([columns, draw(st.integers(0, 3))]) + count.to_bytes(COUNT_BYTES, "little") + bytes(records)


@st.composite
def packings(draw: st.DrawFn) -> bytes:
    """Packed strokes of any styles and grids, most of which make a file."""
    k = draw(st.integers(2, 4))
    numbers = st.one_of(st.integers(1, 20), st.integers(1, 20), st.integers(1, 10**6))
    if draw(st.integers(0, 4)) == 0:
        numbers = st.one_of(st.integers(0, 20), st.integers(0, (1 << 62) + 2))
    places = (
        st.one_of(st.integers(0, 9), st.integers(0, 18)) if draw(st.integers(0, 7)) else st.integers(17, 19)
    )
    records, far, drawings, runs = b"", b"", 0, 0
    for _ in range(draw(st.integers(1, 4))):
        begins = draw(st.integers(0, 9)) > 3 * bool(drawings)
        drawings, runs = drawings + begins, runs + 1
        records += bytes([255, begins] + [0] * (k - 2))
        for first, *others in draw(st.lists(st.lists(BYTES, min_size=k, max_size=k), max_size=8)):
            point = [min(254, first), *others]
            records += bytes(point)
            for byte in point:
                far += (
                    varint(draw(numbers)) if byte == 254 else draw(st.binary(min_size=byte > 223, max_size=1))
                )
    described = b""
    for column in range(k):
        style = draw(places), draw(places), draw(st.integers(0, 1))
        described += block(b"some text between two numbers" * (column == 0) + draw(st.binary(max_size=2)))
        described += varints(style)
    sets = draw(st.integers(1, 2))
    described += varints((ord("M"), sets))
    for _ in range(sets * k):
        described += varints((draw(places), draw(numbers), draw(numbers)))
    grids = draw(st.lists(st.integers(0, sets - 1), min_size=drawings, max_size=drawings))
    rest = draw(st.binary(max_size=4)) + b"-M" * (runs + draw(st.sampled_from([0] * 9 + [1])))
    head = bytes([k, 1]) + (len(records) // k).to_bytes(COUNT_BYTES, "little") + records
    return head + described + block(varints(grids)) + block(far) + rest


def unpacked(data: bytes) -> bytes:
    """The text of packed strokes, of any length. Raises ValueError or OverflowError."""
    strokes = packing.unpack(data)
    return scanning.join(strokes.spelling, strokes.mark, strokes.rest, packing._texts(strokes))


def test_golden_strokes(portable, tmp_path):
    """They decode; what was coded is kept, and written again."""
    blob = (HERE / "strokes.rnnc").read_bytes()
    assert portable.decode(blob, "-s", tmp_path / "kept") == STROKES
    kept = (tmp_path / "kept").read_bytes()
    assert kept == packed(STROKES)
    assert portable.encode(STROKES, POINTS, kept) == blob


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=CONFIGS.flatmap(of_strokes), data=st.one_of(streams(), st.just(TEXT)))
def test_contexts_and_densities_of_any_bytes(portable, config, data):
    """With and without a network, whatever follows the head of packed strokes."""
    blob = encoded(data, config)
    assert portable.encode(data, config) == blob
    assert portable.decode(blob) == data


@pytest.mark.parametrize("config", KINDS.values(), ids=KINDS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.sampled_from(sorted(ink.FORMATS)),
    strokes=ink.drawings(),
    around=st.binary(max_size=300),
    lanes=st.integers(1, 3),
)
def test_files_of_strokes(portable, config, form, strokes, around, lanes):
    """Drawings in all formats, of any numbers."""
    text = around + ink.FORMATS[form]([*strokes, ink.line(60), ink.line(40, 5)]) + around
    config = config.replace(streams=lanes, lanes=lanes)
    found = packing.parse(text)
    if found is None:
        return
    data = packing.pack(found)
    if len(data) > len(text):  # then bytes are coded, and a file that says otherwise is damaged
        return
    blob = encoded(text, config, packed=data)
    assert portable.encode(text, config, data) == blob
    assert portable.decode(blob) == text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=packings())
def test_any_styles_and_grids(portable, data):
    """The text is that of Python; what Python refuses is refused."""
    try:
        text = unpacked(data)
    except (ValueError, OverflowError):
        text = bytes(len(data))
    text += bytes(max(0, len(data) - len(text)))  # then it has another length
    blob = encoded(text, CONTEXTS_ALONE, packed=data)
    code, content, messages = portable.run("d", blob)
    assert code == exit_code(blob), messages
    assert content == (text if code == 0 else b"")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6), put=st.binary(max_size=3), out=st.integers(0, 3))
def test_damage_to_packed_strokes(portable, at, put, out):
    """Ends with the exit code of Python, and leaves no output."""
    text = ink.omniglot([ink.line(20), [], ink.line(9, 5)])
    data = packed(text)
    at %= len(data)
    data = data[:at] + put + data[at + out :]
    blob = encoded(text, CONTEXTS_ALONE, packed=data)
    code, content, _ = portable.run("d", blob)
    assert code == exit_code(blob)
    assert content == (text if code == 0 else b"")


def test_a_trained_model_of_strokes(portable, tmp_path):
    """A file of strokes that starts from a model."""
    text = ink.omniglot([ink.line(40), ink.line(30, 5)])
    data = packed(text)
    model = models.trained(data * 3, config=POINTS)
    model.save(tmp_path / "model.rnnm")
    used = adapt(model, len(data))
    blob = encoded(text, used, model, packed=data)
    (tmp_path / "strokes").write_bytes(data)
    options = ["-m", tmp_path / "model.rnnm", "-s", tmp_path / "strokes"]
    walk = [f for f in fields(used) if f.split("=")[0] in {"streams", "lanes", "window", "frozen"}]
    assert portable.run("e", text, *options, *walk) == (0, blob, "")
    assert portable.decode(blob, *options[:2]) == text


def test_strokes_of_another_file(portable, tmp_path):
    """Are not taken; nor is a number of packed bytes without them."""
    text = ink.omniglot([ink.line(40)])
    (tmp_path / "strokes").write_bytes(packed(text))
    other = text.replace(b"BREAK", b"break")
    code, content, message = portable.run("e", other, "-s", tmp_path / "strokes", *fields(POINTS))
    assert (code, content) == (1, b"")
    assert "another file" in message
    assert portable.run("e", text, "strokes=77", *fields(POINTS))[0] == 2
