"""A table of levels as a PNG of few colours (PNG specification, ISO/IEC 15948): what has too many parts for SVG."""

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_INDEXED: Final = bytes([8, 3, 0, 0, 0])
"""8 bits a pixel, by palette; the usual compression and filters, not interlaced."""


def png(levels: NDArray[np.uint8], colours: Sequence[str]) -> bytes:
    """The picture (height, width), whose numbers are those of the ``colours``, such as ``#ffffff``, 256 at most."""
    height, width = levels.shape
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    rows = np.concatenate(
        [np.zeros((height, 1), np.uint8), levels], axis=1
    )  # before each row its filter: none
    parts = {
        b"IHDR": size + _INDEXED,
        b"PLTE": b"".join(bytes.fromhex(colour.removeprefix("#")) for colour in colours),
        b"IDAT": zlib.compress(rows.tobytes(), 9),
        b"IEND": b"",
    }
    return _MAGIC + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in parts.items()
    )
