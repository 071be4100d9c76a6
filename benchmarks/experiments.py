"""Code lengths of many configurations on slices of files, without writing the files.

    python benchmarks/experiments.py --slice 1000000 --set streams=2,4,8 --set hidden=128,256 FILE…

Every combination of the values is run on the first ``--slice`` bytes of every file; fields that are not set come from
``--preset`` at that size. The code length is exact: the sum of -log2 of the very probabilities that a file would be
coded with, so a file is larger only by its header and a few bytes for each block. Operations per byte count what the
integer products do, two for each multiply-accumulate: forward, backward, and gradient of the weights.

One JSON line for each run goes to ``--out`` as it finishes; combinations that stand there already are not run again.
"""

import argparse
import itertools
import json
import time
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

from rnncompress import presets
from rnncompress.bench import machine
from rnncompress.config import CELLS, Config
from rnncompress.container import Header, new_hash
from rnncompress.engine import build
from rnncompress.layout import Layout
from rnncompress.loop import Encoding, Meter, code
from rnncompress.snapshot import Snapshot


def code_length(path: Path, size: int, config: Config, threads: int) -> float:
    """Bits of the first ``size`` bytes of a file."""
    engine = build(config, Layout(size, config.streams, config.window).windows, threads=threads)
    meter = Meter(size, None)
    with path.open("rb") as source:
        nowhere, header = BytesIO(), Header("model", size, new_hash().digest(), config)
        code(Encoding(source, nowhere, header, Snapshot()), engine, meter, None, {})
    return meter.bits


def grid(base: Config, assignments: list[str]) -> list[Config]:
    """All combinations of the values in ``field=value,value`` assignments."""
    fields = [assignment.partition("=")[::2] for assignment in assignments]
    for name, _ in fields:
        if name not in asdict(base):
            raise SystemExit(f"there is no field {name!r}; there are {', '.join(asdict(base))}")
    choices = [
        [(name, value if value in CELLS else int(value, 0)) for value in values.split(",")]
        for name, values in fields
    ]
    return [base.replace(**dict(combination)) for combination in itertools.product(*choices)]


def main() -> None:
    """Run what is not yet in the results, and print all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--slice", type=int, default=1 << 40, help="bytes from the beginning of each file")
    parser.add_argument("--preset", default="default", choices=presets.names())
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE,…", dest="assignments")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON lines; runs that stand there are not repeated")
    options = parser.parse_args()

    done = {}
    if options.out and options.out.exists():
        rows = [json.loads(line) for line in options.out.read_text().splitlines()]
        done = {key(row): row for row in rows}
    for path in options.files:
        size = min(options.slice, path.stat().st_size)
        for config in grid(presets.get(options.preset, size), options.assignments):
            row = {
                "file": path.name,
                "bytes": size,
                "config": asdict(config),
                "version": machine.our_version(),
            }
            if key(row) not in done:
                began = time.perf_counter()
                row["bits"] = code_length(path, size, config, options.threads)
                row["seconds"] = time.perf_counter() - began
                row["machine"] = machine.facts()
                done[key(row)] = row
                if options.out:
                    with options.out.open("a") as out:
                        out.write(json.dumps(row) + "\n")
            row = done[key(row)]
            print(
                f"{row['bits'] / size:.4f} bpc  {size / row['seconds'] / 1e3:7.1f} kB/s "
                f"{6 * config.macs / 1e6:7.2f} MOP/byte  {path.name} "
                + " ".join(f"{name}={value}" for name, value in row["config"].items()),
                flush=True,
            )


def key(row: dict[str, object]) -> str:
    """What makes two runs the same."""
    return json.dumps([row["file"], row["bytes"], row["config"], row["version"]])


if __name__ == "__main__":
    main()
