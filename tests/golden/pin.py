"""Writes anew what the tests pin: the golden files, and the hashes of the self-check.

    python tests/golden/pin.py

Only for a change of the format that is meant to be one, and that comes with a new version number once
there was a release: files that people have must decode for ever.
"""

import io
import re
from pathlib import Path

from rnncompress import engine, presets
from rnncompress.codec import encode
from rnncompress.lstm import selfcheck

HERE = Path(__file__).parent
ORIGINAL = (HERE / "original.txt").read_bytes()

CONTEXTS = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 24 | 1 << 25
GOLDEN = {
    "empty": (b"", presets.Config()),
    "stored": (bytes(range(256)), presets.Config(hidden=16)),
    "lstm": (
        ORIGINAL,
        presets.Config(layers=3, hidden=32, streams=5, window=8, contexts=CONTEXTS, context_bits=8),
    ),
    "rnn": (ORIGINAL, presets.Config(cell="rnn", layers=2, hidden=48, streams=2, window=6)),
    "default": (ORIGINAL, presets.choose(len(ORIGINAL))),
}
"""Name: original, configuration."""


def main() -> None:
    for name, (original, config) in GOLDEN.items():
        target = io.BytesIO()
        report = encode(
            io.BytesIO(original), target, config, build=engine.build
        )  # the pinned check is out of date
        (HERE / f"{name}.rnnc").write_bytes(target.getvalue())
        print(f"{name}.rnnc: {report.mode}, {report.compressed_bytes} bytes, {report.bpc:.3f} bpc")
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
