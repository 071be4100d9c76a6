"""Which states of the mixing stage can be gone on from: compiled code uses some of their numbers as indices."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.errors import CheckpointError
from rnncompress.mixing import point_kernels as points
from rnncompress.mixing import text_kernels as text
from rnncompress.mixing.learn_kernels import FINAL_LIMIT, MOST_VISITS
from rnncompress.mixing.sizes import MODELS
from rnncompress.strokes.layout import HEAD, MOST_COLUMNS

Array = NDArray[Any]

MOST_TEXT: Final = 1 << 40
"""Bytes of a stream."""
_MOST: Final = {
    text.FIRST: 255,
    text.IN_TAG: 2,
    text.CLASSES: 0x3FFFFFFF,
    text.SENTENCE: 0xFFFF,
    text.WORDS: text.MOST_WORDS,
    text.DEPTH: text.DEEPEST,
    text.FIELD: text.TAGS,
    text.RECORD: text.LONGEST_RECORD,
    text.CANDIDATE: text.LONGEST_RECORD,
} | dict.fromkeys(
    (
        *range(text.STACK, text.STACK + text.DEEPEST),
        points.COLUMNS, points.HANDS, points.SINCE, points.STROKE,
        *range(points.STEPS + 2 * points.SPAN, points.STEPS + 3 * points.SPAN),
        *range(points.RECORD, points.RECORD + MOST_COLUMNS),
    ),
    255,
)  # fmt: skip
"""What numbers in ``Memory.text`` are at most; those that are no places in the text are 32 bits else."""
_PLACES: Final = (
    text.LINE,
    text.LINE1,
    text.FIELD_START,
    text.VOTES,
    *range(text.STACK + text.DEEPEST, text.STACK + 2 * text.DEEPEST),
    *range(text.FIELDS, text.FIELDS + 2 * text.TAGS),
    *range(text.SEEN, text.SEEN + 3 * 256),
)
"""Places in the text, and distances and counts in it: at most its length."""


def check_state(config: Config, state: Mapping[str, Array]) -> None:
    """Raise CheckpointError if ``state`` (of the right shapes) holds what no run with ``config`` reaches.

    What passes can be gone on from. Tables of slots, of probabilities and of hashes may hold anything.
    """
    for name, values, least, most in _bounds(config, state):
        if not ((least <= values) & (values <= most)).all():
            raise CheckpointError(f"its {name} are out of range")


def _bounds(config: Config, state: Mapping[str, Array]) -> Iterator[tuple[str, Array, Any, Any]]:
    """Names, values, the least and the most that these may be; the first that fails ends it."""
    words, learnt = state["text"], state["learnt"]
    length = words[:, text.POSITION]
    yield "lengths of text", length, 0, MOST_TEXT
    yield "learnt texts", learnt, length, length
    most = np.full(words.shape, text.MASK, np.int64)
    for place, value in _MOST.items():
        most[:, place] = value
    most[:, text.POSITION] = length
    most[:, _PLACES] = length[:, None]
    most[:, text.MATCH : text.MATCH + 3 * MODELS] = MOST_TEXT
    yield "texts", words, 0, most
    if config.points:
        in_records = (length >= HEAD) & (words[:, points.END] > 0)
        yield "columns of points", words[in_records, points.COLUMNS], 2, MOST_COLUMNS
        yield "hands", words[length >= 2, points.HANDS], 1, 255
    matches = words[:, text.MATCH : text.MATCH + 3 * MODELS].reshape(-1, 3)
    yield "streams of matches", matches[:, 1], 0, config.streams - 1
    yield "lengths of matches", matches[:, 2], 0, text.LONGEST
    place, there, _ = matches[matches[:, 2] > 0].T
    oldest = learnt[there] + config.frozen - (1 << config.past_bits)
    yield "matches", place, oldest, learnt[there] - 1
    yield "visits", state["visits"], 0, MOST_VISITS
    yield "weights of the second layer", state["finals"], -FINAL_LIMIT, FINAL_LIMIT
