"""``rnncompress decode`` and ``rnncompress verify``."""

import os
from contextlib import nullcontext
from pathlib import Path

import click

from rnncompress import container
from rnncompress.cli import folders
from rnncompress.cli.batch import each
from rnncompress.cli.checkpoints import Keeping, checkpoint_options, open_kept_target
from rnncompress.cli.estimates import Estimate, estimate_option
from rnncompress.cli.inputs import Input, to_decode
from rnncompress.cli.models import check_needed, load, model_option, refuse_model
from rnncompress.cli.options import Command, Option, memory_limit_option, recursive_option
from rnncompress.cli.outputs import Outputs, output_options
from rnncompress.cli.results import Result, Soundness
from rnncompress.cli.run import Run, run_options
from rnncompress.cli.streams import STDIO, attributes_of, compare, open_source
from rnncompress.files import scratch

files_argument = click.argument(
    "names", nargs=-1, required=True, metavar="FILE.rnnc...", type=click.Path(allow_dash=True)
)


@click.command(cls=Command)
@files_argument
@recursive_option
@output_options
@click.option(
    "--extract",
    is_flag=True,
    cls=Option,
    section="Output",
    help="Write the files of a folder that was encoded, into the current folder or that of -o.",
)
@model_option
@memory_limit_option
@checkpoint_options
@estimate_option
@run_options
def decode(
    names: tuple[str, ...],
    recursive: bool,
    outputs: Outputs,
    extract: bool,
    model_file: str | None,
    memory_limit: int,
    keeping: Keeping,
    estimate: bool,
    run: Run,
) -> None:
    """Decompress each FILE.rnnc into FILE; the compressed file stays, unless --rm is given.

    An output appears when all of it is there and its hash is right, not before. So with -c, too: the hash stands for
    the whole content, and no byte goes into a pipe that a damaged file, or another machine, could have made wrong.
    `decode -c FILE | head` therefore waits for all of FILE. With - the compressed bytes come from standard input.
    """
    several = recursive or len(names) > 1
    if extract and outputs.in_pipe:
        raise click.UsageError("--extract writes files, and -c into a pipe")
    if not extract:
        outputs.check(several=several)
    if outputs.in_pipe and run.as_json:
        raise click.UsageError("--json and the data cannot both go to standard output; use -o or --report")
    given = load(model_file)

    def work(item: Input) -> Result | Estimate | None:
        if estimate:
            with open_source(item.name) as packed:
                return run.estimate_decoding(item.name, packed, given)
        if extract:
            folder = Path(outputs.output or ".")
            run.check_report(item.name, overwrite=outputs.force)
            refuse_model(model_file, run.report)
            with open_source(item.name) as packed, scratch() as decoded:
                report = run.decode(item.name, packed, decoded, given, memory_limit)
                folders.unpack(decoded, folder, overwrite=outputs.force)
            outputs.dispose(item)
            return Result("decode", item.name, str(folder), report, run.threads, given)
        keep = keeping.of(outputs.name(item), several=several)
        if keep is None:
            run.screen.say(f"{outputs.name(item)} is there already")
            return None
        target = outputs.target(item, item.name)
        if target is None and run.as_json:
            raise click.UsageError(
                "--json and the data cannot both go to standard output; use -o or --report"
            )
        run.check_report(item.name, target, overwrite=outputs.force)
        refuse_model(model_file, target, run.report)
        checkpoints = keep.checkpoints(item.name, target, run.screen, overwrite=outputs.force)
        with (
            open_source(item.name) as packed,
            open_kept_target(
                target, attributes_of(item.name), checkpoints, overwrite=outputs.force
            ) as decoded,
        ):
            report = run.decode(item.name, packed, decoded, given, memory_limit, checkpoints)
        outputs.dispose(item)
        return Result("decode", item.name, str(target or STDIO), report, run.threads, given)

    each(run, "decode", to_decode(names, recursive), several, work, overwrite=outputs.force)


@click.command(cls=Command)
@files_argument
@recursive_option
@click.option(
    "--against",
    metavar="ORIGINAL",
    type=click.Path(),
    cls=Option,
    section="Input",
    help="Compare with this file, too.",
)
@click.option(
    "--quick",
    is_flag=True,
    cls=Option,
    section="Computing",
    help="Check header and blocks only; decode nothing.",
)
@model_option
@memory_limit_option
@run_options
def verify(
    names: tuple[str, ...],
    recursive: bool,
    against: str | None,
    quick: bool,
    model_file: str | None,
    memory_limit: int,
    run: Run,
) -> None:
    """Decode each FILE.rnnc, keep nothing, and check that what came out is what was encoded."""
    several = recursive or len(names) > 1
    if quick and against is not None:
        raise click.UsageError("--quick decodes nothing that could be compared")
    if several and against is not None:
        raise click.UsageError("--against is for one file")
    given = load(model_file, run.report)

    def work(item: Input) -> Result | Soundness:
        run.check_report(item.name, overwrite=False)
        if quick:
            with open_source(item.name) as packed:
                header = container.verify(packed)
                size = packed.seek(0, os.SEEK_END)
                check_needed(item.name, header, given)
            return Soundness(item.name, header, size)
        with (
            nullcontext() if against is None else open_source(against) as original,
            open_source(item.name) as packed,
            scratch() as decoded,
        ):
            report = run.decode(item.name, packed, decoded, given, memory_limit)
            if original is not None:
                compare(decoded, original, str(against))
        return Result("verify", item.name, None, report, run.threads, given)

    each(run, "verify", to_decode(names, recursive), several, work)
