"""The C program is a second implementation of the format: it writes the bytes that Python writes, and reads them."""

import io
import subprocess
import zlib
from pathlib import Path

import models
import pytest
from golden.pin import GOLDEN, HERE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portable import Portable, fields, needs_compiler, program

from rnncompress import codec, container
from rnncompress import engine as engines
from rnncompress import portable as portable_source
from rnncompress.config import CELLS, Config
from rnncompress.container import Header
from rnncompress.errors import RnncompressError
from rnncompress.forms import Packed
from rnncompress.mixing.sizes import KINDS
from rnncompress.model import Model
from rnncompress.pretrained import adapt

pytestmark = needs_compiler

TEXT = b"<page><title>A [[link|to]] {{it}}</title>\n 'tis the Word of words: 12;34;56.\n" + bytes(range(256))
ALL = (1 << KINDS) - 1
KIND_SETS = st.one_of(
    st.just(0),
    st.sets(st.integers(0, KINDS - 1), min_size=1, max_size=4).map(lambda kinds: sum(1 << k for k in kinds)),
    st.just(ALL),
)
CONFIGS = (
    st.builds(
        Config,
        cell=st.sampled_from(CELLS),
        layers=st.integers(0, 3),
        hidden=st.sampled_from([16, 32, 48]),
        streams=st.integers(1, 5),
        window=st.sampled_from([2, 4, 6, 12]),
        rate_first=st.sampled_from(
            [0, 1, 4000, 100_000, 4_000_000]
        ),  # the last drives weights to their limits
        rate_last=st.sampled_from([0, 2000, 4_000_000]),
        horizon=st.sampled_from([1, 3, 1000]),
        contexts=st.sets(st.integers(1, 25), max_size=5).map(lambda bits: sum(1 << bit for bit in bits)),
        context_bits=st.sampled_from([1, 4, 9]),
        mixing=KIND_SETS,
        sets=st.integers(1, 14),
        slot_bits=st.sampled_from([1, 4]),
        past_bits=st.just(12),
        frozen=st.sampled_from([1, 3, 8]),
        direct=st.sampled_from([0, ALL & ALL >> 39, ALL & ALL << 39]),  # 24 kinds at most
    )
    .map(lambda config: config.replace(direct=config.direct & config.mixing))
    .filter(lambda config: config.layers or config.mixing)
)
TEXTS = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from(b"ab \n<>[]{}'.|:;09A\x00\xff"), max_size=60).map(bytes),
    st.builds(lambda start, size: (TEXT * 4)[start : start + size], st.integers(0, 300), st.integers(0, 900)),
)
SMALL = Config(layers=1, hidden=16, streams=2, window=4, contexts=0b10, context_bits=4)


def encoded(data: bytes, config: Config, model: Model | None = None, packed: bytes | None = None) -> bytes:
    """What Python writes: ``data``, or ``packed`` strokes in its place."""
    target, strokes = io.BytesIO(), None if packed is None else Packed("strokes", io.BytesIO(packed))
    codec.encode(io.BytesIO(data), target, config, model=model, packed=strokes, build=engines.build)
    return target.getvalue()


@pytest.fixture
def portable(tmp_path: Path) -> Portable:
    return Portable(tmp_path)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files(portable, name):
    """Each decodes, and is written again."""
    original, config = GOLDEN[name]
    blob = (HERE / f"{name}.rnnc").read_bytes()
    assert portable.decode(blob) == original
    assert portable.encode(original, config) == blob


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=CONFIGS, data=TEXTS, lanes=st.integers(1, 5))
def test_all_configurations(portable, config, data, lanes):
    """Whatever the configuration and the data, both directions agree with Python."""
    config = config.replace(lanes=min(lanes, config.streams))
    blob = encoded(data, config)
    assert portable.encode(data, config) == blob
    assert portable.decode(blob) == data


def test_files_of_many_blocks_and_chunks(portable):
    """Streams that are longer than what is read at once, and blocks of which the last has few symbols."""
    config = Config(layers=0, mixing=1, sets=1, streams=2, lanes=2, window=300, slot_bits=4, past_bits=12)
    data = (TEXT * 4000)[: (1 << 20) + 12_345]
    blob = encoded(data, config)
    assert len(list(container.payloads(io.BytesIO(blob)))) == 2
    assert portable.encode(data, config) == blob
    assert portable.decode(blob) == data


@pytest.mark.parametrize("config", [models.CONFIG, models.MIXED, models.MIXED.replace(layers=0, contexts=0)])
@pytest.mark.parametrize("change", [{}, {"rate_first": 700}, {"past_bits": 14}])
def test_trained_models(portable, tmp_path, config, change):
    """A file that starts from a trained model, with the usual learning and with another."""
    model = models.trained(config=config)
    model.save(tmp_path / "model.rnnm")
    used = adapt(model, len(models.TEXT)).replace(streams=2, lanes=2, **change)
    blob = encoded(models.TEXT, used, model)
    walk = [f for f in fields(used) if f.split("=")[0] in {"streams", "lanes", "window", "frozen", *change}]
    assert portable.run("e", models.TEXT, "-m", tmp_path / "model.rnnm", *walk) == (0, blob, "")
    assert portable.decode(blob, "-m", tmp_path / "model.rnnm") == models.TEXT


def test_another_model_or_none(portable, tmp_path):
    """The model that coding started from is needed, and no other; a damaged one is refused."""
    model = models.trained()
    blob = encoded(models.TEXT, adapt(model, len(models.TEXT)), model)
    models.trained(b"another text " * 30).save(tmp_path / "other.rnnm")
    content = bytearray(model.to_bytes())
    content[-7] ^= 1
    (tmp_path / "damaged.rnnm").write_bytes(content)
    assert portable.run("d", blob)[0] == 4
    assert portable.run("d", blob, "-m", tmp_path / "other.rnnm")[0] == 4
    code, content, message = portable.run("d", blob, "-m", tmp_path / "damaged.rnnm")
    assert (code, content) == (1, b"")
    assert "no sound model" in message


def exit_code(blob: bytes) -> int:
    """That of Python."""
    try:
        codec.decode(io.BytesIO(blob), io.BytesIO(), build=engines.build)
    except RnncompressError as error:
        return error.exit_code
    return 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.booleans(), more=st.binary(max_size=2))
def test_damage(portable, at, bit, cut, more):
    """Flipped bits, truncation, appended bytes end with the exit code that Python gives, and leave no output."""
    blob = bytearray(encoded(TEXT * 2, SMALL))
    at %= len(blob)
    blob[at] ^= 1 << bit
    blob = blob[:at] if cut else blob + more
    code, content, messages = portable.run("d", bytes(blob))
    assert (code, content) == (exit_code(bytes(blob)), b"")
    assert code in (1, 4)
    assert messages.startswith("rnnc: error: ")
    assert messages.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 1),
        (b"\x03" + bytes(18), 1),
        (b"\x00\x05" + bytes(16) + b"\x09\x01\x01", 4),
        (b"\x00\x05" + bytes(16) + b"\x01\x03\x01\x02\x01", 1),
        (b"\x00\x80\x00" + bytes(16), 1),
    ],
)
def test_headers_that_are_no_sound_ones(portable, body, expected):
    """Refused as Python refuses them: a part that is not known is of a newer version, all else is damage."""
    start = container.MAGIC + bytes([1, len(body)]) + body
    blob = start + zlib.crc32(start).to_bytes(4, "little")
    assert portable.run("d", blob)[0] == exit_code(blob) == expected


def test_another_version(portable):
    """A newer version is told from damage."""
    start = container.MAGIC + bytes([2, 0])
    assert portable.run("d", start + zlib.crc32(start).to_bytes(4, "little"))[0] == 4


def test_wrong_numbers_are_found(portable):
    """A payload that is right but for this model ends with 3, and the output goes away."""
    header = Header("model", len(TEXT), bytes(16), SMALL)
    target = io.BytesIO()
    container.Writer(target, header).block([bytes(400)])
    code, content, _ = portable.run("d", target.getvalue())
    assert (code, content) == (3, b"")


def test_memory_limit(portable):
    """A header that asks for much is refused before memory is taken; -M sets the limit."""
    blob = encoded(models.TEXT, SMALL)
    code, _, message = portable.run("d", blob, "-M", "0")
    assert code == 1
    assert "-M" in message
    for length, config in ((9, SMALL.replace(hidden=1 << 30, streams=1 << 30)), (1 << 61, SMALL)):
        target = io.BytesIO()
        container.Writer(target, Header("model", length, bytes(16), config))
        code, _, message = portable.run("d", target.getvalue())
        assert code == 1
        assert "-M" in message


def test_what_is_there_is_kept(portable, tmp_path):
    """An output that exists is not replaced, unless -f says so."""
    blob = encoded(TEXT, SMALL)
    kept = tmp_path / "kept"
    kept.write_bytes(b"mine")
    arguments = [program(), "d", tmp_path / "in", kept]
    (tmp_path / "in").write_bytes(blob)
    assert subprocess.run(arguments, capture_output=True, check=False).returncode == 1
    assert kept.read_bytes() == b"mine"
    assert subprocess.run([*arguments, "-f"], check=False).returncode == 0
    assert kept.read_bytes() == TEXT


def test_a_file_tells_its_configuration(portable):
    """As encoding takes it."""
    code, told, _ = portable.run("i", encoded(models.TEXT, SMALL))
    assert code == 0
    assert told.decode().split() == [*fields(SMALL), "words=0", "strokes=0"]


def test_a_program_that_computes_other_numbers_refuses(tmp_path):
    """The self-check finds another digit of tanh."""
    wrong = program("-O1", changes=(("3150.0f", "3150.25f"),))
    run = subprocess.run([wrong, "i", "/dev/null"], capture_output=True, check=False)
    assert run.returncode == 4
    assert b"other numbers" in run.stderr


@pytest.mark.parametrize("flags", [("-O0",), ("-O3", "-march=native", "-std=c99", "-pedantic-errors")])
def test_flags_of_the_compiler_do_not_matter(tmp_path, flags):
    """The golden files again, also with the widest vector instructions of this processor."""
    portable = Portable(tmp_path, *flags)
    for name in ("lstm", "rnn", "mixed"):
        original, config = GOLDEN[name]
        assert portable.encode(original, config) == (HERE / f"{name}.rnnc").read_bytes()


def test_the_source_is_small():
    """What people can read, and print."""
    assert len(portable_source.source().splitlines()) <= 3425
    assert len(zlib.compress(portable_source.stripped(portable_source.source()).encode(), 9)) <= 33_700
