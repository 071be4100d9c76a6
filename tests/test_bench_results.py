"""Results of the benchmark: rows on disk, what is derived from them, and comparing them."""

from dataclasses import replace

import pytest
from bench_rows import ours, row, subject, taken
from hypothesis import given
from hypothesis import strategies as st

from rnncompress.bench import changes, results, totals
from rnncompress.bench.process import Limits
from rnncompress.bench.report import sections
from rnncompress.errors import InputError


def test_rows_survive_the_file(tmp_path):
    """What is appended is read back as it was, in order."""
    rows = [
        row(),
        ours(),
        row("xz -6", None, status="timeout", message="killed after 2 s", encode=(), decode=()),
    ]
    for each in rows:
        results.append(tmp_path / "r.jsonl", each)
    assert results.read(tmp_path / "r.jsonl") == rows


def test_a_torn_line_costs_only_itself(tmp_path):
    """After a crash in the middle of a line the rows before and after it are still there."""
    path = tmp_path / "r.jsonl"
    results.append(path, row())
    with path.open("ab") as file:
        file.write(row("torn").to_json().encode()[:200])
    results.append(path, row("xz -6"))
    assert [each.label for each in results.read(path)] == ["gzip -9", "xz -6"]


def test_a_file_of_something_else_is_refused(tmp_path):
    """A file without a single row is an error that names it, and so is one that is not there."""
    path = tmp_path / "other.jsonl"
    path.write_text('{"a": 1}\nno JSON\n')
    with pytest.raises(InputError, match=r"other\.jsonl holds no results"):
        results.read(path)
    with pytest.raises(InputError, match="cannot read"):
        results.read(tmp_path / "missing")


def test_files_of_a_folder_add_up_and_newer_rows_win(tmp_path):
    """Rows of several machines stand side by side; of the same subject the newest counts."""
    results.append(tmp_path / "a.jsonl", row(packed=400, when="2026-01-02"))
    results.append(tmp_path / "b.jsonl", row(packed=500, when="2026-01-01"))
    results.append(tmp_path / "b.jsonl", row(device="other CPU", packed=450, when="2026-01-01"))
    [section] = sections(results.read_folder(tmp_path))
    assert [(line.compressed_bytes, line.device) for line in section.lines] == [
        (400, "CPU"),
        (450, "other CPU"),
    ]


@pytest.mark.parametrize(
    ("found", "serves"),
    [
        (row(), True),
        (row(encode=(taken(1),) * 2), True),
        (row(status="crashed"), True),
        (row(status="missing"), False),
        (row(status="timeout", limits=Limits(10, 2**30)), True),
        (row(status="timeout", limits=Limits(5, 2**30)), False),
        (row(status="memory", limits=Limits(10, 2**20)), False),
    ],
)
def test_what_need_not_be_measured_again(found, serves):
    """A row serves unless more repetitions, time or memory, or the program itself, could tell more."""
    assert found.serves(1, Limits(10, 2**30)) == serves
    assert not row().serves(2, Limits(10, 2**30))


def test_numbers_are_derived_from_the_row():
    """bpc counts the whole file; the time is the median, with its range; memory is the most of both ways."""
    found = row(packed=250, encode=(taken(1), taken(4), taken(2)), decode=(taken(0.5, 2**26),))
    [line] = sections([found])[0].lines
    assert (line.bpc, line.ratio) == (2.0, 4.0)
    assert (line.encode.seconds, line.encode.fastest, line.encode.slowest) == (2, 1, 4)
    assert (line.encode_speed, line.decode_speed) == (500, 2000)
    assert line.memory_bytes == 2**26


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=12))
def test_the_pareto_front(points):
    """Marked are exactly the lines that no other beats in one of size and speed without losing in the other."""
    rows = [row(f"c{n}", packed, seconds) for n, (packed, seconds) in enumerate(points)]
    for line in sections(rows)[0].lines:
        packed, seconds = points[int(line.label[1:])]
        beaten = any(p <= packed and s <= seconds and (p, s) != (packed, seconds) for p, s in points)
        assert (line.best_encode, line.best_decode) == (not beaten, not beaten)


def test_speeds_of_two_devices_do_not_compete():
    """A smaller and faster line of another device does not push a line off the front."""
    lines = sections([row("a", 100, 0.1, device="GPU"), row("b", 200, 0.2)])[0].lines
    assert all(line.best_encode for line in lines)


def test_a_failure_is_never_on_the_front_and_comes_last():
    """What decoded to other bytes is listed below all others, however small it is."""
    lines = sections([row("liar", 1, 0.001, status="mismatch"), row("honest", 500, 1)])[0].lines
    assert [(line.label, line.best_encode) for line in lines] == [("honest", True), ("liar", False)]


def test_a_folder_has_a_total():
    """The total adds up bytes and times of codecs that have all files; one failure makes the total fail."""
    files = [subject(f"dir/{n}", group="dir") for n in "ab"]
    rows = [row("gzip -9", 400, 1, input=each) for each in files]
    rows += [
        row("xz -6", 300, 3, input=files[0]),
        row("xz -6", 300, 3, input=files[1], status="crashed", message="why"),
    ]
    rows += [row("only a", 10, 3, input=files[0])]
    total, *rest = sections(rows)
    assert (total.title, total.bytes, len(rest)) == ("dir, total of 2 files", 2000, 2)
    gzip, xz = total.lines
    assert (gzip.label, gzip.compressed_bytes, gzip.encode.seconds) == ("gzip -9", 800, 2)
    assert (xz.label, xz.status, xz.message, xz.compressed_bytes) == (
        "xz -6",
        "crashed",
        "1 of 2 files: why",
        None,
    )


def test_totals_of_slices_stand_apart(tmp_path):
    """A folder measured whole and as slices has two totals; a file shorter than the slice is in both."""
    whole = [subject(f"dir/{n}", group="dir", bytes=size) for n, size in (("long", 5000), ("short", 10))]
    sliced = [
        replace(whole[0], sha256="5", bytes=100, slice=True, prefix=100), replace(whole[1], prefix=100)
    ]  # fmt: skip
    found = sections(row(input=each) for each in whole + sliced)
    assert [(each.bytes, each.slice) for each in found if each.files > 1] == [(5010, False), (110, True)]


def test_the_decompressor_is_counted_in():
    """The total is archive and decompressor; nothing but ours has one."""
    [total] = totals.totals(sections([ours(), row()]))
    assert (total.label, total.total) == ("rnncompress default", 40_300)
    assert total.prize == "the prize is for enwik9 only"


def test_which_rules_of_the_prize_a_run_meets():
    """Size, threads, GPU, memory and hours are told, each as met or not."""
    enwik9 = subject("enwik9", corpus="enwik9", bytes=10**9)
    good = ours(109_000_000, input=enwik9, seconds=36_000.0)
    [total] = totals.totals(sections([good]))
    assert total.prize == (
        "met: a total of 109,040,000 bytes, at most 109,685,196 is wanted; 1 thread, one core is allowed; no GPU; "
        "0.0 GB of memory, 10 are allowed; 10.0 hours of encoding, about 50 are allowed; "
        "10.0 hours of decoding, about 50 are allowed; a program that runs without installing packages"
    )
    bad = replace(
        good,
        options={"engine": "cuda", "threads": 4},
        compressed_bytes=170_000_000,
        encode=(taken(60 * 3600, 11 * 10**9),),
    )
    [total] = totals.totals(sections([bad]))
    met, missed = total.prize.split(". not met: ")
    for rule in ("170,040,000 bytes", "4 threads", "a GPU was used", "11.0 GB", "60.0 hours of encoding"):
        assert rule in missed
        assert rule not in met
    assert "10.0 hours of decoding" in met


def test_what_became_better_or_worse():
    """Sizes, statuses and clearly different speeds are told; noise and other machines' speeds are not."""
    before = [
        row("a", 400, 1), row("b", 400, 1), row("c", 400, 1), row("d", status="crashed"), row("gone"),
        row("e", 400, encode=(taken(1), taken(3)), decode=(taken(1),)),
    ]  # fmt: skip
    after = [
        row("a", 390, 1), row("b", 400, 2), row("c", 400, 9, when="2027", device="CPU"), row("d"), row("new"),
        row("e", 400, encode=(taken(2),), decode=(taken(1.05),)),
    ]  # fmt: skip
    after[2] = replace(after[2], device="other CPU")
    text = changes.describe(before, after)
    assert text.splitlines() == [
        "compared with before: 5 cells in both, 4 changes; 1 only then, 1 only now",
        "  SLOWER to decode: text, b: 1 → 2 s",
        "  SLOWER to encode: text, b: 1 → 2 s",
        "  fixed: text, d: crashed → ok",
        "  smaller: text, a: 400 → 390 bytes (-2.50 %)",
    ]
