"""benchmarks/gpu_suite.py runs to its end, shown with tiny sizes in Triton's interpreter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).parent.parent / "benchmarks" / "gpu_suite.py"
INTERPRETED = """
import runpy, sys
import interpreted
sys.argv[0] = sys.argv.pop(1)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs it with Triton's interpreter made as fast as the other tests have it."""
SECTIONS = [
    "machine",
    "functions",
    "windows",
    "files",
    "throughput",
    "choice",
    "comparison",
    "kernels",
    "selfcheck",
    "tiles",
]


def suite(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    start = ["-c", INTERPRETED, str(SUITE)] if "--interpret" in options else [str(SUITE)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, *start, "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


def test_every_section_runs(tmp_path: Path) -> None:
    """All sections give results, everything that is compared is equal, and the table tells it."""
    pytest.importorskip("triton")
    done = suite(tmp_path / "out.json", "--interpret")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("0 failures\n")
    sections = json.loads((tmp_path / "out.json").read_bytes())["sections"]
    assert list(sections) == SECTIONS
    for name in ("functions", "windows", "files"):
        assert all(sections[name]["equal"].values())
        assert len(sections[name]["equal"]) >= 3
    assert all(sections["choice"]["holds"].values())
    for name in ("throughput", "choice", "comparison", "kernels", "tiles"):
        assert sections[name]["rows"]


def test_sections_without_time_are_left_out(tmp_path: Path) -> None:
    """When the time is used up the rest is recorded as left out."""
    pytest.importorskip("triton")
    done = suite(tmp_path / "out.json", "--interpret", "--minutes", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    sections = json.loads((tmp_path / "out.json").read_bytes())["sections"]
    assert list(sections) == SECTIONS
    assert all("left out" in section for section in sections.values())


def test_without_a_gpu_it_says_so(tmp_path: Path) -> None:
    """On a machine without a GPU there is one line, and no result."""
    pytest.importorskip("triton")
    done = suite(tmp_path / "out.json")
    assert done.returncode == 1
    assert done.stderr.startswith("gpu_suite: no usable CUDA device here")
    assert not (tmp_path / "out.json").exists()
