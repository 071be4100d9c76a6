"""Which bytes of a packed text are for which of the text."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from rnncompress.words import packing

Numbers = NDArray[np.int64]


def spans(packed: bytes) -> tuple[Numbers, Numbers]:
    """For each byte of a packed text the number of the part of the text that it is for; the bytes of each part.

    A part is what one item stands for. What a word takes in the list of words is for the part where it comes first.
    """
    file = BytesIO(packed)
    words, ones = packing.read_words(file)
    items = packing.Items(words, ones)
    start = done = file.tell()
    taken: list[int] = []
    sizes: list[int] = []
    first: dict[bytes, int] = {}
    for found in items.written(packed[start:]):
        plain = start + found.start() - done
        taken += [1] * plain
        sizes += [1] * plain
        word = items.meaning(found.group())
        first.setdefault(word.lower(), len(sizes))
        taken.append(len(found.group()))
        sizes.append(len(word))
        done = start + found.end()
    plain = len(packed) - done
    taken += [1] * plain
    sizes += [1] * plain
    places = [0] + [first.get(word, 0) for word in words for _ in range(len(word) + 1)]
    places += [0] * (start - len(places))  # the end of a list without words
    of_items = np.repeat(np.arange(len(sizes)), taken)
    return np.concatenate([np.array(places, np.int64), of_items]), np.array(sizes, np.int64)
