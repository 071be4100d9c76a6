"""The named presets: which configuration an input of some size gets."""

from dataclasses import dataclass
from typing import Final, Literal

from rnncompress.config import Config

LANES: Final = 4
"""At most so many lanes: a thread decodes whole lanes, and a lane costs about five bytes in a block of a MiB."""

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
        """The configuration for an input of ``length`` bytes, with as many lanes as threads can use."""
        config = next(config for start, config in reversed(self.steps) if length >= start)
        return config.replace(lanes=min(config.streams, LANES))


def _contexts(*orders: int) -> int:
    """``Config.contexts`` of some orders, the word and the pair of words."""
    return sum(1 << order for order in orders) | 1 << 24 | 1 << 25


_TEXT: Final = _contexts(2, 3, 4, 6, 9, 14)

# Few streams learn more from each byte, many make the products of an update larger: see docs/experiments.md.
_SMALL: Final = Config(
    hidden=128, streams=1, rate_first=5000, rate_last=2000, contexts=_TEXT, context_bits=16
)

# A GPU wants hundreds of streams, which only large inputs feed.
_LARGE: Final = Config(
    layers=4, hidden=1024, streams=16, rate_first=2000, rate_last=500, contexts=_TEXT, context_bits=18
)

# The networks of Graves 2013, their units rounded to a multiple of 16. Learning rates and windows are ours.
_GRAVES: Final = Config(layers=1, hidden=1008, streams=32, window=64, rate_first=2000, rate_last=50)

PRESETS: Final[dict[str, Preset]] = {
    "default": Preset(
        "contexts and two layers of 128 or 256 units: what a laptop bears",
        (
            (0, _SMALL),
            (300_000, _SMALL.replace(streams=2, rate_first=6000, rate_last=1500, context_bits=20)),
            (1_500_000, _SMALL.replace(streams=4, rate_first=8000, rate_last=1500, context_bits=20)),
            (
                10_000_000,
                _SMALL.replace(hidden=256, streams=16, rate_first=8000, rate_last=1000, context_bits=21),
            ),
        ),
    ),
    "fast": Preset(
        "contexts and one layer of 64 units",
        (
            (0, _SMALL.replace(layers=1, hidden=64, streams=2, rate_first=8000)),
            (300_000, _SMALL.replace(layers=1, hidden=64, streams=8, rate_first=8000, context_bits=18)),
            (1_500_000, _SMALL.replace(layers=1, hidden=64, streams=16, rate_first=10000, context_bits=20)),
            (10_000_000, _SMALL.replace(layers=1, hidden=64, streams=32, rate_first=10000, context_bits=20)),
        ),
    ),
    "max": Preset(
        "contexts and two layers of 256 units on few streams: for patience",
        (
            (0, _SMALL.replace(hidden=256, rate_first=3000, rate_last=1000)),
            (300_000, _SMALL.replace(hidden=256, streams=2, rate_last=1000, context_bits=20)),
            (
                1_500_000,
                _SMALL.replace(hidden=256, streams=4, rate_first=6000, rate_last=1000, context_bits=22),
            ),
        ),
    ),
    "large": Preset(
        "contexts and four layers of 1024 units, about 40 million weights: for a GPU",
        (
            (0, _LARGE),
            (1_500_000, _LARGE.replace(streams=64, rate_first=3000, context_bits=20)),
            (20_000_000, _LARGE.replace(streams=256, window=32, rate_first=4000, context_bits=21)),
        ),
    ),
    "xl": Preset(
        "contexts and four layers of 2048 units, about 145 million weights: for a large GPU",
        (
            (0, _LARGE.replace(hidden=2048, rate_first=1000, rate_last=500)),
            (1_500_000, _LARGE.replace(hidden=2048, streams=64, context_bits=19)),
            (20_000_000, _LARGE.replace(hidden=2048, streams=256, context_bits=19)),
        ),
    ),
    "lstm": Preset(
        "two layers of 256 units and no contexts: nothing but the recurrent network",
        (
            (0, Config(streams=1, rate_first=5000)),
            (300_000, Config(streams=4, rate_first=10000, rate_last=3000)),
            (1_500_000, Config(streams=8, rate_first=10000, rate_last=2000)),
            (10_000_000, Config(streams=16, rate_first=10000, rate_last=1000)),
        ),
    ),
    "rnn": Preset(
        "the same with the vanilla cell, for comparison",
        (
            (0, Config(cell="rnn", streams=1, rate_first=3000, rate_last=1000)),
            (300_000, Config(cell="rnn", streams=4, rate_first=3000, rate_last=1000)),
            (1_500_000, Config(cell="rnn", streams=8, rate_first=3000, rate_last=500)),
        ),
    ),
    "graves-rnn": Preset(
        "for training: one layer of 1008 vanilla units, on characters",
        ((0, _GRAVES.replace(cell="rnn", rate_first=1000)),),
        "characters",
    ),
    "graves-ptb-char": Preset(
        "for training: one layer of 1008 LSTM units, on characters (Penn Treebank)",
        ((0, _GRAVES),),
        "characters",
    ),
    "graves-ptb-word": Preset(
        "for training: one layer of 1008 LSTM units, on up to 10,000 words (Penn Treebank)",
        ((0, _GRAVES.replace(window=32)),),
        "words",
    ),
    "graves-wiki": Preset(
        "for training: seven layers of 704 LSTM units, on bytes (Wikipedia)",
        ((0, _GRAVES.replace(layers=7, hidden=704, streams=64, rate_first=1000)),),
    ),
}


def names() -> tuple[str, ...]:
    """The named presets, the default first."""
    return tuple(PRESETS)


def describe(name: str) -> str:
    """One line about a preset. Raises KeyError for an unknown name."""
    return PRESETS[name].summary


def get(name: str, length: int) -> Config:
    """The configuration of preset ``name`` for an input of ``length`` bytes. Raises KeyError if unknown."""
    return PRESETS[name].resolve(length)


def choose(length: int) -> Config:
    """The configuration used when no preset is named: it depends on nothing but the size of the input."""
    return get("default", length)
