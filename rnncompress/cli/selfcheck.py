"""``rnncompress selfcheck``."""

import click

from rnncompress.cli.options import Command, quiet_option
from rnncompress.cli.run import announce_compiling
from rnncompress.cli.screen import Screen


@click.command(cls=Command)
@quiet_option
def selfcheck(quiet: bool) -> None:
    """Check that this machine computes the numbers that the format defines."""
    announce_compiling(Screen(quiet=quiet))
    from rnncompress.lstm.cuda.device import obstacle
    from rnncompress.selfcheck import run

    for engine in ("reference", "cpu", "cuda"):
        if engine == "cuda" and (reason := obstacle()):
            told = f"not available here: {reason}"
        else:
            run(engine)
            told = "exact"
        if not quiet:
            click.echo(f"{engine}: {told}")
