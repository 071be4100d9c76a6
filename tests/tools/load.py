"""Many encodes at once, and large files with flat memory, each within a time that is told.

python tests/tools/load.py together            20 encodes at the same time
python tests/tools/load.py sparse              a sparse file of 1 GB, as far as --seconds reaches
python tests/tools/load.py file FILE           a real file all the way, both directions
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rnncompress import Checkpoints, codec
from rnncompress.codec import Report
from rnncompress.config import Config
from rnncompress.loop import Progress

TEXT = Path(__file__).parents[2] / "corpora" / "sample.txt"
QUICK = Config(layers=1, hidden=16, streams=512, window=32, contexts=0)
"""A model that makes the most of a step: large files in bounded time."""
GROWTH = 64 << 20
"""Bytes that memory may grow by after the first tenth of what is done."""


def memory() -> int:
    """Bytes that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Samples memory as a run goes on; ends it after some seconds, or at a position."""

    def __init__(self, seconds: float, until: int | None = None) -> None:
        self.until = until
        self.done = 0
        self._end = time.monotonic() + seconds
        self._samples: list[int] = []

    def __call__(self, at: Progress) -> None:
        if at.stage != "coding":
            return
        self.done = at.done
        self._samples.append(memory())
        if time.monotonic() > self._end or (self.until is not None and at.done >= self.until):
            raise KeyboardInterrupt

    def tell(self, what: str) -> None:
        """Print the growth; raises AssertionError if memory is not flat."""
        early = max(self._samples[: 1 + len(self._samples) // 10])
        growth = max(self._samples) - early
        print(f"{what}: {self.done:,} bytes, {early >> 20} MiB early on, at most {growth >> 20} MiB more")
        assert growth < GROWTH, "memory grows"


def together(count: int) -> None:
    """All at once; each output must be that of a run alone."""
    text = TEXT.read_bytes()
    for number in range(count):
        Path(f"{number}").write_bytes(text[number * 100 : number * 100 + 300])
    command = [sys.executable, "-m", "rnncompress"]
    environment = os.environ | {"PYTHONPATH": str(TEXT.parents[1])}

    def start(name: str, number: int) -> subprocess.Popen[bytes]:
        arguments = ["encode", f"{number}", "-o", f"{name}{number}", "--threads", "2", "-q", "--verify"]
        return subprocess.Popen([*command, *arguments], env=environment, stderr=subprocess.PIPE)

    began = time.monotonic()
    for number, process in enumerate([start("together", number) for number in range(count)]):
        _, errors = process.communicate()
        assert (process.returncode, errors) == (0, b""), errors
        alone = start("alone", number) if number % 5 == 0 else None
        if alone is not None:
            assert alone.wait() == 0
            assert Path(f"alone{number}").read_bytes() == Path(f"together{number}").read_bytes()
    print(f"{count} at once: all right after {time.monotonic() - began:.0f} s")


def sparse(length: int, seconds: float) -> None:
    """As far as the time reaches, with checkpoints."""
    with Path("sparse").open("wb") as file:
        file.truncate(length)
    watch = Watch(seconds)
    checkpoints = Checkpoints(Path("out"), every_bytes=1 << 25)
    with Path("sparse").open("rb") as source, Path("out").open("w+b") as target:
        try:
            codec.encode(source, target, QUICK, progress=watch, checkpoints=checkpoints)
        except KeyboardInterrupt:
            print("the time is over; the rest is left")
    watch.tell(f"a sparse file of {length:,} bytes")
    checkpoints.remove()


def whole(path: Path, seconds: float) -> None:
    """Encode and decode ``path``, with checkpoints."""
    for direction in ("encode", "decode"):
        watch = Watch(seconds)
        checkpoints = Checkpoints(Path(direction), every_seconds=60)
        source_path = path if direction == "encode" else Path("encode")
        report: Report
        with source_path.open("rb") as source, Path(direction).open("w+b") as target:
            if direction == "encode":
                report = codec.encode(
                    source, target, QUICK, threads=2, progress=watch, checkpoints=checkpoints
                )
            else:
                report = codec.decode(source, target, threads=2, progress=watch, checkpoints=checkpoints)
        checkpoints.remove()
        watch.tell(f"{direction} {path.name}, {report.bpc:.3f} bpc, {report.seconds:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["together", "sparse", "file"])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--length", type=int, default=10**9, help="of the sparse file")
    parser.add_argument("--seconds", type=float, default=600.0, help="at most, for each direction")
    options = parser.parse_args()
    given = options.file.resolve() if options.file else None
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if options.what == "together":
            together(options.count)
        elif options.what == "sparse":
            sparse(options.length, options.seconds)
        else:
            whole(given, options.seconds)
