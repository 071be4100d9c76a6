"""How fast the CPU engine is, against what, and where its time goes.

    python benchmarks/cpu_suite.py --file TEXT [--threads 2] [--repetitions 5] [--seconds 2] [--out RESULT.json]

Contenders, at equal shapes, on the same text:

encode     the CPU engine with the arithmetic coder, whole windows at once
decode     the same the other way, step by step; what comes out is compared
reference  the specification in numpy, as an encoder
torch      the same network in float32, trained with autograd: ``nn.LSTM`` layers over whole windows, fed with
           one-hot bytes, which gives every layer the weights for each byte that ours has, and Adam without
           momentum, fused. It codes nothing and has no contexts
lean       the same, but the bytes come through a shared embedding of 32 columns: a smaller network, with less to
           compute, and what many would write

Where there is mixing, three engines encode and decode by turns besides: the network alone, mixing alone, and both.

They take turns within every repetition, so that a change of the machine's mood meets them all. A number is the
median of the repetitions; a ratio is the median of the ratios within repetitions.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from rnncompress import presets
from rnncompress.bench import machine
from rnncompress.coder.lanes import CompiledEncoders, Parts
from rnncompress.compiled import simd_kernels
from rnncompress.compiled.simd_kernels import PANEL
from rnncompress.config import Config
from rnncompress.engine import build
from rnncompress.lstm.cpu import head_kernels, phase_kernels
from rnncompress.mixing.context_kernels import NETWORK
from rnncompress.network import IntArray

ROOT = Path(__file__).parent.parent
PLAIN = Config(streams=16, window=16, contexts=0)
SHAPES = {
    "0.3 M": PLAIN.replace(layers=1, hidden=160),
    "1.5 M": PLAIN.replace(layers=2, hidden=256),
    "10 M": PLAIN.replace(layers=3, hidden=624),
    "default": presets.choose(10**8),
}
"""Plain networks of so many weights (softmax, recurrent matrices, one row of each layer for every byte), and the
default preset for large files with all it has: its network like the others, then with mixing."""
EMBEDDING = 32
"""Columns of the lean network's embedding of a byte."""
WARM_UP = 40
"""Windows that are not measured; the engine tries out threads in them."""


class Text:
    """The windows (T, B) of a text laid out as ``config`` says; from the beginning again when it ends."""

    def __init__(self, data: bytes, config: Config) -> None:
        steps = len(data) // config.streams // config.window * config.window
        if not steps:
            sys.exit(f"the text is too short: {len(data)} bytes for {config.streams} streams")
        streams = np.frombuffer(data, np.uint8)[: steps * config.streams].reshape(config.streams, steps)
        self._windows = streams.T.reshape(-1, config.window, config.streams).astype(np.int32)
        self._numbers = itertools.count()

    def take(self, count: int) -> list[IntArray]:
        return [self._windows[next(self._numbers) % len(self._windows)] for _ in range(count)]


class Ours:
    """An engine with the coder. The decoder follows the encoder, turn by turn."""

    def __init__(self, config: Config, engine: str, threads: int) -> None:
        self._encoder, self._decoder = (
            build(config, 10**6, engine=engine, threads=threads) for _ in range(2)
        )
        self._blocks: list[tuple[Parts, list[IntArray]]] = []

    def encode(self, windows: list[IntArray]) -> None:
        self._encoder.begin_block(None)
        for symbols in windows:
            self._encoder.encode_window(symbols, symbols.size)
            self._encoder.learn()
        self._blocks.append((self._encoder.end_block(), windows))

    def decode(self, _: list[IntArray]) -> None:
        """Decode what was encoded since the last time."""
        for block, windows in self._blocks:
            self._decoder.begin_block(block)
            for symbols in windows:
                decoded = self._decoder.decode_window(len(symbols), symbols.size)
                assert (decoded == symbols).all(), "decoded other symbols than were encoded"
                self._decoder.learn()
            self._decoder.end_block()
        self._blocks.clear()


class Torch(nn.Module):
    """The same network in float32."""

    def __init__(self, config: Config, threads: int, lean: bool) -> None:
        super().__init__()
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        H, self._alphabet = config.hidden, config.alphabet
        layer = nn.LSTM if config.cell == "lstm" else nn.RNN
        self._embedding = nn.Embedding(config.alphabet, EMBEDDING) if lean else None
        width = EMBEDDING if lean else config.alphabet
        self._layers = nn.ModuleList([layer(width + (H if n else 0), H) for n in range(config.layers)])
        self._softmax = nn.Linear(config.layers * H, config.alphabet)
        self._optimiser = torch.optim.Adam(self.parameters(), lr=0.002, betas=(0.0, 0.999), fused=True)
        self._states: list[Any] = [None] * config.layers
        self._last = torch.zeros(1, config.streams, dtype=torch.long)

    def learn(self, windows: list[IntArray]) -> None:
        """One update for every window; the state is carried over."""
        for symbols in windows:
            targets = torch.from_numpy(symbols).long()
            before = torch.cat([self._last, targets[:-1]])
            if self._embedding is not None:
                bytes_in = self._embedding(before)
            else:
                bytes_in = nn.functional.one_hot(before, self._alphabet).float()
            outputs: list[torch.Tensor] = []
            for n, layer in enumerate(self._layers):
                below = torch.cat([bytes_in, outputs[-1]], dim=2) if outputs else bytes_in
                output, state = layer(below, self._states[n])
                self._states[n] = (
                    tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
                )
                outputs.append(output)
            logits = self._softmax(torch.cat(outputs, dim=2))
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            self._last = targets[-1:]


def compare(config: Config, data: bytes, threads: int, repetitions: int, seconds: float) -> dict[str, Any]:
    """Bytes per second of all contenders, repetition by repetition."""
    ours, reference = Ours(config, "cpu", threads), Ours(config, "reference", 1)
    contenders: dict[str, Callable[[list[IntArray]], None]] = {
        "encode": ours.encode,
        "decode": ours.decode,
        "torch": Torch(config, threads, lean=False).learn,
        "lean": Torch(config, threads, lean=True).learn,
        "reference": reference.encode,
    }
    texts = {name: Text(data, config) for name in contenders}
    turns = {}
    for name, contender in contenders.items():
        contender(texts[name].take(1))  # compiles, allocates
        count = 1 if name == "reference" else WARM_UP
        took = _seconds(contender, texts[name].take(count))
        turns[name] = max(1, round(seconds / took * count))
    turns["decode"] = turns["encode"]
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    began, (all_before, own_before) = time.perf_counter(), _busy()
    for _ in range(repetitions):
        for name, contender in contenders.items():
            windows = texts[name].take(turns[name])
            size = len(windows) * windows[0].size
            speeds[name].append(size / _seconds(contender, windows))
    all_after, own_after = _busy()
    others = (all_after - all_before) - (own_after - own_before)
    return {
        "bytes_per_second": speeds,
        "cores_used_by_others": max(0.0, others / (time.perf_counter() - began)),
        "median": {name: statistics.median(values) for name, values in speeds.items()},
        "ratios": {
            f"{one}/{other}": statistics.median(map(_ratio, speeds[one], speeds[other]))
            for one, other in [
                ("encode", "torch"),
                ("encode", "lean"),
                ("decode", "torch"),
                ("decode", "encode"),
                ("encode", "reference"),
            ]
        },
    }


def stages(config: Config, data: bytes, threads: int, repetitions: int, seconds: float) -> dict[str, Any]:
    """Bytes per second with the network alone, mixing alone, and both, in both directions."""
    counts = config.mixing & ~sum(1 << kind for kind in NETWORK)
    engines = {
        name: Ours(changed, "cpu", threads)
        for name, changed in (
            ("network", config.replace(mixing=0)),
            ("mixing", config.replace(layers=0, contexts=0, mixing=counts)),
            ("both", config),
        )
    }
    text = Text(data, config)
    speeds: dict[str, list[float]] = {f"{name} {way}": [] for name in engines for way in ("encode", "decode")}
    for engine in engines.values():
        engine.encode(text.take(WARM_UP))
        engine.decode([])
    for _ in range(repetitions):
        for name, engine in engines.items():
            count = max(1, round(seconds / _seconds(engine.encode, text.take(WARM_UP)) * WARM_UP))
            engine.decode([])
            windows = text.take(count)
            size = len(windows) * windows[0].size
            speeds[f"{name} encode"].append(size / _seconds(engine.encode, windows))
            speeds[f"{name} decode"].append(size / _seconds(engine.decode, windows))
    return {
        "bytes_per_second": speeds,
        "median": {name: statistics.median(values) for name, values in speeds.items()},
        "ratios": {
            f"{one} / {other}, {way}": statistics.median(
                map(_ratio, speeds[f"{one} {way}"], speeds[f"{other} {way}"])
            )
            for way in ("encode", "decode")
            for one, other in (("both", "network"), ("both", "mixing"))
        },
    }


def profile(config: Config, data: bytes, seconds: float) -> dict[str, float]:
    """Share of the time of one thread of the encoder by phase; the rest is coder, Python and numpy."""
    ours, text = Ours(config, "cpu", 1), Text(data, config)
    ours.encode(text.take(WARM_UP))
    spent: dict[str, float] = {}
    saved = []
    for module in (head_kernels, phase_kernels):
        for name, value in list(vars(module).items()):
            if hasattr(value, "py_func") and value.py_func.__module__ == module.__name__:
                saved.append((module, name, value))
                setattr(module, name, _timed(value, name, spent))
    try:
        count = max(1, round(seconds / _seconds(ours.encode, text.take(1))))
        windows = text.take(count)
        spent.clear()
        original = CompiledEncoders.encode
        CompiledEncoders.encode = _timed(original, "coder", spent)  # type: ignore[method-assign]
        total = _seconds(ours.encode, windows)
        CompiledEncoders.encode = original  # type: ignore[method-assign]
    finally:
        for module, name, value in saved:
            setattr(module, name, value)
    spent["Python and numpy"] = total - sum(spent.values())
    shares = {name: value / total for name, value in sorted(spent.items(), key=lambda item: -item[1])}
    return shares | {"seconds per byte": total / count / config.streams / config.window}


def products(config: Config, seconds: float) -> list[dict[str, Any]]:
    """The integer products that a window takes: shape, number, and how fast one thread computes them."""
    B, T, L, H = config.streams, config.window, config.layers, config.hidden
    N, A = config.gates * H, -(-config.alphabet // PANEL) * PANEL
    K = sum(config.inputs(layer) for layer in range(L))
    shapes = [
        ("forward, from the step before", B, H, N, L * T),
        ("forward, from the layer below", T, H, N, (L - 1) * B),
        ("forward, to the softmax", T, H, A, L * B),
        ("backward, to the step before", B, N, H, L * (T - 1)),
        ("backward, to the layer below", T, N, H, (L - 1) * B),
        ("backward, from the softmax", T, A, H, L * B),
        ("gradient of the layers", K, B * T, PANEL, N // PANEL),
        ("gradient of the softmax", L * H, B * T, PANEL, A // PANEL),
    ]
    result = []
    for name, rows, inner, columns, count in shapes:
        x, w = np.ones(rows * inner, np.int16), np.ones(inner * columns, np.int16)
        out = np.empty(rows * columns, np.int32)
        once = partial(
            simd_kernels.product, x, 0, 0, inner, 1, rows, w, 0, inner * PANEL, columns // PANEL, inner // 2,
            out, 0, 0, columns, False,
        )  # fmt: skip
        once()
        times: list[float] = []
        deadline = time.perf_counter() + seconds / len(shapes)
        while time.perf_counter() < deadline or len(times) < 3:
            began = time.perf_counter()
            once()
            times.append(time.perf_counter() - began)
        took = statistics.median(times)
        result.append(
            {
                "name": name,
                "shape": [rows, inner, columns],
                "macs_per_byte": count * rows * inner * columns / (B * T),
                "gmac_per_second": rows * inner * columns / took / 1e9,
                "seconds_per_byte": count * took / (B * T),
            }
        )
    return result


def groups(profile: dict[str, float], products: list[dict[str, Any]]) -> dict[str, float]:
    """Shares of one encoding thread: integer products as measured alone, and what is left of their kernels."""
    whole = profile["seconds per byte"]
    gradients, others = (
        sum(part["seconds_per_byte"] for part in products if part["name"].startswith("gradient") == wanted)
        / whole
        for wanted in (True, False)
    )
    updates = sum(share for name, share in profile.items() if name.startswith(("update", "learn")))
    known = {"integer products": gradients + others, "update, without its products": updates - gradients}
    known |= {name: profile[name] for name in ("coder", "Python and numpy")}
    return known | {"elementwise and layout": 1 - sum(known.values())}


def _busy() -> tuple[float, float]:
    """Seconds of processor time that all processes took so far, and that this one took; zeros if not on Linux."""
    try:
        ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    except OSError:
        return 0.0, 0.0
    user, nice, system = ticks[:3]
    return (user + nice + system) / os.sysconf("SC_CLK_TCK"), sum(os.times()[:2])


def _seconds(contender: Callable[[list[IntArray]], None], windows: list[IntArray]) -> float:
    began = time.perf_counter()
    contender(windows)
    return time.perf_counter() - began


def _ratio(one: float, other: float) -> float:
    return one / other


def _timed(function: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        result = function(*arguments)
        spent[name] = spent.get(name, 0.0) + time.perf_counter() - began
        return result

    return timed


def _lines(name: str, config: Config, row: dict[str, Any]) -> Iterator[str]:
    median, ratios = row["speed"]["median"], row["speed"]["ratios"]
    yield f"\n{name}: {config.layers} layers of {config.hidden}, {config.streams} streams, windows of {config.window}"
    yield f"  {config.weights:,} weights, of these {config.macs:,} in matrices"
    yield "  kB/s:   " + "   ".join(f"{key} {value / 1000:.2f}" for key, value in median.items())
    yield "  ratios: " + "   ".join(f"{key} {value:.2f}" for key, value in ratios.items())
    if row["speed"]["cores_used_by_others"] > 0.1:
        yield f"  WORTHLESS: other processes used {row['speed']['cores_used_by_others']:.1f} cores meanwhile"
    if "stages" in row:
        medians, shares = row["stages"]["median"], row["stages"]["ratios"]
        yield "  stages, kB/s: " + "   ".join(f"{key} {value / 1000:.2f}" for key, value in medians.items())
        yield "  ratios: " + "   ".join(f"{key} {value:.2f}" for key, value in shares.items())
    whole = row["profile"]["seconds per byte"]
    yield "  time of one encoding thread, by phase:"
    yield from (
        f"    {share:6.1%}  {key}" for key, share in row["profile"].items() if key != "seconds per byte"
    )
    yield "  the same by groups, the products as measured alone:"
    yield from (f"    {share:6.1%}  {key}" for key, share in row["groups"].items())
    yield "  integer products, measured alone (one thread):"
    for part in row["products"]:
        rows, inner, columns = part["shape"]
        yield (
            f"    {part['seconds_per_byte'] / whole:6.1%}  {part['name']:30} {rows:4} x {inner:4} x {columns:4} "
            f"{part['gmac_per_second']:7.1f} Gmac/s  {part['macs_per_byte'] / 1e6:6.3f} Mmac/byte"
        )
    macs = sum(part["macs_per_byte"] for part in row["products"])
    alone = sum(part["seconds_per_byte"] for part in row["products"])
    yield f"    {alone / whole:6.1%}  all: {macs / 1e6:.3f} Mmac/byte at {macs / alone / 1e9:.1f} Gmac/s"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, default=ROOT / "corpora" / "sample.txt")
    parser.add_argument("--threads", type=int, default=machine.cores())
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one turn")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    data = options.file.read_bytes()
    print(f"{options.file.name}, {len(data)} bytes; {machine.cpu()}, {options.threads} threads")
    if len(data) < 1_000_000:
        print(
            "the text is short: it repeats, so the network is trained on what it knows; speed hardly depends on it"
        )
    result: dict[str, Any] = {
        "machine": machine.facts(),
        "lanes": simd_kernels._LANES,
        "commit": machine.commit(),
        "date": time.strftime("%Y-%m-%d %H:%M:%S%z"),
        "file": {"name": options.file.name, "bytes": len(data)},
        "threads": options.threads,
        "repetitions": options.repetitions,
        "shapes": {},
    }
    for name in options.shapes:
        config, network = SHAPES[name], SHAPES[name].replace(mixing=0)
        row: dict[str, Any] = {
            "config": {field: getattr(config, field) for field in Config.__slots__},
            "weights": config.weights,
            "speed": compare(network, data, options.threads, options.repetitions, options.seconds),
            "profile": profile(network, data, options.seconds),
            "products": products(config, options.seconds),
        }
        row["groups"] = groups(row["profile"], row["products"])
        if config.mixing:
            row["stages"] = stages(config, data, options.threads, options.repetitions, options.seconds)
        result["shapes"][name] = row
        print("\n".join(_lines(name, config, row)), flush=True)
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
