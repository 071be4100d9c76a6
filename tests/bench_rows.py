"""Rows of results, made up for tests."""

from typing import Any

from rnncompress.bench.inputs import Input
from rnncompress.bench.process import Limits
from rnncompress.bench.results import Row, Taken

MACHINE = {
    "cpu": "CPU <of> tests",
    "cores": 2,
    "memory_bytes": 2**34,
    "gpu": {"name": "GPU & co", "driver": "1.2", "memory": "1 MiB"},
    "system": "Linux",
    "load": 0.5,
    "versions": {"python": "3.11"},
}


def taken(seconds: float, memory: int | None = 2**24) -> Taken:
    """What one run took; as much processor time as wall time."""
    return Taken(round(seconds * 1e9), round(seconds * 1e9), memory)


def subject(name: str = "text", **changes: Any) -> Input:
    """An input of 1000 bytes."""
    return Input(**{
        "name": name, "group": None, "bytes": 1000, "sha256": f"{name:0<64}", "slice": False, "prefix": None,
        "corpus": None,
        **changes,
    })  # fmt: skip


def row(label: str = "gzip -9", packed: int | None = 400, seconds: float = 0.1, **changes: Any) -> Row:
    """A row that decoded well in ``seconds`` either way."""
    values: dict[str, Any] = {
        "cell": f"cell of {label}",
        "status": "ok",
        "message": "",
        "input": subject(),
        "family": label.partition(" ")[0],
        "level": "9",
        "label": label,
        "options": {},
        "version": "1.0",
        "device": "CPU",
        "compressed_bytes": packed,
        "header_bytes": None,
        "decoder_bytes": None,
        "encode": (taken(seconds),),
        "decode": (taken(seconds),),
        "curve": (),
        "limits": Limits(10.0, 2**30),
        "machine": MACHINE,
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "when": "2026-01-01T00:00:00+00:00",
    }
    return Row(**(values | changes))


def ours(packed: int = 300, seconds: float = 2.0, **changes: Any) -> Row:
    """A row of our own codec, with its curve and its decompressor."""
    values: dict[str, Any] = {
        "options": {"config": {}, "engine": "cpu", "threads": 1},
        "decoder_bytes": 40_000,
        "header_bytes": 46,
        "curve": tuple((done, 8 * done - done * done // 300) for done in range(10, 1001, 10)),
    }
    return row("rnncompress default", packed, seconds, **(values | changes))
