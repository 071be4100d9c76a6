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
    return row(**{"label": "rnncompress default", "packed": packed, "seconds": seconds, **values, **changes})


def crowd() -> list[Row]:
    """As many compressors as one would compare, some close together; two files of a folder, and a slice."""
    sizes = {
        "rnncompress default": (252, 90.0), "rnncompress fast": (266, 14.0), "rnncompress max": (249, 300.0),
        "rnncompress counts": (262, 30.0), "zpaq -m5": (278, 10.0), "ppmd -o 16": (291, 0.9), "ppmd -o 6": (294, 0.7),
        "zpaq -m3": (306, 3.0), "brotli -q 11": (322, 6.0), "bzip2 -9": (325, 0.3), "xz -9e": (331, 1.2),
        "xz -6": (332, 1.0), "7z -mx=9": (332, 1.1), "zstd -22": (345, 1.9), "zstd -19": (345, 1.85),
        "zstd -3": (398, 0.02), "gzip -9": (397, 0.2), "gzip -1": (464, 0.05), "lz4 -12": (468, 0.25),
        "lz4 -1": (634, 0.02),
    }  # fmt: skip
    files = [subject(f"dir/{n}", group="dir") for n in "ab"]
    inputs = [*files, subject("alone", slice=True, prefix=1000)]
    return [
        ours(packed, seconds, label=label, input=each)
        if label.startswith("rnncompress")
        else row(label, packed, seconds, input=each)
        for each in inputs
        for label, (packed, seconds) in sizes.items()
    ]


def every_status() -> list[Row]:
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
