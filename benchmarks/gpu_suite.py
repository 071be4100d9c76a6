"""Everything that wants a GPU, in one command and under eight minutes: is it right, how fast is it, against what.

    python benchmarks/gpu_suite.py --out results.json [--file TEXT] [--minutes 8]

functions   the exact functions on the device against numpy, a million values each
windows     whole windows of `default`, `large` and `xl` at full size: predictions of both schedules and every array
            of the state against the CPU engine, ==
files       encode on the device, decode on the CPU, and the reverse: `fast`, `default`, `large` with and without mixing
throughput  bytes a second of encoding and decoding with and without mixing, the part of that which device and host
            would take alone, and the memory
choice      whether `--device auto` takes what is faster
comparison  the same network as torch.nn.LSTM (cuDNN, bfloat16 autocast, fused Adam), by turns with our encoder
kernels     the time of each kernel against the time its operations and bytes take at the rates measured here
selfcheck   the self-check of the program, which compiles its kernels for more networks, one of them with densities
tiles       the products of `xl` with other block shapes, for whoever tunes them

Every section stands for itself: one that fails is recorded with its error, one that would not fit into the time left
is recorded as left out, and the others run. The results are written after each. Without --file the embedded sample
is repeated, which is good enough for speed. ``--interpret`` runs tiny sizes in Triton's interpreter, without a GPU: it
shows that the script works, and no number of it means anything.
"""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, metavar="RESULTS.json")
    parser.add_argument("--file", type=Path, metavar="TEXT", help="Default: the embedded sample, repeated.")
    parser.add_argument("--minutes", type=float, default=8.0, help="All sections together. Default: 8.")
    parser.add_argument("--only", nargs="+", metavar="SECTION", help="Nothing but these sections.")
    parser.add_argument("--interpret", action="store_true", help="Tiny sizes, no GPU.")
    return parser.parse_args()


class Results:
    """What was found so far, on disk after every section."""

    def __init__(self, path: Path, minutes: float) -> None:
        self.path = path
        self.document: dict[str, Any] = {
            "began": datetime.now(UTC).isoformat(timespec="seconds"),
            "sections": {},
        }
        self._end = time.monotonic() + 60 * minutes

    def section(self, name: str, needs: float, work: Callable[[], dict[str, Any]]) -> None:
        """Run ``work`` if ``needs`` seconds are left, and keep what it returns or why it did not."""
        began = time.monotonic()
        left = self._end - began
        if left < needs:
            found: dict[str, Any] = {
                "left out": f"it needs about {needs:.0f} s, {max(left, 0):.0f} s are left"
            }
        else:
            print(f"{name} ...", flush=True)
            try:
                found = work()
            except Exception as error:
                traceback.print_exc()
                found = {"failed": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
        found["seconds"] = round(time.monotonic() - began, 1)
        self.document["sections"][name] = found
        self.write()

    def write(self) -> None:
        self.path.write_text(json.dumps(self.document, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    options = arguments()
    if options.interpret:
        os.environ["TRITON_INTERPRET"] = "1"
    import gpu_report
    import gpu_sections

    from rnncompress.bench import machine
    from rnncompress.errors import DeviceError

    results = Results(options.out, options.minutes)
    try:
        bench = gpu_sections.Bench(options.file, interpret=options.interpret)
    except DeviceError as error:
        sys.exit(f"gpu_suite: {error}")
    results.document |= {
        "machine": machine.facts(),
        "commit": machine.commit(),
        "text": bench.source,
        "interpreted": options.interpret,
        "configurations": bench.configurations(),
    }
    sections = {
        "machine": (5, bench.machine),
        "functions": (10, bench.functions),
        "windows": (100, bench.windows),
        "files": (60, bench.files),
        "throughput": (90, bench.throughput),
        "choice": (15, bench.choice),
        "comparison": (40, bench.comparison),
        "kernels": (40, bench.kernels),
        "selfcheck": (40, bench.selfcheck),
        "tiles": (60, bench.tiles),
    }
    for name, (needs, work) in sections.items():
        if not options.only or name in options.only:
            results.section(name, needs, work)
    print("\n".join(gpu_report.lines(results.document)))
    return 1 if gpu_report.failures(results.document) else 0


if __name__ == "__main__":
    sys.exit(main())
