"""What a file carries besides its bytes: who may read it, whose it is, and when it was written.

As with xz and zstd a compressed file carries what its original carried, and so does the original when it comes back.
Whatever is not yet whole is for its owner alone.
"""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Final, Self

PRIVATE: Final = 0o600
"""The mode of files that are not yet whole, and of checkpoints."""

_BITS: Final = 0o777
"""What is carried over of a mode: a file that comes back never runs with the rights of another user."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes that an output is to have when it is whole."""

    mode: int
    """Who may read, write and execute it."""
    owner: tuple[int, int] | None = None
    """User and group; None for those of this process."""
    times: tuple[int, int] | None = None
    """When it was last read and last written, in nanoseconds; None for now."""

    @classmethod
    def usual(cls) -> Self:
        """Those of any file that this user makes."""
        mask = os.umask(0o077)  # it can only be read by setting it; until it is back new files are private
        os.umask(mask)
        return cls(0o666 & ~mask)

    @classmethod
    def of(cls, path: Path) -> Self:
        """Those of the file ``path``; the usual ones for what is no regular file, such as a pipe."""
        with suppress(OSError):
            found = path.stat()
            if stat.S_ISREG(found.st_mode):
                times = found.st_atime_ns, found.st_mtime_ns
                return cls(found.st_mode & _BITS, (found.st_uid, found.st_gid), times)
        return cls.usual()

    @classmethod
    def readable_like(cls, paths: Iterable[Path]) -> Self:
        """The usual ones, but nobody may do with the file what they may not do with each of ``paths``."""
        return cls(reduce(and_, (cls.of(path).mode for path in paths), cls.usual().mode) | PRIVATE)

    def give(self, path: Path, final: Path) -> None:
        """Let the file ``path`` have these attributes, as far as the system allows.

        Where a file ``final`` is there, which ``path`` will replace, nobody else may do more with the new file than
        with the old one.
        """
        mode = self.mode
        with suppress(OSError):
            mode &= _narrowed(final.stat().st_mode)
        if hasattr(os, "chown"):
            mode = self._give_owner(path, mode)
        with suppress(OSError):  # some file systems know no modes
            if os.name != "nt":  # where a mode is no more than a mark against writing
                path.chmod(mode)
        if self.times:
            with suppress(OSError):
                os.utime(path, ns=self.times)

    def _give_owner(self, path: Path, mode: int) -> int:
        """Let ``path`` have its user and group; ``mode``, narrowed where the group cannot be given."""
        if self.owner is None:
            return mode
        user, group = self.owner
        with suppress(OSError):  # only the superuser may give files away
            os.chown(path, user, -1)
        try:
            os.chown(path, -1, group)
        except OSError:  # then the group, which is another, may do no more than everybody
            return mode & (0o707 | (mode & 0o007) << 3)
        return mode


def make_private(descriptor: int) -> None:
    """Let nobody but its owner read or write an open file, as far as the system allows."""
    if hasattr(os, "fchmod"):
        with suppress(OSError):  # some file systems know no modes
            os.fchmod(descriptor, PRIVATE)


def _narrowed(old: int) -> int:
    """All that a new file may allow in place of one of mode ``old``: others may run what they could read."""
    return 0o700 | old & 0o066 | (old & 0o044) >> 2
