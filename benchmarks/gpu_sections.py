"""The sections of gpu_suite.py: each returns what it found as a dictionary for JSON.

``equal`` maps what was compared to whether it was the same to the bit; ``rows`` are lists of measured numbers.
"""

import dataclasses
import functools
import io
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gpu_functions
import gpu_kernels
import gpu_speed
import gpu_torch
import numpy as np
import torch

from rnncompress import codec, devices, lstm, presets, selfcheck
from rnncompress import engine as engines
from rnncompress.bench import machine
from rnncompress.config import Config
from rnncompress.engine import Engine
from rnncompress.engine.cuda import CudaEngine
from rnncompress.engine.mixed import MixedEngine
from rnncompress.lstm.cuda.device import require
from rnncompress.lstm.cuda.predictor import CudaPredictor
from rnncompress.lstm.state import State

ROOT = Path(__file__).resolve().parent.parent
LONG = 66_000_000
"""Bytes of the input whose configurations are measured."""
LANES = 16
"""Of large networks with mixing, which the host's threads share; presets for that there are none yet."""


class Bench:
    """The device, the text and the sizes that all sections share."""

    def __init__(self, file: Path | None, *, interpret: bool) -> None:
        self.interpret = interpret
        self.device = torch.device("cpu") if interpret else require()
        data = (file or ROOT / "corpora" / "sample.txt").read_bytes()
        self.source = {"file": file.name if file else "the embedded sample, repeated", "bytes": len(data)}
        self._data = data * -(-2_000_000 // len(data)) if len(data) < 2_000_000 else data[:20_000_000]
        self._speeds: dict[str, float] = {}
        """Of encoding, by the name of the configuration."""
        if interpret:
            tiny = Config(layers=2, hidden=16, streams=2, window=2, contexts=1 << 2, context_bits=4)
            self.measured = {"xl": tiny}
            few = tiny.replace(layers=1, streams=16, rate_first=50_000)
            mixed = few.replace(mixing=0b10110, sets=2, slot_bits=4, past_bits=12, frozen=1, lanes=3)
            self.mixed = {"xl with mixing": mixed}
            self.filed = {
                "fast": (mixed.replace(layers=0), 129),
                "default": (mixed, 129),
                "large": (few, 129),
            }
            self._data = b"ab" * 1000
        else:
            named = {name: presets.get(name, LONG) for name in ("default", "large", "xl")}
            self.measured = {name: config.replace(mixing=0) for name, config in named.items()}
            default = named["default"]
            mixing = {name: getattr(default, name) for name in ("mixing", "sets", "slot_bits")}
            self.mixed = {"default with mixing": default} | {
                f"{name} with mixing": named[name].replace(**mixing, past_bits=18, frozen=1, lanes=LANES)
                for name in ("large", "xl")
            }
            self.filed = {
                "fast": (presets.get("fast", LONG), 65_536),
                "default": (default, 32_768),
                "large": (named["large"], 24_500),
                "large with mixing": (self.mixed["large with mixing"], 24_500),
            }
        self.threads = machine.cores()

    def configurations(self) -> dict[str, Any]:
        """Every field of every configuration that is used."""
        used = self.measured | self.mixed | {name: config for name, (config, _) in self.filed.items()}
        return {
            name: dataclasses.asdict(config) | {"weights": config.weights} for name, config in used.items()
        }

    def engine(self, config: Config) -> Engine:
        """The engine under test, at the beginning of a long file."""
        return self._build(config, 10**6, engine="cuda", threads=self.threads)

    def predictor(self, config: Config) -> CudaPredictor:
        """Its network, at the beginning of a long file."""
        return CudaPredictor(config, 10**6, "cpu" if self.interpret else None)

    def text(self, config: Config) -> Iterator[np.ndarray]:
        """Windows (T, B) of the text without end, the streams far apart."""
        data = np.frombuffer(self._data, np.uint8)
        starts = np.arange(config.streams) * (len(data) // config.streams)
        for first in itertools.count(step=config.window):
            places = starts[None, :] + first + np.arange(config.window)[:, None]
            yield data[places % len(data)].astype(np.int32)

    # -- sections --------------------------------------------------------------------------------------------------

    def machine(self) -> dict[str, Any]:
        """Names, and the two rates that floors are computed from."""
        found: dict[str, Any] = {
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "threads": self.threads,
        }
        if self.interpret:
            return found | {"rows": []}
        about = torch.cuda.get_device_properties(self.device)
        rates = gpu_kernels.rates()
        found |= {
            "device": about.name,
            "multiprocessors": about.multi_processor_count,
            "bytes": about.total_memory,
        }
        return found | {"rows": [{"name": "rates", **rates}]}

    def functions(self) -> dict[str, Any]:
        """The exact functions, element by element."""
        return {"equal": gpu_functions.compare(self.device, 1 << (12 if self.interpret else 20))}

    def windows(self) -> dict[str, Any]:
        """Two windows and their learning against the CPU engine, in both schedules."""
        equal: dict[str, bool] = {}
        for name, config in self.measured.items():
            expected = lstm.build(config, 10**6, threads=self.threads)
            encoder = self.predictor(config)
            for number, symbols in enumerate(itertools.islice(self.text(config), 2), 1):
                results = [one.predict_window(symbols) for one in (expected, encoder)]
                same = all((one == other).all() for one, other in zip(*results, strict=True))
                equal[f"{name}: prediction of window {number}"] = same
                paths = [one.predict_paths(symbols)() for one in (expected, encoder)]
                equal[f"{name}: paths of window {number}"] = bool((paths[0] == paths[1]).all())
                for one in (expected, encoder):
                    one.learn()
            state, other = expected.state(), encoder.state()
            for key in state:
                equal[f"{name}: {key}"] = state[key].tobytes() == other[key].tobytes()
            symbols = next(self.text(config))
            expected.predict_window(symbols)
            cum, freq = expected.coded()
            for row in symbols:
                encoder.predict_step()
                encoder.observe(row)
            same = all((one == other).all() for one, other in zip((cum, freq), encoder.coded(), strict=True))
            equal[f"{name}: prediction step by step"] = same
            del expected, encoder, state, other
            self.clear()
        return {"equal": equal}

    def files(self) -> dict[str, Any]:
        """Whole files from device to CPU and back."""
        equal, rows = {}, []
        for name, (config, length) in self.filed.items():
            data = self._data[:length]
            packed: dict[str, bytes] = {}
            for engine in ("cuda", "cpu"):
                target = io.BytesIO()
                began = time.monotonic()
                report = codec.encode(
                    io.BytesIO(data), target, config, engine=engine, threads=self.threads, build=self._build
                )
                if report.mode != "model":
                    raise AssertionError(f"{name}: the text is too short to be coded")
                rows.append({"name": name, f"encode on {engine}, s": time.monotonic() - began})
                packed[engine] = target.getvalue()
            equal[f"{name}: the files"] = packed["cuda"] == packed["cpu"]
            for engine, by in (("cpu", "cuda"), ("cuda", "cpu")):
                target = io.BytesIO()
                began = time.monotonic()
                codec.decode(
                    io.BytesIO(packed[by]), target, engine=engine, threads=self.threads, build=self._build
                )
                rows.append({"name": name, f"decode on {engine}, s": time.monotonic() - began})
                equal[f"{name}: {length} bytes from {by} to {engine}"] = target.getvalue() == data
            self.clear()
        return {"equal": equal, "rows": rows}

    def throughput(self) -> dict[str, Any]:
        """Encoding, then decoding what was encoded, with and without mixing, who waits for whom, and the memory."""
        rows = []
        for name, config in (self.measured | self.mixed).items():
            if not self.interpret:
                torch.cuda.reset_peak_memory_stats()
            turns, count = (1, 1) if self.interpret else (5, 24)
            found = gpu_speed.measure(
                functools.partial(self.engine, config), self.text(config), self.wait, turns=turns, count=count
            )
            rows.append({"name": name, **found})
            self._speeds[name] = found["encode, B/s"]
            if not self.interpret:
                rows[-1]["peak memory, GB"] = torch.cuda.max_memory_allocated() / 1e9
            self.clear()
        return {"rows": rows}

    def choice(self) -> dict[str, Any]:
        """Whether ``--device auto`` takes what was faster, for the networks without mixing; needs the throughput."""
        rows, holds = [], {}
        for name, config in self.measured.items():
            engine = engines.build(config, 10**6, threads=self.threads)
            text, size = self.text(config), config.window * config.streams
            count = 1 if self.interpret else -(-gpu_speed.LEAST // (4 * size))
            gpu_speed.encode(engine, list(itertools.islice(text, 1)))
            windows = list(itertools.islice(text, count))
            began = time.monotonic()
            gpu_speed.encode(engine, windows)
            on_cpu = count * size / (time.monotonic() - began)
            on_gpu = self._speeds[name]
            expected = [LONG / seconds for seconds in devices.seconds(config, LONG)]
            rows.append(
                {
                    "name": name,
                    "on the CPU, B/s": on_cpu,
                    "as expected": expected[0],
                    "on the GPU, B/s": on_gpu,
                    "as expected, with its beginning": expected[1],
                }
            )
            faster = LONG / on_gpu + devices.BEGIN < LONG / on_cpu
            holds[f"{name}: auto takes the faster device"] = devices.worth_a_gpu(config, LONG) == faster
        return {"holds": holds, "rows": rows}

    def comparison(self) -> dict[str, Any]:
        """Our encoder and torch.nn.LSTM, window by window in turns."""
        rows = []
        for name, config in self.measured.items():
            text = self.text(config)
            ours, theirs = self.engine(config), gpu_torch.Network(config, self.device)
            count = 1 if self.interpret else 16

            def encode(windows: list[np.ndarray], ours: Engine = ours) -> None:
                gpu_speed.encode(ours, windows)

            contenders: dict[str, Callable[[list[np.ndarray]], None]] = {
                "ours": encode,
                "torch": theirs.train_on,
            }
            for run in contenders.values():
                run(list(itertools.islice(text, 0 if self.interpret else 3)))
            seconds: dict[str, list[float]] = {who: [] for who in contenders}
            for _ in range(1 if self.interpret else 5):
                windows = list(itertools.islice(text, count))
                for who, run in contenders.items():
                    self.wait()
                    began = time.monotonic()
                    run(windows)
                    self.wait()
                    seconds[who].append(time.monotonic() - began)
            size = count * config.window * config.streams
            ratios = [b / a for a, b in zip(seconds["ours"], seconds["torch"], strict=True)]
            rows.append(
                {"name": name}
                | {f"{who}, B/s": size / statistics.median(times) for who, times in seconds.items()}
                | {"ours / torch": statistics.median(ratios), "torch's weights": theirs.weights}
            )
            del ours, theirs, contenders, encode, run
            self.clear()
        return {"rows": rows}

    def kernels(self) -> dict[str, Any]:
        """Every kernel of the large networks against its floor."""
        return self._with_schedules(("large", "xl"), gpu_kernels.profile)

    def tiles(self) -> dict[str, Any]:
        """The products with other tiles."""
        return self._with_schedules(("xl",), gpu_kernels.variants)

    def selfcheck(self) -> dict[str, Any]:
        """What every user's first run does: it compiles the kernels for small networks."""
        if self.interpret:
            return {"not done": "it asks for a GPU"}
        selfcheck.run("cuda")
        return {"equal": {"all stages": True}}

    def _with_schedules(
        self, names: tuple[str, ...], measure: Callable[..., Iterator[dict[str, Any]]]
    ) -> dict[str, Any]:
        rates = {} if self.interpret else gpu_kernels.rates()
        rows: list[dict[str, Any]] = []
        for name in names:
            if name in self.measured:
                config = self.measured[name]
                predictor = self.predictor(config)
                for symbols in itertools.islice(self.text(config), 2):
                    predictor.predict_window(symbols)
                    predictor.learn()
                found = measure(predictor.schedule, rates, self.interpret)
                rows += [row | {"name": f"{name} {row['name']}"} for row in found]
                del predictor, found
                self.clear()
        return {"rows": rows}

    # -- helpers ---------------------------------------------------------------------------------------------------

    def _build(
        self, config: Config, windows: int, *, engine: str, threads: int, state: State | None = None
    ) -> Any:
        if engine == "cuda":
            network = None
            if config.layers:
                network = CudaPredictor(config, windows, "cpu" if self.interpret else None, state)
            return MixedEngine(config, network, threads, state) if config.mixing else CudaEngine(network)
        return engines.build(config, windows, engine=engine, threads=threads, state=state)

    def wait(self) -> None:
        """Until the device has done all it was told."""
        if not self.interpret:
            torch.cuda.synchronize()

    def clear(self) -> None:
        """Give the memory of predictors that are gone back."""
        if not self.interpret:
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
