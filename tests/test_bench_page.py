"""The written tables: CSV, Markdown, and the HTML page in a real browser."""

import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from bench_rows import ours, row, subject, taken

from rnncompress.bench import page, tables
from rnncompress.bench.published import published
from rnncompress.bench.report import sections

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)


@pytest.fixture
def rows():
    """Rows of a folder, of enwik8, and of all statuses; names that HTML must not take for its own."""
    enwik8 = subject("enwik8", corpus="enwik8", bytes=10**8)
    hostile = subject("</script><b>&amp;", slice=True)
    files = [subject(f"dir/{n}", group="dir") for n in "ab"]
    return [
        *(row("gzip -9", 40_000_000, 3, input=enwik8), ours(20_000_000, 5000, input=enwik8)),
        *(
            row(label, 300 + n, 0.1 * (n + 1), input=each)
            for each in files
            for n, label in enumerate(("a", "b"))
        ),
        *(ours(input=each) for each in files),
        row("gzip -9", input=hostile, encode=(taken(1), taken(2)), decode=(taken(1), taken(2))),
        row("empty", 20, input=subject("empty", bytes=0)),
        *(
            row(status, None, input=hostile, status=status, message="<i>why</i>")
            for status in ("mismatch", "crashed", "timeout", "memory", "missing")
        ),
    ]


def test_csv_has_a_record_for_every_line(rows):
    """Every line of every table, totals too, is one record with named fields."""
    records = list(csv.DictReader(io.StringIO(tables.as_csv(sections(rows)))))
    assert len(records) == sum(len(section.lines) for section in sections(rows))
    first = next(record for record in records if record["codec"] == "gzip -9")
    assert (first["bytes"], first["compressed_bytes"], first["bpc"]) == ("100000000", "40000000", "3.2")


def test_published_results_stand_beside_whole_files_only(rows):
    """enwik8 shows what others published, with source; no other input does."""
    assert published("enwik8")[0].source.startswith("http")
    assert published("calgary/book1") == published(None) == []
    text = tables.as_markdown(sections(rows), rows)
    assert text.count(tables.ELSEWHERE) == 1
    assert "| cmix v21 | 14,623,723 | 1.170 |" in text


def test_tables_say_what_failed_and_what_is_a_slice(rows):
    """Markdown names each failure with its reason, and marks prefixes."""
    text = tables.as_markdown(sections(rows), rows)
    assert "**mismatch: mismatch**, <i>why</i>" in text
    assert "(only the beginning), 1,000 bytes" in text


def test_the_page_needs_nothing_from_elsewhere(rows):
    """No address is loaded: none in a src, a link, an import or a url()."""
    text = page.as_html(sections(rows), rows)
    assert not re.search(r"src=|<link|@import|url\((?!#)|fetch\(|XMLHttp|import\(", text)
    assert text.count("</script>") == 3


@pytest.mark.skipif(BROWSER is None, reason="needs chromium")
@pytest.mark.parametrize("chosen", ["first", "failures"])
def test_the_page_in_a_browser(rows, tmp_path, chosen):
    """A real browser draws tables and plots without a script error, failures in their colours."""
    if chosen == "failures":
        rows = [each for each in rows if each.input.slice]
    path = tmp_path / "report.html"
    path.write_text(page.as_html(sections(rows), rows))
    run = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    shown = run.stdout
    assert 'data-drawn="yes"' in shown, run.stderr[-3000:]
    assert "CONSOLE" not in run.stderr
    if chosen == "first":
        assert shown.count("<svg") == 2
        assert shown.count('class="curve"') == 1
        assert "Published elsewhere" in shown
        assert "14,623,723" in shown
        assert "to OTHER bytes" in shown
    else:
        assert '<tr class="mismatch">' in shown
        assert shown.count('<tr class="failed">') == 4
        assert "&lt;i&gt;why&lt;/i&gt;" in shown
        assert "<i>why" not in shown.partition('id="data"')[0]


def test_files_are_written_whole(rows, tmp_path):
    """The three tables replace older ones."""
    for _ in range(2):
        tables.write(tmp_path, sections(rows), rows)
    names = sorted(path.name for path in Path(tmp_path).iterdir())
    assert names == ["report.html", "table.csv", "table.md"]
