"""``rnncompress decode`` and ``rnncompress verify``."""

import os
from contextlib import nullcontext
from pathlib import Path

import click

from rnncompress import container
from rnncompress.cli.checkpoints import Keeping, checkpoint_options, open_kept_target
from rnncompress.cli.models import check_needed, load, model_option
from rnncompress.cli.options import memory_limit_option, output_options
from rnncompress.cli.results import Result, Soundness
from rnncompress.cli.run import Run, run_options
from rnncompress.cli.streams import STDIO, SUFFIX, attributes_of, choose_target, compare, open_source
from rnncompress.files import scratch


@click.command()
@click.argument("source", metavar="FILE.rnnc", type=click.Path(allow_dash=True))
@output_options
@model_option
@memory_limit_option
@checkpoint_options
@run_options
def decode(
    source: str,
    output: str | None,
    to_stdout: bool,
    force: bool,
    model_file: str | None,
    memory_limit: int,
    keeping: Keeping,
    run: Run,
) -> None:
    """Decompress FILE.rnnc into FILE; the compressed file stays.

    The output appears when all of it is there and its hash is right, not before. With - the compressed bytes
    come from standard input.
    """
    default = Path(source.removesuffix(SUFFIX)) if source.endswith(SUFFIX) else None
    target = choose_target(source, output, to_stdout, default, overwrite=force)
    if target is None and run.as_json:
        raise click.UsageError("--json and the data cannot both go to standard output; use -o or --report")
    run.check_report(source, target, overwrite=force)
    given = load(model_file, target, run.report)
    checkpoints = keeping.checkpoints(source, target, run.screen, overwrite=force)

    with (
        open_source(source) as packed,
        open_kept_target(target, attributes_of(source), checkpoints, overwrite=force) as decoded,
    ):
        report = run.decode(source, packed, decoded, given, memory_limit, checkpoints)
    run.deliver(Result("decode", source, str(target or STDIO), report, run.threads, given), overwrite=force)


@click.command()
@click.argument("source", metavar="FILE.rnnc", type=click.Path(allow_dash=True))
@click.option("--against", metavar="ORIGINAL", type=click.Path(), help="Compare with this file, too.")
@click.option("--quick", is_flag=True, help="Check header and blocks only; decode nothing.")
@model_option
@memory_limit_option
@run_options
def verify(
    source: str, against: str | None, quick: bool, model_file: str | None, memory_limit: int, run: Run
) -> None:
    """Decode FILE.rnnc, keep nothing, and check that what came out is what was encoded."""
    if quick and against is not None:
        raise click.UsageError("--quick decodes nothing that could be compared")
    run.check_report(source, overwrite=False)
    given = load(model_file, run.report)

    if quick:
        with open_source(source) as packed:
            header = container.verify(packed)
            size = packed.seek(0, os.SEEK_END)
            check_needed(source, header, given)
        run.deliver(Soundness(source, header, size))
        return
    with (
        nullcontext() if against is None else open_source(against) as original,
        open_source(source) as packed,
        scratch() as decoded,
    ):
        report = run.decode(source, packed, decoded, given, memory_limit)
        if original is not None:
            compare(decoded, original, str(against))
    run.deliver(Result("verify", source, None, report, run.threads, given))
