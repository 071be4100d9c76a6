"""Many small, similar files: a trained model against coding from scratch, xz, and zstd with a dictionary.

    python benchmarks/small_files.py [--calgary FOLDER] [--files 300] [--preset NAME] [--out RESULT.json]

The set `json` is made by small_files_data.py, the same everywhere. The set `calgary` is `paper*` and `prog*` of the
Calgary corpus, in its FOLDER. Two files of three train the model, with ``rnncompress train``, and the dictionary; the
others are compressed one by one, so that each can be decoded alone. Every compressed file is decoded again and
compared: with the model by one thread and by two, and the smallest one, if it is small enough to wait for, also by
the specification in numpy. The dictionary of zstd is the best of several sizes, at its highest level.

Sizes are without the model and the dictionary: whoever decodes has them. The result holds them, too.
"""

import argparse
import io
import json
import lzma
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import zstandard
from small_files_data import Dice, session

from rnncompress import Config, Model, adapt, codec, presets
from rnncompress.bench import machine

SEED = 2013
DICTIONARIES = (8 << 10, 16 << 10, 32 << 10, 64 << 10, 110 << 10)
"""Sizes in bytes; zstd's own tool makes one of 110 KiB."""
LEVEL = 22
SAMPLES = 100
"""zstd wants many small samples. Fewer files than these are cut into pieces."""
PIECE = 2000
BEARABLE = 5000
"""Bytes that the specification decodes within a minute."""


def encode(data: bytes, config: Config, model: Model | None, **options: Any) -> bytes:
    target = io.BytesIO()
    codec.encode(io.BytesIO(data), target, config, model=model, **options)
    return target.getvalue()


def decode(blob: bytes, model: Model | None, **options: Any) -> bytes:
    target = io.BytesIO()
    codec.decode(io.BytesIO(blob), target, model=model, **options)
    return target.getvalue()


def check(same: bool) -> None:
    if not same:
        sys.exit("what was decoded is not what was encoded")


class Measured:
    """The compressed sizes of the files, each decoded and compared."""

    def __init__(
        self, files: list[bytes], pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes]
    ) -> None:
        began = time.perf_counter()
        blobs = [pack(data) for data in files]
        packed = time.perf_counter()
        check([unpack(blob) for blob in blobs] == files)
        self.blobs = blobs
        self.sizes = [len(blob) for blob in blobs]
        self.seconds = {"encode": round(packed - began, 2), "decode": round(time.perf_counter() - packed, 2)}

    def row(self, **more: Any) -> dict[str, Any]:
        return {"bytes": sum(self.sizes), **more, "seconds": self.seconds, "sizes": self.sizes}


@contextmanager
def trained(files: list[bytes], preset: str) -> Iterator[tuple[Model, int, dict[str, Any]]]:
    """The model that ``rnncompress train`` makes of the files, the bytes of its file, and the program's report."""
    with TemporaryDirectory() as folder:
        names = [Path(folder) / f"{number:05}" for number in range(len(files))]
        for name, data in zip(names, files, strict=True):
            name.write_bytes(data)
        path = Path(folder) / "model.rnnm"
        command = [sys.executable, "-m", "rnncompress", "train", *map(str, names), "-o", str(path)]
        run = subprocess.run(
            [*command, "--preset", preset, "--json", "-q"], stdout=subprocess.PIPE, check=True
        )
        yield Model.load(path), path.stat().st_size, json.loads(run.stdout)


def with_dictionary(learn: list[bytes], rest: list[bytes]) -> dict[str, Any]:
    """zstd with the dictionary that serves it best."""
    if len(learn) < SAMPLES:
        learn = [data[start : start + PIECE] for data in learn for start in range(0, len(data), PIECE)]
    rows = []
    for size in DICTIONARIES:
        try:
            dictionary = zstandard.train_dictionary(size, [*learn], level=LEVEL)
        except zstandard.ZstdError:  # the samples are too few for one of this size
            continue
        compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary)
        decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)
        measured = Measured(rest, compressor.compress, decompressor.decompress)
        rows.append(measured.row(dictionary_bytes=len(dictionary.as_bytes())))
    return min(rows, key=lambda row: row["bytes"])


def measure(name: str, files: list[bytes], preset: str) -> dict[str, Any]:
    """All contenders on one set."""
    learn = [data for number, data in enumerate(files) if number % 3 != 2]
    rest = files[2::3]
    with trained(learn, preset) as (model, size, told):
        from_model = Measured(
            rest, lambda data: encode(data, adapt(model, len(data)), model), lambda blob: decode(blob, model)
        )
        check([decode(blob, model, threads=2) for blob in from_model.blobs] == rest)
        data, blob = min(zip(rest, from_model.blobs, strict=True), key=lambda pair: len(pair[0]))
        if len(data) <= BEARABLE:
            check(decode(blob, model, engine="reference") == data)
        digest = model.digest.hex()
    scratch = Measured(
        rest, lambda data: encode(data, presets.get(preset, len(data)), None), lambda blob: decode(blob, None)
    )
    xz = Measured(rest, lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME), lzma.decompress)
    result = {
        "set": name,
        "files": {"training": len(learn), "compressed": len(rest)},
        "bytes": {"training": sum(map(len, learn)), "original": sum(map(len, rest))},
        "training": {"seconds": told["seconds"], "passes": told["passes"], "model_digest": digest},
        "from scratch": scratch.row(),
        "with the model": from_model.row(model_bytes=size),
        "xz -9e": xz.row(),
        f"zstd -{LEVEL} with a dictionary": with_dictionary(learn, rest),
    }
    show(result)
    return result


def show(result: dict[str, Any]) -> None:
    original = result["bytes"]["original"]
    rows = {name: row for name, row in result.items() if isinstance(row, dict) and "sizes" in row}
    best = rows["with the model"]["bytes"]
    count = result["files"]["compressed"]
    print(f"\n{result['set']}: {count} files, {original:,} bytes, {original // count:,} each")
    print("| | bytes | bytes a file | bpc | with the model it is | model or dictionary |")
    print("|---|---|---|---|---|---|")
    for name, row in rows.items():
        extra = row.get("model_bytes", row.get("dictionary_bytes", 0))
        per_file, bpc = row["bytes"] / len(row["sizes"]), 8 * row["bytes"] / original
        change = f"{100 * (best / row['bytes'] - 1):+.1f} %"
        print(f"| {name} | {row['bytes']:,} | {per_file:.0f} | {bpc:.3f} | {change} | {extra:,} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calgary", type=Path, metavar="FOLDER")
    parser.add_argument("--files", type=int, default=300, help="of the set json; 0 leaves it out")
    parser.add_argument("--preset", default="default", choices=presets.names())
    parser.add_argument("--out", type=Path, metavar="RESULT.json")
    options = parser.parse_args()

    dice = Dice(SEED)
    sets = {"json": [session(dice) for _ in range(options.files)]} if options.files else {}
    if options.calgary:
        names = [*sorted(options.calgary.glob("paper*")), *sorted(options.calgary.glob("prog*"))]
        sets["calgary"] = [path.read_bytes() for path in names]
    results = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.facts(),
        "preset": options.preset,
        "seed": SEED,
    }
    done = []
    for name, files in sets.items():
        done.append(measure(name, files, options.preset))
        if options.out:
            options.out.write_text(json.dumps(results | {"sets": done}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
