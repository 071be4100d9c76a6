"""``rnncompress selfcheck``."""

import click


@click.command()
def selfcheck() -> None:
    """Check that this machine computes the numbers that the format defines."""
    from rnncompress.lstm.cuda.device import obstacle
    from rnncompress.selfcheck import run

    for engine in ("reference", "cpu", "cuda"):
        if engine == "cuda" and (reason := obstacle()):
            click.echo(f"{engine}: not available here: {reason}")
        else:
            run(engine)
            click.echo(f"{engine}: exact")
