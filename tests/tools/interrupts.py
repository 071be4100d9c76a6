"""Interrupts threaded decodes at random moments, and counts those that do not end.

    python tests/tools/interrupts.py [COUNT [FILE]]

COUNT decodes (200) with 2, 3 and 4 threads in turn, each in one process after the other: ``decode`` of FILE (a text of
our own) gets a SIGINT, as of Ctrl-C, at a random moment of the time that it takes here. A hang is one that goes on for
``PATIENCE`` seconds after it.
Exits with 1 if there was any.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

PATIENCE = 20.0
STREAMS = 4
TEXT = Path(__file__).parents[2] / "corpora" / "sample.txt"

DECODE = """
import faulthandler, io, signal, sys
faulthandler.register(signal.SIGUSR1, all_threads=True)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored in the background
from rnncompress import engine
from rnncompress.codec import decode
packed = io.BytesIO(open(sys.argv[1], "rb").read())
print("ready", flush=True)
decode(packed, io.BytesIO(), threads=int(sys.argv[2]), build=engine.build)
"""


def begin(packed: Path, threads: int) -> "subprocess.Popen[str]":
    """A process that is about to decode."""
    child = subprocess.Popen(
        [sys.executable, "-c", DECODE, str(packed), str(threads)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child


def undisturbed(packed: Path, threads: int) -> float:
    """Seconds that a decode takes."""
    child = begin(packed, threads)
    began = time.monotonic()
    child.communicate(timeout=10 * PATIENCE)
    assert child.returncode == 0
    return time.monotonic() - began


def interrupt(packed: Path, threads: int, seconds: float) -> str:
    """How a decode ends that is interrupted so many seconds after it began."""
    child = begin(packed, threads)
    time.sleep(seconds)
    child.send_signal(signal.SIGINT)
    try:
        child.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGUSR1)
        time.sleep(1.0)
        child.kill()
        print(child.communicate()[1], file=sys.stderr)  # where each thread was
        return "hung"
    return "ended before" if child.returncode == 0 else "interrupted"


def main(count: int = 200, source: Path = TEXT) -> int:
    from rnncompress import engine
    from rnncompress.codec import encode
    from rnncompress.config import Config

    config = Config(layers=1, hidden=32, streams=STREAMS, lanes=STREAMS, window=16)
    chance, found = random.Random(2026), Counter[tuple[int, str]]()
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "packed"
        with source.open("rb") as file, packed.open("w+b") as target:
            encode(file, target, config, build=engine.build)
        undisturbed(packed, 2)  # compiles what is not compiled yet
        whole = {threads: undisturbed(packed, threads) for threads in (2, 3, 4)}
        for number in range(count):
            threads = 2 + number % 3
            found[threads, interrupt(packed, threads, chance.uniform(0.0, whole[threads]))] += 1
    for (threads, outcome), times in sorted(found.items()):
        print(f"{threads} threads: {outcome} {times}")
    return int(any(outcome == "hung" for _, outcome in found))


if __name__ == "__main__":
    sys.exit(main(*(kind(value) for kind, value in zip((int, Path), sys.argv[1:], strict=False))))
