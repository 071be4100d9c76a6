"""The results as text: progress, a table on the terminal, CSV, Markdown; and all of them as files."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from rnncompress.bench import page, totals
from rnncompress.bench.published import Published, published
from rnncompress.bench.report import Line, Section, Timing
from rnncompress.bench.results import Row
from rnncompress.bench.verdict import verdict, warnings
from rnncompress.files import atomic_output

MARK: Final = "★"
NOTE: Final = (
    f"{MARK} is on the Pareto front: nothing measured on the same device is both smaller and faster to "
    "encode. Every line without a status was decoded by a process of its own and compared byte for byte."
)
ELSEWHERE: Final = "Published elsewhere, on other machines; not measured here, speeds not comparable."


def outcome(row: Row) -> str:
    """A finished cell in a few words."""
    if row.status != "ok":
        return f"{row.status.upper()}, {row.message}"
    assert row.compressed_bytes is not None
    bpc = f", {8 * row.compressed_bytes / row.input.bytes:.3f} bpc" if row.input.bytes else ""
    return f"{row.compressed_bytes:,} bytes{bpc}"


def show(sections: Iterable[Section]) -> None:
    """Print verdicts and tables for the terminal. Of a folder only the total: its files are in the written tables."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    sections = list(sections)
    grouped = {section.group for section in sections if section.files > 1}
    for section in sections:
        if section.files == 1 and section.group in grouped:
            continue
        console.print(title(section), style="bold", markup=False, highlight=False)
        for text in _verdict(section):
            console.print(text, markup=False, highlight=False)
        table = Table(box=box.SIMPLE_HEAD)
        for name in _ON_TERMINAL:
            table.add_column(name, justify="right" if name in _RIGHT else "left", no_wrap=True)
        for line in _named(section):
            style = "bold red" if line.status == "mismatch" else "" if line.ok else "yellow"
            table.add_row(*(_COLUMNS[name](line) for name in _ON_TERMINAL), style=style)
        console.print(table)
        for line in section.lines:
            if not line.ok:
                console.print(f"{line.label}: {line.message}", style="red", markup=False, highlight=False)
    for text in warnings(sections):
        console.print(f"! {text}", style="yellow", markup=False, highlight=False)


def _verdict(section: Section, mark: str = "- ") -> list[str]:
    found = verdict(section)
    return [found.head, *(mark + text for text in found.advice)] if found else []


def write(folder: Path, sections: Sequence[Section], rows: Sequence[Row]) -> None:
    """Write table.csv, table.md and report.html into ``folder``. Raises OutputError."""
    for name, text in (
        ("table.csv", as_csv(sections)),
        ("table.md", as_markdown(sections, rows)),
        ("report.html", page.as_html(sections, rows)),
    ):
        with atomic_output(folder / name, overwrite=True) as file:
            file.write(text.encode())


def title(section: Section) -> str:
    """The section in words."""
    mark = " (only the beginning)" if section.slice else ""
    return f"{section.title}{mark}, {section.bytes:,} bytes"


def as_csv(sections: Iterable[Section]) -> str:
    """One record a line of the tables, with everything that is known."""
    text = io.StringIO()
    records = [_record(section, line) for section in sections for line in section.lines]
    out = csv.DictWriter(text, records[0] if records else [], lineterminator="\n")
    out.writeheader()
    out.writerows(records)
    return text.getvalue()


def _record(section: Section, line: Line) -> dict[str, object]:
    times: dict[str, object] = {}
    for way, timing, rate in (
        ("encode", line.encode, line.encode_speed),
        ("decode", line.decode, line.decode_speed),
    ):
        for name in ("seconds", "fastest", "slowest", "cpu_seconds"):
            times[f"{way}_{name}"] = getattr(timing, name, None)
        times[f"{way}_bytes_per_second"] = rate
    return {
        "input": section.title,
        "files": section.files,
        "slice": section.slice,
        "corpus": section.corpus,
        "bytes": section.bytes,
        "codec": line.label,
        "status": line.status,
        "message": line.message,
        "compressed_bytes": line.compressed_bytes,
        "header_bytes": line.header_bytes,
        "bpc": line.bpc,
        "ratio": line.ratio,
        **times,
        "repetitions": line.encode.repetitions if line.encode else None,
        "memory_bytes": line.memory_bytes,
        "device_memory_bytes": line.device_memory_bytes,
        "pareto_encode": line.best_encode,
        "pareto_decode": line.best_decode,
        "device": line.device,
        "version": line.version,
    }


def as_markdown(sections: Sequence[Section], rows: Sequence[Row]) -> str:
    """All tables, what others published, totals with the decompressor, and the machines."""
    parts = []
    for section in sections:
        body = [[cell(line) for cell in _COLUMNS.values()] for line in _named(section)]
        head, *advice = _verdict(section) or [""]
        parts += [f"## {title(section)}", *filter(None, (f"**{head}**" if head else "", "\n".join(advice)))]
        parts.append(_markdown_table(list(_COLUMNS), body))
        parts += [f"**{line.label}: {line.status}**, {line.message}" for line in section.lines if not line.ok]
        if elsewhere := published(section.corpus):
            parts += [
                ELSEWHERE,
                _markdown_table(list(PUBLISHED_COLUMNS), list(map(published_cells, elsewhere))),
            ]
    parts.append(NOTE)
    if counted := totals.totals(sections):
        names = ["input", "model", "file", "decompressor", "total", "Hutter Prize"]
        cells = [
            [t.input, t.label, _count(t.archive), _count(t.decoder), _count(t.total), t.prize]
            for t in counted
        ]
        parts += ["## With the decompressor counted in", totals.NOTE, _markdown_table(names, cells)]
    parts += [f"**{text}.**" for text in warnings(sections)]
    parts += ["## Measured on", "\n".join(f"- {line}" for line in page.machines(rows))]
    return "\n\n".join(parts) + "\n"


def _named(section: Section) -> Iterable[Line]:
    """The lines, their labels with the device where there are several."""
    several = len({line.device for line in section.lines}) > 1
    return (
        replace(line, label=f"{line.label} ({line.device})") if several else line for line in section.lines
    )


def published_cells(entry: Published) -> list[str]:
    """One row of the table of published results."""
    return [entry.system, _count(entry.bytes), f"{entry.bpc:.3f}", entry.hardware, entry.note, entry.source]


PUBLISHED_COLUMNS: Final = ("system", "bytes", "bpc", "hardware", "note", "source")


def _markdown_table(names: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = line("---:" if name in _RIGHT else "---" for name in names)
    return "\n".join([line(names), rule, *map(line, body)])


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _fixed(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _rate(bytes_per_second: float | None, timing: Timing | None) -> str:
    """kB/s with three digits, and the spread where there are repetitions."""
    if bytes_per_second is None or timing is None:
        return "–"
    rate = bytes_per_second / 1000
    text = f"{rate:,.{0 if rate >= 100 else 1 if rate >= 10 else 2}f}"
    if timing.repetitions > 1:
        text += f" ±{100 * timing.spread:.0f}%"
    return text


def _codec(line: Line) -> str:
    return f"{line.label} {MARK}" if line.best_encode else line.label


def _memory(line: Line) -> str:
    main = "–" if line.memory_bytes is None else f"{line.memory_bytes / 2**20:,.0f}"
    gpu = line.device_memory_bytes
    return main if gpu is None else f"{main} + {gpu / 2**20:,.0f}"


_COLUMNS: Final[dict[str, Callable[[Line], str]]] = {
    "codec": _codec,
    "bytes": lambda line: _count(line.compressed_bytes) if line.ok else line.status,
    "bpc": lambda line: _fixed(line.bpc, 3) if line.ok else "–",
    "ratio": lambda line: _fixed(line.ratio, 3) if line.ok else "–",
    "enc. kB/s": lambda line: _rate(line.encode_speed, line.encode) if line.ok else "–",
    "dec. kB/s": lambda line: _rate(line.decode_speed, line.decode) if line.ok else "–",
    "MiB": _memory,
}
_RIGHT: Final = {*_COLUMNS, "file", "decompressor", "total"} - {"codec"}
_ON_TERMINAL: Final = tuple(name for name in _COLUMNS if name != "ratio")  # 80 columns have no room for it
