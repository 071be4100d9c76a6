"""A folder as one file: a tar that depends on nothing but names, contents, times and what may be run; and back again.

The model learns across the files. Users, groups and the other bits of modes stay behind: a tar of the same files is the
same file, whoever made it and on whichever file system.
"""

import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from rnncompress.attributes import PRIVATE, Attributes
from rnncompress.cli.screen import Screen
from rnncompress.errors import DeviceError, FormatError, InputError, OutputError
from rnncompress.files import open_input, scratch

_PIECE: Final = 1 << 20


@contextmanager
def packed(folder: Path, screen: Screen) -> Iterator[tuple[BinaryIO, Attributes]]:
    """A temporary tar of ``folder``, and attributes that let nobody read it who may not read all that is in it.

    Members begin with the name of the folder. Sockets, pipes and devices are left out, which is told.
    Raises InputError.
    """
    whole = folder.resolve()
    folder = whole if folder.is_symlink() else folder
    name = whole.name or "root"
    mode = Attributes.usual().mode
    with scratch() as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT, bufsize=_PIECE) as tar:
            for path in _walk(folder):
                member = _member(path, f"{name}/{path.relative_to(folder).as_posix()}".removesuffix("/."))
                if member is None:
                    screen.say(f"{path} is no file, folder or link: left out")
                    continue
                if member.isreg():
                    with open_input(path) as content:
                        member.size = content.seek(0, os.SEEK_END)
                        content.seek(0)
                        _add(tar, member, content, path)
                else:
                    tar.addfile(member)
                if not member.issym():
                    mode &= path.stat().st_mode
        file.seek(0)
        yield file, Attributes(mode & 0o666 | PRIVATE)


def unpack(file: BinaryIO, folder: Path, *, overwrite: bool) -> None:
    """Write the members of the tar ``file`` into ``folder``.

    Nothing is written if one of them would leave the folder, by its name or as a link, is a device, or is there
    already. Raises FormatError, OutputError, and DeviceError where Python cannot tell.
    """
    if not hasattr(tarfile, "data_filter"):
        raise DeviceError(
            "this Python cannot extract safely: use 3.11.4 or newer, or decode without --extract"
        )
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for member in tar:
                kept = tarfile.data_filter(member, str(folder))
                path = folder / kept.name
                if not overwrite and not kept.isdir() and (path.exists() or path.is_symlink()):
                    raise OutputError(f"{path} exists already; use -f to overwrite it")
            folder.mkdir(parents=True, exist_ok=True)
            tar.extractall(folder, filter="data")
    except tarfile.FilterError as error:
        raise FormatError(f"it is not extracted: {error}") from error
    except tarfile.ReadError as error:
        raise FormatError("it holds no tar: decode it without --extract") from error
    except tarfile.TarError as error:
        raise FormatError(f"it holds a damaged tar: {error}") from error
    except OSError as error:
        raise OutputError(f"cannot write {error.filename or folder}: {error.strerror}") from error


def _walk(folder: Path) -> Iterator[Path]:
    """``folder`` and all in it, each folder before what it holds, in the order of the bytes of names."""

    def entries(path: Path) -> Iterator[Path]:
        yield path
        if path.is_dir() and not path.is_symlink():
            for entry in sorted(path.iterdir(), key=lambda each: os.fsencode(each.name)):
                yield from entries(entry)

    try:
        yield from entries(folder)
    except OSError as error:
        raise InputError(f"cannot read {error.filename or folder}: {error.strerror}") from error


def _member(path: Path, name: str) -> tarfile.TarInfo | None:
    """The header of a file, folder or link; None for what is none of these."""
    found = path.lstat()
    member = tarfile.TarInfo(name)
    member.mtime = int(found.st_mtime)
    member.mode = 0o755 if found.st_mode & stat.S_IXUSR else 0o644
    if stat.S_ISDIR(found.st_mode):
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    elif stat.S_ISLNK(found.st_mode):
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
    elif not stat.S_ISREG(found.st_mode):
        return None
    return member


def _add(tar: tarfile.TarFile, member: tarfile.TarInfo, content: BinaryIO, path: Path) -> None:
    try:
        tar.addfile(member, content)
    except OSError as error:
        if error.args == ("unexpected end of data",):
            raise InputError(f"{path} became shorter meanwhile") from error
        raise
