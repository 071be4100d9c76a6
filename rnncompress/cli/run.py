"""How a network is run: the options that encode, decode and verify share, resolved into one object."""

import functools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import click

from rnncompress import devices, machine
from rnncompress.cli.estimates import LONG, Estimate, beginning, estimated, may_be_long, sample_text
from rnncompress.cli.models import ModelFile, telling_which
from rnncompress.cli.options import Option, json_option, quiet_option, thread_count
from rnncompress.cli.results import Outcome, in_words
from rnncompress.cli.screen import Screen, Update
from rnncompress.cli.streams import refuse_input
from rnncompress.config import Config
from rnncompress.container import Header, inspect, verify
from rnncompress.devices import Device
from rnncompress.errors import DeviceError, SelfCheckError
from rnncompress.files import atomic_output, check_output
from rnncompress.limits import MOST_THREADS, check_memory
from rnncompress.speed import WORTH, Direction, Setting, keep

if TYPE_CHECKING:
    from rnncompress.checkpoint import Checkpoints
    from rnncompress.codec import Report
    from rnncompress.engine import EngineName
    from rnncompress.forms import Packed
    from rnncompress.loop import Progress


Done = TypeVar("Done")


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
        compressed: BinaryIO,
        config: Config,
        given: ModelFile | None,
        checkpoints: "Checkpoints | None",
        preset: str,
        packed: "Packed | None" = None,
    ) -> "Report":
        """:func:`rnncompress.codec.encode` with progress shown; a long run is announced as one with ``preset``.

        ``packed`` is what is coded in place of ``original``, if it is not that.
        """
        from rnncompress import codec

        coded = packed.file if packed else original
        length = coded.seek(0, os.SEEK_END)

        def work(engine: "EngineName") -> "Report":
            if not self.screen.quiet and may_be_long(config, length):
                self._announce(self._estimate(engine, name, original, packed, config, given, preset))
            with self.screen.progress(f"encoding {name}") as update:
                return codec.encode(
                    original,
                    compressed,
                    config,
                    packed=packed,
                    model=given.model if given else None,
                    engine=engine,
                    threads=self.threads,
                    progress=shown(update),
                    checkpoints=checkpoints,
                )

        report = self.computed(config, length, work, checkpoints)
        self._learn_from("encode", report)
        return report

    def decode(
        self,
        name: str,
        packed: BinaryIO,
        decoded: BinaryIO,
        given: ModelFile | None,
        memory_limit: int,
        checkpoints: "Checkpoints | None" = None,
    ) -> "Report":
        """:func:`rnncompress.codec.decode` with progress shown; a long run is announced."""
        from rnncompress import codec

        header, config = self._configuration(name, packed, given)

        def work(engine: "EngineName") -> "Report":
            if config and not self.screen.quiet and may_be_long(config, header.coded):
                check_memory(config, memory_limit, trained=header.trained is not None)
                verify(packed)  # a damaged file takes no time at all
                self._announce(self._estimate_decoding(engine, name, header, config))
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

        report = self.computed(config, header.coded, work, checkpoints)
        self._learn_from("decode", report)
        return report

    def estimate(
        self,
        name: str,
        original: BinaryIO,
        packed: "Packed | None",
        config: Config,
        given: ModelFile | None,
        preset: str,
    ) -> Estimate:
        """What encoding takes here."""
        return self.computed(
            config,
            (packed.file if packed else original).seek(0, os.SEEK_END),
            lambda engine: self._estimate(engine, name, original, packed, config, given, preset),
        )

    def _estimate(
        self,
        engine: "EngineName",
        name: str,
        original: BinaryIO,
        packed: "Packed | None",
        config: Config,
        given: ModelFile | None,
        preset: str,
    ) -> Estimate:
        length = original.seek(0, os.SEEK_END)
        coded = packed.file if packed else original
        size = coded.seek(0, os.SEEK_END)
        setting = Setting(config, engine, self.threads)
        sample = beginning(coded)
        return estimated("encode", name, setting, length, size, sample, preset, trained=given is not None)

    def estimate_decoding(self, name: str, packed: BinaryIO, given: ModelFile | None) -> Estimate:
        """What decoding takes here."""
        header, config = self._configuration(name, packed, given)
        if config is None:
            return Estimate("decode", name, header.length, "nothing, as it is stored", 0.0, 0, self.threads)
        return self.computed(
            config, header.coded, lambda engine: self._estimate_decoding(engine, name, header, config)
        )

    def _estimate_decoding(self, engine: "EngineName", name: str, header: Header, config: Config) -> Estimate:
        setting = Setting(config, engine, self.threads)
        sample, words = sample_text(), in_words(config)
        return estimated(
            "decode", name, setting, header.length, header.coded, sample, words,
            trained=header.trained is not None,
        )  # fmt: skip

    def _configuration(
        self, name: str, packed: BinaryIO, given: ModelFile | None
    ) -> tuple[Header, Config | None]:
        """What the header of a file says, with the model that it needs."""
        from rnncompress import pretrained

        header = inspect(packed)
        with telling_which(name, header, given):
            needed = pretrained.needed(header, given.model if given else None)
        return header, pretrained.configuration(header, needed)

    def _announce(self, estimate: Estimate) -> None:
        if estimate.seconds >= LONG:
            self.screen.say(estimate.words())

    def _learn_from(self, direction: Direction, report: "Report") -> None:
        """Keep how long a run has taken, for estimates."""
        if report.config and report.coded_bytes >= WORTH:
            setting = Setting(report.config, report.engine, self.threads)
            keep(setting, direction, report.coded_bytes, report.seconds)

    def computed(
        self,
        config: Config | None,
        length: int,
        work: "Callable[[EngineName], Done]",
        checkpoints: "Checkpoints | None" = None,
        symbols: str = "",
    ) -> "Done":
        """What ``work`` makes with the engine that :meth:`engine` chooses.

        Should that be a GPU which nobody has named, and fail, or compute other numbers than it must, then the CPU does
        the work, from what ``checkpoints`` have kept on, and no later one is given to that GPU.
        """
        engine = self.engine(config, length, symbols)
        try:
            return work(engine)
        except (DeviceError, SelfCheckError) as error:
            if engine != "cuda" or self.device != "auto":
                raise
            from rnncompress.lstm.cuda.device import INSTEAD

            kept = checkpoints.go_on() if checkpoints else None
            reason = str(error).removesuffix(f"; {INSTEAD}")
            where = f"goes on from {kept}" if kept else "does it from the start"
        devices.give_up(engine)
        self.screen.say(f"{reason}; the CPU {where}")
        return work(self.engine(config, length, symbols))

    def engine(self, config: Config | None, length: int, symbols: str = "") -> "EngineName":
        """The engine that computes the network ``config`` for ``length`` symbols; who asked for more is told of it.

        ``symbols`` are told between network and engine.
        """
        announce_compiling(self.screen)
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
        else:
            self.tell(result)

    def tell(self, result: Outcome) -> None:
        """Print the line of a result, on stderr where data went to stdout."""
        if not self.screen.quiet:
            click.echo(result.line(), err=result.target == "-")


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that runs a network; ``command`` gets one :class:`Run`."""

    @click.option(
        "--threads",
        type=thread_count,
        default=usable_cores,
        metavar="N",
        cls=Option,
        section="Computing",
        examples=tuple(map(str, range(1, usable_cores() + 1))),
        help="Default: all cores.",
    )
    @click.option(
        "--device",
        type=click.Choice(devices.DEVICES),
        default="auto",
        show_default=True,
        cls=Option,
        section="Computing",
        help="Where to compute; the bytes are the same. auto: on the CPU, or a GPU for a large network and input.",
    )
    @click.option(
        "--report",
        type=click.Path(),
        metavar="FILE.json",
        cls=Option,
        section="Messages",
        help="Write all about the run to a file.",
    )
    @json_option
    @quiet_option
    @click.option("-v", "--verbose", is_flag=True, cls=Option, section="Messages", help="Say more.")
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
    """What a run tells, on the screen."""

    def show(at: "Progress") -> None:
        coded = f"{at.bits / at.done:.3f} bpc" if at.done else ""
        update(at.done, at.total, coded if at.stage == "coding" else at.stage)

    return show


def announce_compiling(screen: Screen) -> None:
    """Have it said when kernels are compiled: on the first run on a machine, where that takes a while."""
    from rnncompress.compiled.compile import when_compiling

    when_compiling(lambda: screen.say("compiling the kernels for this processor, once"))


def usable_cores() -> int:
    """The number of cores that this process may run on, or of threads that can be had if that is less."""
    return min(machine.cores(), MOST_THREADS)
