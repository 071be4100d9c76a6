"""Where ``--device auto`` computes, and what is told where PyTorch is missing. Needs neither GPU nor PyTorch."""

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncompress import devices, presets
from rnncompress.config import Config
from rnncompress.errors import DeviceError
from rnncompress.lstm.cuda import device

LARGE = presets.get("large", 10**8)

Patch = pytest.MonkeyPatch


@pytest.fixture
def without(monkeypatch: Patch) -> object:
    """Makes a machine with a driver, but without some modules."""

    def make(*modules: str) -> None:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: None)
        monkeypatch.setattr(device, "find_spec", lambda name: None if name in modules else object())

    return make


@pytest.mark.parametrize(
    ("preset", "length", "worth"),
    [
        ("large", 10**8, True),
        ("xl", 10**6, True),
        ("large", 1000, False),
        ("xl", 42_165, True),
        ("default", 1000, False),
        ("default", 3_000_000, False),
        ("fast", 10**9, False),
        ("max", 10**9, False),
        ("graves-wiki", 10**8, True),
    ],
)
def test_a_gpu_is_for_large_networks_and_inputs(preset: str, length: int, worth: bool) -> None:
    """A small file or a small network stays on the CPU."""
    assert devices.worth_a_gpu(presets.get(preset, length), length) == worth


@given(st.integers(0, 10**10), st.integers(1, 4), st.integers(1, 64), st.integers(1, 256))
def test_more_of_it_is_never_worth_less(length: int, layers: int, tens: int, streams: int) -> None:
    """Whatever is worth a GPU still is with more layers, units, streams or bytes."""
    config = Config(layers=layers, hidden=16 * tens, streams=streams)
    if devices.worth_a_gpu(config, length):
        more = config.replace(layers=layers + 1, hidden=16 * tens + 16, streams=streams + 1)
        assert devices.worth_a_gpu(more, length + 1)


def test_the_choice(monkeypatch: Patch) -> None:
    """Who names a device gets it; auto asks for a GPU only where one would be worth it."""
    asked = []
    monkeypatch.setattr(device, "missing_package", lambda: None)
    monkeypatch.setattr(device, "obstacle", lambda: asked.append(1))
    assert devices.choose("cpu", LARGE, 10**8) == "cpu"
    assert devices.choose("cuda", Config(), 1) == "cuda"
    assert devices.choose("auto", Config(), 1000) == "cpu"
    assert devices.choose("auto", None, 10**9) == "cpu"
    assert not asked
    assert devices.choose("auto", LARGE, 10**8) == "cuda"
    monkeypatch.setattr(device, "obstacle", lambda: "too old")
    assert devices.choose("auto", LARGE, 10**8) == "cpu"


@pytest.mark.parametrize("missing", [("torch", "triton"), ("triton",)])
def test_without_pytorch_one_line_says_how_to_get_it(without, missing: tuple[str, ...]) -> None:
    """auto computes on the CPU and says so where a GPU is left idle; cuda refuses and says the same."""
    without(*missing)
    said: list[str] = []
    assert devices.choose("auto", LARGE, 10**8, said.append) == "cpu"
    [line] = said
    assert "pip install torch triton" in line
    assert devices.choose("auto", Config(), 1000, said.append) == "cpu"
    assert len(said) == 1
    with pytest.raises(DeviceError, match="pip install torch triton") as caught:
        devices.check("cuda")
    assert "\n" not in str(caught.value)


def test_without_a_driver_nothing_is_said(monkeypatch: Patch) -> None:
    """Where no GPU is, PyTorch would not help."""

    def no_driver(name: str) -> None:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", no_driver)
    said: list[str] = []
    assert devices.choose("auto", LARGE, 10**8, said.append) == "cpu"
    assert not said
    with pytest.raises(DeviceError, match="no NVIDIA driver"):
        devices.check("cuda")
