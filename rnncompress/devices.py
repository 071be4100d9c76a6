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

CPU_RATE: Final = 1.4e11
"""Multiply-accumulates a second of a CPU: measured with two cores of an AMD EPYC and networks of 1.5 and 10 million
weights, learning included. More cores do more; where a GPU is worth it by far, that changes nothing."""
GPU_RATE: Final = 5e13
"""The same of a GPU: 12 operations on 8-bit integers each, at a third of what an H100 could do. Not measured yet."""
GPU_BYTES: Final = 1e12
"""Bytes a second between a GPU and its memory, of which each step reads the weights, two bytes each."""
LAUNCH: Final = 3e-6
"""Seconds that a kernel takes even if it has nothing to do."""
BEGIN: Final = 20.0
"""Seconds until a GPU begins: PyTorch is loaded, kernels are compiled, the self-check runs."""
LAUNCHES: Final = 12
"""Of a step, besides one for each layer: embedding, logits, frequencies and the like, and its share of learning."""

_given_up: Final[set[str]] = set()
"""Engines that have failed in this process."""


def seconds(config: Config, length: int) -> tuple[float, float]:
    """What the network takes for ``length`` symbols, both ways about alike, on a CPU and on a GPU: a rough estimate.

    Mixing is done by the CPU in either case.
    """
    work = 3 * config.macs * length  # forwards, backwards, update
    step = LAUNCH * (config.layers + LAUNCHES) + 2 * config.macs / GPU_BYTES
    return work / CPU_RATE, BEGIN + length / config.streams * step + work / GPU_RATE


def worth_a_gpu(config: Config, length: int) -> bool:
    """Whether a GPU is probably faster for ``length`` symbols: many streams of a large network, and not few symbols."""
    if not config.layers:
        return False
    on_cpu, on_gpu = seconds(config, length)
    return on_gpu < on_cpu


def give_up(engine: "EngineName") -> None:
    """Not to be chosen again: it has failed here."""
    _given_up.add(engine)


def check(device: Device) -> None:
    """Raise DeviceError early if ``device`` cannot be used here, whatever the network is."""
    if device == "cuda":
        from rnncompress.lstm.cuda.device import require

        require()


def choose(
    device: Device, config: Config | None, length: int, tell: Callable[[str], None] = lambda text: None
) -> "EngineName":
    """The engine for ``length`` symbols (bytes of a file) with the network ``config``, None where there is none.

    "auto" takes a usable GPU where it is worth it, unless it was given up, and the CPU elsewhere. If PyTorch is all
    that a GPU lacks, ``tell`` gets one line that says so.
    """
    if device != "auto":
        return device
    if config is None or "cuda" in _given_up or not worth_a_gpu(config, length):
        return "cpu"
    from rnncompress.lstm.cuda.device import missing_package, obstacle

    if package := missing_package():
        tell(package)
        return "cpu"
    return "cpu" if obstacle() else "cuda"
