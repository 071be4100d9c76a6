"""The page that newcomers read first tells the truth: what it names exists, and imports go downwards only."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import rnncompress

PACKAGE = Path(rnncompress.__file__).parent
PAGE = (Path(__file__).parent.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
LAYERS = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in PAGE.splitlines() if line.startswith("| `")]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
APART = {"lstm", "mixing", "coder"}
"""They do not know each other."""


def imports() -> Iterator[tuple[str, str]]:
    """Every import of one part of the package by another, ``if TYPE_CHECKING`` and functions included."""
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                package, _, rest = name.partition(".")
                target = rest.partition(".")[0]
                if package == "rnncompress" and target in LEVEL and target != part:
                    yield part, target


def test_all_parts_are_on_the_map() -> None:
    """Each module and folder of the package stands in one line of the map, and all that stands there exists."""
    parts = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert len(LEVEL) == sum(map(len, LAYERS))
    assert set(LEVEL) == parts - {"__init__", "__main__"}


def test_files_that_the_page_names_exist() -> None:
    """Paths in the text, and links."""
    for name in re.findall(r"`(\w+(?:/\w+)*/\w+\.py)`", PAGE):
        assert (PACKAGE / name).exists() or (PACKAGE.parent / name).exists(), name
    for name in re.findall(r"\]\((\w+\.md)\)", PAGE):
        assert (PACKAGE.parent / "docs" / name).exists(), name


def test_imports_go_downwards_only() -> None:
    """From no part to one above it, nor between the network, mixing and the coder."""
    wrong = {
        (part, target)
        for part, target in imports()
        if part in LEVEL and (LEVEL[part] > LEVEL[target] or {part, target} <= APART)
    }
    assert not wrong


def test_both_devices_have_the_same_face() -> None:
    """The folders of the network's engines hold the same modules, but for what only one device needs."""
    cpu, cuda = ({path.stem for path in (PACKAGE / "lstm" / name).glob("*.py")} for name in ("cpu", "cuda"))
    same = (
        "predictor",
        "memory",
        *(f"{name}_kernels" for name in ("forward", "head", "backward", "update", "number")),
    )
    assert set(same) <= cpu & cuda
