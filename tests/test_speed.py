"""What this machine was measured to do is kept, and only that is used."""

from pathlib import Path

import fake
import pytest

from rnncompress import speed, trust
from rnncompress.config import Config

SETTING = speed.Setting(Config(layers=1, hidden=16, streams=2), "cpu", 1)


def test_a_measurement_is_kept_for_its_setting(cache: Path) -> None:
    """By configuration, engine, threads and direction; for want of one the other direction serves."""
    assert speed.known(SETTING, "decode") is None
    speed.keep(SETTING, "encode", 1000, 2.0)
    assert speed.known(SETTING, "encode") == 500.0
    assert speed.known(SETTING, "decode") == 500.0
    speed.keep(SETTING, "decode", 1000, 4.0)
    assert speed.known(SETTING, "decode") == 250.0
    assert speed.known(speed.Setting(SETTING.config, "cpu", 2), "encode") is None
    assert speed.known(speed.Setting(SETTING.config.replace(hidden=32), "cpu", 1), "encode") is None


def test_what_is_no_measurement_is_not_used(cache: Path) -> None:
    """A damaged record is as none."""
    speed.keep(SETTING, "encode", 1000, 2.0)
    (record,) = (cache / "speed").iterdir()
    for text in ("", "{", "[]", '{"bytes": 1}', '{"bytes": 0, "seconds": 1}', '{"bytes": "x", "seconds": 1}'):
        record.write_text(text)
        assert speed.known(SETTING, "encode") is None, text


def test_measuring_takes_some_hundred_kilobytes_at_most(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short sample is repeated; what was measured is known from then on."""
    monkeypatch.setattr(trust, "build", fake.build)
    monkeypatch.setattr(speed, "SAMPLE", 8000)
    monkeypatch.setattr(speed, "SECONDS", 0.01)
    rate = speed.measure(SETTING, b"to be or not to be")
    assert rate > 0
    assert speed.known(SETTING, "encode") == rate


def test_no_place_to_write_is_no_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate is made again next time."""
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("no folder")
    speed.keep(SETTING, "encode", 1000, 2.0)
    assert speed.known(SETTING, "encode") is None
