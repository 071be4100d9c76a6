"""``rnncompress info`` and ``rnncompress presets``: what a file and a name mean. Nothing is computed."""

import json
import os
from dataclasses import asdict
from typing import BinaryIO

import click

from rnncompress import measured
from rnncompress import presets as named
from rnncompress.cli.models import check_needed, is_model, load, model_option
from rnncompress.cli.options import json_option
from rnncompress.cli.results import in_words
from rnncompress.cli.streams import open_source
from rnncompress.container import Header, inspect
from rnncompress.errors import NotRnncError
from rnncompress.limits import announced_memory, announced_work


@click.command()
@click.argument("source", metavar="FILE", type=click.Path(allow_dash=True))
@model_option
@json_option
def info(source: str, model_file: str | None, as_json: bool) -> None:
    """Show what a compressed FILE says of itself in its header, or a model file; nothing is decoded.

    With --model also tell whether it is the trained model that decoding needs.
    """
    given = load(model_file)
    with open_source(source) as file:
        header = _header(source, file)
        size = file.seek(0, os.SEEK_END)
        if header is not None:
            check_needed(source, header, given)
    if header is None:
        _tell_model(source, as_json)
        return
    config = header.config
    if given and header.use:
        config = header.use.config(given.model.config, header.length)
    with_model = size + (given.size if given and header.trained else 0)
    bpc = 8 * size / header.length if header.length else 0.0
    if as_json:
        unknown = None if header.trained else 0
        document = {
            "file": source,
            "mode": header.mode,
            "original_bytes": header.length,
            "compressed_bytes": size,
            "header_bytes": header.size,
            "bpc": bpc,
            "digest": header.digest.hex(),
            "trained": header.trained.hex() if header.trained else None,
            "compressed_bytes_with_model": with_model if given or not header.trained else None,
            "memory_bytes": announced_memory(config, trained=bool(header.trained)) if config else unknown,
            "multiply_accumulates": announced_work(config, header.length) if config else unknown,
            "config": asdict(config) if config else None,
        }
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"file        {source}")
    click.echo(f"original    {header.length:,} bytes")
    click.echo(f"compressed  {size:,} bytes, ratio {header.length / size:.3f}, {bpc:.3f} bpc")
    click.echo(f"header      {header.size} bytes")
    click.echo(f"content     BLAKE2b-128 {header.digest.hex()}")
    unknown_model = (
        "that of the trained model; name that with --model" if header.trained else "none: stored as it is"
    )
    click.echo(f"model       {in_words(config) if config else unknown_model}")
    if header.trained:
        click.echo(f"trained     starts from the model {header.trained.hex()}")
        if given:
            click.echo(f"            which is {given.path}; {with_model:,} bytes with it")


def _header(source: str, file: BinaryIO) -> Header | None:
    """The header of a compressed ``file``; None if it is a model file, by its name ``source``."""
    try:
        return inspect(file)
    except NotRnncError:
        if is_model(source):
            return None
        raise


def _tell_model(source: str, as_json: bool) -> None:
    """What a model file says of itself, after checking it."""
    found = load(source)
    assert found is not None
    model = found.model
    if as_json:
        document = {
            "file": source,
            "model_bytes": found.size,
            "model_digest": model.digest.hex(),
            "alphabet": model.vocabulary.kind,
            "config": asdict(model.config),
            "training": dict(model.training),
        }
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"model       {source}, {found.size:,} bytes")
    click.echo(f"digest      BLAKE2b-128 {model.digest.hex()}")
    click.echo(f"network     {in_words(model.config)}")
    click.echo(f"symbols     {model.config.alphabet:,} {model.vocabulary.kind}")
    for fact, value in sorted(model.training.items()):
        click.echo(f"training    {fact}: {value}")


@click.command()
@json_option
def presets(as_json: bool) -> None:
    """List the networks that `encode --preset` knows, by the size of the input, and what was measured of them."""
    known = measured.load()
    if as_json:
        table = {
            name: {
                "summary": preset.summary,
                "alphabet": preset.alphabet,
                "steps": [
                    {
                        "from_bytes": start,
                        "weights": config.weights,
                        "operations_per_byte": 6 * config.macs,
                        "config": asdict(config),
                        "measured": [asdict(one) | {"bpc": one.bpc} for one in known.get(config, [])],
                    }
                    for start, config in preset.steps
                ],
            }
            for name, preset in named.PRESETS.items()
        }
        click.echo(json.dumps(table, indent=2))
        return
    for name, preset in named.PRESETS.items():
        click.echo(f"{name}: {preset.summary}")
        for start, config in preset.steps:
            operations = f"{6 * config.macs / 1e6:.1f} million operations a byte"
            click.echo(f"  from {start:>10,} bytes on: {in_words(config)}, {operations}")
            for one in known.get(config, []):
                click.echo(f"    measured: {one}")
