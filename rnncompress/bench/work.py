"""``python -m rnncompress.bench.work``: one run of a compressor that Python calls, measured from inside.

Time counts from opening the input until the output is written. Importing does not count, nor does compiling
our model on its first use: other programs come compiled, too.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rnncompress import portable
from rnncompress.bench.library import LIBRARIES
from rnncompress.machine import peak_memory

if TYPE_CHECKING:
    from rnncompress.loop import Progress

OURS: Final = "rnncompress"
PROGRESS: Final = "progress"
"""The file in which our codec says how far it is: the share done, and the seconds that took."""
_TELL_SECONDS: Final = 0.5


def main(family: str, direction: str, options: str, source: str, target: str, measured: str) -> None:
    """Encode or decode ``source`` into ``target``, and write what it took to ``measured`` as JSON."""
    chosen = json.loads(options)
    run = (
        _ours(direction, chosen, Path(measured).with_name(PROGRESS))
        if family == OURS
        else _library(family, direction, chosen)
    )
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    found = run(Path(source), Path(target))
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    found |= {
        "wall_ns": wall,
        "cpu_ns": cpu,
        "memory_bytes": peak_memory(),
        "device_memory_bytes": _device_memory(),
    }
    if family == OURS and direction == "decode":
        found["decoder_bytes"] = len(portable.zipped())
    Path(measured).write_text(json.dumps(found), encoding="utf-8")


Run = Callable[[Path, Path], dict[str, object]]


def _library(family: str, direction: str, options: dict[str, str]) -> Run:
    library = LIBRARIES[family]
    module = library.load()

    def run(source: Path, target: Path) -> dict[str, object]:
        data = source.read_bytes()
        if direction == "encode":
            target.write_bytes(library.encode(module, data, options["level"]))
        else:
            target.write_bytes(library.decode(module, data))
        return {"header_bytes": library.header_bytes}

    return run


def _ours(direction: str, options: dict[str, Any], progress: Path) -> Run:
    import rnncompress
    from rnncompress import Config

    config = Config(**options["config"])
    place: dict[str, Any] = {"engine": options["engine"], "threads": options["threads"]}
    # Two windows go through everything once, so that all is compiled and, on a GPU, loaded.
    packed = io.BytesIO()
    rnncompress.encode(io.BytesIO(bytes(2 * config.streams * config.window)), packed, config, **place)
    rnncompress.decode(packed, io.BytesIO(), memory_limit=sys.maxsize, **place)

    def run(source: Path, target: Path) -> dict[str, object]:
        with source.open("rb") as original, target.open("w+b") as result:
            if direction == "encode":
                report = rnncompress.encode(original, result, config, progress=_teller(progress), **place)
            else:
                report = rnncompress.decode(
                    original, result, memory_limit=sys.maxsize, progress=_teller(progress), **place
                )
        curve = [[done, round(done * bpc)] for done, bpc in report.curve]
        return {"header_bytes": report.header_bytes, "curve": curve}

    return run


def _teller(path: Path) -> Callable[["Progress"], None]:
    """Writes to ``path`` how far coding is, now and then."""
    began = told = time.monotonic()

    def tell(at: "Progress") -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _TELL_SECONDS:
            told = now
            path.write_text(json.dumps([at.done / at.total, now - began]), encoding="utf-8")

    return tell


def _device_memory() -> int | None:
    """The most GPU memory that PyTorch held, in bytes; None if no GPU was used."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return int(torch.cuda.max_memory_reserved())


if __name__ == "__main__":
    main(*sys.argv[1:])
