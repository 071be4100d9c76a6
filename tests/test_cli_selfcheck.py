"""``rnncompress selfcheck``."""

import pytest

from rnncompress import selfcheck
from rnncompress.errors import SelfCheckError
from rnncompress.lstm.cuda import device


def test_every_engine_that_is_here_is_checked(cli):
    """On a machine that computes rightly each engine is called exact, or not available here, and why."""
    result = cli("selfcheck")
    assert (result.exit_code, result.stderr) == (0, "")
    reason = device.obstacle()
    cuda = f"not available here: {reason}" if reason else "exact"
    assert result.stdout.splitlines() == ["reference: exact", "cpu: exact", f"cuda: {cuda}"]


def test_a_machine_that_computes_otherwise_ends_with_4(cli, monkeypatch: pytest.MonkeyPatch):
    """A failed self-check is one line and the exit code for a machine that cannot decode."""

    def fails(engine: str) -> None:
        raise SelfCheckError(f"the {engine} engine computes other numbers")

    monkeypatch.setattr(selfcheck, "run", fails)
    result = cli("selfcheck")
    assert result.exit_code == 4
    assert result.stderr == "rnncompress: error: the reference engine computes other numbers\n"
