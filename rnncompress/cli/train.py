"""``rnncompress train``."""

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rnncompress import presets
from rnncompress.attributes import Attributes
from rnncompress.cli import texts
from rnncompress.cli.checkpoints import Keeping, checkpoint_options, open_kept_target
from rnncompress.cli.curves import CurveFiles, curve_options
from rnncompress.cli.run import Run, run_options
from rnncompress.cli.screen import Screen, Update, duration
from rnncompress.cli.streams import STDIO, choose_target, refuse_input
from rnncompress.errors import InputError, about
from rnncompress.machine import versions

if TYPE_CHECKING:
    from rnncompress.engine import EngineName
    from rnncompress.model import Model
    from rnncompress.training.trainer import Progress, Trained

SPLIT: Final = (96, 4)
NOISE: Final = 0.075
"""The deviation of Graves 2013, section 3.1."""
PASSES: Final = 10
"""Over the text. With contexts it is one: after that they know the text by heart."""
SAMPLE: Final = 300
"""Symbols of a sample."""
SEED: Final = 0


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A finished training."""

    texts: tuple[str, ...]
    target: str
    trained: "Trained"
    size: int
    """Bytes of the model file."""
    samples: dict[int, str]
    """What the model made up after each pass, if that was wanted."""

    def line(self) -> str:
        """The model, the passes, and what the best one came to."""
        trained = self.trained
        outcome = f"pass {trained.best} of {len(trained.passes)} is the best"
        if trained.best:
            valid = trained.passes[trained.best - 1].valid
            outcome += f": {in_bits(valid, words=trained.model.vocabulary.kind == 'words')} in validation"
        else:
            outcome = "no pass was better than the model it began with"
        names = f"{' '.join(self.texts)} → {self.target}"
        return f"{names}: {self.size:,} bytes, {outcome}, {duration(trained.seconds)}"

    def document(self) -> dict[str, object]:
        """All of it, for machines."""
        model = self.trained.model
        return {
            "command": "train",
            "input": list(self.texts),
            "output": self.target,
            "model_bytes": self.size,
            "model_digest": model.digest.hex(),
            "config": asdict(model.config),
            "alphabet": model.vocabulary.kind,
            "training": dict(model.training),
            "passes": [asdict(each) for each in self.trained.passes],
            "best_pass": self.trained.best,
            "curve": self.trained.curve,
            "samples": self.samples,
            "seconds": self.trained.seconds,
            "machine": {"type": platform.machine(), "system": platform.platform()},
            "versions": versions(),
        }


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="TEXT...", type=click.Path(allow_dash=True))
@click.option("-o", "--output", required=True, metavar="MODEL", help="Where to write the model file.")
@click.option("-f", "--force", is_flag=True, help="Overwrite what is there.")
@click.option(
    "--preset",
    type=click.Choice(presets.names()),
    help="The network; see `rnncompress presets`. Default: by the size of the text.",
)
@click.option("--start", metavar="MODEL", type=click.Path(), help="Begin with the weights of this model.")
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Passes over the text, at most. Default: {PASSES}; 1 for networks with contexts.",
)
@click.option("--valid", metavar="FILE", type=click.Path(), help="Choose the best pass by this text.")
@click.option(
    "--split",
    callback=texts.shares,
    metavar="A:B",
    help="Learn the first part of TEXT, validate with the second. Default: 96:4.",
)
@click.option(
    "--weight-noise",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="S",
    help="Learn with noise of this deviation on the weights.",
)
@click.option(
    "--adaptive-noise",
    is_flag=True,
    help=f"Learn how much noise each weight bears, up to S (default: {NOISE}).",
)
@click.option("--sample", "sampling", is_flag=True, help="After each pass show what the model makes up.")
@curve_options
@checkpoint_options
@run_options
def train(
    names: tuple[str, ...],
    output: str,
    force: bool,
    preset: str | None,
    start: str | None,
    epochs: int | None,
    valid: str | None,
    split: tuple[int, int] | None,
    weight_noise: float | None,
    adaptive_noise: bool,
    sampling: bool,
    curve_files: CurveFiles,
    keeping: Keeping,
    run: Run,
) -> None:
    """Train a network on one or more TEXTs, and write the best model of all passes to MODEL.

    After each pass over the text the network is validated with text that it does not learn; training ends early
    when that has not become better for four passes. A model serves `evaluate`, `sample`, and `encode --model`.
    With a preset for strokes, such as graves-strokes, the TEXTs are files or folders of pen strokes.
    """
    if valid is not None and split is not None:
        raise click.UsageError("--valid and --split contradict each other")
    target = choose_target(names[0], output, False, None, overwrite=force)
    if target is None:
        raise click.UsageError("a model is not written to standard output; name a file with -o")
    curve_files.check(overwrite=force)
    for name in (*names, *filter(None, (valid, start))):
        refuse_input(name, target)
        if curve_files.csv:
            refuse_input(name, curve_files.csv)
        run.check_report(name, target, overwrite=force)
    checkpoints = keeping.checkpoints(names[0], target, run.screen, overwrite=force)

    from rnncompress.lstm.trainable import Noise
    from rnncompress.model import Model
    from rnncompress.training.trainer import Job
    from rnncompress.training.trainer import train as train_job
    from rnncompress.vocabulary import Vocabulary

    begin = Model.load(Path(start)) if start else None
    if presets.for_strokes(preset) if preset else begin is not None and begin.config.strokes:
        text, other = _strokes(names, valid, split or SPLIT, run.screen)
    else:
        text = texts.read(names, run.screen)
        if valid is not None:
            other = texts.read([valid], run.screen)
        else:
            text, other = texts.cut(text, split or SPLIT)
    config = presets.get(preset, len(text)) if preset else presets.choose(len(text))
    if begin:
        vocabulary = begin.vocabulary
        config = config if preset else begin.config
    else:
        vocabulary = Vocabulary.of(presets.PRESETS[preset].alphabet if preset else "bytes", text)
    config = config.replace(alphabet=vocabulary.size)
    if sampling and config.strokes:
        raise click.UsageError(
            "--sample shows text; for strokes use `rnncompress sample` when the model is there"
        )
    if sampling and not config.layers:
        raise click.UsageError("--sample needs a network, which this preset does not have")
    passes = epochs or (1 if config.contexts else PASSES)
    noise = None
    if weight_noise or adaptive_noise:
        noise = Noise(weight_noise or NOISE, adaptive_noise, max(1, len(text)))
    job = Job(config, vocabulary, vocabulary.symbols(text), vocabulary.symbols(other), passes, noise, begin)

    samples: dict[int, str] = {}

    def trained_by(engine: "EngineName") -> "Trained":
        with about(" ".join(names)), run.screen.progress(f"training {output}") as update:
            return train_job(
                job,
                engine=engine,
                threads=run.threads,
                progress=_shown(update, run, curve_files, words=vocabulary.kind == "words"),
                checkpoints=checkpoints,
                after_pass=_sampled(run, samples) if sampling else None,
            )

    readable = Attributes.readable_like(Path(name) for name in (*names, start) if name and name != STDIO)
    with open_kept_target(target, readable, checkpoints, overwrite=force) as file:
        trained = run.computed(
            config, passes * len(job.text), trained_by, checkpoints, f", {config.alphabet:,} symbols"
        )
        file.seek(0)
        file.truncate()
        size = file.write(trained.model.to_bytes())
    curve_files.finish(trained.curve, trained.passes, overwrite=force)
    run.deliver(TrainingResult(names, str(target), trained, size, samples), overwrite=force)


def _strokes(
    names: tuple[str, ...], valid: str | None, split: tuple[int, int], screen: Screen
) -> tuple[bytes, bytes]:
    """What to learn from, and to validate with, of strokes: packed points."""
    from rnncompress.strokes.packing import divided, points_alone

    strokes = texts.read_strokes(names, screen)
    if valid is not None:
        return points_alone(strokes), points_alone(texts.read_strokes([valid], screen))
    try:
        first, second = divided(strokes, split[0] / sum(split))
    except ValueError as error:
        raise InputError(f"{' '.join(names)}: {error}; name others with --valid") from error
    return points_alone(first), points_alone(second)


def in_bits(value: float, *, words: bool) -> str:
    """Bits per symbol as is usual for these symbols."""
    return f"perplexity {2**value:.2f}" if words else f"{value:.3f} bpc"


def _sampled(run: Run, samples: dict[int, str]) -> "Callable[[int, Model], None]":
    """Shows what the model of each pass makes up, and puts it down."""

    def show(number: int, model: "Model") -> None:
        import numpy as np

        from rnncompress.sampling import ONE, from_model

        symbols = from_model(model, np.zeros(0, np.int32), ONE, SEED, threads=run.threads)
        text = model.vocabulary.text(list(islice(symbols, SAMPLE))).decode("utf-8", "replace")
        samples[number] = text
        run.screen.say(f"a sample after pass {number}:\n{printable(text)}")

    return show


def printable(text: str) -> str:
    """Without what could steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)


def _shown(update: Update, run: Run, curve_files: CurveFiles, *, words: bool) -> "Callable[[Progress], None]":
    """Shows how far training is, and says what each pass came to."""
    told = 0

    def show(at: "Progress") -> None:
        nonlocal told
        for number, each in enumerate(at.passes[told:], told + 1):
            learnt, valid = in_bits(each.trained, words=words), in_bits(each.valid, words=words)
            run.screen.say(f"pass {number}: {learnt} while learning, {valid} in validation")
        told = len(at.passes)
        curve_files.follow(at.curve, at.passes)
        update(at.done, at.total, f"pass {at.number}, {in_bits(at.now, words=words)}")

    return show
