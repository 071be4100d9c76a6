"""``rnncompress plot``."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import click

from rnncompress.cli.options import Command
from rnncompress.drawing.curves import Series, curves
from rnncompress.errors import InputError
from rnncompress.files import atomic_output, check_output, open_input

SUFFIXES: Final = (".svg", ".png")
SMOOTH: Final = 10
"""Points of a training's curve, which are of few symbols each, that are averaged."""


@click.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="RUN.json...", type=click.Path())
@click.option(
    "-o", "--output", metavar="FILE", help="Draw into this file, .svg or .png. Default: in the terminal."
)
@click.option("-f", "--force", is_flag=True, help="Overwrite what is there.")
@click.option("--title", default="Learning curves", show_default=True, metavar="TEXT", help="Of the picture.")
def plot(names: tuple[str, ...], output: str | None, force: bool, title: str) -> None:
    """Draw learning curves of one or more runs over each other.

    A RUN.json is what encode, decode, train, evaluate or explain write with --report, or print with --json. Of coding
    and evaluation the curve is the mean of all symbols so far; of training, what symbols cost at that time, the last
    ten points averaged, with a dot for the validation after each pass.
    """
    target = Path(output) if output else None
    if target is not None:
        if target.suffix not in SUFFIXES:
            raise click.UsageError(f"{target} ends neither in {' nor in '.join(SUFFIXES)}")
        check_output(target, overwrite=force)
    runs = [(Path(name), _read(Path(name))) for name in names]
    series = [each for hue, (path, told) in enumerate(runs) for each in _series(path, told, hue, len(runs))]
    in_bytes = all(told.get("alphabet", "bytes") == "bytes" for _, told in runs)
    unit = "B" if in_bytes else ""
    if target is None:
        from rnncompress.drawing.terminal import plot as in_terminal

        click.echo(in_terminal(series, columns=shutil.get_terminal_size().columns, unit=unit))
        return
    y_name, x_name = ("bits per character", "bytes read") if in_bytes else ("bits per symbol", "symbols read")
    drawn = curves(series, title=title, y_name=y_name, x_name=x_name, unit=unit)
    if target.suffix == ".png":
        from rnncompress.drawing.png import as_png

        content = as_png(drawn)
    else:
        content = f"{drawn}\n".encode()
    with atomic_output(target, overwrite=force) as file:
        file.write(content)


def _read(path: Path) -> dict[str, Any]:
    """The report in ``path``. Raises InputError."""
    with open_input(path) as file:
        try:
            told = json.loads(file.read())
        except (ValueError, RecursionError):
            told = None
    if not isinstance(told, dict) or "command" not in told:
        raise InputError(f"{path} is no report of a run; make one with --report FILE.json")
    return told


def _series(path: Path, told: dict[str, Any], hue: int, runs: int) -> Iterator[Series]:
    """The curves of a report, all of one colour if there are several runs. Raises InputError if there are none."""
    found = False
    try:
        for name, points, dashed, marks in _curves(told):
            found = True
            shown = f"{path.stem}, {name}" if name else path.stem
            yield Series(
                shown, tuple((float(done), float(bits)) for done, bits in points), dashed, marks,
                hue=hue if runs > 1 else None,
            )  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError(f"{path} holds a curve that makes no sense; write the report anew") from None
    if not found:
        raise InputError(f"{path} holds no curve: the input was stored, or too short")


def _curves(told: dict[str, Any]) -> Iterator[tuple[str, Any, bool, bool]]:
    """Name, points, and whether it is dashed and marked, of each curve of a report; none without points."""
    if told["command"] == "train":
        found = [
            ("learning", _smooth(told["curve"]), False, False),
            ("validation", [(each["symbols"], each["valid"]) for each in told["passes"]], True, True),
        ]
    elif told["command"] == "evaluate":
        found = [(name, each["curve"], name == "static", False) for name, each in told["evaluations"].items()]
    else:
        found = [("", told["curve"], False, False)]
    yield from (each for each in found if each[1])


def _smooth(curve: Any) -> list[tuple[float, float]]:
    """At each point the mean of it and those just before."""
    bits = [each for _, each in curve]
    return [(done, fmean(bits[max(0, n + 1 - SMOOTH) : n + 1])) for n, (done, _) in enumerate(curve)]
