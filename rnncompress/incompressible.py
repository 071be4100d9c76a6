"""Is a large input noise? That is found out from a cheap look at all of it and from coding samples, not after hours.

Noise is what was compressed already, or encrypted. It must pass everything: each piece of it has all bytes about
equally often, hardly any six bytes occur twice, and counts in 61 contexts, which learn from samples taken from end to
end, gain nothing. Whatever fails one of these is coded as usual; so an input is taken for noise in vain only if it
hides what it repeats from all of them. All decisions compare integers: the same input is the same file everywhere.
"""

import os
from collections.abc import Callable
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress import presets
from rnncompress.config import Config

WORTH: Final = 1 << 20
"""Bytes from which on an input is looked at; a smaller one is coded soon enough."""
PRESET: Final = "counts"
"""What codes the samples: no network, so that it is fast, and all contexts."""

_PIECE: Final = 1 << 16
_CHANCE: Final = 512
"""The most of the statistic of :func:`_unevenness` for a piece of noise, which has 255 ± 23."""
_FEW: Final = 256
"""One piece, or one repetition, in so many is no sign yet: all of them together are less than half a per cent."""
_READ: Final = 1 << 20
_GRAM: Final = 6
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_SAMPLES: Final = 16
_SAMPLE: Final = 1 << 15
_WHOLE: Final = 1 << 10
"""Samples are made of whole windows."""


def looks_like_noise(source: BinaryIO, tell: Callable[[int, int], None] = lambda done, total: None) -> bool:
    """Whether all of ``source`` has bytes as even, and as new, as those of noise.

    ``tell`` is called with the bytes looked at and those of the file.
    """
    length = source.seek(0, os.SEEK_END)
    source.seek(0)
    allowed = length // _PIECE // _FEW
    # Of the places of a long file those are compared that their content selects, about a million.
    selected = np.uint64((1 << max(5, (length >> 20).bit_length())) - 1)
    grams: list[NDArray[np.uint64]] = []
    done = 0
    while read := source.read(_READ):
        data = np.frombuffer(read, np.uint8)
        for start in range(0, len(data) - _PIECE + 1, _PIECE):
            allowed -= _unevenness(data[start : start + _PIECE]) > _CHANCE
        if allowed < 0:
            return False
        grams.append(_selected_grams(data, selected))
        done += len(data)
        tell(done, length)
    found = np.sort(np.concatenate(grams))
    repeated = int((found[1:] == found[:-1]).sum())
    return repeated * _FEW <= len(found)


def samples(source: BinaryIO) -> tuple[bytes, bytes]:
    """Pieces of ``source`` from its beginning to its end, at equal distances, at most an eighth of it, in two halves.

    The halves take turns, so that both come from everywhere.
    """
    length = source.seek(0, os.SEEK_END)
    size = min(_SAMPLE, length // (8 * _SAMPLES) // _WHOLE * _WHOLE)
    pieces = []
    for number in range(_SAMPLES):
        source.seek((length - size) * number // (_SAMPLES - 1))
        pieces.append(source.read(size))
    return b"".join(pieces[::2]), b"".join(pieces[1::2])


def trial_config(length: int) -> Config:
    """The configuration that codes samples of ``length`` bytes in all."""
    return presets.get(PRESET, length)


def _unevenness(piece: NDArray[np.uint8]) -> int:
    """Pearson's chi-squared of the bytes of a piece against all being equally likely, rounded down."""
    counts = np.bincount(piece, minlength=256).astype(np.int64)
    return int((counts * counts).sum()) * 256 // len(piece) - len(piece)


def _selected_grams(data: NDArray[np.uint8], selected: np.uint64) -> NDArray[np.uint64]:
    """The groups of six bytes at every place of ``data`` whose hash has no bit of the mask ``selected``."""
    wide = data.astype(np.uint64)
    places = len(data) - _GRAM + 1
    if places <= 0:
        return wide[:0]
    grams = wide[:places].copy()
    for offset in range(1, _GRAM):
        grams |= wide[offset : offset + places] << np.uint64(8 * offset)
    chosen: NDArray[np.uint64] = grams[((grams * _SPREAD) >> np.uint64(40)) & selected == 0]
    return chosen
