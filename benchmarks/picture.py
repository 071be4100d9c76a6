"""Draws the picture that README opens with: size against speed, from results of ``rnncompress bench``.

    python benchmarks/picture.py benchmarks/results/DAY [--input enwik8.head3M] [--out docs/size-and-speed.svg]

Rows that were measured with several versions or several times are put together as bench itself does it. The picture
shows nothing that is not in the rows, and says when and on which machine they were measured.
"""

import argparse
from pathlib import Path

from rnncompress.bench.page import points
from rnncompress.bench.report import sections
from rnncompress.bench.results import Row, newest, read_folder
from rnncompress.drawing.scatter import scatter

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "size-and-speed.svg"
INPUT = "enwik8.head3M"


def latest(name: str = INPUT) -> Path:
    """The newest folder that has results for the input ``name``. Raises SystemExit if none has."""
    folders = sorted(path.parent for path in (ROOT / "benchmarks" / "results").glob("*/results.jsonl"))
    for folder in reversed(folders):
        if any(row.input.name == name for row in read_folder(folder)):
            return folder
    raise SystemExit(f"there are no results for {name} in benchmarks/results")


def picture(folder: Path, name: str = INPUT) -> str:
    """The SVG of the results for the input ``name`` in ``folder``. Raises SystemExit if there are none."""
    rows = [row for row in newest(read_folder(folder)) if row.input.name == name]
    found = [section for section in sections(rows) if section.title == name]
    shown = [point for section in found[:1] for point in points(section)]
    if not shown:
        raise SystemExit(f"there are no results for {name} in {folder}")
    title = f"{name}, {found[0].bytes:,} bytes: size and speed of encoding"
    return scatter(shown, title=title, speed_name="encoding", note=_measured(rows)) + "\n"


def _measured(rows: list[Row]) -> str:
    """When and where."""
    days = sorted({row.when[:10] for row in rows})
    machines = sorted({f"{row.machine['cpu']}, {row.machine['cores']} cores" for row in rows})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"Measured {span} on {' and '.join(machines)}; each was decoded and compared."


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="default: the newest in benchmarks/results")
    parser.add_argument("--input", default=INPUT, help="the name that the results give it")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    options.out.write_text(picture(options.folder or latest(options.input), options.input), encoding="utf-8")


if __name__ == "__main__":
    main()
