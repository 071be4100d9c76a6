"""Several inputs of one command, one after the other: a failure stops no other, and shows in the exit code."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import click

from rnncompress.cli.estimates import about
from rnncompress.cli.failures import Failure, failure, in_one_line
from rnncompress.cli.inputs import Input
from rnncompress.cli.results import FileOutcome
from rnncompress.cli.run import Run
from rnncompress.cli.screen import duration
from rnncompress.errors import InputError, RnncompressError


@dataclass(slots=True)
class Batch:
    """What became of the inputs so far."""

    run: Run
    command: str
    done: list[FileOutcome] = field(default_factory=list)
    failed: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By input: what is told, and the exit code."""

    @property
    def target(self) -> str | None:
        """- where data went to standard output, else None."""
        return next((outcome.target for outcome in self.done if outcome.target == "-"), None)

    def fail(self, name: str, error: Failure) -> None:
        """Tell that an input failed, and go on."""
        text, code = failure(error)
        self.failed[name] = in_one_line(error, text), code
        click.echo(f"rnncompress: error: {self.failed[name][0]}", err=True)

    def line(self) -> str:
        """The total."""
        before, after, seconds = self.totals()
        files = f"{len(self.done)} file{'s' if len(self.done) != 1 else ''}"
        parts = [files]
        if before and after:
            sizes = f"{before:,} → {after:,}" if self.command == "encode" else f"{after:,} → {before:,}"
            parts = [f"{files}: {sizes} bytes, ratio {before / after:.3f}", f"{8 * after / before:.3f} bpc"]
            parts += [duration(seconds)] if seconds else []
        elif before:  # an estimate
            parts = [f"{files}: {before:,} bytes", about(seconds)]
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        return ", ".join(parts)

    def document(self) -> dict[str, object]:
        """All of it, for machines."""
        before, after, seconds = self.totals()
        return {
            "command": self.command,
            "files": [outcome.document() for outcome in self.done],
            "failed": [
                {"input": name, "error": text, "exit_code": code}
                for name, (text, code) in self.failed.items()
            ],
            "total": {"original_bytes": before, "compressed_bytes": after, "seconds": seconds},
        }

    def totals(self) -> tuple[int, int, float]:
        """Bytes of originals, bytes of compressed files, seconds."""
        sizes = [outcome.sizes() for outcome in self.done]
        return sum(each[0] for each in sizes), sum(each[1] for each in sizes), sum(each[2] for each in sizes)


def each(
    run: Run,
    command: str,
    inputs: Iterable[Input],
    several: bool,
    work: Callable[[Input], FileOutcome | None],
    *,
    overwrite: bool = False,
) -> None:
    """Have every input worked on, and tell what came of it.

    One input is told as itself; where there may be ``several``, each gets a line, and all together a total. ``work``
    returns None for what needs nothing to be done.
    """
    batch = Batch(run, command)
    found = False
    for given in inputs:
        found = True
        try:
            outcome = work(given)
        except (RnncompressError, MemoryError, OSError, click.UsageError) as error:
            if not several or isinstance(error, BrokenPipeError):
                raise
            batch.fail(given.name, error)
            continue
        if outcome is None:
            continue
        if not several:
            run.deliver(outcome, overwrite=overwrite)
            return
        batch.done.append(outcome)
        if not run.as_json:
            run.tell(outcome)
    if several:
        if not found:
            raise InputError("the folders hold no file for this command")
        run.deliver(batch, overwrite=overwrite)
    if batch.failed:
        click.get_current_context().exit(max(code for _, code in batch.failed.values()))
