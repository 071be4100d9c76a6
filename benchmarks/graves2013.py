"""The experiments of Graves 2013 ("Generating sequences with recurrent neural networks"), section 3, with our networks.

    python benchmarks/graves2013.py --ptb FOLDER --wiki FILE [--scale small|medium|full] [--only NAME...] [--out FOLDER]

FOLDER holds ptb.train.txt, ptb.valid.txt and ptb.test.txt (Mikolov's preparation of the Penn Treebank), FILE some
Wikipedia. As in the paper a network is trained, the best of all passes is kept, and the test text is evaluated under
the weights as they are and as they go on learning, at the rate that is best for the validation text; networks with
noise begin with the weights of those without. As characters, lines are read without the blanks that Mikolov's files
have at both ends of each.

``full`` has the paper's networks and texts and needs a GPU; ``medium`` has a quarter of the units and takes some hours;
``small`` has a tenth of the text and few units, and takes about ten minutes of one core. What overfitting there is
shows in the cost of a part of the training text, and in that of the validation text when a network is trained on with
noise and without.

Models are kept in ``--models`` and taken from there, unfinished ones as checkpoints: an interrupted run goes on. The
table and all numbers go to ``--out``.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from rnncompress import presets
from rnncompress.bench import machine
from rnncompress.checkpoint import Checkpoints
from rnncompress.config import Config
from rnncompress.lstm.trainable import Noise
from rnncompress.model import Model
from rnncompress.presets import Alphabet
from rnncompress.training.evaluation import DECAY, Evaluation, Rule, RuleName, evaluate
from rnncompress.training.trainer import Job, Progress, train
from rnncompress.vocabulary import Vocabulary

DEVIATION = 0.075
RATES: dict[RuleName, tuple[int, ...]] = {"adam": (100, 200, 400, 800), "rms": (250, 500, 1000, 2000)}
"""Learning rates of dynamic evaluation that are tried on the validation text."""


@dataclass(frozen=True)
class Experiment:
    """One row of the table."""

    title: str
    corpus: Literal["ptb", "wiki"]
    alphabet: Alphabet
    config: Config
    passes: int
    noise: Literal["none", "fixed", "adaptive"] = "none"
    start: str | None = None
    """The experiment whose weights it begins with."""
    paper: tuple[float, float] | None = None
    """Static and dynamic, in bpc or perplexity per word."""


@dataclass(frozen=True)
class Scale:
    """Sizes of texts in bytes; None for all of it."""

    learn: int | None
    other: int | None
    """Of validation and test text, each."""
    words: int | None
    """Of the text that words are learnt from."""
    streams: int
    """In evaluation."""
    experiments: dict[str, Experiment]


def _experiments(rnn: Config, char: Config, word: Config, wiki: Config, passes: int) -> dict[str, Experiment]:
    again = max(1, passes * 2 // 3)

    def ptb(
        title: str,
        alphabet: Alphabet,
        config: Config,
        paper: tuple[float, float] | None = None,
        **changes: Any,
    ) -> Experiment:
        number = again if "start" in changes else passes
        return Experiment(title, "ptb", alphabet, config, number, paper=paper, **changes)

    chars: Alphabet = "characters"
    later, latest, later_word = slower(char, 2), slower(char, 4), slower(word, 2)
    noisy, adaptive = {"noise": "fixed"}, {"noise": "adaptive"}
    return {
        "rnn": ptb("characters, RNN", chars, rnn),
        "char": ptb("characters, LSTM", chars, char, (1.32, 1.29)),
        "char-again": ptb("… trained on without noise", chars, later, start="char"),
        "char-noise": ptb("… with weight noise", chars, later, (1.27, 1.24), start="char", **noisy),
        "char-adaptive": ptb(
            "… then with adaptive noise", chars, latest, (1.26, 1.24), start="char-noise", **adaptive
        ),
        "word": ptb("words, LSTM", "words", word, (138, 126)),
        "word-again": ptb("… trained on without noise", "words", later_word, start="word"),
        "word-noise": ptb("… with weight noise", "words", later_word, (126, 117), start="word", **noisy),
        "wiki": Experiment("Wikipedia, LSTM", "wiki", "bytes", wiki, max(1, passes // 3), paper=(1.67, 1.33)),
    }


def slower(config: Config, times: int) -> Config:
    """For weights that have been trained already."""
    return config.replace(rate_first=config.rate_first // times)


def _preset(name: str, **changes: Any) -> Config:
    return presets.get(name, 0).replace(**changes)


SCALES = {
    "small": Scale(
        500_000, 50_000, 300_000, 1,
        _experiments(
            _preset("graves-rnn", hidden=192, streams=16, window=32, rate_first=2000),
            _preset("graves-ptb-char", hidden=192, streams=16, window=32, rate_first=4000, rate_last=200),
            _preset("graves-ptb-word", hidden=96, streams=8, window=16, rate_first=3000, rate_last=200),
            _preset("graves-wiki", layers=3, hidden=96, streams=8, window=32, rate_first=4000, rate_last=200),
            12,
        ),
    ),
    "medium": Scale(
        None, 100_000, None, 1,
        _experiments(
            _preset("graves-rnn", hidden=256),
            _preset("graves-ptb-char", hidden=256, rate_first=4000, rate_last=100),
            _preset("graves-ptb-word", hidden=128, rate_first=4000, rate_last=100),
            _preset("graves-wiki", layers=3, hidden=256, rate_first=4000, rate_last=100),
            6,
        ),
    ),
    "full": Scale(
        None, None, None, 8,
        _experiments(*map(_preset, ("graves-rnn", "graves-ptb-char", "graves-ptb-word", "graves-wiki")), 20),
    ),
}  # fmt: skip


def texts(experiment: Experiment, scale: Scale, ptb: Path, wiki: Path | None) -> tuple[bytes, bytes, bytes]:
    """What to learn, to validate with, and to test."""
    size = scale.words if experiment.alphabet == "words" else scale.learn
    if experiment.corpus == "wiki":
        assert wiki is not None
        whole = wiki.read_bytes()
        other = scale.other or len(whole) // 50
        learn = size or len(whole) - 2 * other
        return whole[:learn], whole[learn : learn + other], whole[learn + other : learn + 2 * other]
    parts = [(ptb / f"ptb.{name}.txt").read_bytes() for name in ("train", "valid", "test")]
    plain = [b"".join(line.strip() + b"\n" for line in part.splitlines()) for part in parts]
    return _head(plain[0], size), _head(plain[1], scale.other), _head(plain[2], scale.other)


def _head(text: bytes, size: int | None) -> bytes:
    """Whole lines of about ``size`` bytes."""
    return text if size is None else text[: text.find(b"\n", size) + 1]


def run(name: str, scale: Scale, options: argparse.Namespace) -> dict[str, Any]:
    """Train and evaluate one experiment; everything there is to tell about it."""
    experiment = scale.experiments[name]
    learn, valid, test = texts(experiment, scale, options.ptb, options.wiki)
    vocabulary = Vocabulary.of(experiment.alphabet, learn)
    symbols = vocabulary.symbols(learn)
    noise = None
    if experiment.noise != "none":
        noise = Noise(DEVIATION, experiment.noise == "adaptive", len(symbols))
    job = Job(
        experiment.config.replace(alphabet=vocabulary.size), vocabulary, symbols, vocabulary.symbols(valid),
        experiment.passes, noise, Model.load(options.models / f"{experiment.start}.rnnm") if experiment.start else None,
    )  # fmt: skip
    path = options.models / f"{name}.rnnm"
    if not path.exists():
        kept = Checkpoints(path, every_seconds=300, resume=True, tell=print)
        trained = train(
            job, engine=options.device, threads=options.threads, progress=shown(name), checkpoints=kept
        )
        trained.model.save(path)
        kept.remove()
        path.with_suffix(".json").write_text(
            json.dumps({"seconds": trained.seconds, "passes": [asdict(each) for each in trained.passes],
                        "best": trained.best})
        )  # fmt: skip
    model = Model.load(path)

    def evaluated(text: bytes, rule: Rule | None) -> Evaluation:
        return evaluate(
            model, text, rule, streams=scale.streams, engine=options.device, threads=options.threads
        )

    def best(way: RuleName) -> Rule:
        """Learning on with the rate that is best for the beginning of the validation text."""
        rules = [Rule(way, rate, DECAY if way == "rms" else 0.0) for rate in RATES[way]]
        return min(rules, key=lambda rule: evaluated(_head(valid, len(test) // 4), rule).bits)

    results = {"training text": evaluated(_head(learn, len(test)), None), "static": evaluated(test, None)}
    for way in RATES:
        results[way] = evaluated(test, best(way))
    for way, each in results.items():
        print(f"{name}, {way}: {value(experiment, each):.4g} ({each.seconds:.0f} s)", flush=True)
    return {
        "experiment": asdict(experiment),
        "config": asdict(model.config),
        "weights": model.config.weights,
        "model_digest": model.digest.hex(),
        "bytes": {"learnt": len(learn), "validation": len(valid), "test": len(test)},
        "training": json.loads(path.with_suffix(".json").read_text()),
        "value": {way: value(experiment, each) for way, each in results.items()},
        "evaluations": {way: rounded(each) for way, each in results.items()},
    }


def rounded(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation, its curve to four digits."""
    return asdict(evaluation) | {"curve": [(done, round(bits, 4)) for done, bits in evaluation.curve]}


def value(experiment: Experiment, evaluation: Evaluation) -> float:
    """Bits per character, or perplexity per word."""
    return evaluation.perplexity if experiment.alphabet == "words" else evaluation.bpc


def shown(name: str) -> Callable[[Progress], None]:
    """Prints a line after each pass."""
    told = 0

    def show(at: Progress) -> None:
        nonlocal told
        for number, each in enumerate(at.passes[told:], told + 1):
            print(f"{name}, pass {number}: {each.trained:.4f} {each.valid:.4f}", flush=True)
        told = len(at.passes)

    return show


def orderings(rows: dict[str, dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """What the paper found, and whether it is so here."""
    values = {name: row["value"] for name, row in rows.items()}
    for name, each in values.items():
        yield f"{name}: dynamic below static", min(each["adam"], each["rms"]) < each["static"]
    if {"rnn", "char"} <= values.keys():
        yield "LSTM below RNN, static", values["char"]["static"] < values["rnn"]["static"]
    for plain, noisy in (
        ("char-again", "char-noise"),
        ("char-again", "char-adaptive"),
        ("word-again", "word-noise"),
    ):
        if {plain, noisy} <= values.keys():
            passes = [rows[name]["training"]["passes"] for name in (plain, noisy)]
            n = min(map(len, passes))
            without, with_noise = (each[n - 1]["valid"] for each in passes)
            yield (
                f"{noisy}: less overfitting than {plain} (in bits a symbol, the validation text costs "
                f"{with_noise:.3f} after {n} passes, and not {without:.3f})",
                with_noise < without,
            )
            yield f"{noisy}: static below {plain}", values[noisy]["static"] < values[plain]["static"]


def table(rows: dict[str, dict[str, Any]], document: dict[str, Any]) -> str:
    """The rows as Markdown."""
    lines = [
        f"# Graves 2013, scale {document['scale']}, {document['date'][:10]}",
        "",
        "Bits per character, for words perplexity; of the test text, and of a part of the training text under the "
        "same weights. Dynamic: Adam, and the RMS rule with decay.",
        "",
        "| experiment | network | learnt | passes | training text | static | dynamic, Adam | dynamic, RMS "
        "| paper, static | paper, dynamic | training |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows.values():
        experiment, config, training = row["experiment"], row["config"], row["training"]
        form = "{:.1f}" if experiment["alphabet"] == "words" else "{:.3f}"
        ours = [form.format(row["value"][way]) for way in ("training text", "static", "adam", "rms")]
        paper = [f"{number:g}" for number in experiment["paper"] or ()] or ["–", "–"]
        cells = [
            experiment["title"],
            f"{config['layers']} × {config['hidden']} {config['cell']}",
            f"{row['bytes']['learnt']:,} bytes",
            f"{training['best']} of {len(training['passes'])}",
            *ours,
            *paper,
            f"{training['seconds']:.0f} s",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- {what}: {'yes' if so else '**no**'}" for what, so in orderings(rows)), ""]
    facts = document["machine"]
    lines.append(f"{document['seconds']:.0f} s in all; {facts['cpu']}, {document['threads']} threads.")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the experiments and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--ptb", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--wiki", type=Path, metavar="FILE")
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=SCALES["full"].experiments)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), metavar="FOLDER")
    options = parser.parse_args()
    options.models.mkdir(parents=True, exist_ok=True)
    scale = SCALES[options.scale]
    began = time.monotonic()
    rows = {}
    for name, experiment in scale.experiments.items():
        wanted = not options.only or name in options.only
        if wanted and (experiment.corpus == "ptb" or options.wiki):
            rows[name] = run(name, scale, options)
    document = {
        "scale": options.scale,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": time.monotonic() - began,
        "device": options.device,
        "threads": options.threads,
        "machine": machine.facts(),
        "orderings": dict(orderings(rows)),
        "rows": rows,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / f"{document['date'][:10]}-graves2013-{options.scale}"
    stem.with_suffix(".json").write_text(json.dumps(document) + "\n")
    stem.with_suffix(".md").write_text(table(rows, document))
    print(table(rows, document))


if __name__ == "__main__":
    main()
