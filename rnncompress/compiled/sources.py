"""What compiled code is made of: the source of the module it stands in, and of all that this module imports."""

import ast
import hashlib
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

OURS: Final = __name__.partition(".")[0]
_INSTALLED: Final = {"site-packages", "dist-packages"}


def stamp(module: Mapping[str, Any]) -> str:
    """A hash of :func:`sources`."""
    return hashlib.sha256(b"".join(sorted(sources(module).values()))).hexdigest()


def sources(module: Mapping[str, Any]) -> dict[Path, bytes]:
    """The files that code of a module, given by its namespace, can be made of, and their hashes.

    A kernel contains the functions it calls and the constants it reads, from whatever module: so all modules count that
    this one imports, directly or through another. The standard library and installed packages do not: they come in
    versions, and numba looks after its own.

    Raises:
        OSError: a source cannot be read.
    """
    if not module.get("__file__"):
        raise FileNotFoundError("the module has no file")
    digests: dict[Path, bytes] = {}
    waiting = [(Path(module["__file__"]), module.get("__package__") or "")]
    while waiting:
        path, package = waiting.pop()
        if path in digests:
            continue
        status = path.stat()
        digests[path], imports = _read(path, status.st_mtime_ns, status.st_size)
        for found in _loaded(imports, package):
            waiting.append((Path(found.__file__ or ""), found.__package__ or ""))
    return digests


_Import = tuple[int, str, str]
"""Level, module and name of ``from .module import name``; the name is empty in ``import module``."""


@lru_cache(maxsize=256)
def _read(path: Path, modified: int, size: int) -> tuple[bytes, tuple[_Import, ...]]:
    """The hash of a file that was modified then, and what it imports."""
    source = path.read_bytes()
    return hashlib.sha256(source).digest(), tuple(_imports(ast.parse(source)))


def _imports(node: ast.AST) -> Iterator[_Import]:
    """What a module imports when it is loaded: statements inside functions do not count."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((0, alias.name, "") for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((child.level, child.module or "", alias.name) for alias in child.names)
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.expr):
            yield from _imports(child)


def _loaded(imports: tuple[_Import, ...], package: str) -> Iterator[ModuleType]:
    """The modules of these imports whose sources count. ``package`` is where relative imports begin."""
    for level, base, name in imports:
        if level:
            parents = package.split(".")
            base = ".".join([*parents[: len(parents) - level + 1], *([base] if base else [])])
        found = sys.modules.get(f"{base}.{name}") or sys.modules.get(base)
        if found is not None and _counts(found):
            yield found


def _counts(module: ModuleType) -> bool:
    top, path = module.__name__.partition(".")[0], getattr(module, "__file__", None)
    if path is None or not path.endswith(".py") or top in sys.stdlib_module_names:
        return False
    return top == OURS or _INSTALLED.isdisjoint(Path(path).parts)
