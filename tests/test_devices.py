"""Where ``--device auto`` computes, what is told where PyTorch is missing, and that a GPU that fails costs nothing.

Needs neither GPU nor PyTorch.
"""

import ctypes
from collections.abc import Callable
from functools import partial
from pathlib import Path

import fake
import pytest
from click.testing import Result
from conftest import contents
from hypothesis import given
from hypothesis import strategies as st

from rnncompress import codec, devices, presets
from rnncompress.config import Config
from rnncompress.engine import Engine
from rnncompress.engine.stages import Stages
from rnncompress.errors import DeviceError, SelfCheckError
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
        ("graves-strokes", 10**9, False),
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


class Gpu(fake.CountingPredictor):
    """One that fails when it learns from its window number ``last``."""

    last = 0
    windows = 0
    """Of all of these, learnt."""

    def learn(self) -> None:
        type(self).windows += 1
        if self.windows > self.last:
            raise DeviceError(f"the GPU failed: CUDA error: unspecified; {device.INSTEAD}")
        super().learn()


@pytest.fixture
def gpu(cli: Callable[..., Result], monkeypatch: Patch) -> Callable[..., type[Gpu]]:
    """Has ``--device auto`` take a GPU, which fails after ``windows`` windows, or as it is built with ``refuses``."""

    def make(windows: int = 0, refuses: Exception | None = None) -> type[Gpu]:
        class Own(Gpu):
            last = windows

        def build(config: Config, windows: int, *, engine: str, **_: object) -> Engine:
            if engine != "cuda":
                return fake.build(config, windows)
            if refuses:
                raise refuses
            return Stages(Own(config.replace(mixing=0)))

        monkeypatch.setattr(codec, "encode", partial(codec.encode.func, build=build))
        monkeypatch.setattr(codec, "decode", partial(codec.decode.func, build=build))
        monkeypatch.setattr(devices, "_given_up", set())
        monkeypatch.setattr(devices, "check", lambda device: None)
        monkeypatch.setattr(devices, "worth_a_gpu", lambda config, length: True)
        for name in ("missing_package", "obstacle"):
            monkeypatch.setattr(device, name, lambda: None)
        return Own

    return make


@pytest.mark.parametrize("command", ["encode", "decode"])
@pytest.mark.parametrize("every", ["100b", "off"])
def test_a_gpu_that_fails_midway_costs_nothing(
    cli: Callable[..., Result],
    folder: Path,
    text: bytes,
    gpu: Callable[..., type[Gpu]],
    command: str,
    every: str,
) -> None:
    """The CPU goes on from the checkpoint, or from the start where there is none; one line says so."""
    (folder / "in").write_bytes(text)
    assert cli("encode", "in", "-o", "right", "--device", "cpu").exit_code == 0
    source, right = ("in", folder / "right") if command == "encode" else ("right", folder / "in")
    gpu(9)
    result = cli(command, source, "-o", "out", "--checkpoint-every", every)
    where = f"goes on from {folder / 'out.ckpt'}" if every != "off" else "does it from the start"
    assert result.exit_code == 0
    lines = [line for line in result.stderr.splitlines() if "GPU" in line or "going on" in line]
    assert lines == [f"rnncompress: the GPU failed: CUDA error: unspecified; the CPU {where}"]
    assert (folder / "out").read_bytes() == right.read_bytes()
    assert set(contents(folder)) == {"in", "right", "out"}


def test_what_an_earlier_run_has_left_is_not_gone_on_from(
    cli: Callable[..., Result], folder: Path, text: bytes, gpu: Callable[..., type[Gpu]]
) -> None:
    """Only what this run has saved, or was told to go on from."""
    (folder / "in").write_bytes(text)
    gpu(9)
    assert cli("encode", "in", "--device", "cuda", "--checkpoint-every", "100b").exit_code == 4
    assert (folder / "in.rnnc.ckpt").exists()
    gpu(refuses=DeviceError("it will not"))
    result = cli("encode", "in", "-f")
    assert "it will not; the CPU does it from the start" in result.stderr
    gpu(9)
    assert cli("encode", "in", "-f", "--device", "cuda", "--checkpoint-every", "100b").exit_code == 4
    gpu(refuses=DeviceError("it will not"))
    result = cli("encode", "in", "-f", "--resume")
    assert f"it will not; the CPU goes on from {folder / 'in.rnnc.ckpt'}" in result.stderr


def test_a_gpu_that_computes_otherwise_is_not_used_again(
    cli: Callable[..., Result], folder: Path, text: bytes, gpu: Callable[..., type[Gpu]]
) -> None:
    """One line for all files of the run."""
    for name in ("one", "two"):
        (folder / name).write_bytes(text)
    gpu(refuses=SelfCheckError("the cuda engine computes other numbers"))
    result = cli("encode", "one", "two")
    assert result.exit_code == 0
    assert result.stderr.count("the cuda engine computes other numbers; the CPU does it from the start") == 1
    assert (folder / "one.rnnc").read_bytes() == (folder / "two.rnnc").read_bytes()


@pytest.mark.parametrize("refusal", [DeviceError("out of order"), SelfCheckError("other numbers")])
def test_a_gpu_that_was_named_is_not_replaced(
    folder: Path,
    gpu: Callable[..., type[Gpu]],
    refuses: Callable[..., None],
    refusal: Exception,
) -> None:
    """``--device cuda`` ends with an error."""
    (folder / "in").write_bytes(b"text")
    gpu(refuses=refusal)
    refuses(4, "encode", "in", "--device", "cuda", says=str(refusal))


@pytest.mark.parametrize(
    ("command", "work"),
    [
        ("explain", "rnncompress.explaining.costs.measure"),
        ("train", "rnncompress.training.trainer.train"),
    ],
)
def test_other_commands_leave_a_gpu_that_fails_as_well(
    cli: Callable[..., Result],
    folder: Path,
    text: bytes,
    gpu: Callable[..., type[Gpu]],
    monkeypatch: Patch,
    command: str,
    work: str,
) -> None:
    """They ask the CPU next."""
    (folder / "in").write_bytes(text)
    gpu()
    asked = []

    def fails(*_: object, engine: str, **__: object) -> None:
        asked.append(engine)
        raise DeviceError(f"the {engine} is out of order")

    monkeypatch.setattr(work, fails)
    result = cli(command, "in", "-o", "out")
    assert (result.exit_code, asked) == (4, ["cuda", "cpu"])
    assert "the cuda is out of order; the CPU does it from the start" in result.stderr
    assert "error: the cpu is out of order" in result.stderr
