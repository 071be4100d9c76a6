"""PyTorch is for GPUs: nothing that runs on a CPU imports it."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
sys.modules |= {"torch": None, "triton": None}  # to import them is an error now
from rnncompress.cli import main
main(sys.argv[1:], prog_name="rnncompress")
"""
TEXT = b"to be or not to be, that is the question; " * 20


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command in a process that has no PyTorch."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_cpu_needs_no_pytorch(folder: Path) -> None:
    """encode, verify, decode, train, evaluate, sample and selfcheck run where torch and triton cannot be imported."""
    (folder / "in").write_bytes(TEXT)
    for arguments in (
        ["encode", "in", "--preset", "fast", "--threads", "2"],
        ["verify", "in.rnnc", "--against", "in"],
        ["decode", "in.rnnc", "-o", "out"],
        ["train", "in", "-o", "m.rnnm", "--preset", "default", "--epochs", "1"],
        ["evaluate", "in", "--model", "m.rnnm"],
        ["sample", "--model", "m.rnnm", "--length", "5"],
        ["selfcheck"],
    ):
        result = run(folder, *arguments)
        assert result.returncode == 0, (arguments, result.stderr)
    assert (folder / "out").read_bytes() == TEXT


def test_cuda_without_pytorch_is_one_line(folder: Path) -> None:
    """Asked for a GPU the program says what is missing, with the exit code for a missing device."""
    (folder / "in").write_bytes(TEXT)
    result = run(folder, "encode", "in", "--device", "cuda")
    assert (result.returncode, result.stderr.count("\n")) == (4, 1), result.stderr
    assert result.stderr.startswith("rnncompress: error: no usable CUDA device here: ")
