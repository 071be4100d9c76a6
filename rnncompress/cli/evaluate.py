"""``rnncompress evaluate``."""

import math
import os
import platform
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, cast

import click

from rnncompress.cli import texts
from rnncompress.cli.models import ModelFile, load
from rnncompress.cli.run import Run, run_options, shown
from rnncompress.cli.screen import duration
from rnncompress.errors import about
from rnncompress.machine import versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rnncompress.engine import EngineName
    from rnncompress.training.evaluation import Evaluation, RuleName

ROWS: Final = 10
"""Of the curve, that are printed."""


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """A finished evaluation, under one or two ways of learning."""

    source: str
    given: ModelFile
    evaluations: "tuple[Evaluation, ...]"
    threads: int
    points: tuple[int, int] | None = None
    """Of strokes: their points, and the drawings."""
    target: None = None

    def line(self) -> str:
        """The curves, side by side, and what the whole text costs."""
        first = self.evaluations[0]
        words = self.given.model.vocabulary.kind == "words"
        heads = ["static" if each.rule is None else "dynamic" for each in self.evaluations]
        lines = [f"{self.source}: {first.bytes:,} bytes under {self.given.path}"]
        if words:
            lines.append(f"{first.symbols:,} words and ends of lines; perplexity of them so far:")
        else:
            lines.append("bits per character so far:")
        lines.append(f"{'read':>14}" + "".join(f"{head:>10}" for head in heads))
        points = len(first.curve)
        for n in sorted({max(0, points * (row + 1) // ROWS - 1) for row in range(ROWS)} if points else ()):
            values = [each.curve[n][1] for each in self.evaluations]
            cells = [f"{2**value:10.2f}" if words else f"{value:10.4f}" for value in values]
            lines.append(f"{first.curve[n][0]:14,}" + "".join(cells))
        rows = [("bpc", [f"{each.bpc:10.4f}" for each in self.evaluations])]
        if alone := [
            f"{each.network_bpc:10.4f}" for each in self.evaluations if each.network_bpc is not None
        ]:
            rows.append(("network alone", alone))
        if words:
            rows.append(("perplexity", [f"{each.perplexity:10.2f}" for each in self.evaluations]))
        if self.points:
            count, drawings = self.points
            rows.append(("bits a point", [f"{each.bits / count:10.4f}" for each in self.evaluations]))
            nats = [each.bits * math.log(2) / drawings for each in self.evaluations]
            rows.append(("nats/drawing", [f"{value:10.2f}" for value in nats]))
        rows.append(("time", [f"{duration(each.seconds):>10}" for each in self.evaluations]))
        return "\n".join([*lines, *(f"{name:>14}" + "".join(cells) for name, cells in rows)])

    def document(self) -> dict[str, object]:
        """All of it, for machines."""
        model = self.given.model
        return {
            "command": "evaluate",
            "input": self.source,
            "model": str(self.given.path),
            "model_digest": model.digest.hex(),
            "model_bytes": self.given.size,
            "config": asdict(model.config),
            "alphabet": model.vocabulary.kind,
            "points": self.points[0] if self.points else None,
            "drawings": self.points[1] if self.points else None,
            "evaluations": {
                "dynamic" if each.rule else "static": asdict(each)
                | {"bpc": each.bpc, "network_bpc": each.network_bpc, "perplexity": each.perplexity}
                for each in self.evaluations
            },
            "threads": self.threads,
            "machine": {"type": platform.machine(), "system": platform.platform(), "cores": os.cpu_count()},
            "versions": versions(),
        }


@click.command()
@click.argument("source", metavar="TEXT", type=click.Path(allow_dash=True))
@click.option("--model", "model_file", required=True, metavar="MODEL", help="As `rnncompress train` made it.")
@click.option("--static", is_flag=True, help="Under the model as it is. Default: both.")
@click.option("--dynamic", is_flag=True, help="Under the model as it goes on learning.")
@click.option("--rule", type=click.Choice(["adam", "rms"]), default="adam", show_default=True,
              help="How it learns: as in training, or normalised by the gradients of training.")  # fmt: skip
@click.option(
    "--rate",
    type=click.FloatRange(1e-6, 1),
    metavar="R",
    help="How fast it learns. Default: 0.0003, for rms 0.0005.",
)
@click.option("--decay", type=click.FloatRange(0, 1), metavar="D",
              help="Pull back to the trained weights after each update; for --rule rms. Default: 0.003.")  # fmt: skip
@click.option(
    "--reset", type=click.IntRange(min=1), metavar="N", help="Forget what was learnt every N symbols."
)
@click.option("--streams", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
              help="Parts of the text to read at once: faster, and learns less often.")  # fmt: skip
@run_options
def evaluate(
    source: str,
    model_file: str,
    static: bool,
    dynamic: bool,
    rule: str,
    rate: float | None,
    decay: float | None,
    reset: int | None,
    streams: int,
    run: Run,
) -> None:
    """Tell what TEXT costs under MODEL as it is, and under MODEL as it goes on learning, side by side.

    Of a model for strokes, TEXT is a file or folder of them.
    """
    if decay is not None and rule != "rms":
        raise click.UsageError("--decay is for --rule rms")
    if static and not dynamic and (rate or reset or decay):
        raise click.UsageError("--rate, --decay and --reset are for --dynamic")
    run.check_report(source, overwrite=False)

    from rnncompress.training import evaluation
    from rnncompress.training.evaluation import DECAY, RATES, Rule

    given = load(model_file)
    assert given is not None
    points = None
    if given.model.config.strokes:
        from rnncompress.strokes import packing

        strokes = texts.read_strokes([source], run.screen)
        text = packing.points_alone(strokes)
        points = sum(map(len, strokes.runs)), sum(strokes.begins)
    else:
        text = texts.read([source], run.screen)
    name = cast("RuleName", rule)
    pull = (DECAY if decay is None else decay) if rule == "rms" else 0.0
    learning = Rule(name, round(rate * 1e6) if rate else RATES[name], pull, reset)
    both = static == dynamic
    rules = [None] * (static or both) + [learning] * (dynamic or both)

    def evaluated(engine: "EngineName") -> "Iterator[Evaluation]":
        for each in rules:
            title = f"{'dynamic' if each else 'static'} evaluation of {source}"
            with about(source), run.screen.progress(title) as update:
                yield evaluation.evaluate(
                    given.model,
                    text,
                    each,
                    streams=streams,
                    engine=engine,
                    threads=run.threads,
                    progress=shown(update),
                )

    config = given.model.config.replace(streams=streams)
    done = run.computed(config, len(text), lambda engine: tuple(evaluated(engine)))
    run.deliver(EvaluationResult(source, given, done, run.threads, points))
