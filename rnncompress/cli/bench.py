"""``rnncompress bench``."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rnncompress import devices, presets
from rnncompress.cli.cells import Lines
from rnncompress.cli.options import json_option, thread_count
from rnncompress.cli.screen import Screen
from rnncompress.cli.streams import fetch
from rnncompress.cli.units import seconds, size
from rnncompress.devices import DEVICES, Device
from rnncompress.errors import BenchError, DeviceError, InputError, MismatchError, OutputError

if TYPE_CHECKING:
    from rnncompress.bench.results import Row

SAMPLE: Final = "sample"
FOLDER: Final = "rnncompress-bench"


def _shard(ctx: click.Context, param: click.Parameter, text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    i, n = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= i <= n:
        raise click.BadParameter(f"{text!r} is not a shard such as 2/8")
    return i, n


@click.command()
@click.argument("names", nargs=-1, metavar="[FILE | FOLDER | CORPUS]...")
@click.option(
    "--codec", "codecs", multiple=True, metavar="NAME", help="Only this codec, e.g. gzip, zpaq, rnncompress."
)
@click.option(
    "--preset",
    "chosen",
    multiple=True,
    type=click.Choice(presets.for_bytes()),
    help="Only this preset of ours.",
)
@click.option("--level", "levels", multiple=True, metavar="LEVEL", help="Only this level of other codecs.")
@click.option("--slice", "prefix", type=size, metavar="SIZE", help="Only the first bytes of every file.")
@click.option(
    "--repeat", type=click.IntRange(min=1), metavar="N",
    help="Times to measure a cell. Default: 3 after a warm-up where it takes less than a second, else 1.",
)  # fmt: skip
@click.option(
    "--timeout", type=seconds, default="1h", show_default=True, metavar="TIME",
    help="How long encoding, or decoding, may take.",
)  # fmt: skip
@click.option(
    "--memory-limit", type=size, metavar="SIZE", help="Memory a codec may take. Default: 9/10 of all."
)
@click.option("--threads", type=thread_count, default=1, metavar="N", help="For our codec. Default: 1.")
@click.option("--device", type=click.Choice(DEVICES), default="cpu", help="For our codec.")
@click.option("--table", "tables", multiple=True, metavar="FILE.toml", help="More external programs.")
@click.option(
    "--shard", callback=_shard, default="1/1", metavar="I/N", help="Only every N-th cell, from I on."
)
@click.option("--rerun", is_flag=True, help="Measure again what was measured already.")
@click.option(
    "--report", "report_only", is_flag=True, help="Measure nothing; make the tables of what is there."
)
@click.option("--compare", metavar="OLD.jsonl", help="Say what became better or worse since then.")
@click.option("--out", default=FOLDER, show_default=True, metavar="DIR", help="Where results are kept.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and the tables.")
def bench(
    names: tuple[str, ...],
    codecs: tuple[str, ...],
    chosen: tuple[str, ...],
    levels: tuple[str, ...],
    prefix: int | None,
    repeat: int | None,
    timeout: float,
    memory_limit: int | None,
    threads: int,
    device: Device,
    tables: tuple[str, ...],
    shard: tuple[int, int],
    rerun: bool,
    report_only: bool,
    compare: str | None,
    out: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say which compressor to take: our presets and others on the same bytes, every row proved by decoding.

    Files, folders (each file and a total) or corpora by name; without any, the sample that comes with
    rnncompress. Results go to DIR: results.jsonl, table.csv, table.md, and report.html. What was measured
    already is not measured again; copy *.jsonl of other machines into DIR to merge them.
    --codec, --preset, --level and --table may be repeated.
    """
    if sys.platform == "win32":
        raise DeviceError("bench needs Linux or macOS: it watches processes in ways that Windows lacks")
    from rnncompress.bench import changes, inputs, machine, page, results, runner
    from rnncompress.bench import codecs as known
    from rnncompress.bench import tables as shown
    from rnncompress.bench.process import Limits
    from rnncompress.bench.report import sections
    from rnncompress.bench.verdict import BUSY
    from rnncompress.machine import cores

    screen = Screen(quiet=quiet)
    folder = Path(out)
    before = results.read(Path(compare)) if compare else []
    measured: list[Row] = []
    if not report_only:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write to {folder}: {error.strerror}") from None
        devices.check(device)
        families = known.families(device, threads, map(Path, tables))
        try:
            selected = known.select(families, codecs, levels, chosen)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        absent = [f"{each.name} ({each.missing})" for each in families.values() if each.missing]
        if absent and not codecs:
            screen.say(f"not here: {', '.join(absent)}")
        plan = runner.Plan(
            sources=inputs.find(names or [SAMPLE], prefix, lambda corpus: fetch(corpus, screen), folder),
            codecs=selected,
            repeat=repeat,
            limits=Limits(timeout, memory_limit or machine.memory() * 9 // 10),
            rerun=rerun,
            shard=shard,
            folder=folder,
        )
        if (busy := machine.busy(0.5)) and busy > BUSY:
            screen.say(f"other programs keep {busy:.1f} of {cores()} cores busy: speeds will be too low")
        with Lines(quiet=quiet) as lines:
            measured = runner.execute(plan, lines)
    rows = results.read_folder(folder) if folder.is_dir() else []
    if not rows:
        raise InputError(f"there are no results in {folder}")
    shown.write(folder, sections(rows), results.newest(rows))
    wanted = {row.input.sha256 for row in measured}
    visible = [row for row in rows if report_only or row.input.sha256 in wanted]
    if as_json:
        click.echo(json.dumps(page.document(sections(visible), results.newest(visible)), indent=2))
    else:
        shown.show(sections(visible))
    if compare:
        click.echo(changes.describe(before, results.newest(rows)), err=as_json)
    screen.say(f"results, tables and report.html are in {folder}")
    _check(measured, results.newest(rows) if report_only else measured)


def _check(measured: "Sequence[Row]", shown: "Sequence[Row]") -> None:
    """Raise MismatchError if a row that is shown decoded to other bytes, else BenchError if a cell measured failed."""
    for rows, statuses, kind, what in (
        (shown, ("mismatch",), MismatchError, "did not decode to the same bytes"),
        (measured, ("crashed", "timeout", "memory"), BenchError, "came to no result"),
    ):
        if wrong := [row for row in rows if row.status in statuses]:
            which = ", ".join(f"{row.label} on {row.input.name}" for row in wrong)
            raise kind(f"{len(wrong)} of {len(rows)} cells {what}: {which}")
