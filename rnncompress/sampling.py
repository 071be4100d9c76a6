"""Text from a trained model: symbols drawn one by one, each the next input (Graves 2013, section 1).

The weights stay as trained: what is seen is what training has learnt. All is integers, or correctly rounded elementwise
operations, so the same seed draws the same text on every machine.
"""

from collections.abc import Iterator
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.errors import ModelError
from rnncompress.exact import functions, noise
from rnncompress.lstm.trainable import Network
from rnncompress.model import Model
from rnncompress.network import IntArray
from rnncompress.training.trainer import network

ONE: Final = 1000
"""The temperature that leaves the predictions as they are: temperatures are in thousandths."""

_SQUARINGS: Final = 10
"""Of :func:`rnncompress.exact.functions.exp`."""
_WEIGHT: Final = float(2**38)


def sample(network: Network, prime: IntArray, temperature: int, seed: int) -> Iterator[int]:
    """Symbols without end from a fresh ``network`` of one stream, after those of ``prime`` (n,).

    ``temperature``, in thousandths, divides the logits: below ``ONE`` the likely becomes likelier still. ``seed`` is
    from 0 to 2**32 - 1.
    """
    for number in count():
        frequencies = network.predict_step()[0]
        drawn = number >= len(prime)
        symbol = draw(tempered(frequencies, temperature), seed, number) if drawn else int(prime[number])
        network.observe(np.array([symbol], np.int32))
        if (number + 1) % network.config.window == 0:
            network.skip()
        if drawn:
            yield symbol


def from_model(
    model: Model, prime: IntArray, temperature: int, seed: int, *, threads: int = 1
) -> Iterator[int]:
    """:func:`sample` from a trained model. Raises ModelError if it has no network."""
    config = model.config.replace(streams=1, lanes=1)
    built = network(config, 1, "cpu", threads, model.state(config))
    if built is None:
        raise ModelError("there is no network, which is what text comes from; train one with another preset")
    return sample(built, prime, temperature, seed)


def tempered(frequencies: IntArray, temperature: int) -> NDArray[np.int64]:
    """Integers (A,) in proportion to ``frequencies`` (A,) to the power of ONE / ``temperature``.

    The logits come back from the frequencies by the inverse of the formula that made them: roots for squares.
    """
    if temperature == ONE:
        return frequencies.astype(np.int64)
    shares = frequencies / frequencies.max()
    for _ in range(_SQUARINGS):
        shares = np.sqrt(shares)
    logits = (shares - 1.0) * 2.0**_SQUARINGS
    powers: NDArray[np.float64] = functions.exp(logits * ONE / temperature)
    return (powers * _WEIGHT).astype(np.int64)


def draw(weights: NDArray[np.int64], seed: int, number: int) -> int:
    """The index that chance ``number`` of ``seed`` draws, each as often as its weight says.

    64 bits of chance against sums below 2**52: no index comes up more or less often than it should by a part in 2**12.
    """
    key = noise.mix(np.array([seed], np.uint32))
    high, low = map(int, noise.mix(key ^ np.array([2 * number, 2 * number + 1], np.int64).astype(np.uint32)))
    sums = np.cumsum(weights)
    place = ((high << 32 | low) * int(sums[-1])) >> 64
    return int(np.searchsorted(sums, place, side="right"))
