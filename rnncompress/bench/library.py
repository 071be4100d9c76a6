"""Compressors that Python calls as functions: its own, and those that the extra ``bench`` installs."""

import platform
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from types import ModuleType
from typing import Final

_PPMD_HEADER: Final = struct.Struct("<BIQ")
_PPMD_MEMORY: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Library:
    """How to call one compressor. ``encode`` and ``decode`` get the module, imported only for use."""

    module: str
    package: str | None
    """The distribution that ``module`` comes with; None for a part of Python."""
    label: str
    """With ``{}`` where the level goes: written as the well-known program's options."""
    levels: tuple[str, ...]
    usual: tuple[str, ...]
    """The levels measured unless others are asked for."""
    encode: Callable[[ModuleType, bytes, str], bytes]
    decode: Callable[[ModuleType, bytes], bytes]
    header_bytes: int | None = None

    @property
    def here(self) -> bool:
        """Whether it is installed."""
        return find_spec(self.module.partition(".")[0]) is not None

    @property
    def version(self) -> str:
        """The version of the code that compresses; empty if it is not installed."""
        if not self.here:
            return ""
        if self.package:
            return f"{self.package} {metadata.version(self.package)}"
        python = f"Python {platform.python_version()}"
        return f"{python}, zlib {zlib.ZLIB_RUNTIME_VERSION}" if self.module == "gzip" else python

    def load(self) -> ModuleType:
        """The module."""
        return import_module(self.module)


def _numbers(first: int, last: int) -> tuple[str, ...]:
    return tuple(map(str, range(first, last + 1)))


def _xz_encode(xz: ModuleType, data: bytes, level: str) -> bytes:
    preset = int(level.removesuffix("e")) | (xz.PRESET_EXTREME if level.endswith("e") else 0)
    packed: bytes = xz.compress(data, preset=preset)
    return packed


def _ppmd_encode(ppmd: ModuleType, data: bytes, level: str) -> bytes:
    """PPMd variant H, as 7-Zip has it; the stream alone does not decode, so what it needs goes before it."""
    header = _PPMD_HEADER.pack(int(level), _PPMD_MEMORY, len(data))
    encoder = ppmd.Ppmd7Encoder(int(level), _PPMD_MEMORY)
    body: bytes = encoder.encode(data) + encoder.flush() if data else b""
    return header + body


def _ppmd_decode(ppmd: ModuleType, packed: bytes) -> bytes:
    order, memory, length = _PPMD_HEADER.unpack_from(packed)
    decoder = ppmd.Ppmd7Decoder(order, memory)
    data: bytes = decoder.decode(packed[_PPMD_HEADER.size :], length) if length else b""
    while len(data) < length:  # the last symbols may follow from bits already taken
        more = decoder.decode(b"\0" if decoder.needs_input else b"", length - len(data))
        if not more:
            break
        data += more
    return data


LIBRARIES: Final[dict[str, Library]] = {
    "lz4": Library(
        "lz4.frame", "lz4", "lz4 -{}", _numbers(0, 12), ("1", "12"),
        lambda lz4, data, level: lz4.compress(data, compression_level=int(level)),
        lambda lz4, packed: lz4.decompress(packed),
    ),
    "gzip": Library(
        "gzip", None, "gzip -{}", _numbers(1, 9), ("1", "9"),
        lambda gzip, data, level: gzip.compress(data, int(level), mtime=0),
        lambda gzip, packed: gzip.decompress(packed),
    ),
    "zstd": Library(
        "zstandard", "zstandard", "zstd -{}", _numbers(1, 22), ("3", "19", "22"),
        lambda zstd, data, level: zstd.ZstdCompressor(level=int(level)).compress(data),
        lambda zstd, packed: zstd.ZstdDecompressor().decompress(packed),
    ),
    "brotli": Library(
        "brotli", "brotli", "brotli -q {} -w 24", _numbers(0, 11), ("5", "11"),
        lambda brotli, data, level: brotli.compress(data, quality=int(level), lgwin=24),
        lambda brotli, packed: brotli.decompress(packed),
    ),
    "bzip2": Library(
        "bz2", None, "bzip2 -{}", _numbers(1, 9), ("9",),
        lambda bz2, data, level: bz2.compress(data, int(level)),
        lambda bz2, packed: bz2.decompress(packed),
    ),
    "xz": Library(
        "lzma", None, "xz -{}", (*_numbers(0, 9), *(f"{n}e" for n in range(10))), ("6", "9e"),
        _xz_encode,
        lambda xz, packed: xz.decompress(packed),
    ),
    "ppmd": Library(
        "pyppmd", "pyppmd", "ppmd -o {} -m 256M", _numbers(2, 64), ("6", "16"),
        _ppmd_encode, _ppmd_decode, _PPMD_HEADER.size,
    ),
}  # fmt: skip
"""By name, about from fast to strong."""
