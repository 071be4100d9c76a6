"""The written tables: CSV, Markdown, and the HTML page (which test_bench_browser.py opens)."""

import csv
import io
import re
from pathlib import Path

import pytest
from bench_rows import crowd, every_status

from rnncompress.bench import page, tables
from rnncompress.bench.published import published
from rnncompress.bench.report import sections


@pytest.fixture
def rows():
    """Rows of a folder, of enwik8, and of all statuses."""
    return every_status()


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


def test_tables_begin_with_a_verdict(capsys):
    """On the terminal and in Markdown it says first which is the smallest and who should take what."""
    found = sections(crowd())
    tables.show(found)
    shown = " ".join(capsys.readouterr().out.split())
    head = "rnncompress max is the smallest: 10 % smaller than zpaq -m5, the best of the others"
    assert 0 < shown.index(head) < shown.index("dec. kB/s")
    text = tables.as_markdown(found, crowd())
    assert text.index(head) < text.index("dec. kB/s")
    assert "\n- rnncompress fast: " in text


def test_the_page_needs_nothing_from_elsewhere(rows):
    """No address is loaded: none in a src, a link, an import or a url()."""
    text = page.as_html(sections(rows), rows)
    assert not re.search(r"src=|<link|@import|url\((?!#)|fetch\(|XMLHttp|import\(", text)
    assert text.count("</script>") == 4


def test_without_a_script_there_are_pictures(rows):
    """One of each input and of each folder, by the drawing code of README's."""
    text = page.as_html(sections(rows), rows)
    plain = text[text.index("<noscript>") : text.index("</noscript>")]
    assert plain.count("<svg ") == plain.count('class="title"') == 3
    assert "rnncompress default: 1.600 bpc" in plain
    assert "<b>" not in plain


def test_files_are_written_whole(rows, tmp_path):
    """The three tables replace older ones."""
    for _ in range(2):
        tables.write(tmp_path, sections(rows), rows)
    names = sorted(path.name for path in Path(tmp_path).iterdir())
    assert names == ["report.html", "table.csv", "table.md"]
