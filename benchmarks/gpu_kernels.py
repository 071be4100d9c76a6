"""The time of each kernel, and the time that its operations and its bytes take at the rates of the device.

Operations are multiplications and additions of 8-bit integers, of which a product with a 16-bit operand has twice as
many. Bytes are those that must travel to and from device memory at least: each operand once, the weights once for
every step of the recurrence.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from rnncompress.engine.cuda import Decoder
from rnncompress.lstm.cuda.schedule import Schedule
from rnncompress.lstm.cuda.tiles import Tile
from rnncompress.network import PATH

NOMINAL = {"H200": 1979, "H100": 1979, "A100": 624, "L40": 724, "4090": 661, "3090": 284}
"""Dense int8 operations a second that the maker names, in 10**12."""


def timed(work: Callable[[], object], interpret: bool = False, repeat: int = 10) -> float:
    """Seconds of one run of ``work`` on the device, without the host: the median of graphs replayed."""
    began = time.monotonic()
    work()
    if interpret:
        return time.monotonic() - began
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(repeat):
            work()
    for _ in range(2):
        graph.replay()
    times = []
    for _ in range(7):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) / 1e3 / repeat)
    return statistics.median(times)


def copy_rate() -> float:
    """Bytes a second of a copy on the device, those read and those written."""
    source = torch.empty(2**30, dtype=torch.int8, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() / timed(lambda: target.copy_(source), repeat=3)


def product_rate() -> float:
    """Operations a second of the library's product of 8-bit integers."""
    a, b = (torch.randint(-127, 128, (8192, 8192), dtype=torch.int8, device="cuda") for _ in range(2))
    return 2 * 8192**3 / timed(lambda: torch._int_mm(a, b.t()), repeat=3)


def rates() -> dict[str, float]:
    """The measured rates, and what the maker names."""
    found = {"copy, B/s": copy_rate(), "torch._int_mm, op/s": product_rate()}
    name = torch.cuda.get_device_name()
    nominal = next((peak for part, peak in NOMINAL.items() if part in name), None)
    return found | ({"nominal int8, op/s": nominal * 1e12} if nominal else {})


def work_of(s: Schedule) -> dict[str, tuple[Callable[[], object], float, float]]:
    """The kernels of a window: how to run them, their operations and their bytes."""
    L, N, H, R, P, A, E, K = s.L, s.N, s.H, s.R, s.P, s.A, s.E, s.K
    m, matrices, decoder = s.memory, 2 * s.L - 1, Decoder(s.memory, s)

    def forward() -> None:
        for wave in range(s.T + L - 1):
            lowest = max(0, wave - s.T + 1)
            s.forward(wave, lowest, min(L, wave + 1) - lowest)

    def backward() -> None:
        for wave in range(s.T + L - 1):
            behind = max(0, wave - s.T + 1)
            layers = min(L - 1, wave) - behind + 1
            s.backward(wave, L - behind - layers, layers)

    def own() -> None:
        s.update_matrices(m.h_columns, m.d_columns_high, m.d_columns_low, 0, L)

    def below() -> None:
        s.update_matrices(m.h_columns[:, :, s.B :], m.d_columns_high[1:], m.d_columns_low[1:], L, L - 1)

    weights = float(matrices * N * H)
    kernels: dict[str, tuple[Callable[[], object], float, float]] = {
        "forward (products)": (forward, 4 * R * weights, 2 * s.T * weights + 30 * R * L * H),
        "logits (products) and frequencies": (
            lambda: s.logits(0, s.T), 4.0 * R * A * L * H, R * L * H + 2.0 * A * L * H + 12.0 * R * A,
        ),
        "backward (products)": (
            backward, 4 * R * (weights + P * L * H), s.T * (weights + P * L * H) + R * L * (28.0 * H + 4 * N),
        ),
        "update of own matrices (products)": (own, 4.0 * R * L * N * H, L * (19.0 * N * H + R * (H + 2 * N))),
        "update of softmax (products)": (
            s.update_softmax, 4.0 * R * P * L * H, 19.0 * P * L * H + R * (L * H + 4.0 * P),
        ),
        "update of embeddings (products)": (
            s.update_embeddings, 4.0 * R * E * L * N, 16.0 * E * L * N + R * (2.0 * E + 2 * L * N),
        ),
        "inputs and hashes": (lambda: s.inputs(0, s.T), 0.0, R * (8.0 + 72 * K)),
        "pick": (lambda: s.pick(s.T), 0.0, 4.0 * R * A),
        "paths": (lambda: s.follow_paths(s.T), 0.0, R * (4.0 * A + 4 * PATH)),
        "range decoder, all steps": (
            lambda: [decoder.decode(t, s.B) for t in range(s.T)], 0.0, 4.0 * R * (A + 1),
        ),
    }  # fmt: skip
    if L > 1:
        kernels["update of matrices below (products)"] = (
            below, 4.0 * R * (L - 1) * N * H, (L - 1) * (19.0 * N * H + R * (H + 2 * N)),
        )  # fmt: skip
    return kernels


def profile(s: Schedule, rates: dict[str, float], interpret: bool) -> Iterator[dict[str, Any]]:
    """One row for each kernel of a window, one for all products, one for what cannot be recorded as a graph."""
    peak = rates.get("nominal int8, op/s", rates.get("torch._int_mm, op/s", 1e12))
    copy = rates.get("copy, B/s", 1e12)
    operations, seconds, everything = 0.0, 0.0, 0.0
    for name, (work, ops, count) in work_of(s).items():
        took = timed(work, interpret)
        everything += took
        floor = max(ops / peak, count / copy)
        yield {"name": name, "ms": took * 1e3, "floor, ms": floor * 1e3, "of the floor": took / floor}
        if ops:
            operations, seconds = operations + ops, seconds + took
            yield {"name": name, "share of int8 peak": ops / took / peak}
    yield {"name": "all products", "ms": seconds * 1e3, "share of int8 peak": operations / seconds / peak}
    if s.K:
        s.learn_contexts()
        if not interpret:
            torch.cuda.synchronize()
        began = time.monotonic()
        for _ in range(3):
            s.learn_contexts()
        if not interpret:
            torch.cuda.synchronize()
        took = (time.monotonic() - began) / 3
        everything += took
        yield {"name": "learning of contexts, with the host's launches", "ms": took * 1e3}
    yield {"name": "all of these", "ms": everything * 1e3, "B/s": s.R / everything}


class Fixed:
    """In the place of a chip: always the same tile."""

    def __init__(self, tile: Tile) -> None:
        self._tile = tile

    def tile(self, *_: int, **__: int) -> Tile:
        return self._tile


TILES = {
    "forward (products)": [
        (128, 128, 128, 8, 3),
        (128, 64, 128, 8, 3),
        (128, 64, 128, 8, 2),
        (64, 128, 128, 4, 2),
    ],
    "backward (products)": [
        (128, 64, 128, 8, 3),
        (64, 64, 128, 4, 3),
        (64, 128, 128, 8, 3),
        (128, 128, 128, 8, 3),
    ],
    "update of own matrices (products)": [(128, 128, 128, 8, 3), (128, 64, 128, 8, 3), (64, 128, 128, 8, 2)],
}
"""Rows of both operands, depth, warps, stages; the first is the one in use."""


def variants(s: Schedule, rates: dict[str, float], interpret: bool) -> Iterator[dict[str, Any]]:
    """Share of the int8 peak with other tiles."""
    peak = rates.get("nominal int8, op/s", rates.get("torch._int_mm, op/s", 1e12))
    chip = s.chip
    try:
        for name, candidates in TILES.items():
            work, ops, _ = work_of(s)[name]
            for shape in candidates[:1] if interpret else candidates:
                s.chip = Fixed(Tile(*((16, 32, 32, 2, 2) if interpret else shape)))  # type: ignore[assignment]
                try:
                    took = timed(work, interpret, repeat=3)
                except Exception as error:  # too much shared memory, say
                    yield {"name": f"{name} {shape}", "failed": f"{type(error).__name__}"}
                    continue
                yield {"name": f"{name} {shape}", "ms": took * 1e3, "share of int8 peak": ops / took / peak}
    finally:
        s.chip = chip
