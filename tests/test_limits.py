"""What a header announces is what decoding takes, at most."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnncompress import lstm
from rnncompress.config import Config
from rnncompress.limits import announced_memory
from rnncompress.lstm.contexts import COUNT
from rnncompress.model import Model
from rnncompress.vocabulary import Vocabulary

MEASURE = """
import io, sys
from pathlib import Path
from rnncompress import Checkpoints, Model, codec
from rnncompress.config import Config

def code(config, length, model=None):
    packed, checkpoints = io.BytesIO(), Checkpoints(Path("out"), every_bytes=1)
    codec.encode(io.BytesIO(bytes(length)), packed, config, model=model, checkpoints=checkpoints)
    codec.decode(packed, io.BytesIO(), model=model)

def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

code({small!r}, 300, Model.load(Path("small")))
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
model = Model.load(Path("model")) if {trained} else None
config = {config!r}
code(config, 2 * config.streams * config.window + 1, model)
print(status("VmHWM") - before)
"""


SMALL = Config(layers=1, hidden=16, streams=1, contexts=2, context_bits=4)


def save_model(config: Config, path: Path) -> None:
    """One whose tables are full."""
    state = lstm.build(config, 1).state()
    state["contexts"][..., COUNT] = 1
    Model.of(config, Vocabulary(), state, {}).save(path)


only_linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells")


def measured(config: Config, trained: bool, folder: Path) -> int:
    """The most memory that coding takes besides the program; models are in ``folder``."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE.format(small=SMALL, config=config, trained=trained)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


@only_linux
@pytest.mark.parametrize(
    "config",
    [
        Config(layers=1, hidden=512, streams=1, contexts=0),
        Config(layers=3, hidden=64, streams=256, window=32, contexts=0),
        Config(layers=1, hidden=16, streams=1, contexts=0b111110, context_bits=17),
    ],
)
@pytest.mark.parametrize("trained", [False, True])
def test_no_more_memory_than_announced(config: Config, trained: bool, tmp_path: Path) -> None:
    """Weights, streams, contexts, checkpoints, a trained model: all less than announced, yet not just a tenth.

    But the tables of contexts take memory as they fill, and only those of a trained model are full.
    """
    save_model(SMALL, tmp_path / "small")
    save_model(config, tmp_path / "model")
    announced = announced_memory(config, trained=trained)
    taken = measured(config, trained, tmp_path)
    assert taken < announced
    assert taken > announced / 10 or (config.contexts and not trained)


@only_linux
@pytest.mark.parametrize(
    "config",
    [
        Config(layers=0, streams=1, mixing=2**63 - 1, slot_bits=12, direct=2**24 - 1),
        Config(layers=1, hidden=16, streams=64, window=64, mixing=0xFF, slot_bits=6, past_bits=20, frozen=64),
        Config(layers=0, streams=2, window=2048, mixing=2**20 - 1, slot_bits=6, past_bits=12, frozen=2048),
    ],
    ids=["contexts", "streams", "steps"],
)
def test_mixing_takes_no_more_memory_than_announced(config: Config, tmp_path: Path) -> None:
    """Tables, texts that are kept, what a part of a window leaves behind; yet not just a tenth."""
    save_model(SMALL, tmp_path / "small")
    announced = announced_memory(config)
    assert announced / 10 < measured(config, False, tmp_path) < announced
