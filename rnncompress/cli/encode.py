"""``rnncompress encode``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from rnncompress import presets
from rnncompress.attributes import Attributes
from rnncompress.cli import folders
from rnncompress.cli.batch import each
from rnncompress.cli.checkpoints import Keeping, checkpoint_options, open_kept_target
from rnncompress.cli.estimates import Estimate, estimate_option
from rnncompress.cli.forms import as_option, opened_packed
from rnncompress.cli.inputs import Input, complete, to_encode
from rnncompress.cli.models import ModelFile, load, model_option, refuse_model
from rnncompress.cli.options import Command, Option, recursive_option
from rnncompress.cli.outputs import Outputs, output_options
from rnncompress.cli.results import Result
from rnncompress.cli.run import Run, run_options
from rnncompress.cli.streams import STDIO, attributes_of, compare, find_input, open_source
from rnncompress.config import Config
from rnncompress.errors import OutputError, about
from rnncompress.files import scratch

if TYPE_CHECKING:
    from rnncompress.forms import As, Packed


@click.command(cls=Command)
@click.argument(
    "names",
    nargs=-1,
    required=True,
    metavar="INPUT...",
    type=click.Path(allow_dash=True),
    shell_complete=complete,
)
@recursive_option
@output_options
@click.option(
    "--preset",
    type=click.Choice(presets.for_files()),
    cls=Option,
    section="Network",
    help="See `rnncompress presets`. Default: by the size of the input.",
)
@as_option
@model_option
@click.option(
    "--verify",
    is_flag=True,
    cls=Option,
    section="Output",
    help="Decode the output and compare before it takes its name.",
)
@checkpoint_options
@estimate_option
@run_options
def encode(
    names: tuple[str, ...],
    recursive: bool,
    outputs: Outputs,
    preset: str | None,
    how: "As",
    model_file: str | None,
    verify: bool,
    keeping: Keeping,
    estimate: bool,
    run: Run,
) -> None:
    """Compress each INPUT into INPUT.rnnc; the input stays, unless --rm is given.

    INPUT is a file, - for standard input, or the name of a known corpus (see `rnncompress corpus list`), which is
    fetched first if it is not here yet, and whose output goes to the current folder. A folder becomes one file,
    FOLDER.tar.rnnc, so that what is learnt from one file serves the next; with -r its files become one each.

    Pen strokes (InkML, IAM-OnDB, Omniglot, JSON) are recognised, also in a folder or tar, and coded as points. Of long
    texts codes for words are coded in place of their letters.
    """
    if preset and model_file:
        raise click.UsageError("--model and --preset contradict each other: the model says what it is")
    several = recursive or len(names) > 1
    outputs.check(several=several)
    if several and outputs.in_pipe:
        raise click.UsageError("several compressed files in one pipe could not be told apart; use -o FOLDER/")
    given = load(model_file)

    def work(item: Input) -> Result | Estimate | None:
        name = item.name if item.is_folder else find_input(item.name, run.screen)
        if estimate:
            with (
                _opened(item, name, run) as (original, _),
                opened_packed(original, item.name, how, preset, given, run) as packed,
            ):
                config = _config(original, preset, given, packed)
                return run.estimate(item.name, original, packed, config, given, _named(preset, given, packed))
        keep = keeping.of(outputs.name(item), several=several)
        if keep is None:
            run.screen.say(f"{outputs.name(item)} is there already")
            return None
        target = outputs.target(item, name)
        _check_target(item, target, run)
        run.check_report(name, target, overwrite=outputs.force)
        refuse_model(model_file, target, run.report)
        checkpoints = keep.checkpoints(name, target, run.screen, overwrite=outputs.force)
        with (
            _opened(item, name, run) as (original, attributes),
            opened_packed(original, item.name, how, preset, given, run) as packed,
            open_kept_target(target, attributes, checkpoints, overwrite=outputs.force) as compressed,
        ):
            config = _config(original, preset, given, packed)
            report = run.encode(
                item.name,
                original,
                compressed,
                config,
                given,
                checkpoints,
                _named(preset, given, packed),
                packed,
            )
            if verify:
                with scratch() as decoded:
                    run.decode(item.name, compressed, decoded, given, memory_limit=sys.maxsize)
                    compare(decoded, original, item.name)
        outputs.dispose(item)
        return Result("encode", item.name, str(target or STDIO), report, run.threads, given, preset, verify)

    each(run, "encode", to_encode(names, recursive), several, work, overwrite=outputs.force)


@contextmanager
def _opened(item: Input, path: str, run: Run) -> Iterator[tuple[BinaryIO, Attributes]]:
    """The bytes of an input, and the attributes of its output."""
    if item.is_folder:
        with folders.packed(Path(path), run.screen) as (file, attributes), about(item.name):
            yield file, attributes
    else:
        with open_source(path) as file:
            yield file, attributes_of(path)


def _check_target(item: Input, target: Path | None, run: Run) -> None:
    """Raise an error for an output that makes no sense."""
    if target is None:
        if sys.stdout.isatty():
            raise OutputError("compressed bytes are not written to a terminal; use -o OUT, or redirect")
        if run.as_json:
            raise click.UsageError(
                "--json and the data cannot both go to standard output; use -o or --report"
            )
    elif item.is_folder and target.resolve().is_relative_to(Path(item.name).resolve()):
        raise OutputError(f"{target} is in the folder that goes into it; name another output with -o")


def _config(
    original: BinaryIO, preset: str | None, given: ModelFile | None, packed: "Packed | None"
) -> Config:
    """The configuration for ``original``, or what is ``packed`` in its place."""
    from rnncompress.forms import size

    length = size(original, packed)
    if given:
        from rnncompress import pretrained

        with about(str(given.path)):
            return pretrained.adapt(given.model, length)
    strokes = packed is not None and packed.form == "strokes"
    return presets.get(preset, length) if preset else presets.choose(length, strokes=strokes)


def _named(preset: str | None, given: ModelFile | None, packed: "Packed | None") -> str:
    """What the configuration is called."""
    strokes = packed is not None and packed.form == "strokes"
    return str(given.path) if given else preset or ("strokes" if strokes else presets.names()[0])
