"""Checkpoints: where the snapshots of a run are kept, when one is due, and which one a run goes on from.

They stand beside the output: the newest as ``OUT.ckpt``, the one before, should that be damaged, as
``OUT.ckpt.old``. Each goes with the part of the output that was on disk before it was written.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from rnncompress import snapshot
from rnncompress.errors import CheckpointError, FormatError, InputError, OutputError
from rnncompress.files import beside, open_input, replace, sync, write_anew
from rnncompress.snapshot import MAGIC, Identity, OtherRunError, Shapes, Snapshot

WORTH_SECONDS: Final = 60.0
"""A run that is interrupted leaves a checkpoint if it took this long, or if checkpoints were asked for."""

Taken = TypeVar("Taken")


class Checkpoints:
    """The checkpoints of the run that makes ``output``.

    They are written after ``every_seconds`` or ``every_bytes`` of the original, by default never. ``asked``
    tells that the user wants them also of a short run, ``resume`` that the run should go on from one that is
    there, ``tell`` takes messages to the user.
    """

    def __init__(
        self,
        output: Path,
        *,
        every_seconds: float = math.inf,
        every_bytes: float = math.inf,
        asked: bool = True,
        resume: bool = False,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.path = beside(output, ".ckpt")
        """The newest checkpoint."""
        self._older = beside(output, ".ckpt.old")
        self._new = beside(output, ".ckpt.new")
        self._every_seconds = every_seconds
        self._every_bytes = every_bytes
        self._asked = asked
        self._resume = resume
        self._tell = tell
        self._began = self._saved = time.monotonic()
        self._saved_done = 0
        self._running = self._stopping = self._ending = False
        self._saved_here = False

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that this object may write, replace and remove."""
        return self.path, self._older, self._new

    def check(self, *, overwrite: bool) -> None:
        """Raise OutputError if files are in the way, or checkpoints that nobody said what to do with."""
        for path in self.files:
            if path.exists() and not (_is_ours(path) or self._resume):
                raise OutputError(
                    f"{path} is in the way: it is no checkpoint of rnncompress; move it elsewhere"
                )
        if self.exist() and not (self._resume or overwrite):
            raise OutputError(
                f"{self.path} was left by an interrupted run; go on with --resume, or begin again with -f"
            )

    def exist(self) -> bool:
        """Whether an interrupted run can go on."""
        return any(path.exists() and _is_ours(path) for path in (self.path, self._older))

    @property
    def resuming(self) -> bool:
        """Whether there is a checkpoint, and the user wants to go on from it."""
        return self._resume and self.exist()

    def restore(
        self,
        identity: Identity,
        shapes: Shapes,
        take: Callable[[Snapshot], Taken],
    ) -> Taken | None:
        """What ``take`` makes of the newest snapshot of the run; None where the run is to begin at the start.

        ``shapes`` are those of a state. ``take`` raises one of our errors if the part of the output
        does not fit the snapshot; then the one before is tried. Raises CheckpointError if no one will do.
        """
        if not self.resuming:
            if self._resume:
                self._tell(f"no checkpoint {self.path} is here; beginning at the start")
            self.remove()
            return None
        for path in (self.path, self._older):
            if not path.exists():
                continue
            try:
                with open_input(path) as file:
                    taken = take(snapshot.read(file, identity, shapes))
            except OtherRunError as error:
                raise CheckpointError(f"cannot go on from {path}: {error}; begin again with -f") from error
            except (CheckpointError, FormatError, InputError) as error:
                self._tell(f"cannot go on from {path}: {error}")
                continue
            if path != self.path:
                replace(path, self.path)  # lest the next one to be written push it out before it is complete
            if not self._saved_here:
                self._tell(f"going on from {path}")
            return taken
        raise CheckpointError(
            f"no checkpoint can be used beside {self.path}; begin again with -f, without --resume"
        )

    def go_on(self) -> Path | None:
        """Let a second run take the place of one that failed: where it goes on from, None if at the start."""
        self._resume = self._resume or self._saved_here
        return self.path if self.resuming else None

    @contextmanager
    def running(self, done: int) -> Iterator[None]:
        """In the block the run calls :meth:`due` after every window; ``done`` bytes are done before it."""
        self._saved, self._saved_done, self._running = time.monotonic(), done, True
        try:
            yield
        finally:
            self._running = False

    def due(self, done: int) -> bool:
        """Whether the run is to be saved now. Raises KeyboardInterrupt if it is to end without."""
        if self._ending and not self._stopping:
            raise KeyboardInterrupt  # the first one got lost, in a callback of the compiler, say
        return (
            self._stopping
            or time.monotonic() - self._saved >= self._every_seconds
            or done - self._saved_done >= self._every_bytes
        )

    def save(self, identity: Identity, now: Snapshot, done: int) -> None:
        """Write a checkpoint; the output so far must be on disk. Raises KeyboardInterrupt if stopping.

        Whatever happens meanwhile, the checkpoint before stays usable.
        """
        with write_anew(self._new) as file:
            snapshot.write(file, identity, now)
            sync(file)
        if self.path.exists():
            replace(self.path, self._older)
        replace(self._new, self.path)
        self._saved, self._saved_done, self._saved_here = time.monotonic(), done, True
        if self._stopping:
            raise KeyboardInterrupt

    def stop(self) -> bool:
        """Have the run saved and ended after this window. False if the caller should end it at once."""
        self._ending = True
        often = min(self._every_seconds, self._every_bytes)
        worth = self._asked or self.exist() or time.monotonic() - self._began >= WORTH_SECONDS
        accepted = self._running and not self._stopping and often < math.inf and worth
        self._stopping = self._stopping or accepted
        return accepted

    def remove(self) -> None:
        """Remove all checkpoints, and nothing else that has their names."""
        for path in self.files:
            if path.exists() and _is_ours(path):
                path.unlink()


def _is_ours(path: Path) -> bool:
    """Whether ``path`` is a checkpoint, or the empty file that a process that was killed may leave."""
    with open_input(path) as file:
        return file.read(len(MAGIC)) in (MAGIC, b"")
