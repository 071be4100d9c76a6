"""The manual page is that of the commands as they are."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "docs"))

import make_man


def test_the_page_is_current():
    """Whoever changes a command or option makes the page anew: python docs/make_man.py."""
    assert make_man.PAGE.read_text(encoding="utf-8") == make_man.page()


def test_every_command_and_option_is_in_it():
    """Nothing that --help shows is left out."""
    shown = make_man.page()
    for part in (
        '.SS "encode"',
        '.SS "corpus fetch"',
        r"\-\-memory\-limit SIZE",
        "Exit codes",
        r"\fB\-\-version\fR",
    ):
        assert part in shown


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_groff_understands_it():
    """Without a warning."""
    run = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-k", make_man.PAGE], capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
