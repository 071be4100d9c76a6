"""What is told of the presets' speed and size: measured, and of today's presets."""

import json

from rnncompress import measured, presets
from rnncompress.config import Config
from rnncompress.measured import Measurement

ONE = Measurement("a file", 1_000_000, 200_000, 10.0, 20.0, "a machine, 1 thread", "2026-11-22")


def test_every_measurement_is_of_a_preset() -> None:
    """A preset that changes leaves no measurement behind that nobody sees."""
    known = {config for preset in presets.PRESETS.values() for _, config in preset.steps}
    assert set(measured.load()) <= known


def test_measurements_are_read_as_they_were_written(tmp_path, monkeypatch) -> None:
    """Several of one configuration stay together."""
    several = {Config(): [ONE, ONE], Config(cell="rnn"): [ONE]}
    (tmp_path / measured.NAME).write_text(measured.dump(several))
    monkeypatch.setattr(measured, "files", lambda _: tmp_path)
    assert measured.load() == several


def test_a_measurement_in_words() -> None:
    """Bits per character of the whole compressed file, thousands of bytes a second."""
    assert str(ONE) == (
        "1.600 bpc on a file; encodes 100.0, decodes 50.0 kB/s (a machine, 1 thread, 2026-11-22)"
    )


def test_presets_show_their_measurements(cli, monkeypatch) -> None:
    """``presets`` shows a measurement under the configuration that it belongs to."""
    config = presets.get("fast", 0)
    monkeypatch.setattr(measured, "load", lambda: {config: [ONE]})
    lines = cli("presets").stdout.splitlines()
    (number,) = (n for n, line in enumerate(lines) if str(ONE) in line)
    assert "no network" in lines[number - 1]
    step = json.loads(cli("presets", "--json").stdout)["fast"]["steps"][0]
    assert step["measured"][0]["bpc"] == 1.6
    assert step["weights"] == config.weights
