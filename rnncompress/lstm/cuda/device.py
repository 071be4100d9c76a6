"""Is there a GPU to compute on, and what its failures mean to the user."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from rnncompress.errors import DeviceError, RnncompressError

if TYPE_CHECKING:
    import torch

CAPABILITY: Final = (8, 0)
"""The least compute capability: tensor cores for 8-bit integers as the kernels use them."""

INSTEAD: Final = "use --device cpu, which gives the same bytes"
INSTALL: Final = "pip install torch triton"
"""What the extra ``gpu`` brings."""


def missing_package() -> str | None:
    """The package that a GPU with its driver lacks here, and how to get it; None if that is not what is missing."""
    if not _has_driver():
        return None
    for module, name in (("torch", "PyTorch"), ("triton", "the package triton")):
        if not _installed(module):
            return f"an NVIDIA driver is here, but {name} is not: to use the GPU, {INSTALL}"
    return None


def obstacle() -> str | None:
    """Why no GPU can be used here; None where one can. Imports torch only where there is a driver."""
    if not _has_driver():
        return "no NVIDIA driver is installed"
    if text := missing_package():
        return text
    import torch

    if torch.version.cuda is None:
        return "this PyTorch is built without CUDA"
    if not torch.cuda.is_available():
        return "PyTorch finds no device"
    if torch.cuda.get_device_capability() < CAPABILITY:
        found, least = (".".join(map(str, pair)) for pair in (torch.cuda.get_device_capability(), CAPABILITY))
        return (
            f"{torch.cuda.get_device_name()} is too old: it has compute capability {found}, {least} is needed"
        )
    return None


def _has_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # something without a specification stands in its place
        return False


def require() -> "torch.device":
    """The device to compute on. Raises DeviceError, which says what is missing."""
    with translated():
        if reason := obstacle():
            raise DeviceError(f"no usable CUDA device here: {reason}; or {INSTEAD}")
        import torch

        return torch.device("cuda", torch.cuda.current_device())


def describe() -> list[str | None]:
    """What the numbers of the device could depend on: versions, name, compute capability."""
    import torch
    import triton

    capability = ".".join(map(str, torch.cuda.get_device_capability()))
    return [
        torch.__version__,
        triton.__version__,
        torch.version.cuda,
        torch.cuda.get_device_name(),
        capability,
    ]


@contextmanager
def translated() -> Iterator[None]:
    """In the block failures of the device become DeviceErrors of one line; all other exceptions are bugs and pass."""
    try:
        yield
    except RnncompressError:
        raise
    except Exception as error:
        if (text := _in_words(error)) is None:
            raise
        raise DeviceError(f"{text}; {INSTEAD}") from error


def _in_words(error: Exception) -> str | None:
    """What failed, if it was the device. Without PyTorch nothing of a device can fail."""
    torch = sys.modules.get("torch")
    first = (str(error).splitlines() or [""])[0]
    if torch and isinstance(error, torch.OutOfMemoryError):
        return "the memory of the GPU is not enough for this model, or others use it"
    if type(error).__module__.startswith("triton"):
        return f"Triton cannot compile or start the kernels here: {type(error).__name__}: {first}"
    if isinstance(error, RuntimeError) and "C compiler" in first:
        return "Triton needs a C compiler to start the kernels, and finds none (install gcc)"
    if isinstance(error, RuntimeError) and ("CUDA" in str(error) or "NVIDIA" in str(error)):
        return f"the GPU failed: {first}"
    return None
