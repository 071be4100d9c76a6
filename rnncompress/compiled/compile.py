"""Compilation by numba, kept on disk between runs where that is possible."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from typing import Any, Final

import numba as nb
from numba.core.caching import FunctionCache, IndexDataCacheFile


def _hash_of_sources() -> str:
    """What compiled code is made of: a kernel contains the functions it calls and the constants it reads."""
    package = files("rnncompress")
    folders = [
        package / "exact",
        package / "compiled",
        package / "coder",
        package / "engine",
        package / "lstm",
        package / "lstm" / "cpu",
    ]
    sources = [path for folder in folders for path in folder.iterdir() if path.name.endswith(".py")]
    digest = hashlib.sha256()
    for path in sorted(sources, key=str):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


_SOURCES: Final = _hash_of_sources()


class _Cache(FunctionCache):  # type: ignore[misc]
    """numba's cache of one function: beside the source, or else in the user's cache folder.

    numba compares only the file in which the function stands, so a change of what it calls would go
    unnoticed, and it fails where the cache is damaged or the disk is full. It does look after the processor
    and its own version.
    """

    def __init__(self, function: Callable[..., None]) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(self.cache_path, self._impl.filename_base, _SOURCES)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a damaged file can raise anything
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):  # no space, no permission
            super().save_overload(sig, data)


def kernel(function: Callable[..., None]) -> Any:
    """Compile a function of arrays and numbers, as IEEE arithmetic says, to run without Python's lock."""
    compiled: Any = nb.njit(nogil=True, error_model="numpy", boundscheck=False)(function)
    with suppress(RuntimeError):  # no folder is writable: compile in every process
        compiled._cache = _Cache(function)
    return compiled
