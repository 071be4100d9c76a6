"""The cache of compiled code: fresh whenever any source changed, and never in the way."""

import importlib.util
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba.core.caching import CompileResultCacheImpl, IndexDataCacheFile

import rnncompress
from rnncompress.compiled import panel_kernels
from rnncompress.compiled.compile import kernel, plain
from rnncompress.compiled.sources import sources
from rnncompress.lstm.cpu import phase_kernels

PACKAGE = Path(rnncompress.__file__).parent

SOURCE = """
from rnncompress.compiled.compile import kernel

@kernel
def double(x):
    for n in range(len(x)):
        x[n] = 2 * x[n]
"""

Load = Callable[[], Any]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Imports afresh a module with one kernel; its cache lies beside it in a folder of its own."""
    path = tmp_path / "doubling.py"
    path.write_text(SOURCE)

    def load() -> Any:
        spec = importlib.util.spec_from_file_location("doubling", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.double

    return load


def hits(double: Any) -> int:
    """Run the kernel, check what it does, and count what came from the cache."""
    x = np.array([1, -5], np.int32)
    double(x)
    assert x.tolist() == [2, -10]
    return Counter(double.stats.cache_hits).total()


def test_code_is_compiled_once(load: Load) -> None:
    """The second process finds the code of the first."""
    assert hits(load()) == 0
    assert hits(load()) == 1


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_damaged_cache_is_compiled_again(load: Load, tmp_path: Path, ending: str, damage: bytes) -> None:
    """A cache file cut short or overwritten does not stop anything, and is replaced."""
    hits(load())
    files = list(tmp_path.glob(f"__pycache__/doubling*.{ending}"))
    assert files
    for file in files:
        file.write_bytes(damage)
    assert hits(load()) == 0
    assert hits(load()) == 1


def test_a_full_disk_does_no_harm(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that cannot be saved is used all the same."""

    def full(self: object, key: object, data: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(IndexDataCacheFile, "save", full)
    assert hits(load()) == 0
    assert hits(load()) == 0


def test_no_writable_folder_does_no_harm(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no cache is possible every process compiles for itself."""
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    assert hits(load()) == 0
    assert hits(load()) == 0


MODULE = """
from rnncompress.compiled.compile import kernel
import times
{helper}

@kernel
def run(x):
    for n in range(len(x)):
        x[n] = {expression}
"""
CONSTANT = "FACTOR = {factor}"
FUNCTION = """
from rnncompress.compiled.compile import kernel

@kernel
def multiply(x):
    return {factor} * x
"""
WAYS = {
    "its own text": ("", "{factor} * x[n]", ""),
    "a constant of a module it imports": ("from times import FACTOR", "FACTOR * x[n]", CONSTANT),
    "a kernel of a module it imports": ("from times import multiply", "multiply(x[n])", FUNCTION),
    "a kernel of a module named as a whole": ("import times", "times.multiply(x[n])", FUNCTION),
    "a module imported by one it imports": ("import between", "between.times.multiply(x[n])", FUNCTION),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_changed_source_outside_the_package_is_noticed(tmp_path: Path, way: str) -> None:
    """A kernel in a module of one's own does what its source says, whatever of it was changed since the last run."""
    imports, expression, helper = WAYS[way]
    (tmp_path / "between.py").write_text("import times\n")
    run = "import numpy; from mine import run; x = numpy.ones(1); run(x); print(int(x[0]), run.stats.cache_hits)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    seen = []
    for factor in (3, 3, 2):
        source = MODULE.format(helper=imports, expression=expression.format(factor=factor))
        (tmp_path / "mine.py").write_text(source)
        (tmp_path / "times.py").write_text(helper.format(factor=factor))
        done = subprocess.run(
            [sys.executable, "-c", run], capture_output=True, text=True, env=environment, check=True
        )
        number, hits = done.stdout.split(maxsplit=1)
        seen.append((int(number), "1}" in hits))
    assert seen == [(3, False), (3, True), (2, False)]


def test_all_that_a_kernel_is_made_of_counts() -> None:
    """The sources of a kernel are those of its module and of what that imports, of this package and no more."""
    counted = [path.relative_to(PACKAGE).as_posix() for path in sources(vars(phase_kernels))]
    assert {"lstm/cpu/phase_kernels.py", "exact/grid.py", "exact/functions.py", "lstm/parameters.py"} <= set(
        counted
    )
    assert "compiled/compile.py" in counted
    assert not any(path.startswith(("cli/", "bench/")) for path in counted)


class Pair(NamedTuple):
    """What the kernels below work on."""

    values: Any
    step: int


@kernel
def climb(pair, n):
    return (pair.values[n] + pair.step * 0x7FFFFFFF) & 0xFFFFFFFF


@kernel
def climb_all(pair):
    panel_kernels.prefetch_row(pair.values, 0)
    for n in range(len(pair.values)):
        pair.values[n] = climb(pair, n)


@kernel
def sum_up(n):
    return n + sum_up(n - 1) if n > 0 else n


@kernel
def interleave(rows):
    panel_kernels.weave(rows, 0, rows, 16, rows, 32)


def test_a_kernel_runs_as_plain_python() -> None:
    """Its arrays are memoryviews, the kernels it calls are plain too, and what only makes it faster is left out."""
    array = np.arange(40, dtype=np.int64)
    memory = memoryview(array.copy())
    climb_all(Pair(array, 3))
    plain(climb_all)(Pair(memory, 3))
    assert list(memory) == array.tolist()


def test_a_plain_kernel_calls_no_compiled_code() -> None:
    """Not even where kernels call themselves: integers without bounds show it."""
    assert plain(sum_up)(3) == 6
    assert plain(climb)(Pair([2**70], 0), 0) == 0
    assert plain(sum_up).__globals__["sum_up"] is not sum_up


def test_a_plain_store_that_does_not_fit_raises() -> None:
    """Where compiled code would cut a number off, Python says so."""
    memory = memoryview(np.zeros(20, np.int32))
    with pytest.raises(ValueError, match="format"):
        plain(climb_all)(Pair(memory, 2))


def test_what_has_no_plain_form_is_named() -> None:
    """An intrinsic that Python cannot replace is not left out silently."""
    with pytest.raises(TypeError, match="weave has no plain form"):
        plain(interleave)


def test_the_first_compilation_is_told_once(tmp_path: Path) -> None:
    """A process that finds no code says so before it compiles, once; one that finds it says nothing."""
    (tmp_path / "mine.py").write_text(SOURCE.replace("double", "first") + SOURCE.replace("double", "second"))
    run = """
from rnncompress.compiled.compile import when_compiling
when_compiling(lambda: print("not this one"))
when_compiling(lambda: print("compiling"))
import numpy
from mine import first, second
first(numpy.ones(1))
second(numpy.ones(1))
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    for said in ("compiling\n", ""):
        done = subprocess.run(
            [sys.executable, "-c", run], capture_output=True, text=True, env=environment, check=True
        )
        assert done.stdout == said
