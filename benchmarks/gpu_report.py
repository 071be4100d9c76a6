"""The results of gpu_suite.py as one table."""

from collections.abc import Iterator
from typing import Any


def failures(document: dict[str, Any]) -> list[str]:
    """Sections that failed, and what should be so and is not."""
    found = []
    for name, section in document["sections"].items():
        if "failed" in section:
            found.append(f"{name}: {section['failed']}")
        found += [f"{name}: {what} differs" for what, equal in section.get("equal", {}).items() if not equal]
        found += [f"{name}: not so: {what}" for what, true in section.get("holds", {}).items() if not true]
    return found


def lines(document: dict[str, Any]) -> Iterator[str]:
    """One line for each number."""
    yield f"{'section':<12}{'what':<58}{'result':>30}"
    for name, section in document["sections"].items():
        for what, result in _rows(section):
            yield f"{name:<12}{what:<58}{result:>30}"
    bad = failures(document)
    yield f"{len(bad)} failures" + ("" if not bad else ": " + "; ".join(bad))


def _rows(section: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("left out", "failed", "not done"):
        if key in section:
            yield key, str(section[key])[:120]
    for what, equal in section.get("equal", {}).items():
        yield what, "equal" if equal else "DIFFERENT"
    for what, true in section.get("holds", {}).items():
        yield what, "yes" if true else "NO"
    for row in section.get("rows", []):
        values = {key: value for key, value in row.items() if key != "name"}
        for what, value in values.items():
            shown = f"{value:,.4g}" if isinstance(value, float) else str(value)
            yield f"{row['name']}: {what}", shown
    yield "seconds", str(section.get("seconds", ""))
