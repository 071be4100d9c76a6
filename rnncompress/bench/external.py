"""Compressors that are programs: a table in TOML says how to call them, and anyone can add to it."""

import functools
import hashlib
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from rnncompress.errors import InputError

TABLE: Final = Path(__file__).with_name("external.toml")


@dataclass(frozen=True, slots=True)
class Program:
    """One entry of the table; ``external.toml`` describes its fields."""

    name: str
    programs: tuple[str, ...]
    label: str
    encode: tuple[str, ...]
    decode: tuple[str, ...]
    version_arguments: tuple[str, ...] = ()
    levels: tuple[str, ...] = ("",)
    usual: tuple[str, ...] = ("",)
    packed: str = "packed"

    @property
    def path(self) -> str | None:
        """Where the program is; None if it is not on the PATH."""
        return next((found for program in self.programs if (found := shutil.which(program))), None)

    def commands(self, level: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The command lines that encode and decode."""
        program = (self.path or self.programs[0],)
        return (
            (*program, *(part.replace("{level}", level) for part in self.encode)),
            (*program, *(part.replace("{level}", level) for part in self.decode)),
        )

    def version(self) -> str:
        """What the program says of itself, and the hash of its file, which tells builds apart."""
        return _version(self.path, self.version_arguments) if self.path else ""


def load(tables: Iterable[Path] = ()) -> list[Program]:
    """The programs of our table and of others like it; a later entry replaces one of the same name.

    Raises InputError for a table that cannot be read or has a wrong field.
    """
    found: dict[str, Program] = {}
    for path in (TABLE, *tables):
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not TOML: {error}") from None
        for name, entry in entries.items():
            found[name] = _program(path, name, entry)
    return list(found.values())


_TEXTS: Final = {"label", "packed"}
_NEEDED: Final = {"programs", "label", "encode", "decode"}


def _program(path: Path, name: str, entry: object) -> Program:
    where = f"{path}, [{name}]"
    if not isinstance(entry, dict) or not entry.keys() >= _NEEDED:
        raise InputError(f"{where}: an entry needs {', '.join(sorted(_NEEDED))}")
    known = {field.name for field in fields(Program)} - {"name"}
    values: dict[str, str | tuple[str, ...]] = {}
    for key, value in entry.items():
        if key not in known:
            raise InputError(f"{where}: {key} is not a field; the fields are {', '.join(sorted(known))}")
        if not isinstance(value, str if key in _TEXTS else list):
            raise InputError(f"{where}: {key} must be {'a text' if key in _TEXTS else 'a list of texts'}")
        values[key] = value if isinstance(value, str) else tuple(map(str, value))
    if "levels" in values:
        values.setdefault("usual", values["levels"])
    return Program(name, **values)  # type: ignore[arg-type]


_VERSION: Final = re.compile(rb"(?:\bv|version )?(\d+(?:[.-]\d+)+)|(?:\bv|version )(\d+)")
"""Such as 1.5.7, v3, version 21, 2024-06-05."""


@functools.cache
def _version(path: str, arguments: tuple[str, ...]) -> str:
    with Path(path).open("rb") as file:
        build = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    said = None
    if arguments:
        try:
            run = subprocess.run(
                [path, *arguments], capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False
            )
            said = _VERSION.search(run.stdout + run.stderr)
        except (OSError, subprocess.SubprocessError):
            pass
    return f"{(said[1] or said[2]).decode()}+{build}" if said else build
