"""One self-contained HTML file: the data as JSON, our style and our script in it, nothing from elsewhere."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rnncompress._version import __version__
from rnncompress.bench import totals
from rnncompress.bench.published import published
from rnncompress.bench.report import Line, Section
from rnncompress.bench.results import Row
from rnncompress.bench.verdict import verdict, warnings
from rnncompress.bench.work import OURS
from rnncompress.drawing.scatter import Point, scatter
from rnncompress.drawing.svg import STYLE

_HERE = Path(__file__).parent


def document(sections: Sequence[Section], rows: Sequence[Row]) -> dict[str, Any]:
    """Everything that the page shows, for machines."""
    return {
        "version": __version__,
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commits": sorted({row.commit for row in rows if row.commit}),
        "warnings": warnings(sections),
        "sections": [_section(section) for section in sections],
        "totals": [{**asdict(total), "total": total.total} for total in totals.totals(sections)],
        "totals_note": totals.NOTE,
        "machines": machines(rows),
    }


def as_html(sections: Sequence[Section], rows: Sequence[Row]) -> str:
    """The page."""
    text = json.dumps(document(sections, rows), ensure_ascii=False, separators=(",", ":"))
    parts = {
        "/*STYLE*/": _asset("page.css"),
        "/*BASE*/": _asset("base.js"),
        "/*PLOTS*/": _asset("plots.js"),
        "/*SCRIPT*/": _asset("page.js"),
        "<!--PICTURES-->": pictures(sections),
        "{/*DATA*/}": text.replace("<", "\\u003c"),  # so that no text in it can end the script element
    }
    page = _asset("page.html")
    for mark, content in parts.items():
        page = page.replace(mark, content)
    return page


def points(section: Section) -> list[Point]:
    """What decoded well, as a picture of size and speed shows it."""
    return [
        Point(line.label, line.encode_speed, line.bpc, line.family == OURS)
        for line in section.lines
        if line.ok and line.bpc and line.encode_speed
    ]


def pictures(sections: Iterable[Section]) -> str:
    """Drawings for who runs no script: of single inputs, and of folders as a whole."""
    shown = [section for section in sections if section.files > 1 or section.group is None]
    drawn = (
        scatter(found, title=section.title, speed_name="encoding", alone=False)
        for section in shown
        if (found := points(section))
    )
    return "\n".join([f"<style>{STYLE}</style>", *drawn])


def machines(rows: Iterable[Row]) -> list[str]:
    """Each machine and version that rows were measured with, in words."""
    found: dict[str, list[float]] = {}
    for row in rows:
        facts = row.machine
        gpu = facts["gpu"]
        parts = [
            facts["cpu"],
            f"{facts['cores']} cores",
            f"{facts['memory_bytes'] / 2**30:.0f} GiB",
            *([f"{gpu['name']}, driver {gpu['driver']}"] if gpu else []),
            facts["system"],
            ", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
        ]
        loads = found.setdefault("; ".join(parts), [])
        loads.append(facts["load"])
    return [f"{machine}; load {min(loads)} to {max(loads)}" for machine, loads in found.items()]


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "bytes": section.bytes,
        "slice": section.slice,
        "files": section.files,
        "group": section.group,
        "verdict": asdict(found) if (found := verdict(section)) else None,
        "lines": [_line(line) for line in section.lines],
        "published": [asdict(entry) for entry in published(section.corpus)],
    }


def _line(line: Line) -> dict[str, Any]:
    values = asdict(line) | {
        "ours": line.family == OURS,
        "bpc": line.bpc,
        "ratio": line.ratio,
        "encode_speed": line.encode_speed,
        "decode_speed": line.decode_speed,
        "curve": [[done, round(bpc, 4)] for done, bpc in line.curve],
    }
    del values["options"]
    return values


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
