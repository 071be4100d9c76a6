"""The curve of a training for other programs: a CSV file, and the format of TensorBoard."""

import csv
import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnncompress.errors import OutputError
from rnncompress.files import atomic_output, check_output

if TYPE_CHECKING:
    from rnncompress.training.trainer import Curve, Pass


def as_csv(curve: "Curve", passes: "tuple[Pass, ...]") -> str:
    """All points, and what validation came to after each pass, as symbols read, kind, and bits per symbol."""
    rows = [(symbols, "learning", bits) for symbols, bits in curve]
    rows += [(each.symbols, "validation", each.valid) for each in passes]
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("symbols", "kind", "bits_per_symbol"))
    out.writerows(sorted(rows))
    return text.getvalue()


class TensorBoard:
    """Writes points into a folder as they come, for TensorBoard to show. Raises OutputError if it cannot."""

    def __init__(self, folder: str) -> None:
        try:
            from tensorboard.summary import Writer
        except ImportError:
            raise OutputError(
                "--tensorboard needs the package tensorboard (pip install tensorboard), which is not here"
            ) from None
        try:
            self._writer: Any = Writer(folder)
        except OSError as error:
            raise OutputError(f"cannot write to {folder}: {error.strerror}") from None
        self._told = self._passes = 0

    def add(self, curve: "Curve", passes: "tuple[Pass, ...]") -> None:
        """Write what is new."""
        for symbols, bits in curve[self._told :]:
            self._writer.add_scalar("bits per symbol/learning", bits, symbols)
        for each in passes[self._passes :]:
            self._writer.add_scalar("bits per symbol/validation", each.valid, each.symbols)
        if (self._told, self._passes) != (len(curve), len(passes)):
            self._writer.flush()
        self._told, self._passes = len(curve), len(passes)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()


@dataclass(frozen=True, slots=True)
class CurveFiles:
    """Where else the user wants the curve."""

    csv: Path | None
    tensorboard: TensorBoard | None

    def check(self, *, overwrite: bool) -> None:
        """Raise OutputError early if the CSV file could not be written."""
        if self.csv:
            check_output(self.csv, overwrite=overwrite)

    def follow(self, curve: "Curve", passes: "tuple[Pass, ...]") -> None:
        """Tell those who look on while training runs."""
        if self.tensorboard:
            self.tensorboard.add(curve, passes)

    def finish(self, curve: "Curve", passes: "tuple[Pass, ...]", *, overwrite: bool) -> None:
        """Write all of it."""
        self.follow(curve, passes)
        if self.tensorboard:
            self.tensorboard.close()
        if self.csv:
            with atomic_output(self.csv, overwrite=overwrite) as file:
                file.write(as_csv(curve, passes).encode())


def curve_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options; ``command`` gets one :class:`CurveFiles`."""

    @click.option("--csv", metavar="FILE.csv", help="Write the learning curve as a table.")
    @click.option(
        "--tensorboard", metavar="FOLDER", help="Write it for TensorBoard, as it goes; needs that package."
    )
    @functools.wraps(command)
    def with_curves(csv: str | None, tensorboard: str | None, **others: object) -> None:
        board = TensorBoard(tensorboard) if tensorboard else None
        command(curve_files=CurveFiles(Path(csv) if csv else None, board), **others)

    return with_curves
