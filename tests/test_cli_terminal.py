"""What a terminal shows, as text: progress at every width, and messages beside it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

CODE = """
import time
from rnncompress.cli.screen import Screen
screen = Screen()
with screen.progress("encoding a folder/a rather long name.txt") as update:
    for done in range(0, 101, 10):
        update(done * 10**6, 100 * 10**6, "1.571 bpc")
        time.sleep(0.15)
        if done == 50:
            screen.say("pass 1: 2.034 bpc while learning, [1.987 bpc] in validation, and so on to a long line")
print("done")
"""


def recording(width: int) -> list[str]:
    """Every line that a terminal of this width has shown."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment |= {"TERM": "xterm", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stderr=theirs, stdout=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # Linux tells the end of a terminal as an error
            pass
        os.close(ours)
    assert process.returncode == 0, shown
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]


@pytest.mark.parametrize(
    ("width", "pattern"),
    [
        (40, r"encoding a[^ ]*.*… +{percent}% {left} left"),
        (60, r"encoding a folder/a rat.*… +{percent}% [\d.]+ MB/s {left} left"),
        (80, r"encoding a folder.*… [━╸╺]+ +{percent}% [\d.]+ MB/s 1\.571 bpc {left} left"),
        (100, r"encoding a folder/a rather.*… [━╸╺]+ +{percent}% [\d.]+ MB/s 1\.571 bpc {left} left"),
    ],
)
def test_percent_and_time_left_are_there_at_every_width(width: int, pattern: str) -> None:
    """The title gives way, then the bar, what it costs, and the speed."""
    lines = recording(width)
    assert all(len(line) <= width for line in lines if "validation" not in line and "pass" not in line)
    moving = [line for line in lines if re.search(r" [2-9]0% ", line)]
    assert moving
    full = re.compile(pattern.replace("{percent}", r"\d+").replace("{left}", r"\d\d:\d\d"))
    assert all(full.fullmatch(line) for line in moving), "\n".join(lines)


def test_a_message_stands_above_the_bar() -> None:
    """It has a line of its own, whole and as it is, and the bar goes on below; at the end the bar is gone."""
    text = "\n".join(recording(200))
    said = (
        "rnncompress: pass 1: 2.034 bpc while learning, [1.987 bpc] in validation, and so on to a long line"
    )
    assert text.splitlines().count(said) == 1
    assert " 60% " in text[text.index(said) :]
    assert text.endswith("\ndone")
