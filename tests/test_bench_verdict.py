"""The verdict of the benchmark: who should take what, and what to doubt."""

import pytest
from bench_rows import MACHINE, crowd, ours, row, subject, taken

from rnncompress.bench.report import sections
from rnncompress.bench.verdict import verdict, warnings


def of(*rows):
    """The verdict on these rows, which are of one input."""
    [section] = sections(rows)
    found = verdict(section)
    return found and (found.head, *found.advice)


def test_ours_is_the_smallest():
    """How much smaller, than which, and how many times slower either way."""
    slow = ours(300, encode=(taken(4),), decode=(taken(6),))
    assert of(slow, row("xz -9e", 400, 0.1), row("gzip -9", 500, 0.01)) == (
        "rnncompress default is the smallest: 25 % smaller than xz -9e, the best of the others, "
        "and 40 times slower to encode, 60 times slower to decode.",
        "rnncompress default: if size counts most.",
        "xz -9e: if rnncompress default takes too long; it is 40 times faster to encode, "
        "60 times faster to decode, and 33 % larger.",
    )


def test_another_is_smaller_but_slower():
    """Then ours is for whom that one is too much."""
    assert of(ours(300, 2), row("cmix -c", 285, 10)) == (
        "cmix -c is the smallest. rnncompress default, our smallest, is 5.3 % larger, "
        "and 5.0 times faster to encode and decode.",
        "rnncompress default: if cmix -c, which is smaller, takes too long or too much memory.",
    )


def test_another_is_smaller_and_faster():
    """Then it says plainly that ours is not worth its time here."""
    head, ours_, theirs = of(ours(300, 2), row("zpaq -m5", 285, 1))
    assert ours_ == "rnncompress default: no reason to take it here, zpaq -m5 is smaller and faster."
    assert theirs == (
        "zpaq -m5: for all others; it is smaller than ours, and 2.0 times faster to encode and decode "
        "than rnncompress default."
    )
    assert head.startswith("zpaq -m5 is the smallest. ")


def test_every_preset_has_its_line():
    """Each of ours is for somebody, or for nobody."""
    fast = ours(320, 0.5, label="rnncompress fast", cell="fast")
    bad = ours(330, 3, label="rnncompress bad", cell="bad")
    _, *advice = of(ours(300, 2), fast, bad)
    assert advice == [
        "rnncompress default: if size counts most.",
        "rnncompress fast: if rnncompress default takes too long; it is 4.0 times faster to encode and decode, "
        "and 6.7 % larger.",
        "rnncompress bad: no reason to take it here, rnncompress default is smaller and faster.",
    ]


def test_devices_are_not_compared():
    """The speed of a GPU is not told as if it were that of the same machine."""
    head, *_ = of(ours(300, 2, device="GPU"), row("xz -9e", 400, 0.1))
    assert head.endswith("and was measured on another device, whose speed is not compared.")


@pytest.mark.parametrize(
    ("rows", "head"),
    [
        ([row("xz -9e", 400)], "xz -9e is the smallest: 400 bytes. None of our presets was measured."),
        ([ours(300)], "rnncompress default is the smallest: 300 bytes. No other compressor was measured."),
        ([ours(400, 0.1), row("xz -9e", 400)], "rnncompress default and xz -9e are the smallest, and equal"),
        ([row("empty", 0, 0.0, input=subject(bytes=0))], "empty is the smallest: 0 bytes."),
    ],
)
def test_with_little_to_compare(rows, head):
    """Something sensible is said of one row, of equal ones, and of an empty input."""
    assert of(*rows)[0].startswith(head)


def test_failures_have_no_verdict():
    """What did not decode to the same bytes is not recommended."""
    assert of(row("liar", 1, status="mismatch")) is None


def test_doubtful_speeds_are_told():
    """Busy machines and repetitions that differ, once for all tables."""
    busy = row("a", machine=MACHINE | {"busy": 1.2})
    shaky = row("b", encode=(taken(1), taken(2), taken(3)), decode=(taken(1),) * 3)
    assert warnings(sections([busy, shaky, row("c", machine=MACHINE | {"busy": 0.1})])) == [
        "1 of 3 cells were measured while other programs kept the processor busy: their speeds may be too low",
        "repetitions differ by more than ±20%: b; --repeat helps, or a longer input",
    ]
    assert warnings(sections(crowd())) == []
