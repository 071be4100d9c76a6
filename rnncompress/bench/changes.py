"""What became better or worse between two sets of results."""

from collections.abc import Iterable

from rnncompress.bench.report import Line, sections
from rnncompress.bench.results import Row, newest

NOTICEABLE = 0.1
"""Speeds differ if they do by more than this share, and if the ranges of their repetitions do not meet."""


def describe(before: Iterable[Row], after: Iterable[Row]) -> str:
    """One line for each change, and one that sums up. Speeds are compared only on the same device."""
    old, new = _by_subject(before), _by_subject(after)
    common = [key for key in old if key in new]
    found = [text for key in common for text in _changes(key[1], old[key], new[key])]
    head = f"compared with before: {len(common)} cells in both, {len(found) or 'no'} changes"
    only = [
        f"{len(b - a)} only {when}"
        for a, b, when in ((set(new), set(old), "then"), (set(old), set(new), "now"))
    ]
    return "\n".join([f"{head}; {', '.join(only)}", *(f"  {text}" for text in sorted(found))])


Key = tuple[str, str]


def _by_subject(rows: Iterable[Row]) -> dict[Key, Line]:
    """The lines by (hash of the input, what they are about)."""
    found = {}
    for row in newest(rows):
        [section] = sections([row])
        found[row.input.sha256, f"{row.input.name}, {row.label}"] = section.lines[0]
    return found


def _changes(what: str, old: Line, new: Line) -> Iterable[str]:
    if old.status != new.status:
        yield f"{'fixed' if new.ok else 'BROKEN'}: {what}: {old.status} → {new.status}"
    if not (old.ok and new.ok):
        return
    before, after = old.compressed_bytes or 0, new.compressed_bytes or 0
    if before != after:
        share = f"{100 * (after - before) / before:+.2f} %"
        yield f"{'smaller' if after < before else 'LARGER'}: {what}: {before:,} → {after:,} bytes ({share})"
    if old.device != new.device:
        return
    for way in ("encode", "decode"):
        a, b = getattr(old, way), getattr(new, way)
        apart = a.slowest < b.fastest or b.slowest < a.fastest
        if apart and abs(b.seconds / a.seconds - 1) > NOTICEABLE:
            word = "faster" if b.seconds < a.seconds else "SLOWER"
            yield f"{word} to {way}: {what}: {a.seconds:.3g} → {b.seconds:.3g} s"
