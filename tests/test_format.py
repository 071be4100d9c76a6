"""The pages of the format tell the truth: the numbers in them are those of both programs."""

import re
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress import config, portable
from rnncompress.compiled.compile import plain
from rnncompress.config import LIMITS, PARTS, Config
from rnncompress.engine import state as states
from rnncompress.mixing import point_kernels as points
from rnncompress.mixing import sizes, text_kernels

DOCS: Final = Path(__file__).parent.parent / "docs"
MIXING: Final = (DOCS / "format-mixing.md").read_text(encoding="utf-8")
FORMAT: Final = (DOCS / "format.md").read_text(encoding="utf-8")
CONSTANTS: Final = {
    name: int(value) for name, value in re.findall(r"^\| `(\w+)` \| (-?\d+) \|", MIXING, re.M)
}
MODULES: Final = [
    config,
    *(
        import_module(f"rnncompress.mixing.{name}")
        for name in (
            "tables",
            "text_kernels",
            "context_kernels",
            "sizes",
            "slot_kernels",
            "direct_kernels",
            "bit_kernels",
            "learn_kernels",
            "memory",
        )
    ),
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
    config = Config(layers=2, contexts=2, mixing=1, direct=1)
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


def in_halves(head: str) -> dict[str, str]:
    """A table of mixing with this head: the second and the fourth column by the first and the third."""
    start = MIXING.index(head)
    lines = MIXING[start : MIXING.index("\n\n", start)].splitlines()[2:]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {row[n]: row[n + 1] for row in rows for n in (0, 2) if row[n]}


def value(told: str, names: dict[str, object]) -> int:
    """What a formula of the page comes to."""
    told = re.sub(r"\\\|(\w+)\\\|", r"abs(\1)", told).replace("\\|", "|").replace("·", "*")
    told = (
        told.replace("[at = 0]", "int(at == 0)")
        .replace("2^16", "65536")
        .replace("mod", "%")
        .replace("−", "-")
    )
    return int(eval(told, dict(names)))  # of the page alone


@settings(max_examples=100, deadline=None)
@given(
    records=st.lists(st.one_of(st.integers(0, 30), st.integers(0, 255)), max_size=120),
    columns=st.integers(2, 4),
)
def test_contexts_of_points(records, columns):
    """What the page writes of the bytes of records gives the numbers of the program."""
    s, h, f = [0] * sizes.STATE, [0] * sizes.KINDS, [0] * sizes.FACTS
    records = [255, 1, 0, 0][:columns] + records
    for byte in [columns, 3, 255, 0, 0, 0, *records]:
        plain(points.observe_point)(s, byte)
        s[text_kernels.POSITION] += 1
    plain(points.hash_points)(s, h)
    plain(points.tell_point_facts)(s, f)
    signed = [plain(points.number)(word) for word in s]
    X, Y, t = (signed[points.STEPS + n * points.SPAN :][: points.SPAN] for n in range(3))
    x, y, u, v = signed[points.PLACE :][:4]
    at, since = len(records) % columns, s[points.SINCE]
    record = records[len(records) - at :]
    time = min(223, record[0]) if at and columns > 2 else 8

    def along(steps: list[int], n: int, m: int) -> int:
        p = max(1, sum(t[:n]))
        return max(-60, min(60, (2 * sum(steps[:n]) * time * m + p) // (2 * p)))

    def size(a: int, b: int) -> int:
        far = abs(a) + abs(b)
        return far if far < 4 else 4 + (far >= 6) + (far >= 9) + (far >= 16)

    def direction(a: int, b: int) -> int:
        steepness = 4 * abs(b) // max(1, abs(a) + abs(b))
        return 1 + 4 * (a < 0) + 8 * (b < 0) + min(3, steepness) if a or b else 0

    def pair(a: int, b: int) -> int:
        return a % 65536 << 16 | b % 65536

    def join(a: int, b: int) -> int:
        return plain(text_kernels.join)(a % 2**32, b % 2**32)

    known, few = at, 0
    for byte in record:
        known = join(known, byte)
    for n in range(4):
        few = few << 3 | size(X[n], Y[n])
    hashes: list[int] = []
    names: dict[str, object] = {
        "j": join, "join": join, "min": min, "abs": abs, "pair": pair, "direction": direction, "known": known, "at": at,
        "t1": t[0], "t2": t[0] | t[1] << 8, "t3": t[0] | t[1] << 8 | t[2] << 16, "sizes": few, "since": since,
        "hand": s[points.DRAWING] % 3, "drawing": s[points.DRAWING], "stroke": s[points.STROKE],
        "clock": s[points.CLOCK], "x": x, "y": y, "u": u, "v": lambda n: pair(X[n], Y[n]), "phase": min(3, at),
        "h": lambda n: hashes[n], "X": lambda n: X[n], "Y": lambda n: Y[n], "t": lambda n: t[n],
        "E": lambda n, m: pair(along(X, n, m), along(Y, n, m)),
        "last": record[-1] if at else t[0], "first": record[0] if at else t[1],
        "ax": lambda n, m: max(-32, min(31, along(X if at < 2 else Y, n, m))),
        "ay": lambda n, m: max(-32, min(31, along(Y if at < 2 else X, n, m))),
    }  # fmt: skip
    for n in (2, 4, 8):
        sums = sum(X[:n]), sum(Y[:n])
        names |= {f"X{n}": sums[0], f"Y{n}": sums[1], f"P{n}": pair(*sums), f"S{n}": size(*sums)}
        names[f"D{n}"] = direction(*sums)
    for kind, told in in_halves("| kind | context of a point |").items():
        hashes += [0] * (int(kind) - len(hashes))
        hashes.append(value(told.replace(", v >>", f", {v} >>"), names))
    expected = [join(each, 1024 + (since > 0)) for each in hashes]
    expected[53] = expected[54] = 0
    assert h == expected
    facts = [value(told, names) for told in in_halves("| in place of | stands |").values()]
    assert f[: len(facts)] == facts
