"""Interrupt encoding and decoding at random moments, go on, and compare with an undisturbed run.

    python tests/tools/kills.py --kills 20

Every interruption hits a child that goes on from what the one before left. After each a checkpoint is damaged now
and then. Ends with 1 if anything but the bytes of the undisturbed run ever comes out.
"""

import argparse
import errno
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import click

from rnncompress import container, files
from rnncompress.config import Config
from rnncompress.presets import PRESETS, Preset

SMALL = Config(layers=1, hidden=16, streams=4, window=8, contexts=0b1010, context_bits=8)
PRESETS["small"] = Preset("for this test", ((0, SMALL),))

from rnncompress.cli import main  # noqa: E402, it looks at the presets
from rnncompress.cli.program import Program  # noqa: E402

TEXT = Path(__file__).parents[2] / "corpora" / "sample.txt"
INPUT, PACKED = "ein Text", "ein Text.rnnc"
SLOWEST = 60.0
NOT_BEGUN, ESCAPED = 71, 70
"""Exit codes of a child that a signal ended before a command began, and of one that left a command without an end."""


def kill() -> None:
    """What no program can prepare for."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_write(number: int, then: Callable[[], None]) -> None:
    """Let half of the ``number``-th write to a file through, then do ``then`` at every further one."""
    write, left = files._File.write, number

    def fails(self, data):
        nonlocal left
        left -= 1
        if left > 0:
            return write(self, data)
        half = len(data) // 2 if left == 0 else 0
        if half:
            written = write(self, memoryview(data)[:half])
            if then is full:  # a full disk takes what fits and says how much that was
                return written
        with files._told_as(files.OutputError, f"cannot write {self._shown}"):
            then()

    files._File.write = fails


def at_rename(number: int, *, after: bool) -> None:
    """Kill before or after the ``number``-th rename."""
    replace, left = Path.replace, number

    def fails(self, target):
        nonlocal left
        left -= 1
        if left == 0 and not after:
            kill()
        replace(self, target)
        if left == 0:
            kill()

    Path.replace = fails


def full() -> None:
    """The disk takes no more."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def start(arguments: list[str], prepare: Callable[[], None], errors: Path) -> int:
    """The command line in a child; returns its process."""
    if child := os.fork():
        return child
    code = NOT_BEGUN
    invoke = Program.invoke

    def begin(program: Program, context: click.Context) -> object:
        nonlocal code
        code = ESCAPED
        return invoke(program, context)

    try:
        Program.invoke = begin  # type: ignore[method-assign]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        prepare()
        main(arguments, prog_name="rnncompress")
    except SystemExit as end:
        code = end.code or 0
    finally:
        os._exit(code)


def end(child: int) -> int:
    """Its exit code, or minus the signal; a child that hangs is an error."""
    until = time.monotonic() + SLOWEST
    while time.monotonic() < until:
        if (found := os.waitpid(child, os.WNOHANG))[0]:
            return os.waitstatus_to_exitcode(found[1])
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the program hangs")


def fault(kind: str, rng: random.Random) -> Callable[[], None]:
    """What a child does to itself for an interruption of this kind."""
    number = rng.randint(1, 40)
    if kind == "SIGKILL in a write":
        return lambda: at_write(number, kill)
    if kind == "disk full":
        return lambda: at_write(number, full)
    if kind == "SIGKILL at a rename":
        return lambda: at_rename(rng.randint(1, 12), after=rng.random() < 0.5)
    return lambda: None


KINDS = {
    "SIGKILL at any moment": (-signal.SIGKILL, signal.SIGKILL),
    "SIGKILL in a write": (-signal.SIGKILL, None),
    "SIGKILL at a rename": (-signal.SIGKILL, None),
    "SIGTERM": (130, signal.SIGTERM),
    "Ctrl-C": (130, signal.SIGINT),
    "disk full": (1, None),
}
"""Interruptions: the exit code they bring, and the signal that is sent."""


def damage_newest(checkpoint: Path, rng: random.Random) -> bool:
    """Flip a bit of the newest checkpoint, if there is an older one."""
    if not (checkpoint.exists() and checkpoint.with_name(f"{checkpoint.name}.old").exists()):
        return False
    content = bytearray(checkpoint.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    checkpoint.write_bytes(content)
    return True


def interrupt(
    command: list[str], output: Path, kills: int, duration: float, rng: random.Random
) -> Counter[str]:
    """Interrupt ``command`` until so many interruptions have hit; returns what happened how often."""
    expected = output.read_bytes()
    output.unlink()
    happened: Counter[str] = Counter()
    errors = Path("errors")
    while (hits := sum(happened[kind] for kind in KINDS if "KILL" in kind)) < kills or not output.exists():
        output.unlink(missing_ok=True)
        kind = rng.choice(list(KINDS)) if hits < kills else "none"
        errors.write_bytes(b"")
        child = start([*command, "--resume"], fault(kind, rng), errors)
        code, sent = KINDS.get(kind, (0, None))
        if sent:
            time.sleep(rng.uniform(0, duration))
            os.kill(child, sent)
        result = end(child)
        said = errors.read_text()
        if (sent and result in (-sent, NOT_BEGUN) and not said) or said == "\nAborted!\n":
            kind = "signal before the command had begun"
        elif sent and result == -sent and output.exists():
            kind = "signal after all was done"
        else:
            assert result in (0, code), (kind, result, said)
        assert "Traceback" not in said, said
        assert "bug" not in said, said
        happened["went on from a checkpoint"] += "going on from" in said
        happened["took the one before"] += "cannot go on from" in said and "going on from" in said
        if output.exists():
            happened["completed"] += 1
            assert output.read_bytes() == expected, "the output differs from that of an undisturbed run"
        if result == 0:
            assert {path.name for path in Path().iterdir()} == {INPUT, PACKED, output.name, "errors"}
        else:
            happened[kind] += 1
        if result and output.exists():  # killed between the last rename and the removal of the checkpoints
            for path in Path().glob(f"{output.name}.ckpt*"):
                path.unlink()
        if kind == "disk full" and result:
            assert "No space left on device" in said, said
        checkpoint = output.with_name(f"{output.name}.ckpt")
        if result and rng.random() < 0.2:
            happened["newest checkpoint damaged"] += damage_newest(checkpoint, rng)
    return happened


def parse() -> argparse.Namespace:
    """The command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="by SIGKILL, in each direction")
    parser.add_argument("--bytes", type=int, default=6000, help="of the text")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def run(kills: int, size: int, seed: int) -> None:
    """Both directions in the current folder."""
    rng = random.Random(seed)
    container.BLOCK_SYMBOLS = 2048
    Path(INPUT).write_bytes(TEXT.read_bytes()[:size])
    for direction, arguments, output in (
        ("encode", ["encode", INPUT, "--preset", "small"], Path(PACKED)),
        ("decode", ["decode", PACKED, "-f", "-o", "out"], Path("out")),
    ):
        command = [*arguments, "--threads", "1", "--device", "cpu", "--checkpoint-every", "500b"]
        for _ in range(2):  # the first compiles
            output.unlink(missing_ok=True)
            began = time.monotonic()
            main([*command, "-q"], standalone_mode=False)
        happened = interrupt(command, output, kills, time.monotonic() - began, rng)
        print(f"{direction}: " + ", ".join(f"{what} {times}" for what, times in sorted(happened.items())))
    assert Path("out").read_bytes() == Path(INPUT).read_bytes()


if __name__ == "__main__":
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        run(options.kills, options.bytes, options.seed)
