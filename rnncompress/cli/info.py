"""``rnncompress info`` and ``rnncompress presets``: what a file and a name mean. They load no model."""

import json
import os
from dataclasses import asdict

import click

from rnncompress import presets as named
from rnncompress.cli.options import json_option
from rnncompress.cli.results import in_words
from rnncompress.cli.streams import open_source
from rnncompress.container import inspect
from rnncompress.limits import announced_memory, announced_work


@click.command()
@click.argument("source", metavar="FILE.rnnc", type=click.Path(allow_dash=True))
@json_option
def info(source: str, as_json: bool) -> None:
    """Show what FILE.rnnc says of itself in its header; nothing is decoded."""
    with open_source(source) as file:
        header = inspect(file)
        size = file.seek(0, os.SEEK_END)
    bpc = 8 * size / header.length if header.length else 0.0
    if as_json:
        document = {
            "file": source,
            "mode": header.mode,
            "original_bytes": header.length,
            "compressed_bytes": size,
            "header_bytes": header.size,
            "bpc": bpc,
            "digest": header.digest.hex(),
            "memory_bytes": announced_memory(header.config) if header.config else 0,
            "multiply_accumulates": announced_work(header),
            "config": asdict(header.config) if header.config else None,
        }
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"file        {source}")
    click.echo(f"original    {header.length:,} bytes")
    click.echo(f"compressed  {size:,} bytes, ratio {header.length / size:.3f}, {bpc:.3f} bpc")
    click.echo(f"header      {header.size} bytes")
    click.echo(f"content     BLAKE2b-128 {header.digest.hex()}")
    click.echo(f"model       {in_words(header.config) if header.config else 'none: stored as it is'}")


@click.command()
@json_option
def presets(as_json: bool) -> None:
    """List the models that `encode --preset` knows, by the size of the input."""
    if as_json:
        table = {
            name: {
                "summary": preset.summary,
                "steps": [
                    {"from_bytes": start, "operations_per_byte": 6 * config.macs, "config": asdict(config)}
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
