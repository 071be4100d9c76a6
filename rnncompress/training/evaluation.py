"""What a text costs under a trained model: one that stays as it is, and one that goes on learning.

*Static* evaluation leaves the weights, and all that the mixing stage has learnt, alone; *dynamic* evaluation (Mikolov
2012; Graves 2013, section 3) learns from each window once it has been paid for, which is what the codec does. Two rules
of learning, for the network; the mixing stage has one:

``adam``  as in training, with a constant rate;
``rms``   Krause et al. 2018, "Dynamic evaluation of neural sequence models": the gradient is divided by the root of its
          mean square in training, which stays as it is, and after each step every weight is pulled back to the trained
          one by ``decay``, the more the larger that root is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.engine import state as states
from rnncompress.errors import InputError
from rnncompress.loop import Meter, Progress
from rnncompress.lstm.trainable import Anchor
from rnncompress.model import Model
from rnncompress.training.learner import Learner
from rnncompress.training.reading import Reading
from rnncompress.training.trainer import network

RuleName = Literal["adam", "rms"]
RULES: Final[tuple[RuleName, ...]] = get_args(RuleName)

WINDOW: Final = 20
"""Symbols of a stream between two updates."""
RATES: Final = {"adam": 300, "rms": 500}
"""Learning rates of dynamic evaluation, in millionths, if none is given."""
DECAY: Final = 0.003
"""Of the rule ``rms``, if none is given."""

_LEAST_ROOT: Final = 0.1
"""Of a gradient's mean square under ``rms``, as a part of the mean root of all: else a weight that training hardly
moved would leap."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a model goes on learning."""

    name: RuleName = "adam"
    rate: int = RATES["adam"]
    """In millionths."""
    decay: float = 0.0
    """Pull to the trained weights per update, relative to that at the mean root (``rms`` only)."""
    reset: int | None = None
    """After so many symbols of a stream the weights are again as trained; None for never."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a text costs."""

    rule: Rule | None
    """None where the model stayed as it was."""
    symbols: int
    bytes: int
    bits: float
    """Of all symbols, and of bytes that the vocabulary lacks; under network and mixing where the model has both."""
    curve: tuple[tuple[int, float], ...]
    """About 200 points: symbols done, bits per symbol so far."""
    seconds: float
    network_bits: float | None = None
    """What the network alone would have taken; None where the model is not of network and mixing."""

    @property
    def network_bpc(self) -> float | None:
        """Bits per byte of the text under the network alone; None as ``network_bits``."""
        return None if self.network_bits is None else self.network_bits / self.bytes

    @property
    def bpc(self) -> float:
        """Bits per byte of the text."""
        return self.bits / self.bytes

    @property
    def perplexity(self) -> float:
        """Per symbol: per word where symbols are words."""
        return float(2 ** (self.bits / self.symbols))


def evaluate(
    model: Model,
    text: bytes,
    rule: Rule | None,
    *,
    streams: int = 1,
    engine: str = "cpu",
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Evaluation:
    """What ``text``, read in ``streams`` parts at once, costs under ``model``, learning by ``rule`` or not at all.

    The result depends neither on engine nor threads. Raises InputError if the text is empty, DeviceError.
    """
    symbols = model.vocabulary.symbols(text)
    if not len(symbols):
        raise InputError("there is nothing to evaluate: the text is empty")
    rate = rule.rate if rule else 0
    # Records of strokes are not cut by the ends of windows.
    window = model.config.window if model.config.strokes else WINDOW
    config = model.config.replace(
        streams=streams, lanes=streams, window=window, rate_first=rate, rate_last=rate
    )
    reading = Reading(symbols, streams, window)
    trained = _prepared(model, config, rule)
    evaluated = network(config, 1, engine, threads, trained)
    learner = Learner(config, evaluated, threads, trained)
    if evaluated is not None:
        evaluated.keep_moments = rule is not None and rule.name == "rms"
    anchor = Anchor(evaluated, rule.decay) if evaluated is not None and rule and rule.decay else None
    both, alone = evaluated is not None and config.mixing > 0, 0.0
    per_reset = -(-rule.reset // window) if rule and rule.reset else None
    meter = Meter(len(symbols), progress)

    def learn(number: int) -> None:
        learner.learn()
        if anchor:
            anchor.pull()
        if per_reset and (number + 1) % per_reset == 0:
            _reset(learner, trained)

    for coded in learner.walk(reading, learn if rule else None):
        meter.add(coded.lengths())
        if both:
            alone += float(coded.network_lengths().sum())
    raw = model.vocabulary.raw_bits(symbols)
    total, network_bits = meter.bits + raw, alone + raw if both else None
    return Evaluation(rule, len(symbols), len(text), total, tuple(meter.curve), meter.seconds, network_bits)


def _prepared(model: Model, config: Config, rule: Rule | None) -> dict[str, NDArray[Any]]:
    """The state to begin with, its second moments those of gradients of the windows of ``config``.

    A gradient that is the mean over n symbols has a mean square in inverse proportion to n, about.
    """
    state = model.state(config)
    trained, here = model.config, config
    ratio = np.float32(trained.streams * trained.window / (here.streams * here.window))
    moments = [name for name in state if "moment" in name]
    for name in moments:
        state[name] = state[name] * ratio
    if rule is not None and rule.name == "rms" and moments:
        roots = [np.sqrt(state[name]) for name in moments]
        total = sum(int(np.rint(root * np.float32(2**30)).astype(np.int64).sum()) for root in roots)
        mean = total / 2**30 / sum(root.size for root in roots)
        least = np.float32((_LEAST_ROOT * mean) ** 2)
        for name in moments:
            state[name] = np.maximum(state[name], least)
    return state


def _reset(learner: Learner, trained: dict[str, NDArray[Any]]) -> None:
    """Take what was trained again, and keep what was read."""
    again = {name: array.copy() for name, array in trained.items()}
    learner.load_state(again | states.short(learner.state()))
