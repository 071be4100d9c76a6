"""Have the C program decode files that an enemy made, under the sanitizers of the compiler, and compare with Python.

    python tests/tools/fuzz_portable.py --cases 10000

The cases are those of fuzz.py, and models that were tampered with. Exit codes must be those of Python, but that each
counts the memory of its own arrays. A report of a sanitizer ends the script with 1 and leaves the case in
``fuzz-failure.rnnc``.
"""

import argparse
import io
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import fuzz
from portable import Portable

from rnncompress import container, errors
from rnncompress.errors import RnncompressError
from rnncompress.model import Model

FLAGS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
MIXED = fuzz.SMALL.replace(
    mixing=0b1001011 | 1 << 23 | 1 << 53 | 1 << 55,
    sets=7,
    slot_bits=4,
    past_bits=12,
    frozen=3,
    direct=0b11 | 1 << 55,
)
REPORT = 99
"""The exit code of a sanitizer's report."""
LIMIT = "LimitError"
LONG = "announces long work, not done"


def code_of(outcome: str) -> int:
    """The exit code for what :func:`fuzz.attempt` tells."""
    return 0 if outcome == "decoded" else getattr(errors, outcome).exit_code


def check(portable: Portable, blob: bytes, model: Path) -> str:
    """Compare what both do with ``blob``."""
    outcome = fuzz.attempt(blob)
    command = ["i"] if outcome == LONG else ["d", "-m", str(model), "-M", str(fuzz.MEMORY >> 20)]
    code, _, messages = portable.run(command[0], blob, *command[1:])
    assert code in (0, 1, 3, 4), messages
    if outcome not in (LIMIT, LONG) and "memory" not in messages:
        assert code == code_of(outcome), f"{outcome}: {code} {messages}"
    return outcome


def check_model(portable: Portable, blob: bytes, rng: random.Random, folder: Path) -> str:
    """Have both decode ``blob`` with a model that was tampered with."""
    data = bytearray(fuzz.mutated(fuzz.MODEL.to_bytes(), rng))
    if rng.random() < 0.5:  # where the numbers of the head are
        data = bytearray(fuzz.MODEL.to_bytes())
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(2000)] = rng.choice(b'0123456789",:{}[]\\')
    path = folder / "tampered.rnnm"
    path.write_bytes(data)
    try:
        Model.from_bytes(bytes(data))
        outcome = "sound model"
    except RnncompressError as error:
        outcome = type(error).__name__
    code, _, messages = portable.run("d", blob, "-m", path, "-M", str(fuzz.MEMORY >> 20))
    assert code in (0, 1, 4), messages
    return f"with a tampered model: {outcome}"


def run(cases: int, seed: int) -> None:
    """So many cases by random mutation."""
    rng = random.Random(seed)
    fuzz.SEEDS += [MIXED, MIXED.replace(layers=0, mixing=0b1110, direct=0b10, streams=5, lanes=2)]
    fuzz.STROKES += [MIXED.replace(points=1), MIXED.replace(points=1, contexts=0, components=3)]
    outcomes: Counter[str] = Counter()
    source = fuzz.cases(rng)
    environment = os.environ | {
        "ASAN_OPTIONS": f"exitcode={REPORT}:detect_leaks=0",
        "UBSAN_OPTIONS": f"exitcode={REPORT}",
    }
    with tempfile.TemporaryDirectory() as name:
        portable = Portable(Path(name), *FLAGS, environment=environment)
        model = Path(name) / "model.rnnm"
        fuzz.MODEL.save(model)
        trained = fuzz.packed(fuzz.SMALL, b"Knuth " * 150, fuzz.MODEL)
        assert container.inspect(io.BytesIO(trained)).trained
        for number in range(cases):
            kind, blob = next(source)
            try:
                if number % 10:
                    outcomes[check(portable, blob, model)] += 1
                else:
                    outcomes[check_model(portable, trained, rng, Path(name))] += 1
            except BaseException:
                Path("fuzz-failure.rnnc").write_bytes(blob)
                print(f"seed {seed}, case {number}, {kind}: see fuzz-failure.rnnc", file=sys.stderr)
                raise
    print(
        f"{cases} cases, no report: " + ", ".join(f"{name} {times}" for name, times in outcomes.most_common())
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    run(options.cases, options.seed)
