"""What is said before waiting."""

import json
import math

import fake
import pytest

from rnncompress import presets, speed, trust
from rnncompress.cli.estimates import about, in_units
from rnncompress.limits import announced_memory


@pytest.fixture(autouse=True)
def quick(cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measurements of the small predictor, kept in an empty folder."""
    monkeypatch.setattr(trust, "build", fake.build)
    monkeypatch.setattr(speed, "SAMPLE", 6000)
    monkeypatch.setattr(speed, "SECONDS", 0.01)


def test_an_estimate_instead_of_a_run(cli, folder, text):
    """encode --estimate and decode --estimate say time and memory, write nothing, and keep what they measured."""
    (folder / "a").write_bytes(text)
    result = cli("encode", "a", "--estimate", "--threads", "1")
    memory = in_units(announced_memory(presets.choose(len(text))))
    assert result.exit_code == 0
    assert result.stdout.startswith(f"a: {len(text):,} bytes with default: about ")
    assert result.stdout.endswith(f", {memory} of memory on 1 thread\n")
    assert [path.name for path in folder.iterdir()] == ["a"]
    document = json.loads(cli("encode", "a", "--estimate", "--json", "--preset", "fast").stdout)
    assert document["memory_bytes"] == announced_memory(presets.get("fast", len(text)))
    assert document["seconds"] > 0
    cli("encode", "a", "-q")
    assert "lstm units" in cli("decode", "a.rnnc", "--estimate").stdout
    assert cli("encode", "--estimate", "a", "a").stdout.splitlines()[-1].startswith("2 files: ")


def test_info_tells_what_decoding_takes(cli, folder, text):
    """Memory always; time when it was measured here."""
    (folder / "a").write_bytes(text)
    cli("encode", "a", "-q")
    assert (
        "memory; how long it takes here `rnncompress decode --estimate` measures"
        in cli("info", "a.rnnc").stdout
    )
    assert json.loads(cli("info", "a.rnnc", "--json").stdout)["decode_seconds"] is None
    cli("decode", "--estimate", "a.rnnc")
    assert "decoding    about " in cli("info", "a.rnnc").stdout
    assert json.loads(cli("info", "a.rnnc", "--json").stdout)["decode_seconds"] > 0


@pytest.mark.parametrize(("rate", "said"), [(10.0, True), (1e6, False)])
def test_a_run_of_more_than_a_minute_is_announced(cli, folder, text, monkeypatch, rate, said):
    """In one line, before it begins, both ways."""
    monkeypatch.setattr("rnncompress.cli.estimates._LARGE", 100)
    monkeypatch.setattr("rnncompress.cli.estimates.known", lambda setting, direction: rate)
    (folder / "a").write_bytes(text)
    minutes = round(len(text) / rate / 60)
    result = cli("encode", "a")
    line = f"rnncompress: {len(text):,} bytes with default: about {minutes} min, "
    assert (line in result.stderr) == said
    assert (f"about {minutes} min, " in cli("decode", "a.rnnc", "-f").stderr) == said
    assert cli("encode", "a", "-fq").stderr == ""


def test_a_run_is_a_measurement(cli, folder, text, monkeypatch):
    """What a run has taken serves the next estimate."""
    monkeypatch.setattr("rnncompress.cli.run.WORTH", 100)
    (folder / "a").write_bytes(text)
    setting = speed.Setting(presets.choose(len(text)), "cpu", 1)
    report = json.loads(cli("encode", "a", "--threads", "1", "--json").stdout)
    assert math.isclose(speed.known(setting, "encode") or 0, len(text) / report["seconds"])


def test_presets_show_memory(cli):
    """Each step of each."""
    listed = cli("presets").stdout
    for preset in presets.PRESETS.values():
        for _, config in preset.steps:
            assert f", {in_units(announced_memory(config))}\n" in listed


def test_estimates_are_rough():
    """Nobody needs the seconds of hours."""
    assert [about(s) for s in (0.2, 59, 60, 3000, 7200, 300_000)] == [
        "about 1 s", "about 59 s", "about 1 min", "about 50 min", "about 2.0 h", "about 3 days",
    ]  # fmt: skip
    assert [in_units(n) for n in (45_600_000, 1_140_000_000)] == ["46 MB", "1.1 GB"]
