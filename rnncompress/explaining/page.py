"""The explanation as one HTML file that loads nothing and needs no script."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np

from rnncompress.codec import Report
from rnncompress.drawing.curves import Series, curves
from rnncompress.drawing.svg import STYLE
from rnncompress.explaining import heat
from rnncompress.explaining.analysis import Analysis, Part, Passage, Word
from rnncompress.explaining.costs import Bits, Costs

WHOLE_TEXT: Final = 65_536
WHOLE_HEX: Final = 16_384
"""Bytes of a file that is shown as a whole; of a larger one passages are."""
CONTEXT: Final = 96
"""Bytes that are shown before a passage, and after it."""
BEGINNING: Final = 2048
"""Bytes from the beginning of a large file that are shown."""
_POINTS: Final = 200

NOTES: Final = """\
<p class=quiet>The bits are those of the probabilities that the file was coded with; their sum is its size, but for
the header and a few bytes for each block. <b>Network alone</b> is what its own table of frequencies would have cost,
without mixing. <b>Saved</b> by an opinion: how many bits more the mixer would have asked for, had this opinion been
silent and all else, weights above all, as it was. These do not add up: what two know, neither saves; and a mixer that
had learnt without one would have learnt to trust the others more. Below zero: it misled.</p>
"""


def as_html(name: str, report: Report, data: bytes, costs: Costs, analysis: Analysis) -> str:
    """The page about the file ``name``."""
    parts = [
        f"<h1>{escape(name)}</h1>",
        f"<p>{escape(summary(report))}</p>",
        _section("The whole file", _overview(costs)) if len(costs) else "",
        _section(
            "Where the bits go",
            NOTES,
            opinions(analysis.whole),
            _part_table("By kind of byte", analysis.kinds),
            "<div class=tables>",
            _part_table("Along the file", analysis.tenths, detail=False),
            _part_table("By place in words" if analysis.text else "By offset", analysis.places, detail=False),
            _word_table(analysis),
            _surprise_table(data, analysis.surprises) if analysis.surprises else "",
            "</div>",
        ),
        *_heat(data, costs, analysis),
    ]
    style = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)}: what each byte cost</title>\n<style>\n{style}{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(parts)}</main>\n</body>\n</html>\n"
    )


def summary(report: Report) -> str:
    """Sizes in a line."""
    text = (
        f"{report.original_bytes:,} → {report.compressed_bytes:,} bytes, {report.bpc:.3f} bits per character"
    )
    return text + (
        "; stored: the model, whose costs are shown, is no gain" if report.mode == "stored" else ""
    )


def _section(title: str, *content: str, class_: str = "") -> str:
    return f"<section{f' class={class_}' if class_ else ''}><h2>{title}</h2>\n{''.join(content)}</section>\n"


def _overview(costs: Costs) -> str:
    series = [Series("as coded", _smooth(costs.coded))]
    if costs.network is not None and costs.saved:
        series.append(Series("network alone", _smooth(costs.network), thin=True))
    drawn = curves(
        series,
        title="Bits per character along the file",
        x_name="place in the file",
        height=300,
        alone=False,
        all_of_it=True,
    )
    return f"{heat.legend()}{heat.picture(costs)}<p class=quiet>Line by line, from the top.</p>{drawn}"


def _smooth(bits: Bits) -> tuple[tuple[float, float], ...]:
    """The mean of the bytes around some points along the file."""
    n = len(bits)
    count = min(_POINTS, n)
    edges = np.arange(count) * n // count
    sums = np.append(0.0, np.cumsum(np.add.reduceat(bits.astype(np.float64), edges)))
    ends = np.append(edges, n)
    reach = max(1, count // 60)
    return tuple(
        (
            float(ends[k : k + reach + 1].mean()),
            float((sums[k + reach] - sums[k]) / (ends[k + reach] - ends[k])),
        )
        for k in range(count - reach + 1)
    )


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already; one that begins with a tag of its own is taken as it is."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        "<tr>" + "".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in row) + "</tr>\n"
        for row in rows
    )
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n"
    )


def opinions(whole: Part) -> str:
    """Network, counts and matches against each other, over the whole file."""
    if not whole.bytes:
        return ""
    rows = [("as coded", whole.coded, "")]
    if whole.network is not None and whole.saved:
        rows.append(("network alone", whole.network, ""))
    rows += [
        (f"without the {name}", whole.coded + bits, f"{bits / 8:+,.0f}") for name, bits in whole.saved.items()
    ]
    return _table(
        "Network, counts and matches",
        ["", "bytes", "bits per character", "more bytes than with it"],
        [[label, f"{bits / 8:,.0f}", f"{bits / whole.bytes:.4f}", more] for label, bits, more in rows],
    )


def _part_table(caption: str, parts: Sequence[Part], *, detail: bool = True) -> str:
    total = sum(part.coded for part in parts) or 1.0
    columns = _columns(parts, detail)
    rows = [
        [escape(part.name), _share(part.coded / total), *(show(part) for show in columns.values())]
        for part in parts
    ]
    return _table(caption, ["", "of all bits", *columns], rows)


def _columns(parts: Sequence[Part], detail: bool) -> dict[str, Callable[[Part], str]]:
    """What a table tells of each part."""
    columns: dict[str, Callable[[Part], str]] = {
        "bytes": lambda part: f"{part.bytes:,}",
        "bits a byte": lambda part: f"{part.bpc:.3f}",
    }
    if detail and parts and parts[0].saved:
        if parts[0].network is not None:
            columns["network alone"] = lambda part: f"{(part.network or 0) / part.bytes:.3f}"
        for name in parts[0].saved:
            columns[f"saved by {name}"] = lambda part, name=name: f"{part.saved[name] / part.bytes:.3f}"  # type: ignore[misc]
    return columns


def _share(share: float) -> str:
    return f'<td class=share style="--part:{share:.1%}">{share:.1%}</td>'


def _word_table(analysis: Analysis) -> str:
    total = analysis.whole.coded or 1.0
    caption = (
        "Words that cost most altogether" if analysis.text else "Values of bytes that cost most altogether"
    )
    return _table(
        caption,
        ["", "of all bits", "times", "bits each"],
        [
            [f"<code>{escape(readable(word, analysis.text))}</code>", _share(word.coded / total), f"{word.count:,}",
             f"{word.coded / word.count:.1f}"]
            for word in analysis.words
        ],
    )  # fmt: skip


def readable(word: Word, text: bool) -> str:
    """A word, or the number of a byte."""
    return word.word.decode("utf-8", "backslashreplace") if text else f"0x{word.word.hex()}"


def _surprise_table(data: bytes, surprises: Sequence[Passage]) -> str:
    return _table(
        "Dearest single words",
        ["", "bits", "at byte"],
        [
            [f"<code>{escape(excerpt(data, each))}</code>", f"{each.coded:.1f}", f"{each.start:,}"]
            for each in surprises
        ],
    )


def excerpt(data: bytes, passage: Passage) -> str:
    """The bytes as they can be read."""
    return data[passage.start : passage.start + passage.bytes].decode("utf-8", "backslashreplace")


def _heat(data: bytes, costs: Costs, analysis: Analysis) -> Iterable[str]:
    """The whole file if it is small, else passages of it, coloured."""
    show, limit = (heat.as_text, WHOLE_TEXT) if analysis.text else (heat.as_hex, WHOLE_HEX)
    kind = "" if analysis.text else "hex"
    hover = (
        "Point at a word to see what it cost." if analysis.text else "Point at a byte to see what it cost."
    )
    intro = f"{heat.legend()}<p class=quiet>{hover}</p>"

    def shown(passages: Iterable[Passage]) -> str:
        return "".join(
            f"<h3>{each.coded / each.bytes:.2f} bits per character, from byte {each.start:,}</h3>"
            + show(data, costs, _around(each, len(data)))
            for each in passages
        )

    if 0 < len(data) <= limit:
        yield _section("Byte by byte", intro, show(data, costs, Passage(0, len(data), 0.0)), class_=kind)
    elif data:
        begin = Passage(0, BEGINNING, 0.0)
        yield _section("The dearest passages", intro, shown(analysis.dearest), class_=kind)
        yield _section("The cheapest passages", shown(analysis.cheapest), class_=kind)
        yield _section("The beginning", show(data, costs, begin), class_=kind)


def _around(passage: Passage, length: int) -> Passage:
    start, end = max(0, passage.start - CONTEXT), min(length, passage.start + passage.bytes + CONTEXT)
    return Passage(start, end - start, passage.coded)
