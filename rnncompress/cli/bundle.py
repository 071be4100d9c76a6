"""``rnncompress bundle``."""

import gzip
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import click

from rnncompress import container, portable
from rnncompress.attributes import Attributes
from rnncompress.cli.models import check_needed, load, model_option
from rnncompress.cli.streams import SUFFIX, choose_target, open_source, open_target
from rnncompress.errors import InputError, ModelNeededError

SCRIPT: Final = """\
#!/bin/sh
# Restores {name}: sh {archive} [OUT]. Needs {needs}.
set -e
out=${{1:-{quoted}}}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
part() {{ tail -c +$(({size} + $1)) "$0" | head -c "$2"; }}
part {program_at} {program} | gzip -dc >"$dir/{program_name}"
{build}
part {data_at} {data} >"$dir/data"
{model_part}"$dir/rnnc" d "$dir/data" "$out"{model_option}
exit
"""
"""Then the program, packed, the compressed data, and the trained model if there is one. ``size`` counts the script
and 1: what `tail -c +N` calls the first byte behind it."""
C_SUFFIX: Final = ".c"
C_ARCHIVE: Final = """\
/* Restores {name}: cc -O3 -o restore {archive}, then ./restore [OUT]. */
#define _FILE_OFFSET_BITS 64
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#define OPEN(name) bundled(name)
#define main rnnc
static FILE *bundled(const char *name);
{program}#undef main
static const uint64_t HELD[2] = {{{data_size}, {model_size}}};
static const uint64_t HELD_DATA[] = {{
{data}
}};
static const uint64_t HELD_MODEL[] = {{
{model}
}};
static FILE *bundled(const char *name) {{
    int is_model = *name == 'm';
    const uint64_t *words = is_model ? HELD_MODEL : HELD_DATA;
    FILE *file = tmpfile();
    for (uint64_t n = 0; file && n < HELD[is_model]; n++) putc((int)(words[n / 8] >> n % 8 * 8 & 255), file);
    return file;
}}
int main(int count, char **arguments) {{
    char *decoding[] = {{arguments[0], "d", "data", count > 1 ? arguments[1] : "{out}", "-m", "model"}};
    return rnnc({arguments}, decoding);
}}
"""
"""The program, whose ``main`` is called with what the archive holds; words of 64 bits compile fast everywhere."""
_BUILD: Final = '${CC:-cc} -O3 -o "$dir/rnnc" "$dir/rnnc.c"'
_RUN: Final = 'chmod +x "$dir/rnnc"'


@click.command()
@click.argument("source", metavar="FILE.rnnc", type=click.Path(allow_dash=True))
@click.option("-o", "--output", metavar="OUT", help="Where to write; default: FILE.sh.")
@click.option("-f", "--force", is_flag=True, help="Overwrite what is there.")
@click.option("--binary", is_flag=True, help="Put in the program as compiled here, not its source.")
@model_option
def bundle(source: str, output: str | None, force: bool, binary: bool, model_file: str | None) -> None:
    """Make an archive that restores the original of FILE.rnnc by itself: a script with data and decoder in it.

    Where it is run it needs a shell and a C compiler, and no Python. With --binary it needs no compiler, but a
    machine and system like these. If OUT ends in .c it is one C file, which needs no shell: compile and run it. If
    the file starts from a trained model, --model names it, and it is put in.
    """
    if binary and output is not None and output.endswith(C_SUFFIX):
        raise click.UsageError("--binary puts no source in, and a .c is source; leave one of them out")
    stem = Path(source.removesuffix(SUFFIX))
    target = choose_target(source, output, False, stem.with_name(f"{stem.name}.sh"), overwrite=force)
    given = load(model_file, target)
    with open_source(source) as packed:
        header = container.verify(packed)
        check_needed(source, header, given)
        if header.trained is not None and given is None:
            raise ModelNeededError("it starts from a trained model, which --model has to name")
        packed.seek(0)
        data = packed.read()
    model = given.path.read_bytes() if given and header.trained is not None else None
    if target is not None and target.suffix == C_SUFFIX:
        archive = c_archive(stem.name, target.name, data, model)
    else:
        program = compiled() if binary else portable.stripped(portable.source()).encode()
        archive = archived(stem.name, str(target), program, data, model, binary=binary)
    with open_target(target, Attributes.usual(), overwrite=force) as file:
        file.write(archive)
    click.echo(f"{source}: {len(data):,} → {target or 'standard output'}: {len(archive):,} bytes", err=True)


def archived(
    name: str, archive: str, program: bytes, data: bytes, model: bytes | None, *, binary: bool
) -> bytes:
    """The bytes of the script for the original ``name``."""
    packed = gzip.compress(program, 9, mtime=0)
    parts = [packed, data, *([model] if model is not None else [])]
    data_at, model_at = len(packed), len(packed) + len(data)

    def script(size: int) -> bytes:
        return SCRIPT.format(
            name=" ".join(name.split()),
            archive=" ".join(archive.split()),
            needs="gzip" if binary else "gzip and a C compiler",
            quoted=shlex.quote(f"./{name}"),
            size=size,
            program_at=0,
            program=len(packed),
            program_name="rnnc" if binary else "rnnc.c",
            build=_RUN if binary else _BUILD,
            data_at=data_at,
            data=len(data),
            model_part=f'part {model_at} {len(model)} >"$dir/model"\n' if model is not None else "",
            model_option=' -m "$dir/model"' if model is not None else "",
        ).encode()

    size = len(script(0))
    while len(script(size + 1)) != size:
        size = len(script(size + 1))
    return b"".join([script(size + 1), *parts])


def c_archive(name: str, archive: str, data: bytes, model: bytes | None) -> bytes:
    """The bytes of the C file for the original ``name``."""
    return C_ARCHIVE.format(
        name=" ".join(name.split()),
        archive=" ".join(archive.split()),
        program=portable.stripped(portable.source()),
        data_size=len(data),
        model_size=len(model or b""),
        data=_words(data),
        model=_words(model or b""),
        out=_in_string(f"./{name}"),
        arguments=4 if model is None else 6,
    ).encode()


def _in_string(name: str) -> str:
    """``name`` within quotes of C: what is neither a letter nor a digit nor a dot as three octal digits."""
    return "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or byte in b"./-_" else f"\\{byte:03o}"
        for byte in os.fsencode(name)
    )


def _words(data: bytes) -> str:
    """``data`` as numbers of 64 bits for C, the first byte the lowest, six to a line."""
    words = [f"0x{int.from_bytes(data[n : n + 8], 'little'):x}" for n in range(0, len(data), 8)] or ["0"]
    return ",\n".join(",".join(words[n : n + 6]) for n in range(0, len(words), 6))


def compiled() -> bytes:
    """The program for this machine. Raises InputError where there is no C compiler."""
    command = shlex.split(os.environ.get("CC", "cc"))
    if shutil.which(command[0]) is None:
        raise InputError(f"there is no C compiler {command[0]!r} here; the variable CC can name one")
    with tempfile.TemporaryDirectory() as folder:
        text, program = Path(folder) / "rnnc.c", Path(folder) / "rnnc"
        text.write_text(portable.source(), encoding="utf-8")
        done = subprocess.run(
            [*command, "-O3", "-s", "-o", program, text], capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise InputError(f"the C compiler {command[0]!r} fails: {last}")
        return program.read_bytes()
