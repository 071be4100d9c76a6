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
import gpu_torch
import numpy as np
import torch

from rnncompress import codec, lstm, presets, selfcheck
from rnncompress import engine as engines
from rnncompress.bench import machine
from rnncompress.coder.lanes import Parts
from rnncompress.config import Config
from rnncompress.engine.cuda import CudaEngine
from rnncompress.engine.stages import Stages
from rnncompress.lstm.cuda.device import require
from rnncompress.lstm.cuda.predictor import CudaPredictor
from rnncompress.lstm.state import State

ROOT = Path(__file__).resolve().parent.parent
LONG = 66_000_000
"""Bytes of the input whose configurations are measured."""


class Bench:
    """The device, the text and the sizes that all sections share."""

    def __init__(self, file: Path | None, *, interpret: bool) -> None:
        self.interpret = interpret
        self.device = torch.device("cpu") if interpret else require()
        data = (file or ROOT / "corpora" / "sample.txt").read_bytes()
        self.source = {"file": file.name if file else "the embedded sample, repeated", "bytes": len(data)}
        self._data = data * -(-2_000_000 // len(data)) if len(data) < 2_000_000 else data[:20_000_000]
        if interpret:
            tiny = Config(layers=2, hidden=16, streams=2, window=2, contexts=1 << 2, context_bits=4)
            self.measured = {"xl": tiny}
            self.filed = {"fast": (tiny.replace(layers=1, streams=16, rate_first=200_000), 96)}
            self._data = b"ab" * 1000
        else:
            names = ("default", "large", "xl")
            self.measured = {name: presets.get(name, LONG) for name in names}
            fast = presets.get("fast", LONG)
            default, large = self.measured["default"], self.measured["large"]
            self.filed = {"fast": (fast, 307_200), "default": (default, 307_200), "large": (large, 24_500)}
        self.threads = machine.cores()

    def configurations(self) -> dict[str, Any]:
        """Every field of every configuration that is used."""
        used = self.measured | {name: config for name, (config, _) in self.filed.items()}
        return {
            name: dataclasses.asdict(config) | {"weights": config.weights} for name, config in used.items()
        }

    def engine(self, config: Config) -> CudaEngine:
        """The engine under test, at the beginning of a long file."""
        return CudaEngine(self.predictor(config))

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
                for one in (expected, encoder):
                    one.learn()
            state, other = expected.state(), encoder.state()
            for key in state:
                equal[f"{name}: {key}"] = state[key].tobytes() == other[key].tobytes()
            symbols = next(self.text(config))
            expected.predict_window(symbols)
            cum, freq = expected.coded()
            same = True
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
                codec.encode(
                    io.BytesIO(data), target, config, engine=engine, threads=self.threads, build=self._build
                )
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
        """Encoding, then decoding what was encoded, and the memory."""
        rows = []
        for name, config in self.measured.items():
            if not self.interpret:
                torch.cuda.reset_peak_memory_stats()
            rows.append({"name": name, **self._throughput(config)})
            if not self.interpret:
                rows[-1]["peak memory, GB"] = torch.cuda.max_memory_allocated() / 1e9
            self.clear()
        return {"rows": rows}

    def _throughput(self, config: Config) -> dict[str, float]:
        encoder, decoder = self.engine(config), self.engine(config)
        text, size = self.text(config), config.window * config.streams
        warm = [next(text) for _ in range(0 if self.interpret else 3)]
        for engine in (encoder, decoder):
            self._encode(engine, warm)
        # The decoder's launches, too, are recorded before anything is measured: both ways of decoding.
        for by_host in (True, False):
            block = self._encode(encoder, warm)
            self._decode(decoder, warm, block, by_host=by_host)
        speeds: dict[str, list[float]] = {}

        def measure(what: str, work: Callable[[], Any], count: int) -> Any:
            began = time.monotonic()
            result = work()
            self.wait()
            speeds.setdefault(what, []).append(count * size / (time.monotonic() - began))
            return result

        for turn in range(2 if self.interpret else 6):
            windows = list(itertools.islice(text, 1 if self.interpret else 24))
            block = measure("encode, B/s", functools.partial(self._encode, encoder, windows), len(windows))
            by_host = turn % 2 == 1
            what = "decode with the host's coder, B/s" if by_host else "decode, B/s"
            decode = functools.partial(self._decode, decoder, windows, block, by_host=by_host)
            decoded = measure(what, decode, len(windows))
            if not all((one == other).all() for one, other in zip(decoded, windows, strict=True)):
                raise AssertionError("what was decoded is not what was encoded")
        return {what: statistics.median(values) for what, values in speeds.items()}

    def _encode(self, engine: CudaEngine, windows: list[np.ndarray]) -> Parts:
        engine.begin_block(None)
        for symbols in windows:
            engine.encode_window(symbols, symbols.size)
            engine.learn()
        return engine.end_block()

    def _decode(
        self, engine: CudaEngine, windows: list[np.ndarray], block: Parts, *, by_host: bool
    ) -> list[np.ndarray]:
        """On the device, or by tables that come to the host."""
        decode = functools.partial(Stages.decode_window, engine) if by_host else engine.decode_window
        engine.begin_block(block)
        result = []
        for known in windows:
            result.append(decode(len(known), known.size))
            engine.learn()
        engine.end_block()
        return result

    def comparison(self) -> dict[str, Any]:
        """Our encoder and torch.nn.LSTM, window by window in turns."""
        rows = []
        for name, config in self.measured.items():
            text = self.text(config)
            ours, theirs = self.engine(config), gpu_torch.Network(config, self.device)
            count = 1 if self.interpret else 16

            def encode(windows: list[np.ndarray], ours: CudaEngine = ours) -> None:
                self._encode(ours, windows)

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
        """What every user's first run does: it compiles the kernels for two small networks."""
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
            return CudaEngine(CudaPredictor(config, windows, "cpu" if self.interpret else None, state))
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
