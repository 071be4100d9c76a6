"""One file, many machines: other processors, libraries and threads read and write the very same bytes.

A process in another environment plays the other machine (``machine.py``). What cannot matter is tried too:
torch and its libraries are not on the path, so their settings change nothing.
"""

import io
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnncompress import encode
from rnncompress.config import Config

HERE = Path(__file__).parent
TEXT = (HERE / "golden" / "original.txt").read_bytes()
CONFIG = Config(layers=2, hidden=32, streams=3, window=8, rate_first=20_000)

FOUND = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
"""Instruction sets that numpy would use here beyond the least that it needs."""
WIDE = any(name.startswith(("AVX512", "X86_V4")) for name in FOUND)
X86 = platform.machine() in ("x86_64", "AMD64")

ENVIRONMENTS = {
    "a processor without AVX": {"NUMBA_CPU_NAME": "generic"},
    "numpy without its instruction sets": {"NPY_DISABLE_CPU_FEATURES": " ".join(FOUND)},
    "an old processor for OpenBLAS": {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "1"},
    "old processors for torch": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_CBWR": "COMPATIBLE",
    },
    "a newer processor for torch": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2"},
    "one thread in every library": {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
    "a processor with AVX2 only": {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+avx2,+avx,+fma,+bmi,+bmi2,+lzcnt,+popcnt,+movbe",
    },
}


@pytest.fixture(scope="module")
def packed() -> bytes:
    """A file as this machine writes it."""
    target = io.BytesIO()
    report = encode(io.BytesIO(TEXT), target, CONFIG)
    assert report.mode == "model"
    return target.getvalue()


def there_and_back(packed: bytes, *arguments: str, **environment: str) -> bytes:
    """Decoded, and encoded again, by the other machine."""
    done = subprocess.run(
        [sys.executable, HERE / "machine.py", *arguments],
        input=packed,
        stdout=subprocess.PIPE,
        env=os.environ | environment,
        check=True,
        timeout=300,
    )
    return done.stdout


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_other_environments_make_the_same_bytes(packed: bytes, name: str) -> None:
    """What this machine wrote, another decodes, and writes it again as it was."""
    if name == "a processor with AVX2 only" and not WIDE:
        pytest.skip("this processor is one itself")
    if "processor" in name and not X86:
        pytest.skip("these names are those of x86 processors")
    engine = "reference" if "numpy" in name or "BLAS" in name else "cpu"
    assert there_and_back(packed, engine, "1", **ENVIRONMENTS[name]) == packed


@pytest.mark.parametrize("threads", ["1", "2", "3"])
def test_threads_make_the_same_bytes(packed: bytes, threads: str) -> None:
    """So does any number of threads, in another process."""
    assert there_and_back(packed, "cpu", threads) == packed


@pytest.mark.skipif(not (X86 and sys.platform == "linux"), reason="sets the mode of x86 through glibc")
@pytest.mark.parametrize("engine", ["reference", "cpu"])
def test_denormals_do_not_matter(packed: bytes, engine: str) -> None:
    """A processor told to flush denormals, as some libraries do behind one's back, changes nothing."""
    assert there_and_back(packed, engine, "1", "flush") == packed


PLAIN_PRODUCT = """
from numba.core.registry import cpu_target

codegen = type(cpu_target.target_context.codegen())
codegen.magic_tuple = lambda self: ("unknown", "generic", "")  # no instruction that rnncompress knows by name
from rnncompress.compiled import simd_kernels
assert simd_kernels._MULTIPLY_ADD is None
import test_compiled_simd_kernels as tests
tests.test_any_shape_any_values()
tests.test_extreme_values_wrap()
tests.test_starts_and_strides()
print("equal")
"""


def test_unknown_processors_multiply_the_same() -> None:
    """Without a multiply-add instruction the product is made of plain vector operations, and is the same."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN_PRODUCT], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "equal\n"
