"""``rnncompress explain``."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rnncompress import presets
from rnncompress.attributes import Attributes
from rnncompress.cli.forms import as_option, opened_packed
from rnncompress.cli.models import load, model_option
from rnncompress.cli.options import Command
from rnncompress.cli.run import Run, run_options, shown
from rnncompress.cli.screen import duration
from rnncompress.cli.streams import STDIO, find_input, open_source, refuse_input
from rnncompress.errors import about
from rnncompress.files import atomic_output, check_output, scratch
from rnncompress.machine import versions

if TYPE_CHECKING:
    from rnncompress.codec import Report
    from rnncompress.engine import EngineName
    from rnncompress.explaining.analysis import Analysis, Part, Passage
    from rnncompress.explaining.costs import Costs
    from rnncompress.explaining.ink import Ink
    from rnncompress.forms import As

ROWS: Final = 10
"""Words and passages that are printed."""
EXCERPT: Final = 50
"""Letters of a passage that are printed."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a file cost, and where."""

    source: str
    report: "Report"
    analysis: "Analysis"
    data: bytes
    target: str | None

    def line(self) -> str:
        """Tables, one under the other."""
        from rnncompress.explaining.page import excerpt, readable, summary

        told, data = self.analysis, self.data
        lines = [f"{self.source}: {summary(self.report)}, {duration(self.report.seconds)}"]
        if told.whole.bytes:
            lines += ["", *_opinions(told.whole)]
            for head, parts in (("kind of byte", told.kinds), ("along the file", told.tenths)):
                lines += ["", *_parts(head, parts)]
            lines += ["", *_parts("place in words" if told.text else "offset", told.places)]
            each = [(readable(word, told.text), word.coded, f"{word.count:,} times") for word in told.words]
            lines += ["", *_ranking("words" if told.text else "values of bytes", each)]
            dearest = [
                (
                    _short(excerpt(data, one) if told.text else _hex(data, one)),
                    one.coded,
                    f"at byte {one.start:,}",
                )
                for one in told.dearest
            ]
            lines += ["", *_ranking("dearest passages", dearest)]
        if self.target:
            lines += ["", f"the file in colours is in {self.target}"]
        return "\n".join(lines)

    def document(self) -> dict[str, object]:
        """All of it but the cost of each byte, for which there is :func:`rnncompress.explain`."""
        return {
            "command": "explain",
            "input": self.source,
            "output": self.target,
            **self.report.to_dict(),
            **self.analysis.to_dict(),
            "versions": versions(),
        }


@dataclass(frozen=True, slots=True)
class InkExplanation:
    """What the points of a file cost."""

    source: str
    report: "Report"
    ink: "Ink"
    target: str | None

    def line(self) -> str:
        """Totals."""
        from rnncompress.explaining.page import summary

        head = f"{self.source}: {summary(self.report)}, {duration(self.report.seconds)}"
        lines = [head, *self.ink.lines()]
        if self.target:
            lines += ["", f"the drawings in colours are in {self.target}"]
        return "\n".join(lines)

    def document(self) -> dict[str, object]:
        """All of it."""
        return {
            "command": "explain",
            "input": self.source,
            "output": self.target,
            **self.report.to_dict(),
            "strokes": self.ink.to_dict(),
            "versions": versions(),
        }


@click.command(cls=Command)
@click.argument("source", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("-o", "--output", metavar="OUT.html", help="Write a page with the file in colours.")
@click.option("-f", "--force", is_flag=True, help="Overwrite what is there.")
@click.option("--preset", type=click.Choice(presets.for_files()), help="Default: by the size of the file.")
@as_option
@model_option
@run_options
def explain(
    source: str,
    output: str | None,
    force: bool,
    preset: str | None,
    how: "As",
    model_file: str | None,
    run: Run,
) -> None:
    """Tell what each byte of FILE costs, and why: encode it, and write down the bits.

    Printed are totals by kind of byte and by place, the words and passages that cost most, and what network, counts
    and matches contribute. With -o they stand in a page that any browser shows, which needs no network: the file
    coloured by cost, as text or in hexadecimal; of a large file a picture of the whole, and passages. Of pen strokes
    it is what each number of the points costs, and the drawings, each line in the colour of its cost; where the network
    tells densities (preset strokes-density, and small files) also where it expected the pen. The compressed file is
    not kept. From Python, rnncompress.explain gives a number for each byte.
    """
    if preset and model_file:
        raise click.UsageError("--model and --preset contradict each other: the model says what it is")
    path = find_input(source, run.screen)
    target = Path(output) if output else None
    if target is not None:
        check_output(target, overwrite=force)
        refuse_input(path, target)
    run.check_report(path, target, overwrite=force)
    given = load(model_file, target, run.report)

    from rnncompress import pretrained
    from rnncompress.explaining import analysis, costs, expected, ink, page
    from rnncompress.forms import size
    from rnncompress.words.spans import spans

    with (
        open_source(path) as original,
        opened_packed(original, source, how, preset, given, run) as packed,
        scratch() as compressed,
    ):
        coded = packed.file if packed else original
        strokes = packed is not None and packed.form == "strokes"
        length, chosen_by = coded.seek(0, os.SEEK_END), size(original, packed)
        if given:
            with about(str(given.path)):
                config = pretrained.adapt(given.model, length)
        else:
            config = presets.get(preset, chosen_by) if preset else presets.choose(chosen_by, strokes=strokes)
        coded.seek(0)
        data = coded.read()
        shown_points = expected.places(data) if target is not None and config.components and strokes else None

        def measured(engine: "EngineName") -> "tuple[Report, Costs]":
            with run.screen.progress(f"encoding {source}") as update:
                return costs.measure(
                    original,
                    compressed,
                    config,
                    packed=packed,
                    densities_at=shown_points,
                    model=given.model if given else None,
                    engine=engine,
                    threads=run.threads,
                    progress=shown(update),
                )

        report, found = run.computed(config, length, measured)
        if packed is not None and packed.form == "words":
            found = found.spread(*spans(data))
            original.seek(0)
            data = original.read()
    if strokes:
        page_of_ink = _write_ink(source, data, found, report, target, force) if target else None
        run.deliver(InkExplanation(source, report, ink.analyse(data, found), page_of_ink), overwrite=force)
        return
    told = analysis.analyse(data, found)
    if target is not None:
        readable = Attributes.readable_like([Path(path)] if path != STDIO else [])  # the page holds the text
        with atomic_output(target, overwrite=force, attributes=readable) as file:
            file.write(page.as_html(source, report, data, found, told).encode("utf-8", "backslashreplace"))
    run.deliver(Explanation(source, report, told, data, str(target) if target else None), overwrite=force)


def _write_ink(
    source: str, packed: bytes, costs: "Costs", report: "Report", target: Path, force: bool
) -> str:
    """Write the page of a file of strokes; returns its name."""
    from rnncompress.explaining import ink, page

    readable = Attributes.readable_like([Path(source)] if Path(source).is_file() else [])
    with atomic_output(target, overwrite=force, attributes=readable) as file:
        file.write(
            ink.as_html(source, packed, costs, page.summary(report)).encode("utf-8", "backslashreplace")
        )
    return str(target)


def _opinions(whole: "Part") -> Iterable[str]:
    yield f"{'':26}{'bytes':>12}{'bpc':>10}"
    rows = [("as coded", whole.coded)]
    if whole.network is not None and whole.saved:
        rows.append(("network alone", whole.network))
    rows += [(f"without the {name}", whole.coded + bits) for name, bits in whole.saved.items()]
    for name, bits in rows:
        yield f"{name:26}{bits / 8:12,.0f}{bits / whole.bytes:10.4f}"


def _parts(head: str, parts: Sequence["Part"]) -> Iterable[str]:
    total = sum(part.coded for part in parts) or 1.0
    yield f"{head:26}{'bytes':>12}{'bpc':>10}{'of all bits':>13}"
    for part in parts:
        yield f"{part.name:26}{part.bytes:12,}{part.bpc:10.3f}{part.coded / total:13.1%}"


def _ranking(head: str, rows: Sequence[tuple[str, float, str]]) -> Iterable[str]:
    yield f"{head + ', by bits':26}"
    for name, bits, where in rows[:ROWS]:
        yield f"{bits:12,.0f}  {where:>18}  {name}"


def _hex(data: bytes, passage: "Passage") -> str:
    return data[passage.start : passage.start + EXCERPT // 3].hex(" ")


def _short(text: str) -> str:
    """What of it goes into a line."""
    return (
        " ".join(text.split())[:EXCERPT].encode("unicode_escape").decode()
        if not text.isprintable()
        else text[:EXCERPT]
    )
