"""The file format, byte for byte, as docs/format.md describes it. Nothing else knows its bytes.

::

    file   = magic, version, size of body, body, CRC-32, then the stored bytes or the blocks
    body   = mode, length, digest, and to the end:
             the configuration, its parts in the order of their tags; or nothing if it is stored;
             or the hash of the trained model that it starts from, and how it uses that
    part   = tag, size of the fields, fields
    block  = number of words of each lane, the words of each lane, CRC-32

Every CRC-32 is that of all bytes of the file before it, checksums left out. So a block that was lost,
exchanged or taken from another file is found just like a flipped bit.
"""

import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final, Literal, NamedTuple

from rnncompress.config import CELLS, PARTS, Cell, Config, canonical, check_config, from_parts, varint
from rnncompress.errors import DamagedError, NotRnncError, TruncatedError, VersionError
from rnncompress.use import Use, from_numbers

Mode = Literal["model", "stored", "trained"]
MODES: Final[tuple[Mode, ...]] = ("model", "stored", "trained")
"""The modes in the order of their numbers in the file."""

MAGIC: Final = b"\x89RNN"
"""Neither ASCII nor UTF-8, so no text file begins like this."""
VERSION: Final = 1
BLOCK_SYMBOLS: Final = 1 << 20
"""A block covers about this many bytes of the original."""

WORD: Final = 4
"""Bytes of a word of the coder."""
Form = Literal["strokes", "words"]
"""What files hold that can be packed."""
FORMS: Final[dict[int, Form]] = {254: "words", 255: "strokes"}
"""The tags of the parts that say that packed bytes are coded, always the last; the field is their number."""
_CRC = 4
_DIGEST = 16
MODEL_HASH: Final = 8
"""Bytes of the hash of a trained model: enough to tell one's own models apart."""
_CHUNK = 1 << 20


class Packing(NamedTuple):
    """What is coded in place of a file: its strokes or words, packed by :mod:`rnncompress.forms`."""

    form: Form
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the payload."""

    mode: Mode
    """"model", or "trained" if that starts from a trained one, or "stored" where the input does not compress."""
    length: int
    """Bytes of the original."""
    digest: bytes
    """BLAKE2b-128 of the original."""
    config: Config | None
    """The model; None if stored, or if that follows from the trained model."""
    trained: bytes | None = None
    """The first bytes of the hash of the trained model that coding starts from (``Model.digest``); None in the other
    modes."""
    use: Use | None = None
    """How the file uses the trained model."""
    packed: Packing | None = None
    """What is coded in place of the original; None if that is."""

    @property
    def coded(self) -> int:
        """Bytes that are coded, if it is not stored."""
        return self.length if self.packed is None else self.packed.size

    @property
    def walk(self) -> Config | Use | None:
        """What tells streams, window and lanes; None if stored."""
        return self.use or self.config

    @property
    def size(self) -> int:
        """Bytes of the header in the file."""
        return len(_frame(self)) + _CRC


def new_hash() -> "hashlib.blake2b":
    """The hash of the content: 128 bits tell files apart, and BLAKE2b needs no special instructions."""
    return hashlib.blake2b(digest_size=_DIGEST)


def block_windows(config: Config | Use) -> int:
    """Windows in every block but the last, which may have fewer."""
    return max(1, BLOCK_SYMBOLS // (config.streams * config.window))


class Writer:
    """Writes a header at the start of ``target``, then blocks.

    The first ``blocks`` blocks are there already: they are checked and kept, and what follows is cut off.
    Raises FormatError if they are damaged, or follow another header.
    """

    def __init__(self, target: BinaryIO, header: Header, blocks: int = 0) -> None:
        if header.config is not None:
            check_config(header.config)
        self.header = header
        self._target = target
        self._crc = 0
        self.size = 0
        """Bytes written so far."""
        if blocks:
            self._keep(blocks)
        else:
            target.seek(0)
            target.truncate()
            self._put(_frame(header))

    def block(self, payload: Sequence[bytes]) -> None:
        """Append one block: a part for each lane, of whole words."""
        self._put(b"".join([*(varint(len(part) // WORD) for part in payload), *payload]))

    def _keep(self, blocks: int) -> None:
        reader = _Reader(self._target)
        if _read_header(reader) != self.header:
            raise DamagedError("the blocks written so far are of another file")
        for _ in islice(_read_blocks(reader, self.header), blocks):
            pass
        self._crc, self.size = reader.crc, reader.offset
        self._target.seek(self.size)
        self._target.truncate()

    def _put(self, data: bytes) -> None:
        self._crc = zlib.crc32(data, self._crc)
        self._target.write(data + self._crc.to_bytes(_CRC, "little"))
        self.size += len(data) + _CRC


def write_stored(source: BinaryIO, target: BinaryIO, header: Header) -> None:
    """Write ``header`` and then all of ``source`` as it is."""
    Writer(target, header)
    source.seek(0)
    copy(source, header.length, target.write)


def inspect(source: BinaryIO) -> Header:
    """Read the header at the start of ``source`` and nothing else.

    Raises NotRnncError, TruncatedError, DamagedError or VersionError.
    """
    return _read_header(_Reader(source))


def payloads(source: BinaryIO) -> Iterator[list[bytes]]:
    """The payloads of all blocks in turn, a part for each lane, checked; at the end, that nothing follows.

    Raises TruncatedError or DamagedError, besides what :func:`inspect` raises.
    """
    reader = _Reader(source)
    yield from _read_blocks(reader, _read_header(reader))
    reader.check_end()


def _read_blocks(reader: "_Reader", header: Header) -> Iterator[list[bytes]]:
    """The payloads of all blocks in turn, each checked."""
    config = header.walk
    assert config is not None, "a stored file has no blocks"
    symbols = block_windows(config) * config.streams * config.window
    # The eight bits of a byte make the coder write five words at most, the end of a block two.
    longest = 5 * symbols + 2 * config.lanes
    for number in range(-(-header.coded // symbols)):
        start = reader.offset
        sizes = [reader.varint(f"the size of block {number}") for _ in range(config.lanes)]
        if sum(sizes) > longest:
            raise DamagedError(
                f"block {number} at byte {start} has the impossible size of {sum(sizes)} words"
            )
        payload = [reader.take(WORD * size, f"block {number}") for size in sizes]
        reader.check_crc(f"block {number}", start)
        yield payload


def stored(source: BinaryIO, write: Callable[[bytes], object]) -> None:
    """Pass the bytes of a stored file on to ``write``; at the end, DamagedError if their hash is wrong."""
    reader = _Reader(source)
    header = _read_header(reader)
    rest = reader.size - reader.offset
    if rest < header.length:
        raise TruncatedError(
            f"the file ends at byte {reader.size}; {header.length - rest} more should follow"
        )
    if copy(source, header.length, write) != header.digest:
        raise DamagedError(
            f"the hash of the stored bytes from byte {reader.offset} on is not the one in the header"
        )
    reader.offset += header.length
    reader.check_end()


def verify(source: BinaryIO) -> Header:
    """Read the whole file and check all of it that can be checked without decoding. Raises FormatError."""
    header = inspect(source)
    if header.walk is None:
        stored(source, len)
    else:
        for _ in payloads(source):
            pass
    return header


def copy(source: BinaryIO, length: int, write: Callable[[bytes], object]) -> bytes:
    """Pass up to ``length`` bytes of ``source``, from here on, to ``write``; returns their hash."""
    content = new_hash()
    while length and (piece := source.read(min(length, _CHUNK))):
        content.update(piece)
        write(piece)
        length -= len(piece)
    return content.digest()


class _Reader:
    """A file read from its start on, with its position and the CRC-32 of what it took, checksums left out."""

    def __init__(self, source: BinaryIO) -> None:
        self.size = source.seek(0, os.SEEK_END)
        self.offset = 0
        self._source = source
        self.crc = 0
        source.seek(0)

    def take(self, count: int, what: str) -> bytes:
        """The next ``count`` bytes. Nothing is allocated for what the file does not hold."""
        data = self._source.read(count) if count <= self.size - self.offset else b""
        if len(data) != count:
            raise TruncatedError(f"the file ends at byte {self.size}, in {what}")
        self.offset += count
        self.crc = zlib.crc32(data, self.crc)
        return data

    def varint(self, what: str) -> int:
        """The next number: groups of seven bits, the lowest first, in the shortest form, below 2**63."""
        start, value = self.offset, 0
        for shift in range(0, 63, 7):
            byte = self.take(1, what)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                if byte or not shift:
                    return value
                break
        raise DamagedError(f"{what} at byte {start} is no number in its shortest form")

    def check_crc(self, what: str, start: int) -> None:
        """Compare the next four bytes with the CRC-32 of all that was taken so far."""
        expected, before = self.crc, self.offset
        found = int.from_bytes(self.take(_CRC, f"the checksum of {what}"), "little")
        self.crc = expected
        if found != expected:
            raise DamagedError(f"{what} is damaged: the checksum of bytes {start} to {before} differs")

    def check_end(self) -> None:
        """Raise unless the file ends here."""
        if self.offset != self.size:
            raise DamagedError(
                f"{self.size - self.offset} bytes too many follow the end at byte {self.offset}"
            )


def _frame(header: Header) -> bytes:
    """The header without its checksum."""
    body = bytes([MODES.index(header.mode)]) + varint(header.length) + header.digest
    if header.config is not None:
        body += canonical(header.config)
    if header.use is not None:
        assert header.trained is not None
        body += header.trained + header.use.canonical()
    if header.packed is not None:
        size = varint(header.packed.size)
        tag = next(tag for tag, form in FORMS.items() if form == header.packed.form)
        body += size if header.use is not None else bytes([tag, len(size)]) + size
    return MAGIC + bytes([VERSION, len(body)]) + body


def _read_header(reader: _Reader) -> Header:
    start = reader.take(min(len(MAGIC), reader.size), "the header")
    if not start or start != MAGIC[: len(start)]:
        raise NotRnncError("not an rnncompress file" if start else "not an rnncompress file: it is empty")
    if len(start) < len(MAGIC):
        raise TruncatedError(f"the file ends at byte {len(start)}, in the header")
    version, size = reader.take(2, "the header")
    body = reader.take(size, "the header")
    # The checksum first: a damaged version number is damage, not a newer version.
    reader.check_crc("the header", 0)
    if version != VERSION:
        raise VersionError(
            f"written in format version {version}; this program knows version {VERSION}: upgrade it"
        )
    try:
        return _read_body(_Reader(io.BytesIO(body)))
    except TruncatedError:
        raise DamagedError("the header is too short for its fields") from None


def _read_body(reader: _Reader) -> Header:
    mode = reader.take(1, "the mode")[0]
    if mode >= len(MODES):
        raise DamagedError(f"the header announces the unknown mode {mode}")
    length = reader.varint("the length")
    digest = reader.take(_DIGEST, "the digest")
    config, trained, use, packed = None, None, None, None
    if MODES[mode] == "model":
        config, packed = _read_config(reader)
    if MODES[mode] == "trained":
        trained = reader.take(MODEL_HASH, "the hash of the model")
        use, packed = _read_use(reader)
    reader.check_end()
    if packed is not None and packed.size == 0:
        raise DamagedError("the header announces packed bytes, and that there are none")
    return Header(MODES[mode], length, digest, config, trained, use, packed)


def _read_use(reader: _Reader) -> tuple[Use, Packing | None]:
    """How a trained model is used, to the end of the body, and what ``Header.packed`` says."""
    numbers = []
    while reader.offset < reader.size:
        numbers.append(reader.varint("how it uses the trained model"))
    packed = Packing("strokes", numbers.pop()) if len(numbers) % 2 else None
    try:
        return from_numbers(numbers), packed
    except ValueError as error:
        raise DamagedError(f"the header announces an impossible use of a trained model: {error}") from None


def _read_config(reader: _Reader) -> tuple[Config, Packing | None]:
    """The parts of the configuration, which end where the body ends, and what ``Header.packed`` says."""
    told: dict[str, dict[str, int | Cell]] = {}
    packed = None
    last = 0
    while reader.offset < reader.size:
        tag, size = reader.take(2, "a part")
        if tag <= last:
            raise DamagedError(f"the header holds part {tag} after part {last}")
        part = next((part for part in PARTS if part.tag == tag), None)
        if part is None and tag not in FORMS:
            raise VersionError(f"the header holds part {tag}, which this program does not know: upgrade it")
        fields = _Reader(io.BytesIO(reader.take(size, "a part")))
        if part is None:
            if packed is not None:
                raise DamagedError("the header says twice what is coded")
            packed = Packing(FORMS[tag], fields.varint("the number of packed bytes"))
        else:
            told[part.name] = {name: _value(name, fields.varint(name)) for name in part.fields}
        fields.check_end()
        last = tag
    try:
        config = from_parts(told)
        check_config(config)
    except ValueError as error:
        raise DamagedError(f"the header announces an impossible model: {error}") from None
    return config, packed


def _value(name: str, number: int) -> int | Cell:
    """What the field ``name`` is where the file holds ``number``."""
    if name != "cell":
        return number
    if number >= len(CELLS):
        raise DamagedError(f"the header announces the unknown cell {number}")
    return CELLS[number]
