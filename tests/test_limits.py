"""What a header announces is what decoding takes, at most."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnncompress.limits import announced_memory
from rnncompress.presets import Config

MEASURE = """
import io, sys
from pathlib import Path
from rnncompress import Checkpoints, codec
from rnncompress.presets import Config

def code(config, length):
    packed, checkpoints = io.BytesIO(), Checkpoints(Path("out"), every_bytes=1)
    codec.encode(io.BytesIO(bytes(length)), packed, config, checkpoints=checkpoints)
    codec.decode(packed, io.BytesIO())

def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

code(Config(layers=1, hidden=16, streams=1, contexts=2, context_bits=4), 300)
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
config = {config!r}
code(config, 2 * config.streams * config.window + 1)
print(status("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells")
@pytest.mark.parametrize(
    "config",
    [
        Config(layers=1, hidden=512, streams=1, contexts=0),
        Config(layers=3, hidden=64, streams=256, window=32, contexts=0),
        Config(layers=1, hidden=16, streams=1, contexts=0b111110, context_bits=17),
    ],
)
def test_no_more_memory_than_announced(config: Config, tmp_path: Path) -> None:
    """Weights, streams, tables of contexts, checkpoints: all take less than announced, yet not just a tenth."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE.format(config=config)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert run.returncode == 0, run.stderr
    assert announced_memory(config) / 10 < int(run.stdout) < announced_memory(config)
