"""Measures presets on files, for ``rnncompress presets`` to show.

    python benchmarks/presets.py --preset default fast --file "first 3 MB of enwik8=PATH" [--threads 1]

Every file is encoded by the command, decoded by the command, and compared. The results go to ``measured.json`` in the
package, in place of older ones of the same configuration and file.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rnncompress import measured, presets
from rnncompress.bench import machine
from rnncompress.config import Config
from rnncompress.measured import Measurement

TARGET = Path(measured.__file__).with_name(measured.NAME)


def run(*arguments: str | Path) -> float:
    """Seconds that a command of the program takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "rnncompress", *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(name: str, path: Path, preset: str, device: str, threads: int) -> tuple[Config, Measurement]:
    """Encode, decode, compare; the configuration is that of what was coded, the file or its words."""
    with tempfile.TemporaryDirectory() as folder:
        packed, decoded = Path(folder) / "packed.rnnc", Path(folder) / "decoded"
        options = ("--device", device, "--threads", str(threads), "-q")
        report = Path(folder) / "report.json"
        encode_seconds = run("encode", path, "-o", packed, "--preset", preset, "--report", report, *options)
        config = Config(**json.loads(report.read_text())["config"])
        decode_seconds = run("decode", packed, "-o", decoded, *options)
        assert decoded.read_bytes() == path.read_bytes(), "what was decoded is not what was encoded"
        return config, Measurement(
            file=name,
            original_bytes=path.stat().st_size,
            compressed_bytes=packed.stat().st_size,
            encode_seconds=round(encode_seconds, 2),
            decode_seconds=round(decode_seconds, 2),
            machine=machine.cpu() + f", {threads} thread{'s' if threads > 1 else ''}"
            if device == "cpu"
            else (machine.gpu() or {})["name"],
            date=time.strftime("%Y-%m-%d"),
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", nargs="+", choices=presets.names(), default=["default"])
    parser.add_argument("--file", action="append", required=True, metavar="NAME=PATH")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    for text in options.file:
        name, _, path = text.partition("=")
        for preset in options.preset:
            config, one = measure(name, Path(path), preset, options.device, options.threads)
            known = measured.load()
            known[config] = [
                old
                for old in known.get(config, [])
                if old.file != name
                or (old.machine != one.machine and old.compressed_bytes == one.compressed_bytes)
            ] + [one]
            unfinished = TARGET.with_suffix(".new")
            unfinished.write_text(measured.dump(known), encoding="utf-8")
            unfinished.replace(TARGET)
            print(f"{preset}: {one}", flush=True)


if __name__ == "__main__":
    main()
