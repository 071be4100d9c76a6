"""Files that an enemy made: a small share of what tests/tools/fuzz.py tries."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "tools" / "fuzz.py"


def test_no_file_does_harm(tmp_path):
    """Mutated and invented files with right checksums end in an error of ours: no crash, no hang, no memory."""
    run = subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, "--cases", "800"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "MismatchError" in run.stdout, "the model itself was reached"
    assert "LimitError" in run.stdout
