"""``rnncompress selfcheck``."""

import click


@click.command()
def selfcheck() -> None:
    """Check that this machine computes the numbers that the format defines."""
    from rnncompress import lstm
    from rnncompress.lstm.selfcheck import run

    for engine in ("reference", "cpu", "cuda"):
        if lstm.available(engine):
            run(engine)
            click.echo(f"{engine}: exact")
        else:
            click.echo(f"{engine}: not available here")
