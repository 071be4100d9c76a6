"""The command line. Each command has a short file, which is imported when the command is asked for."""

from typing import Final

import click

from rnncompress._version import __version__
from rnncompress.cli.program import Program

COMMANDS: Final = {
    "Files": {
        "encode": ("encode.encode", "Compress files, or a folder as one file."),
        "decode": ("decode.decode", "Decompress files."),
        "verify": ("decode.verify", "Decode, keep nothing, and check that it is what was encoded."),
        "info": ("info.info", "Show what compressed files and models say of themselves."),
        "bundle": ("bundle.bundle", "Make an archive that restores its original by itself."),
    },
    "Trained models": {
        "train": ("train.train", "Train a network on texts."),
        "evaluate": ("evaluate.evaluate", "Tell what a text costs under a model, frozen and learning."),
        "sample": ("sample.sample", "Print text that a model makes up."),
        "write": ("write.write", "Write a text by hand, as a picture."),
    },
    "Which to take": {
        "presets": ("info.presets", "List the networks, what they take, and what was measured of them."),
        "bench": ("bench.bench", "Compare with other compressors on your files."),
        "explain": ("explain.explain", "Tell what each byte of a file costs, and why."),
        "plot": ("plot.plot", "Draw learning curves over each other."),
        "corpus": ("corpus.corpus", "Known corpora: list, fetch, check."),
        "selfcheck": ("selfcheck.selfcheck", "Check that this machine computes the numbers of the format."),
    },
}
"""The commands in groups: where each is found, below this package, and its line in the help."""

ALIASES: Final = {"compress": "encode", "decompress": "decode", "test": "verify", "list": "info"}
"""Names that people try."""

LETTERS: Final = {"z": "encode", "d": "decode", "t": "verify", "l": "info"}
"""Options of other compressors in place of a command, alone (-d) or with others (-dc)."""

EPILOG = """\
\b
Habits of other compressors:
  compress, decompress, test, list are encode, decode, verify, info,
  and so are -z, -d, -t, -l in place of a command: rnncompress -dc FILE

\b
Exit codes:
    0  done
    1  failed: an input, an output, a damaged file, a corpus
    2  the command line is wrong
    3  what was decoded is not what was encoded
    4  this machine cannot decode this file: newer format version,
       missing device or model, self-check failed
  130  interrupted (Ctrl-C, SIGTERM); a long run leaves a checkpoint
       to go on from with --resume
  141  the reader of the output has gone, as in `... | head`
  With several inputs a failure does not stop the others; the exit code
  is then the highest of theirs.

\b
Environment:
  RNNCOMPRESS_OPTIONS  options for every command that knows them, such as
                       "--threads 2 --preset fast"; the command line wins
  RNNCOMPRESS_CACHE    the folder of corpora and of what was measured here

\b
Completion, for bash (or zsh, fish), in the shell's start-up file:
  eval "$(_RNNCOMPRESS_COMPLETE=bash_source rnncompress)"
"""


@click.group(
    cls=Program,
    commands_in_groups=COMMANDS,
    aliases=ALIASES,
    letters=LETTERS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "-V", "--version", prog_name="rnncompress", message="%(prog)s %(version)s")
def main() -> None:
    """Compress with an LSTM that learns while it codes, and decode to the same bytes on every machine."""
