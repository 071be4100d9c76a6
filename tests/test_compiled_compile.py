"""The cache of compiled code: fresh whenever any source changed, and never in the way."""

import importlib.util
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.caching import CompileResultCacheImpl, IndexDataCacheFile

from rnncompress.compiled import compile as compiler

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


def test_a_change_of_any_source_is_noticed(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code compiled from other sources is not used, even if the file of the function is the same."""
    hits(load())
    monkeypatch.setattr(compiler, "_SOURCES", "other sources")
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


@pytest.mark.parametrize("name", ["exact/functions.py", "compiled/simd.py", "lstm/cpu/kernels.py"])
def test_every_source_counts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash of the sources changes with each file that compiled code is made of."""
    package = compiler.files("rnncompress")
    for folder in ("exact", "lstm"):
        (tmp_path / folder).mkdir()
        for path in (package / folder).iterdir():
            if path.name.endswith(".py"):
                (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(compiler, "files", lambda _: tmp_path)
    before = compiler._hash_of_sources()
    with (tmp_path / name).open("a") as file:
        file.write("# changed\n")
    assert compiler._hash_of_sources() != before
