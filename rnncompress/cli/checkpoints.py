"""The options --checkpoint-every and --resume, and what they make of an output."""

import functools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from rnncompress.attributes import Attributes
from rnncompress.cli.options import Option
from rnncompress.cli.screen import Screen
from rnncompress.cli.signals import interrupt, when_asked_to_end
from rnncompress.cli.streams import open_target, refuse_input
from rnncompress.cli.units import parse_seconds, parse_size
from rnncompress.errors import CheckpointError, MismatchError
from rnncompress.files import beside

if TYPE_CHECKING:
    from rnncompress.checkpoint import Checkpoints


@dataclass(frozen=True, slots=True)
class Every:
    """How often to save: after some time, or some bytes of the original."""

    seconds: float = math.inf
    bytes: float = math.inf


DEFAULT: Final = Every(seconds=300)
SUFFIX: Final = ".ckpt"
"""What is added to the name of an output for its checkpoint."""


def every(text: str) -> Every:
    """A time such as 30s, 5min, 1h, a size such as 10MB, or off. Raises click.BadParameter."""
    if text == "off":
        return Every()
    if (time := parse_seconds(text)) is not None:
        return Every(seconds=time)
    if size := parse_size(text):
        return Every(bytes=size)
    raise click.BadParameter(
        f"{text!r} is neither a time such as 30s, 5min, 1h, nor a size such as 10MB, nor off"
    )


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the user wants of checkpoints."""

    every: Every | None
    """None where the user did not say."""
    resume: bool

    def of(self, output: str | Path | None, *, several: bool) -> "Keeping | None":
        """The same for one of ``several`` outputs: with --resume what is there is done, which None tells.

        What has no checkpoint yet begins afresh.
        """
        if not (self.resume and several and output is not None):
            return self
        path = Path(output)
        if beside(path, SUFFIX).exists() or beside(path, f"{SUFFIX}.old").exists():
            return self
        return None if path.exists() else Keeping(self.every, resume=False)

    def checkpoints(
        self, source: str, target: Path | None, screen: Screen, *, overwrite: bool
    ) -> "Checkpoints | None":
        """The checkpoints of ``target``; none for standard output. Raises OutputError if something is in the way."""
        if target is None:
            if self.resume or self.every not in (None, Every()):
                raise click.UsageError("checkpoints stand beside the output; name it with -o")
            return None
        from rnncompress.checkpoint import Checkpoints

        chosen = self.every or DEFAULT
        checkpoints = Checkpoints(
            target,
            every_seconds=chosen.seconds,
            every_bytes=chosen.bytes,
            asked=self.every is not None,
            resume=self.resume,
            tell=screen.say,
        )
        for path in checkpoints.files:
            refuse_input(source, path)
        checkpoints.check(overwrite=overwrite)
        return checkpoints


def checkpoint_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options; ``command`` gets one :class:`Keeping`."""

    @click.option(
        "--checkpoint-every",
        type=every,
        metavar="WHEN",
        cls=Option,
        section="Checkpoints",
        examples=("30s", "5min", "1h", "10MB", "off"),
        help="Save the state to go on from: 30s, 5min, 10MB, off. Default: 5min.",
    )
    @click.option(
        "--resume",
        is_flag=True,
        cls=Option,
        section="Checkpoints",
        help="Go on from the checkpoint of an interrupted run; of several inputs skip what is done.",
    )
    @functools.wraps(command)
    def with_keeping(checkpoint_every: Every | None, resume: bool, **others: object) -> None:
        command(keeping=Keeping(checkpoint_every, resume), **others)

    return with_keeping


@contextmanager
def open_kept_target(
    target: Path | None, attributes: Attributes, checkpoints: "Checkpoints | None", *, overwrite: bool
) -> Iterator[BinaryIO]:
    """:func:`open_target`, where what is done outlives an interruption as soon as there is a checkpoint.

    A first signal to end has a checkpoint saved, if checkpoints are on, a second one ends at once.
    """
    if checkpoints is None:
        with open_target(target, attributes, overwrite=overwrite) as file:
            yield file
        return

    def end() -> None:
        if not checkpoints.stop():
            interrupt()

    with (
        open_target(target, attributes, overwrite=overwrite, keep=checkpoints.exist) as file,
        when_asked_to_end(end),
    ):
        try:
            yield file
        except BaseException as error:
            if checkpoints.exist() and not isinstance(error, CheckpointError | MismatchError):
                error.add_note(
                    f"{checkpoints.path} keeps what was done: the same command with --resume goes on"
                )
            raise
    checkpoints.remove()
