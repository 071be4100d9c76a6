"""Interrupting a threaded decode ends it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "tools"))

import interrupts


def test_interrupted_decodes_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Three decodes, of two, three and four threads."""
    assert interrupts.main(3) == 0
    assert "interrupted" in capsys.readouterr().out
