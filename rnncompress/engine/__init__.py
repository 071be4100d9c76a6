"""Engines: a network, and the coders that turn what it predicts into bytes and back, joined for one device.

``reference`` is the specification; ``cpu`` and ``cuda`` equal it bit for bit, and decode a window in one call.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from numpy.typing import NDArray

from rnncompress import lstm
from rnncompress.config import Config
from rnncompress.engine.stages import Engine, Stages
from rnncompress.engine.state import split
from rnncompress.errors import DeviceError

__all__ = ["ENGINES", "Engine", "EngineName", "build"]

EngineName = Literal["reference", "cpu", "cuda"]
ENGINES: Final[tuple[EngineName, ...]] = get_args(EngineName)


def build(
    config: Config,
    windows: int,
    *,
    engine: str = "cpu",
    threads: int = 1,
    state: Mapping[str, NDArray[Any]] | None = None,
) -> Engine:
    """An engine for a file of ``windows`` windows, whose network begins as in :func:`rnncompress.lstm.build`.

    The engine and the number of threads change the speed, never a bit.

    Raises:
        DeviceError: the engine cannot run on this machine.
        ValueError: there is neither a network nor mixing in ``config``.
    """
    if engine not in ENGINES:
        raise DeviceError(f"there is no engine {engine!r}: use the CPU (--device cpu)")
    if not (config.layers or config.mixing):
        raise ValueError("layers and mixing are 0: there is nothing to predict with")
    network: Any = None
    if config.layers:
        begin = split(state)[0] if state is not None else None
        network = lstm.build(config, windows, engine=engine, threads=threads, state=begin)
    if config.mixing:
        if engine == "reference":
            from rnncompress.engine.mixed_reference import MixedReference

            return MixedReference(config, network, state)
        from rnncompress.engine.mixed import MixedEngine

        return MixedEngine(config, network, threads, state)
    if engine == "cpu":
        from rnncompress.engine.cpu import CpuEngine

        return CpuEngine(network)
    if engine == "cuda":
        from rnncompress.engine.cuda import CudaEngine

        return CudaEngine(network)
    return Stages(network)
