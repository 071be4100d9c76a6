"""Engines: a network, and the coders that turn what it predicts into bytes and back, joined for one device.

``reference`` is the specification; ``cpu`` and ``cuda`` equal it bit for bit, and decode a window in one call.
"""

from typing import Final, Literal, get_args

from rnncompress.config import Config
from rnncompress.engine.stages import Engine
from rnncompress.errors import DeviceError

__all__ = ["ENGINES", "Engine", "EngineName", "build"]

EngineName = Literal["reference", "cpu", "cuda"]
ENGINES: Final[tuple[EngineName, ...]] = get_args(EngineName)


def build(config: Config, windows: int, *, engine: str = "cpu", threads: int = 1) -> Engine:
    """A fresh engine for a file of ``windows`` windows.

    The engine and the number of threads change the speed, never a bit.

    Raises:
        DeviceError: the engine cannot run on this machine.
    """
    if engine == "reference":
        from rnncompress.engine.stages import Stages
        from rnncompress.lstm.reference import ReferencePredictor

        return Stages(ReferencePredictor(config, windows))
    if engine == "cpu":
        from rnncompress.engine.cpu import CpuEngine
        from rnncompress.lstm.cpu.predictor import CpuPredictor

        return CpuEngine(CpuPredictor(config, windows, threads))
    if engine == "cuda":
        from rnncompress.lstm.cuda.device import require

        require()  # before torch is imported, which takes longer than to tell that there is no GPU
        from rnncompress.engine.cuda import CudaEngine
        from rnncompress.lstm.cuda.predictor import CudaPredictor

        return CudaEngine(CudaPredictor(config, windows))
    raise DeviceError(f"there is no engine {engine!r}: use the CPU (--device cpu)")
