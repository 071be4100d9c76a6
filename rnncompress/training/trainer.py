"""Several passes over a text, a look at another after each, and the best model of all."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from rnncompress._version import __version__
from rnncompress.checkpoint import Checkpoints
from rnncompress.compiling import Stopwatch
from rnncompress.config import Config, canonical
from rnncompress.container import new_hash
from rnncompress.engine import state as states
from rnncompress.errors import CheckpointError, DeviceError, InputError
from rnncompress.limits import check_threads
from rnncompress.loop import PROGRESS_SECONDS
from rnncompress.lstm.trainable import Network, Noise, NoisyWeights
from rnncompress.model import Model
from rnncompress.network import IntArray
from rnncompress.snapshot import ANY, Identity, Shapes, Snapshot
from rnncompress.training.learner import Learner
from rnncompress.training.reading import Reading, bits
from rnncompress.trust import build_network
from rnncompress.vocabulary import Vocabulary

PATIENCE: Final = 4
"""Training ends after so many passes without a better model."""

State = dict[str, NDArray[Any]]

CURVE_POINTS: Final = 200
"""Of the curve, in each pass."""

_BEST: Final = "best "
"""What the names of the best model's arrays begin with in a checkpoint."""
_PRIOR: Final = "prior"
_CURVE: Final = "curve"


@dataclass(frozen=True)
class Job:
    """What to train, and on what. The model depends on this alone."""

    config: Config
    """Its alphabet is the vocabulary's."""
    vocabulary: Vocabulary
    text: IntArray
    """(n,): symbols to learn."""
    valid: IntArray
    """(m,): symbols to choose the model by."""
    passes: int
    """Over the text, at most; the learning rate anneals over all of them."""
    noise: Noise | None = None
    start: Model | None = None
    """Where training begins; None for the usual random weights."""

    def identity(self) -> dict[str, object]:
        """What tells one job from another."""
        return {
            "text": _digest(self.text),
            "validation text": _digest(self.valid),
            "configuration": canonical(self.config, without=["lanes"]).hex(),
            "vocabulary": _hash(json.dumps(asdict(self.vocabulary)).encode()),
            "number of passes": self.passes,
            "noise": asdict(self.noise) if self.noise else None,
            "model to begin with": self.start.digest.hex() if self.start else None,
            "version of rnncompress": __version__,
        }


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass came to, in bits per symbol."""

    trained: float
    """Of the text, while it was learnt."""
    valid: float
    """Of the validation text, after the pass."""
    symbols: int
    """Read so far, in this pass and all before."""


Curve = tuple[tuple[int, float], ...]
"""Points (symbols read in all passes, bits per symbol since the point before)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is."""

    done: int
    """Symbols read in all passes."""
    total: int
    number: int
    """Of the pass, from 1."""
    now: float
    """Bits per symbol in this pass so far."""
    passes: tuple[Pass, ...]
    """Those done."""
    curve: Curve
    """So far."""


@dataclass(frozen=True)
class Trained:
    """A finished training."""

    model: Model
    """The one that was best on the validation text."""
    passes: tuple[Pass, ...]
    best: int
    """The number of the best pass, from 1; 0 if none was better than the model that training began with."""
    curve: Curve
    """About 200 points in each pass."""
    seconds: float


def train(
    job: Job,
    *,
    engine: str = "cpu",
    threads: int = 1,
    progress: Callable[[Progress], None] = lambda progress: None,
    checkpoints: Checkpoints | None = None,
    after_pass: Callable[[int, Model], None] | None = None,
) -> Trained:
    """Train a network, the mixing stage behind it, or both at once, in the same passes.

    The result depends on ``job`` alone, not on engine, threads, or interruptions.

    ``progress`` is called about every 0.1 s, ``after_pass`` with the number of each pass, from 1, and the model as it
    then is. Raises InputError if a text is too short, ModelError if the model to begin with is of another network,
    DeviceError, CheckpointError, and KeyboardInterrupt after a checkpoint.
    """
    run = _Run(job, engine, threads, progress)
    identity = {"direction": "train", **job.identity()}
    if checkpoints:
        checkpoints.restore(identity, run.shapes() if checkpoints.resuming else {}, run.take)
    with checkpoints.running(run.done) if checkpoints else nullcontext():
        run.go(checkpoints, identity, after_pass)
    return run.trained()


class _Run:
    """A training between two windows."""

    def __init__(self, job: Job, engine: str, threads: int, progress: Callable[[Progress], None]) -> None:
        config = job.config
        self.job = job
        self.text = Reading(job.text, config.streams, config.window)
        self.valid = Reading(job.valid, config.streams, config.window)
        if not self.text.whole or not len(job.valid):
            least = config.streams * config.window
            raise InputError(
                f"too short a text: {len(job.text):,} symbols to learn and {len(job.valid):,} to validate with; "
                f"at least {least:,} and 1 are needed"
            )
        self.windows = job.passes * self.text.whole
        start = job.start.state(config) if job.start else None
        trained = network(config, self.windows, engine, threads, start)
        if trained is not None:
            trained.started = trained.updates
        if job.noise and trained is None:
            raise InputError("there is no network whose weights could have noise")
        self.learner = Learner(config, trained, threads, start)
        self.noisy = NoisyWeights(trained, job.noise) if job.noise and trained is not None else None
        self.number = 0
        """Windows learnt from, in all passes."""
        self.cost = 0
        """Of those of this pass."""
        self.history: list[tuple[int, int]] = []
        """For each pass: what the text cost, and the validation text."""
        self.points: list[tuple[int, int]] = []
        """Windows learnt from in all passes, and what those of this pass had cost."""
        self.best = self._parameters()
        self.best_pass = 0
        self.least = self._validate() if job.start else None
        self._progress = progress
        self._told = time.monotonic()
        self._watch = Stopwatch()

    @property
    def done(self) -> int:
        """Symbols learnt from, in all passes."""
        return self.number * self._window

    @property
    def _window(self) -> int:
        """Symbols of a window."""
        return self.job.config.streams * self.job.config.window

    def go(
        self,
        checkpoints: Checkpoints | None,
        identity: Identity,
        after_pass: Callable[[int, Model], None] | None,
    ) -> None:
        """Train until all passes are done, or the last ones were of no use."""
        whole = self.text.whole
        while self.number < self.windows and len(self.history) - self.best_pass < PATIENCE:
            here = self.number % whole
            self._learn(here)
            self.number += 1
            if (here + 1) * CURVE_POINTS // whole > here * CURVE_POINTS // whole:
                self.points.append((self.number, self.cost))
            if here + 1 == whole:
                self._end_pass()
                if after_pass:
                    job = self.job
                    after_pass(
                        len(self.history), Model.of(job.config, job.vocabulary, self._parameters(), {})
                    )
            self._tell()
            if checkpoints and self.number < self.windows and checkpoints.due(self.done):
                checkpoints.save(identity, self._snapshot(), self.done)

    def trained(self) -> Trained:
        """The result."""
        job = self.job
        told = {name: value for name, value in job.identity().items() if name != "configuration"}
        facts = {name: str(value) for name, value in told.items() if isinstance(value, str | int)}
        if job.noise:
            facts["noise"] = f"{job.noise.deviation}{', adaptive' if job.noise.adaptive else ''}"
        facts["passes"] = " ".join(f"{each.trained:.4f}/{each.valid:.4f}" for each in self._passes())
        facts["best pass"] = str(self.best_pass)
        model = Model.of(job.config, job.vocabulary, self.best, facts)
        return Trained(model, self._passes(), self.best_pass, self._curve(), self._watch.seconds)

    def _learn(self, number: int) -> None:
        inputs, symbols, _ = self.text.window(number)
        if self.noisy:
            self.noisy.begin(inputs)
        coded = self.learner.read(symbols, symbols.size)
        if self.noisy:
            self.noisy.end()
        self.cost += coded.cost()
        self.learner.learn()

    def _end_pass(self) -> None:
        valid = self._validate()
        self.history.append((self.cost, valid))
        self.cost = 0
        if self.least is None or valid < self.least:
            self.least, self.best, self.best_pass = valid, self._parameters(), len(self.history)

    def _validate(self) -> int:
        """What the validation text costs; nothing learns from it. A text begins before and after it."""
        self.learner.rewind()
        total = sum(coded.cost() for coded in self.learner.walk(self.valid, None))
        self.learner.rewind()
        return total

    def _passes(self) -> tuple[Pass, ...]:
        learnt = self.text.whole * self._window
        return tuple(
            Pass(bits(trained) / learnt, bits(valid) / len(self.job.valid), number * learnt)
            for number, (trained, valid) in enumerate(self.history, 1)
        )

    def _curve(self) -> Curve:
        curve: list[tuple[int, float]] = []
        before = (0, 0)
        for number, cost in self.points:
            begin = (number - 1) // self.text.whole * self.text.whole
            if before[0] <= begin:  # a pass counts anew
                before = (begin, 0)
            symbols = (number - before[0]) * self._window
            curve.append((number * self._window, bits(cost - before[1]) / symbols))
            before = number, cost
        return tuple(curve)

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= PROGRESS_SECONDS or self.number == self.windows:
            self._told = now
            per_pass = self.windows // self.job.passes
            here = (self.number - 1) % per_pass + 1
            symbols = here * self._window
            spent = self.cost or self.history[-1][0]
            total = self.done // self.number * self.windows
            number = (self.number - 1) // per_pass + 1
            now_costs = bits(spent) / symbols
            self._progress(Progress(self.done, total, number, now_costs, self._passes(), self._curve()))

    # -- checkpoints -------------------------------------------------------------------------------------------------

    def shapes(self) -> Shapes:
        """Those of the arrays of a snapshot."""
        config = self.job.config
        best = {_BEST + name: shape for name, shape in states.long_shapes(config).items()}
        own = {_PRIOR: ((4,), np.dtype(np.int64)), _CURVE: ((ANY, 2), np.dtype(np.int64))}
        return {**states.shapes(config), **best, **own}

    def take(self, at: Snapshot) -> bool:
        """Go on from ``at``. Raises CheckpointError if it is none of this training."""
        arrays = dict(at.state)
        prior, points = arrays.pop(_PRIOR), [(int(a), int(b)) for a, b in arrays.pop(_CURVE)]
        best = {name[len(_BEST) :]: arrays.pop(name) for name in list(arrays) if name.startswith(_BEST)}
        whole = self.text.whole
        history = [(int(a), int(b)) for a, b in at.curve]
        read = [number for number, _ in points]
        told = sorted(set(read)) == read and all(0 < number <= at.windows for number in read)
        if not told or not 0 < at.windows < self.windows or len(history) != at.windows // whole:
            raise CheckpointError("it does not hold what it should")
        for state in (arrays, states.no_text(self.job.config) | best):
            states.check_state(self.job.config, state)
        self.learner.load_state(arrays)
        if self.noisy:
            self.noisy.prior = prior
        self.number, self.cost, self.history, self.best = at.windows, int(at.bits), history, best
        self.points = points
        for number, (_, valid) in enumerate(history, 1):
            if self.least is None or valid < self.least:
                self.least, self.best_pass = valid, number
        self._watch.add(at.seconds)
        return True

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            windows=self.number,
            bits=self.cost,
            curve=tuple(self.history),
            seconds=self._watch.seconds,
            state=self._arrays(),
        )

    def _arrays(self) -> State:
        """All arrays of a snapshot."""
        prior = self.noisy.prior if self.noisy else np.zeros(4, np.int64)
        best = {_BEST + name: array for name, array in self.best.items()}
        points = np.array(self.points, np.int64).reshape(-1, 2)
        return {**self.learner.state(), **best, _PRIOR: prior, _CURVE: points}

    def _parameters(self) -> State:
        """What was learnt."""
        return states.long(self.learner.state())


def network(
    config: Config, windows: int, engine: str, threads: int, state: Mapping[str, NDArray[Any]] | None = None
) -> Network | None:
    """The network of ``config``, to train or evaluate, that begins with ``state`` if given; None if it has none.

    Raises DeviceError if the engine cannot do that, ValueError if so many threads cannot be had.
    """
    check_threads(threads)
    if not config.layers:
        return None
    begin = states.split(state)[0] if state is not None else None
    built = build_network(config, windows, engine=engine, threads=threads, state=begin)
    if not hasattr(built, "rewind"):
        raise DeviceError(f"the engine {engine!r} cannot train or evaluate yet; use the CPU (--device cpu)")
    return cast(Network, built)


def _digest(symbols: IntArray) -> str:
    """Length and hash of a text."""
    return f"{len(symbols)} {_hash(symbols.astype('<i4').tobytes())}"


def _hash(data: bytes) -> str:
    content = new_hash()
    content.update(data)
    return content.hexdigest()
