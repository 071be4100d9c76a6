"""A machine codes after it has passed the self-check, which is remembered."""

import io
import json
from pathlib import Path

import pytest

from rnncompress import codec, selfcheck, trust
from rnncompress.config import Config
from rnncompress.engine import EngineName
from rnncompress.errors import SelfCheckError

CONFIG = Config(layers=1, hidden=16)
TEXT = b"Wer reitet so spaet durch Nacht und Wind? " * 3


@pytest.fixture
def checks(cache: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engines that were checked, in a place where none was before."""
    checked: list[str] = []
    run = selfcheck.run

    def counted(engine: str = "cpu", threads: int = 1) -> None:
        checked.append(engine)
        run(engine, threads)

    monkeypatch.setattr(selfcheck, "run", counted)
    monkeypatch.setattr(trust, "_trusted", set())
    return checked


def code(engine: EngineName = "cpu") -> None:
    packed = io.BytesIO()
    codec.encode(io.BytesIO(TEXT), packed, CONFIG, engine=engine)
    codec.decode(packed, io.BytesIO(), engine=engine)


def test_each_engine_is_checked_once(checks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first use of an engine on a machine runs the self-check, later ones and later processes do not."""
    code("cpu")
    code("reference")
    code("cpu")
    assert checks == ["cpu", "reference"]
    trust._trusted.clear()  # as in a new process
    code("cpu")
    assert checks == ["cpu", "reference"]


def test_another_machine_or_version_is_checked_anew(
    checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache folder that comes along to another machine or version is not trusted."""
    code()
    monkeypatch.setattr("platform.node", lambda: "another machine")
    code()
    monkeypatch.setattr(trust, "__version__", "0.0.1")
    code()
    assert checks == ["cpu"] * 3
    assert {"machine", "packages", "processor", "python"} <= json.loads(trust.fingerprint("cpu")).keys()


def test_a_damaged_record_is_no_trust(checks: list[str], cache: Path) -> None:
    """What is not word for word the record of this machine counts for nothing."""
    code()
    (record,) = (cache / "selfcheck").iterdir()
    for content in (b"", b"\xff", record.read_bytes()[:-1]):
        record.write_bytes(content)
        trust._trusted.clear()
        code()
    assert checks == ["cpu"] * 4


def test_without_a_cache_folder_every_process_checks(checks: list[str], cache: Path) -> None:
    """A cache folder that cannot be written costs a check in each process, nothing more."""
    cache.write_bytes(b"a file in the place of the folder")
    code()
    trust._trusted.clear()
    code()
    assert checks == ["cpu"] * 2


def test_a_machine_that_computes_otherwise_codes_nothing(
    checks: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed self-check is an error that tells what differs, before a byte is coded, and is not remembered."""
    stage = next(iter(selfcheck.EXPECTED))
    monkeypatch.setitem(selfcheck.EXPECTED, stage, "0" * 16)
    for _ in range(2):
        target = io.BytesIO()
        with pytest.raises(SelfCheckError, match=stage):
            codec.encode(io.BytesIO(TEXT), target, CONFIG)
        assert target.getvalue() == b""
    assert checks == ["cpu"] * 2
    assert SelfCheckError.exit_code == 4
    assert not cache.exists()
