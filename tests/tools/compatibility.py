"""Decode the golden files with the oldest and the newest supported versions of every package.

    python tests/tools/compatibility.py              both; downloads about 200 MB
    python tests/tools/compatibility.py oldest

The bounds are those of pyproject.toml. torch is left out unless --torch is given: without a GPU it is not used.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ["tests/test_lstm_golden.py", "tests/test_coder.py"]


def requirements(which: str, *, torch: bool) -> list[str]:
    """What pip is to install: each lower bound itself, or the newest that the bounds allow."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    wanted = [line for line in declared if torch or not line.startswith("torch")]
    if which == "newest":
        return wanted
    return [re.sub(r"(>=|~=)([0-9.]+)", r"==\2.*", line) for line in wanted]


def check(which: str, *, torch: bool) -> None:
    """Self-check and golden files in a fresh environment. Raises CalledProcessError if anything differs."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = [str(Path(folder, "bin", "python"))]
        chosen = requirements(which, torch=torch)
        subprocess.run([*python, "-m", "pip", "install", "-q", "pytest", "hypothesis", *chosen], check=True)
        listed = subprocess.run(
            [*python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True
        ).stdout
        names = tuple(re.split("[<>=~]", line)[0] + "==" for line in chosen)
        print(f"{which}:", *(line for line in listed.splitlines() if line.startswith(names)), flush=True)
        subprocess.run([*python, "-m", "rnncompress", "selfcheck"], check=True, cwd=ROOT)
        subprocess.run([*python, "-m", "pytest", *TESTS], check=True, cwd=ROOT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("which", nargs="?", choices=["oldest", "newest"], help="default: both")
    parser.add_argument("--torch", action="store_true")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    for name in [options.which] if options.which else ["oldest", "newest"]:
        check(name, torch=options.torch)
