"""How a network is run: the options that encode, decode and verify share, resolved into one object."""

import functools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from rnncompress import devices, machine
from rnncompress.cli.models import ModelFile, telling_which
from rnncompress.cli.options import thread_count
from rnncompress.cli.results import Outcome, in_words
from rnncompress.cli.screen import Screen, Update
from rnncompress.cli.streams import refuse_input
from rnncompress.config import Config
from rnncompress.container import inspect
from rnncompress.devices import Device
from rnncompress.files import atomic_output, check_output
from rnncompress.limits import MOST_THREADS

if TYPE_CHECKING:
    from rnncompress.checkpoint import Checkpoints
    from rnncompress.codec import Report
    from rnncompress.engine import EngineName
    from rnncompress.loop import Progress


@dataclass(frozen=True, slots=True)
class Run:
    """Where to compute and how to tell about it."""

    device: Device
    threads: int
    report: Path | None
    as_json: bool
    screen: Screen

    def encode(
        self,
        name: str,
        original: BinaryIO,
        packed: BinaryIO,
        config: Config,
        given: ModelFile | None,
        checkpoints: "Checkpoints | None",
    ) -> "Report":
        """:func:`rnncompress.encode` with progress shown."""
        from rnncompress import codec

        length = original.seek(0, os.SEEK_END)
        engine = self.engine(config, length)
        with self.screen.progress(f"encoding {name}") as update:
            return codec.encode(
                original,
                packed,
                config,
                model=given.model if given else None,
                engine=engine,
                threads=self.threads,
                progress=shown(update),
                checkpoints=checkpoints,
            )

    def decode(
        self,
        name: str,
        packed: BinaryIO,
        decoded: BinaryIO,
        given: ModelFile | None,
        memory_limit: int,
        checkpoints: "Checkpoints | None" = None,
    ) -> "Report":
        """:func:`rnncompress.decode` with progress shown."""
        from rnncompress import codec, pretrained

        header = inspect(packed)
        with telling_which(name, header, given):
            config = pretrained.configuration(
                header, pretrained.needed(header, given.model if given else None)
            )
        engine = self.engine(config, header.length)
        with self.screen.progress(f"decoding {name}") as update:
            return codec.decode(
                packed,
                decoded,
                model=given.model if given else None,
                engine=engine,
                threads=self.threads,
                memory_limit=memory_limit,
                progress=shown(update),
                checkpoints=checkpoints,
            )

    def engine(self, config: Config | None, length: int, symbols: str = "") -> "EngineName":
        """The engine that computes the network ``config`` for ``length`` symbols; who asked for more is told of it.

        ``symbols`` are told between network and engine.
        """
        from rnncompress.compiled.compile import when_compiling

        when_compiling(lambda: self.screen.say("compiling the kernels for this processor (once)"))
        engine = devices.choose(self.device, config, length, self.screen.say)
        network = in_words(config) if config else "no network: stored as it is"
        self.screen.detail(f"{network}{symbols}; {engine}, {self.threads} threads")
        return engine

    def check_report(self, source: str, target: Path | None = None, *, overwrite: bool) -> None:
        """Raise OutputError early if the report could not be written, or would replace input or output."""
        if self.report:
            check_output(self.report, overwrite=overwrite)
            refuse_input(source, self.report)
            if target is not None and self.report.resolve() == target.resolve():
                raise click.UsageError("the report and the output have the same name")

    def deliver(self, result: Outcome, *, overwrite: bool = False) -> None:
        """Print the result and write the report; where data went to stdout the result goes to stderr."""
        text = json.dumps(result.document(), indent=2)
        if self.report:
            with atomic_output(self.report, overwrite=overwrite) as file:
                file.write(f"{text}\n".encode())
        if self.as_json:
            click.echo(text)
        elif not self.screen.quiet:
            click.echo(result.line(), err=result.target == "-")


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that runs a network; ``command`` gets one :class:`Run`."""

    @click.option(
        "--threads",
        type=thread_count,
        default=usable_cores,
        metavar="N",
        help="Default: all cores.",
    )
    @click.option(
        "--device",
        type=click.Choice(devices.DEVICES),
        default="auto",
        show_default=True,
        help="Where to compute; the bytes are the same. auto: on the CPU, or a GPU for a large network and input.",
    )
    @click.option("--report", metavar="FILE.json", help="Write all about the run to a file.")
    @click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
    @click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
    @click.option("-v", "--verbose", is_flag=True, help="Say more.")
    @functools.wraps(command)
    def with_run(
        threads: int,
        device: Device,
        report: str | None,
        as_json: bool,
        quiet: bool,
        verbose: bool,
        **others: object,
    ) -> None:
        screen = Screen(quiet=quiet, verbose=verbose)
        devices.check(device)
        run = Run(device, threads, Path(report) if report else None, as_json, screen)
        command(run=run, **others)

    return with_run


def shown(update: Update) -> Callable[["Progress"], None]:
    """What an engine tells, on the screen."""
    return lambda at: update(at.done, at.total, f"{at.bits / at.done:.3f} bpc" if at.done else "")


def usable_cores() -> int:
    """The number of cores that this process may run on, or of threads that can be had if that is less."""
    return min(machine.cores(), MOST_THREADS)
