"""The pages of the format tell the truth: the numbers in them are those of both programs."""

import re
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from rnncompress import portable
from rnncompress.config import LIMITS, PARTS, Config
from rnncompress.engine import state as states
from rnncompress.mixing import sizes

DOCS: Final = Path(__file__).parent.parent / "docs"
MIXING: Final = (DOCS / "format-mixing.md").read_text(encoding="utf-8")
FORMAT: Final = (DOCS / "format.md").read_text(encoding="utf-8")
CONSTANTS: Final = {
    name: int(value) for name, value in re.findall(r"^\| `(\w+)` \| (-?\d+) \|", MIXING, re.M)
}
MODULES: Final = [
    import_module(f"rnncompress.mixing.{name}")
    for name in (
        "tables",
        "text_kernels",
        "context_kernels",
        "sizes",
        "slot_kernels",
        "bit_kernels",
        "learn_kernels",
        "memory",
    )
]


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_of_mixing(name):
    """Every constant on the page is that of Python, and that of C where C has one of this name."""
    found = {getattr(module, name) for module in MODULES if hasattr(module, name)}
    in_c = re.findall(rf"\b{name} = (-?\d+)(?: << (\d+))?\s*[,}}]", portable.source())
    found |= {int(value) << int(shift or 0) for value, shift in in_c}
    assert found == {CONSTANTS[name]}


def test_most_constants_are_those_of_the_c_program():
    """So the comparison does not pass by finding none."""
    assert sum(f" {name} = " in portable.source() for name in CONSTANTS) > 25


def test_rows_of_the_sets_of_weights():
    """The table of selectors has their sizes."""
    told = re.findall(r"^\| (\d+) \| (\d+) \| .* \|$", MIXING, re.M)
    assert [(int(number), int(rows)) for number, rows in told] == list(enumerate(sizes.ROWS))


def test_all_kinds_of_contexts_are_told():
    """Each once, in order."""
    table = MIXING[MIXING.index("| kind | context |") : MIXING.index("- column = ")]
    cells = [cell.strip() for line in table.splitlines()[2:] for cell in re.split(r"(?<!\\)\|", line)[1:-1:2]]
    assert [int(cell) for cell in cells if cell] == list(range(sizes.KINDS))


def test_fields_and_their_limits():
    """The table of parts names every field in its order, with its bounds where they are not the usual ones."""
    for part in PARTS:
        row = re.search(rf"^\| {part.tag} \| {part.name} \| (.*) \|$", FORMAT, re.M)
        assert row
        assert re.findall(r"\*(\w+)\*", row[1].replace("*streams*)", ")")) == list(part.fields)
    for name in ("sets", "slot_bits", "past_bits", "frozen", "context_bits"):
        assert f"*{name}* ({LIMITS[name].least} … {LIMITS[name].most})" in FORMAT


def test_arrays_of_a_model_file():
    """The table has each array of a model, with its type, and no other."""
    config = Config(layers=2, contexts=2, mixing=1)
    expected = {
        re.sub(r"\.\d+$", ".", name): kind.str[1:] for name, (_, kind) in states.long_shapes(config).items()
    }
    expected |= {"context_rows": "i8", "context_values": expected.pop("contexts")}
    told: dict[str, str] = {}
    for names, kinds in re.findall(r"^\| ((?:`[\w.]+`(?:\*n\*)?(?:, )?)+) \| (.*?) \|", FORMAT, re.M):
        found = re.findall(r"`([\w.]+)`", names)
        types = re.findall(r"\b([fiu]\d)\b", kinds)
        told |= dict(zip(found, types if len(types) == len(found) else types * len(found), strict=True))
    assert told == expected
