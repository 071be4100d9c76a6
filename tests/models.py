"""Small trained models."""

from functools import cache
from typing import cast

import numpy as np

from rnncompress import lstm
from rnncompress.config import Config
from rnncompress.lstm.trainable import Network
from rnncompress.model import Model
from rnncompress.presets import Alphabet
from rnncompress.training.learner import Learner
from rnncompress.vocabulary import Vocabulary

CONFIG = Config(
    layers=1, hidden=16, streams=2, window=8, rate_first=8000, rate_last=3000, contexts=0b1110, context_bits=8
)
MIXED = CONFIG.replace(mixing=0b1001011, sets=3, slot_bits=6, past_bits=12, frozen=4, direct=0b1010)
TEXT = "Der Dächerflüsterer zählt Ziegel, und die Ziegel zählen ihn. ".encode() * 20


@cache
def trained(text: bytes = TEXT, kind: Alphabet = "bytes", config: Config = CONFIG) -> Model:
    """What reading ``text`` once makes of a network, and of mixing where ``config`` has it."""
    vocabulary = Vocabulary.of(kind, text)
    config = config.replace(alphabet=vocabulary.size, contexts=config.contexts if kind != "words" else 0)
    symbols = vocabulary.symbols(text)
    size = config.streams * config.window
    windows = symbols[: len(symbols) // size * size].reshape(-1, config.streams, config.window)
    network = cast("Network", lstm.build(config, len(windows))) if config.layers else None
    learner = Learner(config, network, 1, None)
    for window in windows:
        learner.read(np.ascontiguousarray(window.T), window.size)
        learner.learn()
    return Model.of(config, vocabulary, learner.state(), {})
