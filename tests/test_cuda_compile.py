"""The kernels compile for GPUs that need not be here, and what comes out computes as it should."""

import json
import os
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent / "compile_kernels.py"
PRODUCTS = {"forward_wave", "backward_wave", "learn_matrices", "learn_embeddings", "add_logits"}
OTHERS = {
    "hash_contexts", "set_inputs", "add_contexts", "learn_contexts", "frequencies", "pick", "follow_paths",
    "decode_step", "logit_gradient", "learn_bias", "mark_inputs", "quantise",
}  # fmt: skip
DENSITIES = {"advance", "note_outputs", "density_table", "density_gradient"}
RUNS = [
    ("80", "default", "66000000"),
    ("90", "large", "66000000", "forward_wave", "backward_wave"),
    ("90", "strokes-density", "66000000", *sorted(DENSITIES)),
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    """What the runs print: all kernels of a small network for compute capability 8.0; the largest products for 9.0, and
    the head of densities."""
    pytest.importorskip("triton.backends.nvidia")
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    processes = [
        subprocess.Popen(
            [sys.executable, SCRIPT, *run],
            stdout=subprocess.PIPE,
            text=True,
            env=environment | {"TRITON_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))},
        )
        for run in RUNS
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert not any(process.returncode for process in processes)
    return [[json.loads(line) for line in output.splitlines()] for output in outputs]


def test_every_kernel_compiles(compiled: list[list[dict[str, Any]]]) -> None:
    """Every kernel of the engine becomes machine code, the products with tensor cores for integers."""
    small, large, densities = compiled
    assert {found["kernel"] for found in small} == PRODUCTS | OTHERS
    assert {found["kernel"] for found in densities} == DENSITIES
    for found in small:
        assert bool(found["tensor_core"]) == (found["kernel"] in PRODUCTS), found
    assert all(found["tensor_core"] == ["IGMMA"] for found in large)


def test_no_operation_is_fused_or_flushed(compiled: list[list[dict[str, Any]]]) -> None:
    """No multiply-add is fused and no denormal flushed, but in floor, where one cannot occur (see ``gradient``)."""
    for found in chain(*compiled):
        assert not found["fused"], found
        assert set(found["flushing"]) <= {"cvt.rmi.ftz.f32.f32"}, found


def test_registers_suffice(compiled: list[list[dict[str, Any]]]) -> None:
    """The tiles are no larger than the registers hold, but for a few numbers."""
    for found in chain(*compiled):
        assert found["stack"] <= 256, found
