"""What training and evaluation do to a network beside predicting and learning: noise on the weights, pulls, skips.

The specification is the plain numpy of :func:`perturb` and :func:`pull`; the CPU engine's kernels in
:mod:`rnncompress.lstm.cpu.training_kernels` equal it bit for bit. Everything is elementwise, but for sums of integers.

*Weight noise* (Jim, Giles & Horne 1996; Graves 2013, section 3.1): each window is predicted, and its gradient taken, at
weights that are off by normal noise; the gradient then moves the weights themselves.

*Adaptive weight noise* (Graves 2011, "Practical variational inference for neural networks"): the weights are the
means of a posterior, a diagonal Gaussian, and the loss is the description length: what the text costs under it, plus
its divergence from a Gaussian prior, whose mean m and variance s^2 are the best for the present posterior. With N
symbols of text the gradient at the variance v of a weight is, as there, ``1/2 (1/s^2 - 1/v) + N/2 E[g^2]``. We take
its zero, ``v = 1 / (1/s^2 + N E[g^2])``, with the E[g^2] that Adam keeps anyway (as Khan et al. 2018, "Fast and
scalable Bayesian deep learning by weight-perturbation in Adam", do). The gradient at the mean gets
``(w - m) / (s^2 N)`` beside the text's.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from rnncompress.exact import functions, grid, noise
from rnncompress.lstm.parameters import EPSILON, rate
from rnncompress.network import IntArray, Predictor

Float = NDArray[np.float32]

PURPOSE: Final = 62
"""Tells the noise of the weights from other uses of :func:`rnncompress.exact.noise.key`."""
WEIGHT_UNITS: Final = np.float32(2**13)
"""Weights are rounded to 2**-13 to be summed for the prior."""
VARIANCE_UNITS: Final = np.float32(2**32)

ROOT_UNITS: Final = np.float32(2**30)


class Group(NamedTuple):
    """Some of the weights of an engine, flat, in whatever order it keeps them."""

    values: Float
    """(n,): a view of the master weights."""
    moments: Float
    """(n,): a view of their second moments."""
    numbers: NDArray[np.uint32]
    """(n,): 1 + the place of each weight in the order of the specification; 0 for padding."""
    share: float
    """Of all updates, those in which these weights were in use."""
    under_prior: bool
    """Whether the prior is made of, and pulls at, these weights: the matrices, which are most of all."""


@dataclass(frozen=True)
class Noise:
    """How the weights are off. ``deviation``: standard deviation; with ``adaptive`` noise, the largest there is."""

    deviation: float
    adaptive: bool = False
    symbols: int = 1
    """Symbols of the text, N: adaptive noise weighs them against the prior."""


class Variation(NamedTuple):
    """The numbers of one perturbation; all but the key are float32."""

    key: np.uint32
    deviation: Any
    precision: Any
    """1/s^2 of the prior; 0 without adaptive noise: then every weight has ``deviation``."""
    data: Any
    """What the second moment is to be multiplied by to get N E[g^2]."""
    mean: Any
    """The prior's m."""
    strength: Any
    """Of the prior's pull, to be divided by the root of the second moment; 0 if it does not pull."""
    most: Any
    """The strongest pull."""


def perturb(group: Group, v: Variation, sums: NDArray[np.int64]) -> Float:
    """Pull the weights of ``group`` to the prior, and replace them by noisy ones. Returns those without noise.

    Those under the prior are added up in ``sums`` (4,): their number, their sum, the sum of their squares, the sum
    of their variances, in the units above.
    """
    values, moments, numbers, share, under_prior = group
    kept: Float = values.copy()
    deviation = np.full(len(values), v.deviation, np.float32)
    if v.precision > 0:
        precision = v.precision + v.data * np.float32(share) * moments
        deviation = np.minimum(functions.inverse_root(precision), v.deviation)
        if under_prior:
            pull = np.minimum(v.strength * functions.inverse_root(moments + EPSILON), v.most)
            kept[:] = values + pull * (v.mean - values)
    if under_prior:
        real = numbers > 0
        integers = grid.weight(kept[real]).astype(np.int64)
        variances = np.rint(deviation[real] * deviation[real] * VARIANCE_UNITS).astype(np.int64)
        sums += [len(integers), integers.sum(), (integers * integers).sum(), variances.sum()]
    noisy = kept + deviation * noise.normal(v.key, numbers)
    values[:] = np.minimum(np.maximum(noisy, -grid.WEIGHT_LIMIT), grid.WEIGHT_LIMIT)
    return kept


def roots(group: Group) -> tuple[Float, int, int]:
    """The roots (n,) of the second moments, their sum in units of 2**-30, and how many weights there are."""
    root = group.moments * functions.inverse_root(group.moments + EPSILON)
    total = int(np.rint(root * ROOT_UNITS).astype(np.int64).sum())
    return root, total, int(np.count_nonzero(group.numbers))


def pull(values: Float, trained: Float, strengths: Float) -> None:
    """Move each of ``values`` by its strength, from 0 to 1, back to what it was: decay to the trained weights."""
    values += strengths * (trained - values)


def numbers(start: int, size: int) -> NDArray[np.uint32]:
    """``Group.numbers`` of weights that follow each other from place ``start`` on."""
    return np.arange(start + 1, start + size + 1, dtype=np.int64).astype(np.uint32)


def vector_groups(
    places: NDArray[np.uint32],
    embeddings: Sequence[tuple[Float, Float]],
    bias: tuple[Float, Float],
    uses: NDArray[np.float64],
    rows: NDArray[np.intp] | None,
) -> list[Group]:
    """The groups of the embeddings and the bias, given with their moments.

    ``places``: ``Group.numbers`` of all embeddings and of the bias, flat.
    ``uses`` (rows,): of all updates, those in which each row of the embeddings was in use.
    """
    groups = []
    for table, moments in embeddings:
        here, places = places[: table.size], places[table.size :]
        if rows is None:
            groups.append(Group(table.reshape(-1), moments.reshape(-1), here, 1.0, False))
        else:
            numbered = here.reshape(table.shape)
            for row in rows.tolist():
                groups.append(Group(table[row], moments[row], numbered[row], float(uses[row]), False))
    return [*groups, Group(*bias, places, 1.0, False)]


class Network(Predictor, Protocol):
    """An engine that can be trained and evaluated, beside what the codec does with it."""

    windows: int
    started: int
    """Updates before this run: the learning rate anneals over the updates since, 0 unless it is set."""
    keep_moments: bool
    """Learning leaves the second moments as they are; False unless it is set."""

    @property
    def updates(self) -> int:
        """Updates so far."""

    def skip(self) -> None:
        """Go on to the next window without learning from this one."""

    def rewind(self) -> None:
        """Begin a text: nothing is carried into the next window."""

    def groups(self, rows: NDArray[np.intp] | None) -> list[Group]:
        """All matrices, the biases, and these rows of the embeddings; all of them where ``rows`` is None."""

    def requantise(self) -> None:
        """Make the integers of the matrices anew."""

    perturb: Callable[[Group, Variation, NDArray[np.int64]], Float]
    """:func:`perturb` as fast as the engine can."""
    roots: Callable[[Group], tuple[Float, int, int]]
    """:func:`roots` where the engine has its weights."""
    pull: Callable[[Float, Float, Float], None]
    """:func:`pull` as fast as the engine can."""


class NoisyWeights:
    """Weights that are off by noise from :meth:`begin`, before a window is predicted, to :meth:`end`, before it is
    learnt from: the gradient is that at the noisy weights.
    """

    def __init__(self, network: Network, noise: Noise) -> None:
        self.prior = np.zeros(4, np.int64)
        """The sums of :func:`perturb` over the window before; zero before the first. With the network's state it is
        all that later noise depends on."""
        self._network = network
        self._noise = noise
        self._kept: list[tuple[Group, Float]] = []

    def begin(self, inputs: IntArray) -> None:
        """Put noise on the weights; ``inputs`` (T, B) are the symbols before each step of the window."""
        network, variation = self._network, self._variation()
        self.prior = np.zeros(4, np.int64)
        for group in network.groups(np.unique(inputs)):
            self._kept.append((group, network.perturb(group, variation, self.prior)))
        network.requantise()

    def end(self) -> None:
        """Take the noise off the master weights; the integers made of them keep it until the next update."""
        for group, kept in self._kept:
            group.values[:] = kept
        self._kept.clear()

    def _variation(self) -> Variation:
        """What the prior of the window before, and the number of this one, make of the noise."""
        config, update = self._network.config, self._network.updates + 1
        key = noise.key(PURPOSE, update)
        deviation, zero = np.float32(self._noise.deviation), np.float32(0)
        count, total, squares, variances = map(int, self.prior)
        if not (self._noise.adaptive and count):
            return Variation(key, deviation, zero, zero, zero, zero, zero)
        mean = total / count / float(WEIGHT_UNITS)
        square = squares / count / float(WEIGHT_UNITS) ** 2
        variance = square - mean * mean + variances / count / float(VARIANCE_UNITS)
        step = rate(config, update - self._network.started, self._network.windows)
        symbols = self._noise.symbols
        return Variation(
            key,
            deviation,
            np.float32(1 / variance),
            np.float32(symbols * config.streams * config.window),
            np.float32(mean),
            np.float32(float(step) / (variance * symbols)),
            step,
        )


class Anchor:
    """The weights as trained, and the pull back to them after every update: Krause et al. 2018."""

    def __init__(self, network: Network, decay: float) -> None:
        self._network = network
        groups = network.groups(None)
        roots, totals, counts = zip(*map(network.roots, groups), strict=True)
        factor = np.float32(decay * sum(counts) * float(ROOT_UNITS) / max(1, sum(totals)))
        self._strengths = [(root * float(factor)).clip(max=1) for root in roots]
        self._trained = [copy.deepcopy(group.values) for group in groups]

    def pull(self) -> None:
        """Move all weights a little back; those whose gradients were large in training, more."""
        groups = self._network.groups(None)
        for group, trained, strengths in zip(groups, self._trained, self._strengths, strict=True):
            self._network.pull(group.values, trained, strengths)
        self._network.requantise()
