"""``rnncompress encode``."""

import os
import sys
from pathlib import Path

import click

from rnncompress import presets
from rnncompress.cli.checkpoints import Keeping, checkpoint_options, open_kept_target
from rnncompress.cli.models import ModelFile, load, model_option
from rnncompress.cli.options import output_options
from rnncompress.cli.results import Result
from rnncompress.cli.run import Run, run_options
from rnncompress.cli.streams import (
    STDIO,
    SUFFIX,
    attributes_of,
    choose_target,
    compare,
    find_input,
    open_source,
)
from rnncompress.config import Config
from rnncompress.errors import OutputError, about
from rnncompress.files import scratch


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(allow_dash=True))
@output_options
@click.option(
    "--preset",
    type=click.Choice(presets.names()),
    help="The network; see `rnncompress presets`. Default: by the size of the input.",
)
@model_option
@click.option("--verify", is_flag=True, help="Decode the output and compare before it takes its name.")
@checkpoint_options
@run_options
def encode(
    source: str,
    output: str | None,
    to_stdout: bool,
    force: bool,
    preset: str | None,
    model_file: str | None,
    verify: bool,
    keeping: Keeping,
    run: Run,
) -> None:
    """Compress INPUT into INPUT.rnnc; the input stays.

    INPUT is a file, - for standard input, or the name of a known corpus (see `rnncompress corpus list`). The
    corpus is fetched first if it is not here yet, and its output goes to the current folder.
    """
    if preset and model_file:
        raise click.UsageError("--model and --preset contradict each other: the model says what it is")
    path = find_input(source, run.screen)
    default = Path((path if path == source else Path(path).name) + SUFFIX)
    target = choose_target(path, output, to_stdout, default, overwrite=force)
    if target is None and sys.stdout.isatty():
        raise OutputError("compressed bytes are not written to a terminal; use -o OUT, or redirect")
    if target is None and run.as_json:
        raise click.UsageError("--json and the data cannot both go to standard output; use -o or --report")
    run.check_report(path, target, overwrite=force)
    given = load(model_file, target, run.report)
    checkpoints = keeping.checkpoints(path, target, run.screen, overwrite=force)

    with (
        open_source(path) as original,
        open_kept_target(target, attributes_of(path), checkpoints, overwrite=force) as packed,
    ):
        length = original.seek(0, os.SEEK_END)
        config = _config(length, preset, given)
        report = run.encode(source, original, packed, config, given, checkpoints)
        if verify:
            with scratch() as decoded:
                run.decode(source, packed, decoded, given, memory_limit=sys.maxsize)
                compare(decoded, original, source)
    result = Result("encode", source, str(target or STDIO), report, run.threads, given, preset, verify)
    run.deliver(result, overwrite=force)


def _config(length: int, preset: str | None, given: ModelFile | None) -> Config:
    """The configuration for an input of ``length`` bytes."""
    if given:
        from rnncompress import pretrained

        with about(str(given.path)):
            return pretrained.adapt(given.model, length)
    return presets.get(preset, length) if preset else presets.choose(length)
