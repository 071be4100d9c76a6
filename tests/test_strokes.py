"""Files of strokes: parsed to integers, and back to the same bytes whatever they hold."""

import io

import ink
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.errors import DamagedError, InputError
from rnncompress.strokes import dialects, files, packing, records
from rnncompress.strokes.numbers import Reader, varint

LINE = ink.line(40)


def packed(text: bytes) -> bytes | None:
    """What is coded in place of ``text``; it was seen to lead back to that."""
    found = files.packed(io.BytesIO(text), sure=False)
    if found is None:
        return None
    with found:
        found.seek(0)
        data = found.read()
    target = io.BytesIO(data)
    files.unpack(target, len(text))
    assert target.getvalue() == text
    return data


@pytest.mark.parametrize("name", ink.FORMATS)
def test_each_format_is_recognised_and_comes_back(name: str) -> None:
    """Most of what is left of a drawing are records of small bytes."""
    text = ink.FORMATS[name]([LINE, ink.line(30, 5), ink.line(50, -7, 3)])
    strokes = packing.parse(text)
    assert strokes is not None
    assert [len(run) for run in strokes.runs] == [40, 30, 50]
    assert packed(text) is not None
    assert strokes.runs[2][:2].tolist() == [[-7, -7, 0], [-4, -8, 8]]


@settings(max_examples=60)
@given(st.sampled_from(sorted(ink.FORMATS)), ink.drawings(), st.binary(max_size=300))
def test_any_strokes_come_back(name: str, strokes: list[ink.Stroke], around: bytes) -> None:
    """Whatever their numbers, and whatever stands around them: as strokes or as bytes."""
    packed(around + ink.FORMATS[name]([*strokes, LINE]) + around)


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(ink.FORMATS)),
    st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=6), st.integers(0, 4)), max_size=6),
)
def test_damaged_text_comes_back(name: str, changes: list[tuple[int, bytes, int]]) -> None:
    """Bytes put in, others taken out."""
    text = ink.FORMATS[name]([LINE, ink.line(30, 5)])
    for at, put, out in changes:
        text = text[:at] + put + text[at + out :]
    packed(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"START\n",
        b"START\nBREAK\n" * 100,
        ink.inkml([LINE])[:40],
        ink.inkml([LINE]).decode().encode("utf-16"),
        b"START\n1,2,3\n",
        ink.omniglot([[("nan", "inf", "1")] * 50]),
        ink.omniglot([[("1e5", "2", "1")] * 50]),
        ink.omniglot([[("+1", "02", "1")] * 50]),
        b"1,2,3\n" * 100,
        bytes(range(256)) * 10,
    ],
)
def test_what_are_no_strokes_are_bytes(text: bytes) -> None:
    """No error, and an error where strokes are asked for."""
    assert packed(text) is None
    with pytest.raises(InputError, match="no strokes"):
        files.packed(io.BytesIO(text), sure=True)


@pytest.mark.parametrize(
    "text",
    [
        ink.iam([LINE])[:900],
        ink.inkml([LINE]) + bytes(range(256)),
        b'<!DOCTYPE a [<!ENTITY b "&c;&c;"><!ENTITY c "xx">]>' + ink.inkml([LINE, LINE]) + b"&b;",
        ink.omniglot([LINE, [], LINE, [("1" * 16, "2" * 30, "3")], LINE]),
        ink.omniglot([LINE, [("0.10", "-0", "00")], LINE, [("1.", ".5", "7")], LINE]),
        ink.omniglot([[(x, y, "999999") for x, y, _ in LINE], LINE]),
        ink.json_lines([[point[:2] for point in LINE]]),
        ink.json_lines([[(*point, "7", "8", "9") for point in LINE]]),
        ink.omniglot([LINE]).replace(b"\n", b"\r\n"),
    ],
)
def test_odd_files_are_strokes_nevertheless(text: bytes) -> None:
    """Entities are not expanded, what is odd is left as it is, and all of it comes back."""
    assert packed(text) is not None


def test_a_million_points_in_one_stroke() -> None:
    """Neither depth nor time grows beyond measure."""
    text = b"START\n" + b"1,2,3\n2,2,3\n" * 500_000 + b"BREAK\n"
    data = packed(text)
    assert data is not None
    assert len(data) < 3_000_200


@pytest.mark.parametrize("scale", [1.0, 0.785454545, 0.8397, 3.1])
def test_scaled_coordinates_are_on_a_grid(scale: float) -> None:
    """What a program scaled, as Omniglot's did, becomes the pixels that it was; a point on no grid stays as text."""
    rng = np.random.default_rng(5)
    strokes = []
    for _ in range(6):
        pixels = np.cumsum(rng.integers(-2, 3, (60, 2)), axis=0) + 50
        points = [
            (f"{x * scale + 0.132:.8g}", f"{-y * scale + 3.7:.8g}", str(n)) for n, (x, y) in enumerate(pixels)
        ]
        strokes.append(points)
    strokes[3][20] = ("7.1234567", *strokes[3][20][1:])
    text = ink.omniglot(strokes)
    found = packing.parse(text)
    assert found is not None
    assert sum(map(len, found.runs)) == 359
    steps = np.concatenate([np.diff(run[:, :2], axis=0) for run in found.runs])
    assert np.abs(steps).max() <= 4
    assert packed(text) is not None


def test_files_in_one_have_grids_of_their_own() -> None:
    """A drawing begins where time falls back; between drawings may stand anything, a mark of the rest as well."""
    drawing = ink.omniglot([LINE])
    text = b"".join(bytes([n]) * 7 + drawing for n in range(256))
    strokes = packing.parse(text)
    assert strokes is not None
    assert sum(strokes.begins) == 256
    assert packed(text) is not None


def test_who_draws_again_is_noticed() -> None:
    """Hands take turns, each with a rhythm of its own."""
    rng = np.random.default_rng(3)
    drawings = []
    for n in range(300):
        times = np.cumsum(rng.integers(0, 2, 30) + (7 + 9 * (n % 5)))
        drawings.append(ink.omniglot([[(str(k), "1", str(t)) for k, t in enumerate(times)]]))
    strokes = packing.parse(b"".join(drawings))
    assert strokes is not None
    assert packing.pack(strokes)[1] == 5


@settings(max_examples=200)
@given(st.binary(max_size=400), st.integers(2, 4), st.integers(0, 9))
def test_what_was_not_packed_is_refused(noise: bytes, columns: int, count: int) -> None:
    """Any bytes in place of packed ones: an error that says so, nothing else."""
    for data in (
        noise,
        bytes([columns, 1]) + count.to_bytes(4, "little") + b"\xff\x01" * (columns * count) + noise,
    ):
        with pytest.raises(DamagedError, match="make no file"):
            files.unpack(io.BytesIO(data), 10_000_000)


@settings(max_examples=100)
@given(st.data())
def test_damage_to_packed_strokes_is_told(data: st.DataObject) -> None:
    """One byte is another: an error, or another text of the same length."""
    text = ink.omniglot([LINE, ink.line(30, 5)])
    whole = packed(text)
    assert whole is not None
    at, byte = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 255))
    target = io.BytesIO(whole[:at] + bytes([byte]) + whole[at + 1 :])
    try:
        files.unpack(target, len(text))
    except DamagedError:
        return
    assert len(target.getvalue()) == len(text)


@settings(max_examples=60)
@given(
    st.integers(2, 5).flatmap(
        lambda k: st.lists(
            st.lists(st.lists(st.integers(-(10**12), 10**12), min_size=k, max_size=k), max_size=5), min_size=1
        )
    ),
    st.randoms(use_true_random=False),
)
def test_records_tell_any_integers(runs, random) -> None:
    """Small differences and huge ones, empty runs, drawings that begin anywhere."""
    k = next((len(run[0]) for run in runs if run), 2)
    arrays = [np.array(run, np.int64).reshape(-1, k) for run in runs]
    begins = [random.random() < 0.5 for _ in arrays]
    begins[0] = True
    table, far = records.encode(arrays, begins, [False] * k)
    found, again = records.decode(table, Reader(far), [False] * k)
    assert again == begins
    assert all(np.array_equal(a, b) for a, b in zip(arrays, found, strict=True))


def test_recognition_takes_the_usual_spelling() -> None:
    """Blanks behind commas, or none."""
    assert dialects.recognise(b"[[1,2],[3,4]]")[0] == (b",", b"],[")
    assert dialects.recognise(b"[[1, 2], [3, 4]]")[0] == (b", ", b"], [")
    assert dialects.recognise(b"<trace>1 2,3 4</trace>")[0] == (b" ", b",")


def test_numbers_end_early() -> None:
    """A reader of numbers says so."""
    reader = Reader(varint(300)[:1])
    with pytest.raises(ValueError, match="too early"):
        reader.varint()
