"""Where no GPU can be used, or one fails, there is one line that says why, exit code 4, and nothing is lost."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import fake
import pytest
import torch
from conftest import contents

from rnncompress import trust
from rnncompress.config import Config
from rnncompress.errors import DeviceError
from rnncompress.lstm import available, build
from rnncompress.lstm.cuda import device

Patch = pytest.MonkeyPatch


@pytest.fixture
def gpu(monkeypatch: Patch) -> Callable[..., None]:
    """Makes a machine with a driver, PyTorch for CUDA and a GPU, changed by what the test says."""

    def make(cuda: str | None = "13.0", found: bool = True, capability: tuple[int, int] = (9, 0)) -> None:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: None)
        monkeypatch.setattr(device, "find_spec", lambda name: object())
        monkeypatch.setattr(torch.version, "cuda", cuda)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: found)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "GPU of Theseus")
        monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)

    return make


def no_driver(name: str) -> None:
    raise OSError(f"{name}: cannot open shared object file")


def refused(says: str) -> None:
    assert not available("cuda")
    with pytest.raises(DeviceError, match=says) as caught:
        build(Config(), 1, engine="cuda")
    assert "--device cpu" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_no_driver(monkeypatch: Patch) -> None:
    """Without an NVIDIA driver there is nothing to ask PyTorch."""
    monkeypatch.setattr(ctypes, "CDLL", no_driver)
    refused("driver")


def test_no_triton(gpu: Callable[..., None], monkeypatch: Patch) -> None:
    """Without Triton there are no kernels."""
    gpu()
    monkeypatch.setattr(device, "find_spec", lambda name: None if name == "triton" else object())
    refused("triton")


def test_pytorch_without_cuda(gpu: Callable[..., None]) -> None:
    """A PyTorch for CPUs on a machine with a GPU."""
    gpu(cuda=None)
    refused("without CUDA")


def test_no_device(gpu: Callable[..., None]) -> None:
    """A driver, but no device, or one that is hidden."""
    gpu(found=False)
    refused("no device")


def test_a_device_too_old(gpu: Callable[..., None]) -> None:
    """A GPU whose tensor cores do not multiply integers as the kernels do."""
    gpu(capability=(7, 5))
    refused(r"GPU of Theseus is too old: it has compute capability 7\.5, 8\.0 is needed")


def test_a_device_that_will_do(gpu: Callable[..., None]) -> None:
    """What a usable GPU looks like, and what a self-check that passed on it is remembered for."""
    pytest.importorskip("triton")
    gpu(capability=(8, 9))
    assert available("cuda")
    assert device.require() == torch.device("cuda:0")
    assert '"GPU of Theseus", "8.9"' in trust.fingerprint("cuda")


def test_auto_takes_the_cpu(cli: Callable[..., object], folder: Path, monkeypatch: Patch) -> None:
    """``--device auto`` computes on the CPU where there is no GPU, ``--device cuda`` refuses."""
    monkeypatch.setattr(ctypes, "CDLL", no_driver)
    (folder / "in").write_bytes(b"text " * 50)
    assert cli("encode", "in").exit_code == 0
    before = contents(folder)
    result = cli("encode", "--device", "cuda", "in", "-o", "out")
    assert (result.exit_code, contents(folder)) == (4, before)
    assert result.stderr.startswith("rnncompress: error: no usable CUDA device here: no NVIDIA driver")


FAILURES = [
    (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nmore"), "memory of the GPU"),
    (RuntimeError("CUDA error: an illegal memory access was encountered\nmore"), "illegal memory access"),
    (RuntimeError("Triton Error [CUDA]: device-side assert triggered"), "device-side assert"),
    (RuntimeError("Failed to find C compiler. Please specify via CC"), "C compiler"),
]


@pytest.mark.parametrize(("failure", "says"), FAILURES)
def test_failures_of_the_device_are_one_line(failure: Exception, says: str) -> None:
    """What PyTorch and Triton raise when a device fails becomes a DeviceError."""
    with pytest.raises(DeviceError, match=says) as caught, device.translated():
        raise failure
    assert "\n" not in str(caught.value)


def test_bugs_stay_bugs() -> None:
    """An exception that the device has nothing to do with passes as it is."""
    with pytest.raises(RuntimeError, match="shape mismatch"), device.translated():
        raise RuntimeError("shape mismatch")


def test_a_device_that_fails_midway_loses_nothing(
    cli: Callable[..., object], folder: Path, text: bytes, monkeypatch: Patch
) -> None:
    """When the memory of the GPU runs out in the middle of a file, the checkpoint stays and the CPU goes on from it."""
    (folder / "in").write_bytes(text)
    learn = fake.CountingPredictor.learn

    def fails(self: fake.CountingPredictor) -> None:
        learned.append(self)
        if len(learned) > 9:
            raise torch.OutOfMemoryError("CUDA out of memory")
        learn(self)

    learned: list[object] = []
    with monkeypatch.context() as patch:
        patch.setattr(fake.CountingPredictor, "learn", device.translated()(fails))
        result = cli("encode", "in", "--checkpoint-every", "100b")
    assert result.exit_code == 4
    assert "memory of the GPU is not enough" in result.stderr
    assert result.stderr.endswith("keeps what was done: the same command with --resume goes on\n")
    assert cli("encode", "in", "--resume").exit_code == 0
    assert cli("encode", "in", "-o", "anew").exit_code == 0
    assert (folder / "anew").read_bytes() == (folder / "in.rnnc").read_bytes()
