"""Where the time of the mixing stage goes, and the least that its parts could take here.

    python benchmarks/mixing_time.py FILE [--preset counts] [--out RESULT.json]

The stage codes a part of FILE on one thread with clocks around its kernels: each is replaced by one that reads the
processor's counter before and after, and nothing of that is kept on disk. The clocks themselves take some per cent,
which stand under "the rest".

The floor is measured here too: the products of inputs and weights, and the steps of the weights, with rows that stay in
the fastest cache; and two lines of memory for each byte and table, of slots or of direct probabilities, read at random
from one of the same size, as many at once as the processor can wait for. What the stage takes above it is finding out
where to look and what to do.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numba as nb
import numpy as np
from llvmlite import ir
from numba import types
from numba.core.caching import NullCache
from numba.extending import intrinsic

from rnncompress import presets
from rnncompress.bench import machine
from rnncompress.engine import build, mixing_kernels
from rnncompress.mixing import bit_kernels, context_kernels, direct_kernels, learn_kernels, slot_kernels
from rnncompress.mixing.memory import input_count
from rnncompress.mixing.vector_kernels import dot, train

WARM: Final = 200_000
"""Bytes that are coded before."""
CODED: Final = 200_000
TICKS: Final = np.zeros(64, np.int64)
"""What each clock has counted."""
_MODULES: Final = (bit_kernels, context_kernels, direct_kernels, learn_kernels, slot_kernels, mixing_kernels)
PARTS: Final = {
    "contexts": ("begin", "end"),
    "finding slots": ("fetch_lower", "fetch_lower_groups", "find_upper", "find_lower", "find_groups"),
    "inputs": ("surest_order", "inputs_of_matches", "inputs_of_contexts", "inputs_of_direct", "take_path"),
    "choosing weights": ("select",),
    "products": ("mix",),
    "last maps": ("refine",),
    "coding": ("encode_bit",),
    "learning of slots": ("fetch_slots", "learn_kind"),
    "learning of weights": ("learn_weights",),
    "learning of the rest": ("learn_rest",),
}
"""The kernels that have clocks."""


@intrinsic
def ticks(_context: Any) -> Any:
    """The processor's counter."""

    def generate(_context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(64), [])
        return builder.call(builder.module.declare_intrinsic("llvm.readcyclecounter", (), kind), [])

    return types.int64(), generate


@intrinsic
def count(_context: Any, clock: Any, passed: Any) -> Any:
    """Add to ``TICKS``, whose address is written into the code."""
    base = TICKS.ctypes.data

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        offset = builder.mul(args[0], ir.Constant(word, 8))
        at = builder.inttoptr(builder.add(ir.Constant(word, base), offset), word.as_pointer())
        builder.store(builder.add(builder.load(at), args[1]), at)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


def clocked(kernel: Any, clock: int) -> Any:
    """The same kernel, with a clock around it."""
    names = ", ".join(f"a{n}" for n in range(kernel.py_func.__code__.co_argcount))
    text = (
        f"def with_clock({names}):\n"
        f"    began = ticks()\n"
        f"    result = kernel({names})\n"
        f"    count({clock}, ticks() - began)\n"
        f"    return result\n"
    )
    scope = {"ticks": ticks, "count": count, "kernel": kernel}
    exec(text, scope)
    return nb.njit(nogil=True, error_model="numpy", forceinline=True)(scope["with_clock"])


def put_clocks() -> list[str]:
    """Replace the kernels wherever they are called. Their names, in the order of the clocks."""
    for module in _MODULES:
        for kernel in vars(module).values():
            if hasattr(kernel, "py_func"):
                kernel._cache = NullCache()  # neither what is there is taken, nor is anything kept
    names = [name for group in PARTS.values() for name in group]
    for clock, name in enumerate(names):
        home = next(module for module in _MODULES if hasattr(module, name))
        replacement = clocked(getattr(home, name), clock)
        for module in _MODULES:
            if hasattr(module, name):
                setattr(module, name, replacement)
    return names


@nb.njit
def products(x: Any, weights: Any, sets: int, inputs: int, bits: int) -> int:
    """Products of so many bits with rows that stay in the cache."""
    total = 0
    for bit in range(bits):
        for t in range(sets):
            total += dot(x, (bit & 1) * inputs, weights, t * inputs, inputs)
    return total


@nb.njit
def steps(x: Any, weights: Any, sets: int, inputs: int, bits: int) -> None:
    """Steps of the weights, likewise."""
    for bit in range(bits):
        for t in range(sets):
            train(x, (bit & 1) * inputs, weights, t * inputs, inputs, 3)


@nb.njit
def lines(table: Any, places: Any) -> int:
    """Read a byte of each line."""
    total = 0
    for place in places:
        total += table[place << 6]
    return total


def seconds(call: Callable[[], object], repetitions: int = 5) -> float:
    """The least time of a call; the first, which compiles, does not count."""
    call()
    taken = []
    for _ in range(repetitions):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return min(taken)


def floor(config: Any) -> dict[str, float]:
    """Nanoseconds for a byte that the parts could not go below."""
    sets, inputs, bits = config.sets, input_count(config), 80_000
    random = np.random.default_rng(1)
    x = random.integers(-2047, 2048, 2 * inputs).astype(np.int16)
    weights = random.integers(-3000, 3000, sets * inputs).astype(np.int16)
    tables = config.mixing.bit_count() + config.direct.bit_count()
    table = np.ones(tables << config.slot_bits + 6, np.uint8)
    places = random.integers(0, len(table) >> 6, 1 << 20)
    return {
        "products": seconds(lambda: products(x, weights, sets, inputs, bits)) / (bits / 8) * 1e9,
        "learning of weights": seconds(lambda: steps(x, weights, sets, inputs, bits)) / (bits / 8) * 1e9,
        "lines of slots": seconds(lambda: lines(table, places)) / len(places) * 2 * tables * 1e9,
    }


def measure(path: Path, preset: str) -> dict[str, object]:
    """The table as one JSON object."""
    text = np.frombuffer(path.read_bytes(), np.uint8).astype(np.int32)
    config = presets.get(preset, len(text))
    if not config.mixing or config.streams != 1:
        raise SystemExit(f"preset {preset} mixes nothing, or has several streams at this size")
    if len(text) < WARM + CODED:
        raise SystemExit(f"{path} has fewer than {WARM + CODED} bytes")
    names = put_clocks()
    engine = build(config, len(text) // config.window)
    engine.begin_block(None)

    def code(first: int, size: int) -> None:
        for at in range(first, first + size, config.window):
            window = np.ascontiguousarray(text[at : at + config.window, None])
            engine.encode_window(window, window.size)
            engine.learn()

    code(0, WARM)
    TICKS[:] = 0
    began, ticks_before = time.perf_counter(), now()
    code(WARM, CODED)
    passed = time.perf_counter() - began
    each = passed / (now() - ticks_before) / CODED * 1e9
    spent = dict(zip(names, (TICKS * each).tolist(), strict=False))
    parts = {part: sum(spent[name] for name in group) for part, group in PARTS.items()}
    whole = passed / CODED * 1e9
    parts["the rest"] = whole - sum(parts.values())
    return {
        "file": path.name,
        "preset": preset,
        "machine": machine.facts(),
        "nanoseconds": whole,
        "parts": parts,
        "floor": floor(config),
    }


@nb.njit
def now() -> Any:
    """The processor's counter, for Python."""
    return ticks()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--preset", default="counts", choices=presets.names())
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    found = measure(options.file, options.preset)
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n")
    whole: Any = found["nanoseconds"]
    print(f"{found['file']}, {found['preset']}: {whole:,.0f} ns a byte, {1e6 / whole:.1f} kB/s")
    for title in ("parts", "floor"):
        print(title)
        table: Any = found[title]
        for name, value in table.items():
            print(f"  {name:22}{value:8,.0f} ns {100 * value / whole:6.1f} %")


if __name__ == "__main__":
    main()
