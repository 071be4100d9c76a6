"""Strokes through the whole path: recognised, coded as points, decoded to the same bytes."""

import io
import json
import tarfile

import ink
import pytest

import rnncompress
from rnncompress import codec, container, presets
from rnncompress.checkpoint import Checkpoints
from rnncompress.container import Header, Packing
from rnncompress.errors import DamagedError
from rnncompress.forms import Packed
from rnncompress.strokes import files

MANY = ink.omniglot([ink.line(40)] * 10)
DRAWING = ink.omniglot([ink.line(40), ink.line(30, 5), ink.line(25, -7, 2)])
SMALL = presets.get("strokes", 0).replace(
    hidden=16, components=2, mixing=1 << 1 | 1 << 20 | 1 << 53, sets=4, slot_bits=4, past_bits=12
)


def test_recognised_and_decoded(cli, folder):
    """A file, without a word about what it holds; its header tells how long the packed strokes are."""
    (folder / "a.txt").write_bytes(DRAWING)
    assert cli("encode", "a.txt", "-q").exit_code == 0
    with (folder / "a.txt.rnnc").open("rb") as file:
        header = container.inspect(file)
    assert header.packed is not None
    assert header.packed.size < header.length == len(DRAWING)
    assert cli("decode", "a.txt.rnnc", "-o", "b.txt", "-q").exit_code == 0
    assert (folder / "b.txt").read_bytes() == DRAWING
    assert cli("verify", "a.txt.rnnc", "--against", "a.txt", "-q").exit_code == 0
    told = json.loads(cli("info", "a.txt.rnnc", "--json").stdout)
    assert told["config"]["points"] == 1


def test_a_folder_is_one_file(cli, folder):
    """What one drawing teaches serves the next."""
    (folder / "ink").mkdir()
    for name in "ab":
        (folder / "ink" / f"{name}.txt").write_bytes(MANY)
    assert cli("encode", "ink", "-q").exit_code == 0
    with (folder / "ink.tar.rnnc").open("rb") as file:
        assert container.inspect(file).packed is not None
    assert cli("decode", "ink.tar.rnnc", "-q").exit_code == 0
    with tarfile.open(folder / "ink.tar") as tar:
        member = tar.extractfile("ink/b.txt")
        assert member is not None
        assert member.read() == MANY


@pytest.mark.parametrize(
    ("options", "strokes"),
    [
        (["--as", "bytes"], False),
        (["--as", "strokes"], True),
        (["--preset", "strokes"], True),
        (["--preset", "counts"], False),
        (["--preset", "counts", "--as", "strokes"], True),
    ],
)
def test_one_may_say_what_it_is(cli, folder, options, strokes):
    """A preset that is not for strokes codes bytes, unless strokes are asked for."""
    (folder / "a.txt").write_bytes(DRAWING)
    assert cli("encode", "a.txt", "-q", *options).exit_code == 0
    with (folder / "a.txt.rnnc").open("rb") as file:
        assert (container.inspect(file).packed is not None) == strokes
    assert cli("decode", "a.txt.rnnc", "-o", "b.txt", "-q").exit_code == 0
    assert (folder / "b.txt").read_bytes() == DRAWING


@pytest.mark.parametrize("option", ["--as", "--preset"])
def test_strokes_that_are_not_there(refuses, folder, option):
    """The file is named."""
    (folder / "a.txt").write_bytes(b"no strokes in it")
    refuses(1, "encode", "a.txt", option, "strokes", says=r"a\.txt: no strokes are found in it")


@pytest.mark.parametrize("engine", ["reference", "cpu"])
def test_engines_write_the_same_file(engine):
    """And what one wrote the other decodes."""
    target, other = io.BytesIO(), io.BytesIO()
    rnncompress.encode(io.BytesIO(DRAWING), target, SMALL, engine=engine)
    rnncompress.encode(io.BytesIO(DRAWING), other, SMALL, engine="cpu")
    assert target.getvalue() == other.getvalue()
    decoded = io.BytesIO()
    rnncompress.decode(target, decoded, engine=engine)
    assert decoded.getvalue() == DRAWING


@pytest.mark.parametrize("direction", ["encode", "decode"])
def test_an_interrupted_run_goes_on(tmp_path, monkeypatch, direction):
    """From a checkpoint in the midst of the packed strokes."""
    with files.packed(io.BytesIO(DRAWING), sure=True) as found:
        found.seek(0)
        packed = Packed("strokes", io.BytesIO(found.read()))
    whole = io.BytesIO()
    codec.encode(io.BytesIO(DRAWING), whole, SMALL, packed=packed)
    target = io.BytesIO()

    def run(resume, progress=None):
        checkpoints = Checkpoints(tmp_path / "x", every_bytes=50, resume=resume)
        if direction == "encode":
            codec.encode(
                io.BytesIO(DRAWING), target, SMALL, packed=packed, checkpoints=checkpoints, progress=progress
            )
        else:
            codec.decode(whole, target, checkpoints=checkpoints, progress=progress)

    def stop(at):
        if at.stage == "coding" and at.done > 150:
            raise KeyboardInterrupt

    monkeypatch.setattr("rnncompress.loop.PROGRESS_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        run(False, stop)
    seen = []
    run(True, lambda at: seen.append(at.done) if at.stage == "coding" else None)
    assert seen[0] > 50
    assert target.getvalue() == (whole.getvalue() if direction == "encode" else DRAWING)


def test_the_part_of_the_header():
    """Tag, size, and the bytes of the packed strokes; with a trained model one number more."""
    header = Header("model", 1000, bytes(16), SMALL, packed=Packing("strokes", 300))
    target = io.BytesIO()
    container.Writer(target, header)
    assert b"\xff\x02\xac\x02" in target.getvalue()
    assert container.inspect(target) == header
    assert header.coded == 300


@pytest.mark.parametrize(("length", "packed"), [(100, 101), (1 << 27, 100), (1 << 62, 1 << 61)])
def test_impossible_sizes(length, packed):
    """Nothing is allocated for what a header merely announces."""
    target = io.BytesIO()
    container.Writer(target, Header("model", length, bytes(16), SMALL, packed=Packing("strokes", packed)))
    with pytest.raises(DamagedError, match="announces"):
        codec.decode(target, io.BytesIO())


def test_packed_strokes_that_make_no_file():
    """The checksums are right, but no encoder wrote this."""
    target, source = io.BytesIO(), io.BytesIO(DRAWING)
    nothing = io.BytesIO(b"\x03\x01\x09\x00\x00\x00" + b"\x00" * 50)
    codec.encode(source, target, SMALL, packed=Packed("strokes", nothing))
    with pytest.raises(DamagedError, match="make no file"):
        codec.decode(target, io.BytesIO())
