"""How a file uses a trained model: what its configuration has of its own, the rest being the model's.

A header that starts from a model is short, as small files want it.
"""

from dataclasses import dataclass
from typing import Final

from rnncompress.config import LIMITS, Config, varint

WALK: Final = ("streams", "window", "lanes", "frozen")
"""Always in a header; 0 frozen steps where nothing is mixed."""
LEARNING: Final = ("rate_first", "rate_last", "horizon", "past_bits")
"""In a header only where they are not as :func:`usual` gives them."""

LEAST_RATE: Final = 500
"""In millionths. Training may end with a rate at which hardly anything is learnt any more."""


@dataclass(frozen=True, slots=True)
class Use:
    """The fields of a configuration that suit the file."""

    streams: int
    window: int
    lanes: int
    frozen: int
    learning: tuple[int, ...] | None = None
    """Those of :data:`LEARNING`; None for the usual ones."""

    @classmethod
    def of(cls, config: Config, model: Config, length: int) -> "Use":
        """What tells ``config``, of the network and the mixing of ``model``, to a decoder that has the model."""
        short = cls(config.streams, config.window, config.lanes, config.frozen if config.mixing else 0)
        if short.config(model, length) == config:
            return short
        learning = tuple(getattr(config, name) for name in LEARNING)
        return cls(short.streams, short.window, short.lanes, short.frozen, learning)

    def config(self, model: Config, length: int) -> Config:
        """The configuration of a file of ``length`` bytes that uses a model of the configuration ``model``."""
        walk = {name: getattr(self, name) for name in WALK if getattr(self, name)}
        base = usual(model, -(-length // self.streams))
        if self.learning is not None:
            base = base.replace(**dict(zip(LEARNING, self.learning, strict=True)))
        return base.replace(**walk)

    def canonical(self) -> bytes:
        """The varints of the header."""
        return b"".join(varint(number) for number in self.numbers())

    def numbers(self) -> tuple[int, ...]:
        """All fields in the order of the header."""
        return (self.streams, self.window, self.lanes, self.frozen, *(self.learning or ()))


def usual(model: Config, longest: int) -> Config:
    """How learning goes on with a file whose longest stream has ``longest`` bytes.

    At the rate with which training ended, as was measured best: see "Trained models" in docs/experiments.md. The past
    is as long as the stream, at most as that of the model: a shorter one takes less time to set up.
    """
    rate = max(model.rate_last, LEAST_RATE)
    past_bits = min(model.past_bits, max(LIMITS["past_bits"].least, (longest - 1).bit_length()))
    return model.replace(rate_first=rate, rate_last=rate, past_bits=past_bits)


def from_numbers(numbers: list[int]) -> Use:
    """The inverse of :meth:`Use.numbers`. Raises ValueError, with one line that says why, if they are impossible."""
    if len(numbers) not in (len(WALK), len(WALK) + len(LEARNING)):
        raise ValueError(f"{len(numbers)} numbers tell how it uses a trained model")
    names = (*WALK, *LEARNING)[: len(numbers)]
    for name, value in zip(names, numbers, strict=True):
        least, most, step = LIMITS[name]
        if not (least <= value <= most or (name == "frozen" and not value)) or value % step:
            raise ValueError(f"{name} is {value}")
    streams, window, lanes, frozen, *learning = numbers
    if lanes > streams:
        raise ValueError(f"lanes is {lanes}, more than the {streams} streams")
    return Use(streams, window, lanes, frozen, tuple(learning) if learning else None)
