"""The named presets: which configuration an input of some size gets."""

from dataclasses import dataclass
from typing import Final, Literal

from rnncompress.config import Cell, Config

Alphabet = Literal["bytes", "characters", "words"]
"""What symbols stand for; see :mod:`rnncompress.vocabulary`."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice of configurations by the size of the input."""

    summary: str
    """One line for ``rnncompress presets``."""
    steps: tuple[tuple[int, Config], ...]
    """Configurations with the length in bytes from which on they are used, ascending from 0."""
    alphabet: Alphabet = "bytes"
    """What the symbols of a model trained with it stand for; those of a compressed file are bytes."""

    def resolve(self, length: int) -> Config:
        """The configuration for an input of ``length`` bytes."""
        return next(config for start, config in reversed(self.steps) if length >= start)


Row = tuple[str, int, Cell, int, int, int, int, int, int, int, str, int, str, int, int, int, int]
"""A line of the table below."""

_CONTEXTS: Final = {
    "": 0,
    "text": sum(1 << order for order in (2, 3, 4, 6, 9, 14)) | 1 << 24 | 1 << 25,
    "mixture": 0,
}
"""Sets of contexts of the network by name: the last symbols of some orders, the word, the pair of words; with
``mixture`` none, and the head of densities."""
_COMPONENTS: Final = 20
"""Of that head, as in Graves 2013."""

_ALL: Final = (1 << 63) - 1
_NETWORK_KINDS: Final = 1 << 53 | 1 << 54
_FREQUENT: Final = sum(1 << kind for kind in (1, 2, 3, 4, 12, 14, 18, 21, 23, 32, 37))
"""Contexts that come often, so that a history forgets much."""
_LESS_FREQUENT: Final = sum(1 << kind for kind in (9, 11, 16, 19, 27, 39, 42, 46, *range(48, 53)))
"""The next of these."""
_MIXING: Final = {
    "": (0, 0),
    "few": (
        sum(1 << kind for kind in (*range(1, 5), *range(6, 11), *range(12, 17), 18, 20, 21, 23, 32, 37, 56)),
        _FREQUENT,
    ),
    "all": (_ALL, 0),
    "some": (_ALL, _FREQUENT),
    "many": (_ALL, _FREQUENT | _LESS_FREQUENT),
    "counts": (_ALL & ~_NETWORK_KINDS, 0),
    "points": (_ALL, 0),
}
"""Contexts of the mixing stage, and those of them with direct probabilities, by name: ``some`` and ``many`` are all
contexts, with so many that are direct; ``counts`` need no network; ``points`` are for packed strokes."""

# Few streams learn more from each byte, many make the products of an update larger: see docs/experiments.md.
# A GPU wants hundreds of streams, which only large inputs feed.
# A thread decodes whole lanes, and a lane costs about five bytes in a block of a MiB: so four, or all streams.
# The networks of Graves 2013 have their units rounded to a multiple of 16; learning rates and windows are ours.
_ROWS: Final[tuple[Row, ...]] = (
    # preset                  from   cell layers hidden B lanes T  rates       contexts    mixing  sets slots past part
    ("default",                  0, "lstm", 2,   64,   1, 1, 16,  8000, 2000, "text",    14, "all",    14, 13, 16, 2),
    ("default",             40_000, "lstm", 2,   64,   1, 1, 16,  8000, 2000, "text",    16, "all",    14, 16, 19, 2),
    ("default",            300_000, "lstm", 1,   64,   1, 1, 32,  5000, 1500, "text",    18, "some",   14, 17, 21, 4),
    ("default",          1_500_000, "lstm", 1,   64,   1, 1, 32,  5000, 1500, "text",    18, "some",   14, 18, 24, 8),
    ("default",          5_000_000, "lstm", 1,  128,   1, 1, 32,  3000,  500, "text",    18, "all",    14, 18, 26, 8),
    ("fast",                     0, "lstm", 0,    0,   1, 1, 32,     0,    0, "",        18, "few",     8, 13, 16, 8),
    ("fast",                40_000, "lstm", 0,    0,   1, 1, 32,     0,    0, "",        18, "few",     8, 16, 19, 8),
    ("fast",               300_000, "lstm", 0,    0,   1, 1, 32,     0,    0, "",        18, "few",     8, 17, 22, 8),
    ("fast",             5_000_000, "lstm", 0,    0,   1, 1, 32,     0,    0, "",        18, "few",     8, 19, 26, 8),
    ("max",                      0, "lstm", 2,  128,   1, 1, 16,  6000, 2000, "text",    14, "many",   14, 14, 16, 1),
    ("max",                 40_000, "lstm", 2,  128,   1, 1, 16,  6000, 2000, "text",    16, "many",   14, 17, 19, 1),
    ("max",                300_000, "lstm", 2,  256,   1, 1, 16,  3000, 1000, "text",    18, "many",   14, 18, 21, 2),
    ("max",              1_500_000, "lstm", 2,  256,   1, 1, 16,  3000, 1000, "text",    20, "many",   14, 19, 24, 4),
    ("counts",                   0, "lstm", 0,    0,   1, 1, 32,     0,    0, "",        18, "counts", 14, 13, 16, 8),
    ("counts",              40_000, "lstm", 0,    0,   1, 1, 32,     0,    0, "",        18, "counts", 14, 16, 19, 8),
    ("counts",             300_000, "lstm", 0,    0,   1, 1, 32,     0,    0, "",        18, "counts", 14, 17, 24, 8),
    ("large",                    0, "lstm", 4, 1024,  16, 4, 16,  1300,  300, "text",    18, "",        0,  0,  0, 0),
    ("large",            1_500_000, "lstm", 4, 1024,  64, 4, 16,  1300,  300, "text",    20, "",        0,  0,  0, 0),
    ("large",           20_000_000, "lstm", 4, 1024, 256, 4, 32,  1300,  300, "text",    21, "",        0,  0,  0, 0),
    ("xl",                       0, "lstm", 4, 2048,  16, 4, 16,   700,  200, "text",    18, "",        0,  0,  0, 0),
    ("xl",               1_500_000, "lstm", 4, 2048,  64, 4, 16,   700,  200, "text",    19, "",        0,  0,  0, 0),
    ("xl",              20_000_000, "lstm", 4, 2048, 256, 4, 16,   700,  200, "text",    19, "",        0,  0,  0, 0),
    ("lstm",                     0, "lstm", 2,  256,   1, 1, 16,  5000, 2000, "",        18, "",        0,  0,  0, 0),
    ("lstm",               300_000, "lstm", 2,  256,   4, 4, 16, 10000, 3000, "",        18, "",        0,  0,  0, 0),
    ("lstm",             1_500_000, "lstm", 2,  256,   8, 4, 16, 10000, 2000, "",        18, "",        0,  0,  0, 0),
    ("lstm",            10_000_000, "lstm", 2,  256,  16, 4, 16, 10000, 1000, "",        18, "",        0,  0,  0, 0),
    ("rnn",                      0, "rnn", 2,  256,   1, 1, 16,  3000, 1000, "",        18, "",        0,  0,  0, 0),
    ("rnn",                300_000, "rnn", 2,  256,   4, 4, 16,  3000, 1000, "",        18, "",        0,  0,  0, 0),
    ("rnn",              1_500_000, "rnn", 2,  256,   8, 4, 16,  3000,  500, "",        18, "",        0,  0,  0, 0),
    ("strokes",                  0, "lstm", 1,   64,   1, 1, 18,  5000, 1500, "mixture", 18, "points", 14, 13, 16, 3),
    ("strokes",             40_000, "lstm", 1,   64,   1, 1, 18,  5000, 1500, "",        18, "points", 14, 16, 19, 3),
    ("strokes",            300_000, "lstm", 1,   64,   1, 1, 18,  5000, 1500, "",        18, "points", 14, 17, 24, 3),
    ("graves-rnn",               0, "rnn", 1, 1008,  32, 4, 64,  1000,   50, "",        18, "",        0,  0,  0, 0),
    ("graves-ptb-char",          0, "lstm", 1, 1008,  32, 4, 64,  2000,   50, "",        18, "",        0,  0,  0, 0),
    ("graves-ptb-word",          0, "lstm", 1, 1008,  32, 4, 32,  2000,   50, "",        18, "",        0,  0,  0, 0),
    ("graves-wiki",              0, "lstm", 7,  704,  64, 4, 64,  1000,   50, "",        18, "",        0,  0,  0, 0),
    ("graves-strokes",           0, "lstm", 1,  400,   1, 1, 24,  2000,   50, "mixture", 18, "",        0,  0,  0, 0),
)  # fmt: skip
"""The configuration of each preset by the size of the input, from so many bytes on; rates are in millionths."""


_VARIANTS: Final = {"strokes-symbols": ("strokes", 0), "strokes-density": ("strokes", _COMPONENTS)}
"""Presets that are others with so many components of the head of densities at all sizes."""


def _steps(name: str) -> tuple[tuple[int, Config], ...]:
    """``Preset.steps`` from the table."""
    if name in _VARIANTS:
        like, components = _VARIANTS[name]
        return tuple((start, config.replace(components=components)) for start, config in _steps(like))
    return tuple(
        (
            start,
            Config(
                cell, layers=layers, hidden=hidden, streams=streams, lanes=lanes, window=window,
                rate_first=first, rate_last=last, contexts=_CONTEXTS[contexts], context_bits=bits,
                mixing=_MIXING[kinds][0], direct=_MIXING[kinds][1], sets=sets, slot_bits=slots, past_bits=past,
                frozen=frozen,
                points=int(kinds.startswith("points")), components=_COMPONENTS * (contexts == "mixture"),
            ),
        )
        for preset, start, cell, layers, hidden, streams, lanes, window, first, last, contexts, bits,
            kinds, sets, slots, past, frozen in _ROWS
        if preset == name
    )  # fmt: skip


_SUMMARIES: Final = {
    "default": "counts in 63 contexts mixed with a network of one or two layers of 64 or 128 units",
    "fast": "counts in 21 contexts and no network, which would bring less than it costs here",
    "max": "counts in 63 contexts mixed with a network of two layers of 128 or 256 units: for patience",
    "counts": "counts in 61 contexts and no network: to see what the network adds",
    "large": "contexts and four layers of 1024 units, about 40 million weights: for a GPU",
    "xl": "contexts and four layers of 2048 units, about 145 million weights: for a large GPU",
    "lstm": "two layers of 256 units and no contexts: nothing but the recurrent network",
    "rnn": "the same with the vanilla cell, for comparison",
    "strokes": "for pen strokes: counts in 63 contexts of points mixed with a network of one layer of 64 units",
    "strokes-symbols": "the same with a softmax for the steps of the pen, whatever the size",
    "strokes-density": "the same with a mixture of 20 bivariate densities for them, whatever the size",
    "graves-rnn": "for training: one layer of 1008 vanilla units, on characters",
    "graves-ptb-char": "for training: one layer of 1008 LSTM units, on characters (Penn Treebank)",
    "graves-ptb-word": "for training: one layer of 1008 LSTM units, on up to 10,000 words (Penn Treebank)",
    "graves-wiki": "for training: seven layers of 704 LSTM units, on bytes (Wikipedia)",
    "graves-strokes": "for training: one layer of 400 LSTM units, a mixture of 20 bivariate densities, on strokes",
}

_ALPHABETS: Final[dict[str, Alphabet]] = {
    "graves-rnn": "characters",
    "graves-ptb-char": "characters",
    "graves-ptb-word": "words",
}
"""Of presets whose symbols are not bytes."""

_FOR_TRAINING: Final = frozenset(name for name in _SUMMARIES if name.startswith("graves-"))
"""What learns over many passes; in one pass, while it codes, it learns next to nothing."""

PRESETS: Final[dict[str, Preset]] = {
    name: Preset(summary, _steps(name), _ALPHABETS.get(name, "bytes")) for name, summary in _SUMMARIES.items()
}


def names() -> tuple[str, ...]:
    """The named presets, the default first."""
    return tuple(PRESETS)


def for_files() -> tuple[str, ...]:
    """Those that make sense for coding a file without a trained model, the default first."""
    return tuple(name for name in PRESETS if name not in _FOR_TRAINING)


def for_bytes() -> tuple[str, ...]:
    """Those that make sense for a file of whatever kind."""
    return tuple(name for name in for_files() if not for_strokes(name))


def for_strokes(name: str) -> bool:
    """Whether it is packed strokes that the preset ``name`` codes."""
    return name in PRESETS and any(config.strokes for _, config in PRESETS[name].steps)


def describe(name: str) -> str:
    """One line about a preset. Raises KeyError for an unknown name."""
    return PRESETS[name].summary


def get(name: str, length: int) -> Config:
    """The configuration of preset ``name`` for an input of ``length`` bytes.

    Raises ValueError, which lists the names, if it is unknown.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; known are {', '.join(PRESETS)}")
    return PRESETS[name].resolve(length)


def choose(length: int, *, strokes: bool = False) -> Config:
    """The configuration used when no preset is named, for ``length`` bytes, or so many of packed strokes."""
    return get("strokes" if strokes else "default", length)
