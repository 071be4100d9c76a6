"""Writes anew what the tests pin: the golden files, and the hashes of the self-check.

    python tests/golden/pin.py

Only for a change of the format that is meant to be one, and that comes with a new version number once
there was a release: files that people have must decode for ever.
"""

import io
import re
from pathlib import Path

from rnncompress import engine, presets, selfcheck
from rnncompress.codec import Build, encode
from rnncompress.container import Form
from rnncompress.engine import EngineName
from rnncompress.forms import pack
from rnncompress.trust import build as build_trusted

HERE = Path(__file__).parent
ORIGINAL = (HERE / "original.txt").read_bytes()

CONTEXTS = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 24 | 1 << 25
COUNTS = sum(1 << kind for kind in range(0, 63, 5))
MIXED = presets.Config(
    layers=1, hidden=32, streams=3, lanes=2, window=10, contexts=1 << 1 | 1 << 24, context_bits=6, frozen=4,
    mixing=sum(1 << kind for kind in (0, 1, 2, 3, 5, 6, 8, 14, 23, 53, 54)), slot_bits=8, past_bits=12,
)  # fmt: skip
REPEATED = ORIGINAL[:150] * 3
"""Short: the reference takes a hundredth of a second for a byte."""
GOLDEN = {
    "empty": (b"", presets.Config()),
    "stored": (bytes(range(256)), presets.Config(hidden=16)),
    "lstm": (
        ORIGINAL,
        presets.Config(layers=3, hidden=32, streams=5, window=8, contexts=CONTEXTS, context_bits=8),
    ),
    "rnn": (ORIGINAL, presets.Config(cell="rnn", layers=2, hidden=48, streams=2, window=6)),
    "mixed": (REPEATED, MIXED),
    "counts": (REPEATED, MIXED.replace(layers=0, streams=2, lanes=1, mixing=COUNTS, frozen=8)),
    "direct": (REPEATED, MIXED.replace(direct=1 << 1 | 1 << 6 | 1 << 53)),
    "default": (ORIGINAL, presets.choose(len(ORIGINAL))),
}
"""Name: original, configuration."""
STROKES = b"START\n" + b"".join(
    b"BREAK\n" if n % 30 == 29 else b"%d,%d.%d,%d\n" % (n * n % 97, 3 * n % 31, n % 10, 8 * n + n % 3)
    for n in range(150)
)
POINTS = presets.get("strokes", 0).replace(hidden=32, components=3, sets=6, slot_bits=8, past_bits=12)
"""What is coded as strokes, and with what."""


_FEW = (b"The", b"first", b"SECOND", b"third", b"of", b"the", b"Words", b"\xc3\xa9t\xc3\xa9", b"x")
TEXT = b" ".join(_FEW[(n * n + n // 3) % 9] for n in range(400))
PACKED: dict[Form, tuple[bytes, presets.Config]] = {"strokes": (STROKES, POINTS), "words": (TEXT, MIXED)}
"""What is coded in another form than its bytes, and with what."""


def packed(form: Form, name: EngineName, build: Build = build_trusted) -> bytes:
    """The golden file of a form."""
    original, config = PACKED[form]
    target = io.BytesIO()
    found = pack(io.BytesIO(original), form, for_strokes=None, trained=False)
    assert found is not None
    with found.file:
        encode(io.BytesIO(original), target, config, packed=found, engine=name, build=build)
    return target.getvalue()


def main() -> None:
    for name, (original, config) in GOLDEN.items():
        target = io.BytesIO()
        report = encode(
            io.BytesIO(original), target, config, build=engine.build
        )  # the pinned check is out of date
        (HERE / f"{name}.rnnc").write_bytes(target.getvalue())
        print(f"{name}.rnnc: {report.mode}, {report.compressed_bytes} bytes, {report.bpc:.3f} bpc")
    for form in PACKED:
        (HERE / f"{form}.rnnc").write_bytes(packed(form, "cpu", engine.build))
    stages = "".join(f'    "{stage}": "{value}",\n' for stage, value in selfcheck.hashes("reference", 1))
    path = Path(selfcheck.__file__)
    source, count = re.subn(
        r"^EXPECTED: Final = \{.*?\}$",
        f"EXPECTED: Final = {{\n{stages}}}",
        path.read_text(),
        flags=re.M | re.S,
    )
    assert count == 1
    path.write_text(source)
    print(f"{path.name}: pinned")


if __name__ == "__main__":
    main()
