"""The recurrent predictor: one specification (``reference``) and engines that equal it bit for bit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from rnncompress.config import Config
from rnncompress.errors import DeviceError

if TYPE_CHECKING:
    from rnncompress.network import Predictor


def build(
    config: Config,
    windows: int,
    *,
    engine: str = "cpu",
    threads: int = 1,
    state: Mapping[str, NDArray[Any]] | None = None,
) -> "Predictor":
    """A predictor for a file of ``windows`` windows, computed by ``engine`` ("reference", "cpu" or "cuda").

    It begins with ``state``, or else with the start weights. The engine and the number of threads change the speed,
    never a bit.

    Raises:
        DeviceError: the engine cannot run on this machine.
        ValueError: there is no network in ``config``.
    """
    if not config.layers:
        raise ValueError("layers is 0: there is no network to predict with")
    if engine == "reference":
        from rnncompress.lstm.reference import ReferencePredictor

        return ReferencePredictor(config, windows, state)
    if engine == "cpu":
        from rnncompress.lstm.cpu.predictor import CpuPredictor

        return CpuPredictor(config, windows, threads, state)
    if engine == "cuda":
        from rnncompress.lstm.cuda.device import require

        require()  # before torch is imported, which takes longer than to tell that there is no GPU
        from rnncompress.lstm.cuda.predictor import CudaPredictor

        return CudaPredictor(config, windows, state=state)
    raise DeviceError(f"there is no engine {engine!r}: use the CPU (--device cpu)")


def available(engine: str) -> bool:
    """Whether ``build`` can make this engine here."""
    if engine == "cuda":
        from rnncompress.lstm.cuda.device import obstacle

        return obstacle() is None
    return engine in ("reference", "cpu")
