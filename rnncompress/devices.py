"""Where to compute: a file has the same bytes wherever it is made, so this is a question of time alone.

``choose`` answers it for one network and one input, without a look at any GPU unless it could be worth it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from rnncompress.config import Config

if TYPE_CHECKING:
    from rnncompress.engine import EngineName

Device = Literal["auto", "cpu", "cuda"]
DEVICES: Final[tuple[Device, ...]] = ("auto", "cpu", "cuda")

BUSY_STEP: Final = 1 << 24
"""Multiply-accumulates of a forward step of all streams from which on a GPU is faster: about 0.5 ms of a CPU with
learning, at 10^11 a second, against some ten launches of 3 µs for each layer."""

LEAST_WORK: Final = 1 << 39
"""Multiply-accumulates of all forward steps: about 20 s of a CPU with learning. A GPU takes as long to begin, since
PyTorch is loaded and the kernels are compiled."""


def worth_a_gpu(config: Config, length: int) -> bool:
    """Whether a GPU is probably faster for ``length`` symbols: if a step and the whole are large enough."""
    return config.macs * config.streams >= BUSY_STEP and config.macs * length >= LEAST_WORK


def check(device: Device) -> None:
    """Raise DeviceError early if ``device`` cannot be used here, whatever the network is."""
    if device == "cuda":
        from rnncompress.lstm.cuda.device import require

        require()


def choose(
    device: Device, config: Config | None, length: int, tell: Callable[[str], None] = lambda text: None
) -> "EngineName":
    """The engine for ``length`` symbols (bytes of a file) with the network ``config``, None where there is none.

    "auto" takes a usable GPU where it is worth it and the CPU elsewhere. If PyTorch is all that a GPU lacks, ``tell``
    gets one line that says so.
    """
    if device != "auto":
        return device
    if config is None or not worth_a_gpu(config, length):
        return "cpu"
    from rnncompress.lstm.cuda.device import missing_package, obstacle

    if package := missing_package():
        tell(package)
        return "cpu"
    return "cpu" if obstacle() else "cuda"
