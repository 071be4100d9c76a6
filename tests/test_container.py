"""The file format: what its bytes are, and that no damage goes unnoticed."""

import io
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncompress import container
from rnncompress.config import CELLS, Config
from rnncompress.container import Header, inspect, payloads, verify
from rnncompress.errors import DamagedError, FormatError, NotRnncError, TruncatedError, VersionError
from rnncompress.use import Use

DIGEST = bytes(range(16))
TRAINED = bytes(range(100, 108))
CONFIG = Config(
    streams=4,
    window=8,
    lanes=2,
    hidden=256,
    rate_first=6000,
    rate_last=2000,
    horizon=1000,
    contexts=0b1010,
    context_bits=18,
)
WALK, NETWORK = "01 03 04 08 02", "02 0c 00 8002 02 8002 f02e d00f e807"
CONTEXTS = "03 02 0a 12"
PARTS = bytes.fromhex(WALK + NETWORK + CONTEXTS)
"""``CONFIG`` in a file."""
USE = bytes.fromhex("04 08 02 00")
"""How it uses a trained model."""

numbers = st.integers(1, 2**31 - 1)
configs = st.builds(
    Config,
    cell=st.sampled_from(CELLS),
    layers=st.integers(1, 255),
    hidden=st.integers(1, 2**26).map(lambda n: 16 * n),
    streams=numbers,
    window=st.integers(1, 2**29).map(lambda n: 2 * n),
    rate_first=numbers,
    rate_last=numbers,
    horizon=st.integers(1, 2**30),
    contexts=st.integers(0, 2**25 - 1).map(lambda n: 2 * n),
    context_bits=st.integers(1, 30),
    lanes=st.just(1),
).flatmap(lambda config: st.integers(1, config.streams).map(lambda lanes: config.replace(lanes=lanes)))
uses = configs.flatmap(
    lambda config: st.builds(
        Use,
        *(st.just(number) for number in (config.streams, config.window, config.lanes)),
        st.integers(0, 4096),
        st.none()
        | st.tuples(st.integers(0, 9999), st.integers(0, 9999), st.integers(1, 9999), st.integers(12, 30)),
    )
)
lengths, digests = st.integers(0, 2**63 - 1), st.binary(min_size=16, max_size=16)
headers = st.builds(Header, st.just("model"), lengths, digests, configs) | st.builds(
    Header, st.just("trained"), lengths, digests, st.none(), st.binary(min_size=8, max_size=8), uses
)


def model_file(length: int = 3000, config: Config = CONFIG, trained: bytes | None = None) -> bytes:
    """A sound file with one payload of words for every block that ``length`` asks for."""
    target = io.BytesIO()
    header = Header("model", length, DIGEST, config)
    if trained:
        header = Header(
            "trained", length, DIGEST, None, trained, Use(config.streams, config.window, config.lanes, 0)
        )
    writer = container.Writer(target, header)
    symbols = container.block_windows(config) * config.streams * config.window
    for number in range(-(-length // symbols)):
        writer.block([bytes([number]) * 4] * config.lanes)
    assert len(target.getvalue()) == writer.size
    return target.getvalue()


def stored_file(data: bytes = b"some bytes that do not compress") -> bytes:
    content = container.new_hash()
    content.update(data)
    target = io.BytesIO()
    container.write_stored(io.BytesIO(data), target, Header("stored", len(data), content.digest(), None))
    return target.getvalue()


def crafted(body: bytes, version: int = 1) -> io.BytesIO:
    """A header around any body, with the right checksum."""
    frame = b"\x89RNN" + bytes([version, len(body)]) + body
    return io.BytesIO(frame + zlib.crc32(frame).to_bytes(4, "little"))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 1 KiB, so that a small file has several."""
    monkeypatch.setattr(container, "BLOCK_SYMBOLS", 1024)


def trained_file() -> bytes:
    return model_file(trained=TRAINED)


FILES = {"model": model_file, "stored": stored_file, "trained": trained_file}


@given(headers)
def test_a_header_comes_back(header: Header) -> None:
    """What is written is read, from the announced number of bytes."""
    target = io.BytesIO()
    container.Writer(target, header)
    assert inspect(target) == header
    assert header.size == len(target.getvalue())


@given(st.integers(0, 2**63 - 1))
def test_a_header_is_small(length: int) -> None:
    """With the preset's model a header takes less than 64 bytes."""
    assert Header("model", length, DIGEST, Config()).size < 64


def test_the_bytes_are_these() -> None:
    """The format, spelled out: magic, version, sizes, fields as varints, checksums of what went before."""
    body = b"\0\xb8\x17" + DIGEST + PARTS
    header = b"\x89RNN\x01" + bytes([len(body)]) + body
    expected = header + zlib.crc32(header).to_bytes(4, "little")
    everything = header
    for number in range(3):
        block = b"\x01\x01" + bytes([number]) * 8
        everything += block
        expected += block + zlib.crc32(everything).to_bytes(4, "little")
    assert model_file() == expected


def test_the_header_with_a_trained_model_is_this() -> None:
    """Mode 2: the hash of the model and how it is used stand in place of a configuration; nothing else differs."""
    body = b"\x02\xb8\x17" + DIGEST + TRAINED + USE
    header = b"\x89RNN\x01" + bytes([len(body)]) + body
    assert trained_file().startswith(header + zlib.crc32(header).to_bytes(4, "little"))
    assert inspect(io.BytesIO(trained_file())).size == len(header) + 4 <= 42


def test_payloads_come_back() -> None:
    """The payloads are read in order, each in one part for each lane."""
    assert list(payloads(io.BytesIO(model_file()))) == [[bytes([number]) * 4] * 2 for number in range(3)]


@pytest.mark.parametrize("kind", FILES)
def test_a_sound_file_is_verified(kind: str) -> None:
    """Verification returns the header of a sound file."""
    assert verify(io.BytesIO(FILES[kind]())).mode == kind


@pytest.mark.parametrize("kind", FILES)
def test_every_flipped_bit_is_found(kind: str) -> None:
    """Whichever bit of a file is flipped, verification notices; in the header, so does ``inspect``."""
    sound = FILES[kind]()
    header = inspect(io.BytesIO(sound)).size
    for bit in range(8 * len(sound)):
        damaged = bytearray(sound)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError):
            verify(io.BytesIO(damaged))
        if bit < 8 * header:
            with pytest.raises(FormatError):
                inspect(io.BytesIO(damaged))


@pytest.mark.parametrize("kind", FILES)
def test_every_truncation_is_found(kind: str) -> None:
    """Wherever a file is cut off, verification says that it ends too early; an empty file is not ours."""
    sound = FILES[kind]()
    for size in range(1, len(sound)):
        with pytest.raises(TruncatedError, match=f"byte {size}"):
            verify(io.BytesIO(sound[:size]))
    with pytest.raises(NotRnncError, match="empty"):
        verify(io.BytesIO())


@pytest.mark.parametrize("kind", FILES)
@given(garbage=st.binary(min_size=1, max_size=20))
def test_trailing_garbage_is_found(kind: str, garbage: bytes) -> None:
    """Nothing may follow the end."""
    with pytest.raises(DamagedError, match=f"{len(garbage)} bytes too many"):
        verify(io.BytesIO(FILES[kind]() + garbage))


@given(st.binary(min_size=1, max_size=100))
def test_other_files_are_refused(data: bytes) -> None:
    """A file that does not begin with the magic number is not ours."""
    with pytest.raises(NotRnncError):
        verify(io.BytesIO(b"x" + data))


def test_exchanged_and_lost_blocks_are_found() -> None:
    """Blocks that are sound in themselves must also stand in their places."""
    sound = model_file()
    start = inspect(io.BytesIO(sound)).size
    cuts = [start, start + 13, start + 26, start + 39]
    first, second, third = (sound[a:b] for a, b in pairwise(cuts))
    for blocks in ([second, first, third], [first, third], [first, first, third], [second, third]):
        with pytest.raises(FormatError):
            verify(io.BytesIO(sound[:start] + b"".join(blocks)))


def test_a_newer_version_is_no_damage() -> None:
    """A sound header of another version raises VersionError, whatever its body holds."""
    with pytest.raises(VersionError, match="version 2"):
        inspect(crafted(b"something new", version=2))


GOOD = bytes([1, 5]) + DIGEST
MODEL = bytes([0, 5]) + DIGEST


def model(walk: str = WALK, network: str = NETWORK, contexts: str = CONTEXTS) -> bytes:
    """A body with these parts."""
    return MODEL + bytes.fromhex(walk + network + contexts)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "too short"),
        (GOOD[:-1], "too short"),
        (GOOD + b"\0", "too many"),
        (bytes([3, 5]) + DIGEST, "mode 3"),
        (bytes([2, 5]) + DIGEST + PARTS[:9], "too short"),
        (bytes([1, 0x85, 0]) + DIGEST, "shortest form"),
        (bytes([1]) + b"\xff" * 9 + b"\1" + DIGEST, "shortest form"),
        (MODEL, "walk"),
        (model(network="02 0c 09 8002 02 8002 f02e d00f e807"), "cell 9"),
        (model(network="02 0b 00 05 02 8002 f02e d00f e807"), "alphabet"),
        (model(network="02 0c 00 8002 00 8002 f02e d00f e807"), "network"),
        (model(network="02 0e 00 8002 ffff03 8002 f02e d00f e807"), "layers"),
        (model(network="02 0c 00 8002 02 8102 f02e d00f e807"), "hidden"),
        (model(network="02 0b 00 8002 02 8002 f02e d00f 00"), "horizon"),
        (model(network="02 0a 00 8002 02 8002 f02e d00f", contexts=""), "too short"),
        (model(network="02 0d 00 8002 02 8002 f02e d00f e807 00"), "too many"),
        (model(walk="01 03 00 08 01"), "streams"),
        (model(walk="01 03 04 09 03"), "window"),
        (model(walk="01 03 04 08 00"), "lanes"),
        (model(walk="01 03 04 08 05"), "lanes is 5, more than the 4 streams"),
        (model(walk="01 07 8080808008 08 03"), "streams"),
        (model(walk="01 02 04 08"), "too short"),
        (model(walk="01 04 04 08 8300"), "shortest form"),
        (model(walk=""), "walk"),
        (model(walk="00 00" + WALK), "part 0 after part 0"),
        (model(walk=WALK + WALK), "part 1 after part 1"),
        (model(walk=NETWORK, network=WALK), "part 1 after part 2"),
        (model(contexts="03 02 0b 12"), "contexts"),
        (model(contexts="03 05 80808020 12"), "contexts"),
        (model(contexts="03 02 00 12"), "contexts"),
        (model(contexts="03 02 0a 00"), "context_bits"),
        (model(contexts="03 02 0a 1f"), "context_bits"),
        (model(contexts="03"), "too short"),
        (model(contexts="03 09 0a 12"), "too short"),
    ],
)
def test_impossible_fields_are_damage(body: bytes, why: str) -> None:
    """A header whose checksum is right but whose fields make no sense raises DamagedError and says which."""
    assert inspect(crafted(GOOD)).length == 5
    with pytest.raises(DamagedError, match=why):
        inspect(crafted(body))


def test_an_unknown_part_is_a_newer_version() -> None:
    """What a newer program wrote is no damage, whatever the part holds and wherever its tag belongs."""
    for tag, size in ((8, 0), (9, 2), (253, 2)):
        with pytest.raises(VersionError, match=f"part {tag}, which this program does not know: upgrade"):
            inspect(crafted(model(contexts=CONTEXTS + f"{tag:02x} {size:02x}" + "0100"[: 2 * size])))


def test_parts_that_are_not_in_use_are_absent() -> None:
    """Without contexts, mixing or a network, a header holds none of it, and it comes back as none."""
    mixed, mixing = (
        CONFIG.replace(mixing=3, sets=2, slot_bits=12, past_bits=16, frozen=4),
        "04 05 03 02 0c 10 04",
    )
    for config, parts in (
        (CONFIG.replace(contexts=0), WALK + NETWORK),
        (mixed, WALK + NETWORK + CONTEXTS + mixing),
        (mixed.replace(layers=0), WALK + CONTEXTS + mixing),
        (mixed.replace(layers=0, contexts=0), WALK + mixing),
        (mixed.replace(layers=0, contexts=0, points=1), WALK + mixing + "05 01 01"),
        (mixed.replace(layers=0, contexts=0, direct=2), WALK + mixing + "07 01 02"),
    ):
        body = MODEL + bytes.fromhex(parts)
        assert inspect(crafted(body)).config == config
        target = io.BytesIO()
        container.Writer(target, Header("model", 5, DIGEST, config))
        assert target.getvalue() == crafted(body).getvalue()


def test_an_announced_size_takes_no_memory() -> None:
    """A block that announces more than the file holds, or any block can hold, is refused unread."""
    header = model_file()[: inspect(io.BytesIO(model_file())).size]
    with pytest.raises(TruncatedError):
        verify(io.BytesIO(header + b"\x10\x01"))
    with pytest.raises(DamagedError, match="impossible size"):
        verify(io.BytesIO(header + b"\x01\x80\x80\x80\x80\x80\x80\x80\x10"))


def test_an_announced_length_needs_its_blocks() -> None:
    """A header that announces an absurd length is found out at the end of the file, at once."""
    file = crafted(bytes([0]) + b"\xff" * 8 + b"\x7f" + MODEL[2:] + PARTS)
    with pytest.raises(TruncatedError):
        verify(file)


@given(configs)
def test_blocks_are_whole_windows(config: Config) -> None:
    """A block holds at least one window, and no more symbols than its limit if it holds several."""
    windows = container.block_windows(config)
    assert windows >= 1
    assert windows == 1 or windows * config.streams * config.window <= container.BLOCK_SYMBOLS


@pytest.mark.parametrize("change", [{"hidden": 8}, {"window": 3}, {"streams": 0}, {"horizon": 2**31}])
def test_an_impossible_configuration_is_never_written(change: dict[str, int]) -> None:
    """Writing a configuration that no file can hold raises ValueError before a byte is written."""
    target = io.BytesIO(b"old")
    with pytest.raises(ValueError, match=next(iter(change))):
        container.Writer(target, Header("model", 1, DIGEST, CONFIG.replace(**change)))
    assert target.getvalue() == b"old"
