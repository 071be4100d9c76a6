"""The command line. Each command has a short file, and imports what takes long to import when it runs."""

import click

from rnncompress._version import __version__
from rnncompress.cli.bench import bench
from rnncompress.cli.bundle import bundle
from rnncompress.cli.corpus import corpus
from rnncompress.cli.decode import decode, verify
from rnncompress.cli.encode import encode
from rnncompress.cli.evaluate import evaluate
from rnncompress.cli.info import info, presets
from rnncompress.cli.program import Program
from rnncompress.cli.sample import sample
from rnncompress.cli.selfcheck import selfcheck
from rnncompress.cli.train import train

EPILOG = """\
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

\b
Completion, for bash (or zsh, fish), in the shell's start-up file:
  eval "$(_RNNCOMPRESS_COMPLETE=bash_source rnncompress)"
"""


@click.group(cls=Program, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rnncompress", message="%(prog)s %(version)s")
def main() -> None:
    """Compress with an LSTM that learns while it codes, and decode to the same bytes on every machine."""


for command in (
    encode,
    decode,
    verify,
    info,
    presets,
    selfcheck,
    corpus,
    bench,
    bundle,
    train,
    evaluate,
    sample,
):
    main.add_command(command)
