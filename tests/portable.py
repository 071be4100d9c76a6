"""The C program of the package, compiled for tests."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import pytest

import rnncompress
from rnncompress.config import PARTS, Config, numbers
from rnncompress.container import Form

SOURCE: Final = Path(rnncompress.__file__).parent / "portable" / "rnnc.c"
CC: Final = shlex.split(os.environ.get("CC", "")) or [shutil.which("cc") or shutil.which("gcc") or ""]
needs_compiler = pytest.mark.skipif(not CC[0], reason="no C compiler: neither CC is set nor is there a cc")


@cache
def program(*flags: str, changes: tuple[tuple[str, str], ...] = ()) -> Path:
    """The program compiled with ``flags``, after ``changes`` of its source."""
    folder = Path(mkdtemp(prefix="rnnc-"))
    source = SOURCE.read_text()
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    (folder / "rnnc.c").write_text(source)
    subprocess.run([*CC, *(flags or ("-O2",)), "-o", folder / "rnnc", folder / "rnnc.c"], check=True)
    return folder / "rnnc"


class Portable:
    """The program at work in a folder of its own."""

    def __init__(self, folder: Path, *flags: str, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._program = program(*flags)
        self._environment = environment

    def run(self, command: str, data: bytes, *arguments: str | Path) -> tuple[int, bytes, str]:
        """Exit code, output and messages."""
        source, target = self._folder / "in", self._folder / "out"
        source.write_bytes(data)
        target.unlink(missing_ok=True)
        done = subprocess.run(
            [self._program, command, source, *([target] if command != "i" else []), *arguments],
            capture_output=True,
            check=False,
            env=self._environment,
        )
        content = done.stdout if command == "i" else target.read_bytes() if target.exists() else b""
        return done.returncode, content, done.stderr.decode()

    def encode(
        self, data: bytes, config: Config, packed: bytes | None = None, form: Form = "strokes"
    ) -> bytes:
        """The compressed bytes: those of ``packed`` strokes or words, if these are coded in place of ``data``."""
        path = self._folder / "packed"
        if packed is not None:
            path.write_bytes(packed)
        given = [] if packed is None else ["-s" if form == "strokes" else "-w", path]
        code, content, messages = self.run("e", data, *fields(config), *given)
        assert (code, messages) == (0, ""), messages
        return content

    def decode(self, data: bytes, *arguments: str | Path) -> bytes:
        """The original bytes."""
        code, content, messages = self.run("d", data, *arguments)
        assert (code, messages) == (0, ""), messages
        return content


def fields(config: Config) -> list[str]:
    """A configuration as the program takes it."""
    return [
        f"{name}={value}"
        for part in PARTS
        for name, value in zip(part.fields, numbers(config, part), strict=True)
        if part.used(config) or name == part.switch
    ]
