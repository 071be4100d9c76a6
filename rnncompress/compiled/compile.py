"""Compilation by numba, kept on disk between runs where that is possible; and kernels as the plain Python they are.

A kernel that is its own specification is written so that Python, too, computes what it says, and the same bits:

- its arrays are flat, several together in a NamedTuple: numpy arrays when it is compiled, memoryviews when it is plain
  Python, so that every element is an int, and a number that does not fit into its array raises;
- its integers are Python's, and none leaves 64 signed bits on the way: numba tells the compiler that none does, so that
  an overflow does not even wrap reliably. What is to be kept of a large one the code says (``& 0xFFFFFFFF``), and a
  multiplier of 32 bits is written as a signed one, so that its product with 32 bits fits
  (:mod:`rnncompress.exact.integers`);
- what it calls are kernels of the same kind, or functions that numba merely knows (``register_jitable``).

:func:`plain` gives the Python function of such a kernel.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

import llvmlite
import numba as nb
import numpy as np
from numba.core import event
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.extending import _Intrinsic

from rnncompress.compiled.sources import stamp


class _Cache(FunctionCache):  # type: ignore[misc]
    """numba's cache of one function: beside the source, or else in the user's cache folder.

    numba compares only the file in which the function stands, so a change of what it calls would go
    unnoticed, and it fails where the cache is damaged or the disk is full. It does look after the processor
    and its own version.
    """

    def __init__(self, function: Callable[..., None]) -> None:
        super().__init__(function)
        made_of = (stamp(function.__globals__), llvmlite.__version__, np.__version__)
        self._cache_file = IndexDataCacheFile(self.cache_path, self._impl.filename_base, made_of)

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


def kernel(function: Callable[..., Any], *, inline: bool = False) -> Any:
    """Compile a function of arrays and numbers, as IEEE arithmetic says, to run without Python's lock.

    With ``inline`` it becomes a part of each kernel that calls it: handing over a record of many arrays takes longer
    than a small function does.
    """
    wrappers = {"no_cpython_wrapper": inline, "no_cfunc_wrapper": inline}  # a tenth of the time of compiling
    compiled: Any = nb.njit(
        nogil=True, error_model="numpy", boundscheck=False, forceinline=inline, **wrappers
    )(function)
    with suppress(RuntimeError, OSError):  # no folder is writable, or no source: compile in every process
        compiled._cache = _Cache(function)
    return compiled


def inlined(function: Callable[..., Any]) -> Any:
    """A :func:`kernel` that becomes a part of its callers."""
    return kernel(function, inline=True)


def plain(kernel: Any) -> Callable[..., Any]:
    """The Python function that a kernel is made from; the kernels it calls are plain Python too.

    A function that has no Python form of its own (an intrinsic) is replaced by its attribute ``plain_form``.

    Raises:
        TypeError: something that the kernel calls has no plain form.
    """
    return _plain(kernel, {})


def _plain(kernel: Any, done: dict[Any, Callable[..., Any]]) -> Callable[..., Any]:
    """``done`` holds the plain forms so far: kernels may call each other."""
    if kernel not in done:
        python: FunctionType = kernel.py_func
        names = python.__globals__.copy()
        done[kernel] = FunctionType(
            python.__code__, names, python.__name__, python.__defaults__, python.__closure__
        )
        called = set(_names(python.__code__))
        for name in called:
            if isinstance(names.get(name), ModuleType):
                members = vars(names[name])
                names[name] = SimpleNamespace(
                    **{member: _plain_value(members[member], done) for member in called if member in members}
                )
            elif name in names:
                names[name] = _plain_value(names[name], done)
    return done[kernel]


def _names(code: CodeType) -> Iterator[str]:
    """What a function, and the functions and comprehensions in it, look up by name."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _plain_value(value: Any, done: dict[Any, Callable[..., Any]]) -> Any:
    if hasattr(value, "plain_form"):
        return value.plain_form
    if isinstance(value, _Intrinsic):
        raise TypeError(f"{value._name} has no plain form")
    return _plain(value, done) if hasattr(value, "py_func") else value


class _Announcement(event.Listener):  # type: ignore[misc]
    """Calls back when something is compiled for the first time in this process."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def replace(self, callback: Callable[[], None]) -> None:
        """Call another, unless one was called."""
        if self._callback:
            self._callback = callback

    def on_start(self, event: Any) -> None:
        callback, self._callback = self._callback, None
        if callback:
            callback()

    def on_end(self, event: Any) -> None:
        pass


_announcement = _Announcement(lambda: None)


def when_compiling(callback: Callable[[], None]) -> None:
    """Have ``callback`` called once, when the first kernel is compiled because no earlier run has left its code.

    It takes the place of an earlier callback that was not called; after one was, no other is in this process.
    """
    _announcement.replace(callback)


event.register("numba:compile", _announcement)
