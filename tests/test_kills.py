"""Killed at random moments, encoding and decoding go on to the same bytes."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "tools" / "kills.py"


def test_interrupted_at_any_moment_both_directions_go_on():
    """Twenty SIGKILLs each way, also in the middle of writes and renames, and signals, full disks, damage."""
    run = subprocess.run(
        [sys.executable, SCRIPT, "--kills", "20", "--bytes", "3000"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("SIGKILL in a write") == 2
