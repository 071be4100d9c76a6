"""Small trained models."""

from functools import cache

import numpy as np

from rnncompress import lstm
from rnncompress.config import Config
from rnncompress.model import Model
from rnncompress.presets import Alphabet
from rnncompress.vocabulary import Vocabulary

CONFIG = Config(
    layers=1, hidden=16, streams=2, window=8, rate_first=8000, rate_last=3000, contexts=0b1110, context_bits=8
)
TEXT = "Der Dächerflüsterer zählt Ziegel, und die Ziegel zählen ihn. ".encode() * 20


@cache
def trained(text: bytes = TEXT, kind: Alphabet = "bytes", config: Config = CONFIG) -> Model:
    """What reading ``text`` once makes of a network."""
    vocabulary = Vocabulary.of(kind, text)
    config = config.replace(alphabet=vocabulary.size, contexts=config.contexts if kind != "words" else 0)
    symbols = vocabulary.symbols(text)
    size = config.streams * config.window
    windows = symbols[: len(symbols) // size * size].reshape(-1, config.streams, config.window)
    network = lstm.build(config, len(windows))
    for window in windows:
        network.predict_window(np.ascontiguousarray(window.T))
        network.learn()
    return Model.of(config, vocabulary, network.state(), {})
