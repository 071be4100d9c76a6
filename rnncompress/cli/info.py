"""``rnncompress info`` and ``rnncompress presets``: what a file and a name mean. Nothing is computed."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from rnncompress import measured
from rnncompress import presets as named
from rnncompress.cli.batch import each
from rnncompress.cli.estimates import about, in_units
from rnncompress.cli.inputs import to_decode
from rnncompress.cli.models import ModelFile, check_needed, load, model_option
from rnncompress.cli.options import Command, json_option, recursive_option
from rnncompress.cli.results import in_words
from rnncompress.cli.run import Run, usable_cores
from rnncompress.cli.screen import Screen, duration
from rnncompress.cli.streams import STDIO, open_source
from rnncompress.config import Config
from rnncompress.container import Header, inspect
from rnncompress.errors import NotRnncError
from rnncompress.limits import announced_memory, announced_work
from rnncompress.modelfile import WRITING, head, kind_of
from rnncompress.speed import Setting, known

if TYPE_CHECKING:
    from rnncompress.writing.model import WritingModel


@click.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@recursive_option
@model_option
@json_option
def info(names: tuple[str, ...], recursive: bool, model_file: str | None, as_json: bool) -> None:
    """Show what compressed files, or model files (.rnnm, .rnnw), say of themselves; nothing is decoded.

    Also what decoding takes: memory, and time if such a file was coded on this machine before, or measured by
    `decode --estimate`. With --model also tell whether it is the trained model that decoding needs.
    """
    given = load(model_file)
    screen = Screen()
    run = Run("auto", usable_cores(), None, as_json, screen)
    several = recursive or len(names) > 1
    each(
        run, "info", to_decode(names, recursive), several, lambda item: _facts(item.name, given, run.threads)
    )


def _facts(source: str, given: ModelFile | None, threads: int) -> "Facts | ModelFacts | WritingFacts":
    """What a file says of itself."""
    with open_source(source) as file:
        header = _header(source, file)
        size = file.seek(0, os.SEEK_END)
        if header is not None:
            check_needed(source, header, given)
    if header is None:
        return _model_facts(source, size)
    config = header.config
    if given and header.use:
        config = header.use.config(given.model.config, header.coded)
    rate = known(Setting(config, "cpu", threads), "decode") if config else None
    return Facts(source, header, size, config, given, header.coded / rate if rate else None, threads)


def _model_facts(source: str, size: int) -> "ModelFacts | WritingFacts":
    """What a model file of ``size`` bytes says of itself."""
    if kind_of(head(Path(source))) == WRITING:
        from rnncompress.writing.model import WritingModel

        return WritingFacts(source, WritingModel.load(Path(source)), size)
    found = load(source)
    assert found is not None
    return ModelFacts(source, found)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a compressed file says of itself, and what decoding it takes."""

    source: str
    header: Header
    size: int
    """Bytes of the file."""
    config: Config | None
    """None if it is stored, or if it is that of a trained model which is not given."""
    given: ModelFile | None
    seconds: float | None
    """Of decoding; None where this machine was not measured."""
    threads: int
    target: None = None

    @property
    def _memory(self) -> int | None:
        """Of decoding; None where that depends on a model which is not given."""
        if self.config is None:
            return None if self.header.trained else 0
        return announced_memory(self.config, trained=bool(self.header.trained))

    @property
    def _bpc(self) -> float:
        return 8 * self.size / self.header.length if self.header.length else 0.0

    @property
    def _bytes_with_model(self) -> int:
        return self.size + (self.given.size if self.given and self.header.trained else 0)

    def sizes(self) -> tuple[int, int, float]:
        """Bytes of the original and of the compressed file; nothing took time."""
        return self.header.length, self.size, 0.0

    def document(self) -> dict[str, object]:
        """All of it, for machines."""
        header, config = self.header, self.config
        unknown = None if header.trained else 0
        return {
            "file": self.source,
            "mode": header.mode,
            "original_bytes": header.length,
            "compressed_bytes": self.size,
            "packed_bytes": header.packed.size if header.packed else None,
            "packed_as": header.packed.form if header.packed else None,
            "header_bytes": header.size,
            "bpc": self._bpc,
            "digest": header.digest.hex(),
            "trained": header.trained.hex() if header.trained else None,
            "compressed_bytes_with_model": self._bytes_with_model
            if self.given or not header.trained
            else None,
            "memory_bytes": self._memory,
            "decode_seconds": self.seconds,
            "multiply_accumulates": announced_work(config, header.coded) if config else unknown,
            "config": asdict(config) if config else None,
        }

    def line(self) -> str:
        """All of it, for people."""
        header = self.header
        unknown = "that of the trained model; name that with --model"
        network = in_words(self.config) if self.config else None
        network = network or (unknown if header.trained else "none: stored as it is")
        lines = [
            f"file        {self.source}",
            f"original    {header.length:,} bytes",
            f"compressed  {self.size:,} bytes, ratio {header.length / self.size:.3f}, {self._bpc:.3f} bpc",
            f"header      {header.size} bytes",
            f"content     BLAKE2b-128 {header.digest.hex()}",
            f"model       {network}",
            f"decoding    {self._decoding()}",
        ]
        if header.packed is not None:
            lines.append(
                f"{header.packed.form:11} {header.packed.size:,} bytes, packed, are coded in its place"
            )
        if header.trained:
            lines.append(f"trained     starts from the model {header.trained.hex()}")
            if self.given:
                lines.append(
                    f"            which is {self.given.path}; {self._bytes_with_model:,} bytes with it"
                )
        return "\n".join(lines)

    def _decoding(self) -> str:
        """What it takes."""
        if self._memory is None:
            return "takes what the model takes; name that with --model"
        if self.config is None:
            return "as fast as the disk"
        memory = f"{in_units(self._memory)} of memory"
        if self.seconds is None:
            return f"{memory}; how long it takes here `rnncompress decode --estimate` measures"
        return f"{about(self.seconds)} here, {memory}"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model file says of itself, checked."""

    source: str
    found: ModelFile
    target: None = None

    def sizes(self) -> tuple[int, int, float]:
        """A model is no compressed file."""
        return 0, 0, 0.0

    def document(self) -> dict[str, object]:
        """All of it, for machines."""
        model = self.found.model
        return {
            "file": self.source,
            "model_bytes": self.found.size,
            "model_digest": model.digest.hex(),
            "alphabet": model.vocabulary.kind,
            "config": asdict(model.config),
            "training": dict(model.training),
        }

    def line(self) -> str:
        """All of it, for people."""
        model = self.found.model
        lines = [
            f"model       {self.source}, {self.found.size:,} bytes",
            f"digest      BLAKE2b-128 {model.digest.hex()}",
            f"network     {in_words(model.config)}",
            f"symbols     {model.config.alphabet:,} {model.vocabulary.kind}",
        ]
        return "\n".join(
            lines + [f"training    {fact}: {value}" for fact, value in sorted(model.training.items())]
        )


@dataclass(frozen=True, slots=True)
class WritingFacts:
    """What the file of a model that writes says of itself, checked."""

    source: str
    model: "WritingModel"
    size: int
    """Bytes of the file."""
    target: None = None

    def sizes(self) -> tuple[int, int, float]:
        """A model is no compressed file."""
        return 0, 0, 0.0

    def document(self) -> dict[str, object]:
        """All of it, for machines."""
        model = self.model
        return {
            "file": self.source,
            "model_bytes": self.size,
            "model_digest": model.digest.hex(),
            "characters": model.characters,
            "layers": model.layers,
            "hidden": model.hidden,
            "weights": model.weights,
            "training": dict(model.training),
        }

    def line(self) -> str:
        """All of it, for people."""
        model = self.model
        layers = "1 layer" if model.layers == 1 else f"{model.layers} layers"
        lines = [
            f"model       {self.source}, {self.size:,} bytes, for `rnncompress write`",
            f"digest      BLAKE2b-128 {model.digest.hex()}",
            f"network     {layers} of {model.hidden} units, {model.weights:,} weights of 16 bits",
            f"characters  {len(model.characters)}: {model.characters}",
        ]
        return "\n".join(
            lines + [f"training    {fact}: {value}" for fact, value in sorted(model.training.items())]
        )


def _header(source: str, file: BinaryIO) -> Header | None:
    """The header of a compressed ``file``; None if it is a model file, by its name ``source``."""
    try:
        return inspect(file)
    except NotRnncError:
        if source != STDIO and kind_of(head(Path(source))):
            return None
        raise


Measured = dict[Config, list[measured.Measurement]]

SIZES: Final = (1_000_000, 10_000_000, 100_000_000)
"""Of texts for which it is told what a preset costs."""


@click.command(cls=Command)
@json_option
def presets(as_json: bool) -> None:
    """List the networks that `encode --preset` knows, by the size of the input, with the memory that they take.

    First stands what texts of 1, 10 and 100 MB cost: bits per character, time to encode and to decode, memory. Where ~
    stands, it was not measured at that size but is told from the nearest. Below each preset stands what was measured of
    it, if anything was. Those for training only are what `train` knows besides.
    """
    results = measured.load()
    if as_json:
        click.echo(json.dumps({name: _in_detail(name, results) for name in named.PRESETS}, indent=2))
        return
    for line in _costs(results):
        click.echo(line)
    for name, preset in named.PRESETS.items():
        click.echo(f"{name}: {preset.summary}")
        for start, config in preset.steps:
            takes = (
                f"{6 * config.macs / 1e6:.1f} million operations a byte, {in_units(announced_memory(config))}"
            )
            click.echo(f"  from {start:>10,} bytes on: {in_words(config)}, {takes}")
            for one in results.get(config, []):
                click.echo(f"    measured: {one}")


def measured_costs(name: str, results: Measured) -> list[measured.Cost]:
    """What texts of all :data:`SIZES` cost with a preset; nothing where it was not measured."""
    found = [one for _, config in named.PRESETS[name].steps for one in results.get(config, [])]
    return [cost for cost in (measured.cost(found, size) for size in SIZES) if cost]


def _costs(results: Measured) -> Iterator[str]:
    """What texts cost with the presets that were measured."""
    rows = {name: measured_costs(name, results) for name in named.PRESETS}
    if not any(rows.values()):
        return
    yield f"{'a text of':9}" + "".join(f"{in_units(size):>38}" for size in SIZES)
    for name, costs in rows.items():
        if costs:
            memory = [in_units(announced_memory(named.get(name, size))) for size in SIZES]
            cells = (f"{in_short(cost)}, {size}" for cost, size in zip(costs, memory, strict=True))
            yield f"{name:9}" + "".join(f"{cell:>38}" for cell in cells)
    machines = sorted({one.machine for several in results.values() for one in several})
    yield f"{'':9}measured on {'; '.join(machines)}"


def in_short(cost: measured.Cost) -> str:
    """Ratio and times, marked if they were not measured."""
    times = f"{duration(cost.encode_seconds)} + {duration(cost.decode_seconds)}"
    return f"{'' if cost.measured else '~'}{cost.bpc:.3f} bpc, {times}"


def _in_detail(name: str, results: Measured) -> dict[str, object]:
    """All about a preset, for machines."""
    preset = named.PRESETS[name]
    costs = zip(SIZES, measured_costs(name, results), strict=False)
    return {
        "summary": preset.summary,
        "alphabet": preset.alphabet,
        "texts": {str(size): asdict(cost) for size, cost in costs},
        "steps": [
            {
                "from_bytes": start,
                "weights": config.weights,
                "operations_per_byte": 6 * config.macs,
                "memory_bytes": announced_memory(config),
                "config": asdict(config),
                "measured": [asdict(one) | {"bpc": one.bpc} for one in results.get(config, [])],
            }
            for start, config in preset.steps
        ],
    }
