"""``rnncompress corpus list``, ``fetch`` and ``check``."""

import json
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from rnncompress import corpora
from rnncompress.cli.options import Command, json_option, quiet_option
from rnncompress.cli.screen import Screen
from rnncompress.cli.streams import fetch as fetch_corpus


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in corpora.manifest() if name.startswith(incomplete)]


name_argument = click.argument("name", shell_complete=_complete)


@click.group()
def corpus() -> None:
    """Known corpora: list them, fetch them into the cache folder, check them.

    The cache folder is RNNCOMPRESS_CACHE if that is set, else a folder in the platform's place for caches.
    """


@corpus.command("list", cls=Command)
@json_option
def list_(as_json: bool) -> None:
    """List the known corpora, and which of them are here."""
    known = corpora.manifest().values()
    if as_json:
        rows = [
            {
                "name": each.name,
                "title": each.title,
                "licence": each.licence,
                "url": each.url,
                "here": not each.missing(),
                "files": [
                    {"name": file.name, "bytes": file.bytes, "path": str(each.path(file)), **file.hashes}
                    for file in each.files
                ],
            }
            for each in known
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for each in known:
        here = "here" if not each.missing() else "-"
        click.echo(f"{each.name:10}  {each.bytes:>13,}  {here:4}  {each.title}")


@corpus.command(cls=Command)
@name_argument
@click.option(
    "--from",
    "source",
    type=click.Path(),
    metavar="FILE",
    help="Take it from the publisher's zip, a folder, or the raw file.",
)
@quiet_option
def fetch(name: str, source: str | None, quiet: bool) -> None:
    """Download a corpus into the cache folder, unzip it, check its hashes.

    An interrupted download goes on where it ended. Without a network use --from.
    """
    wanted = corpora.get(name)
    if source is not None:
        corpora.take(wanted, Path(source))
    elif wanted.missing():
        fetch_corpus(wanted, Screen(quiet=quiet))
    if not quiet:
        for file in wanted.files:
            click.echo(wanted.path(file))


@corpus.command(cls=Command)
@name_argument
def check(name: str) -> None:
    """Read a fetched corpus and compare its hashes with the published ones."""
    wanted = corpora.get(name)
    for file in wanted.files:
        corpora.check(wanted, file)
        click.echo(f"{wanted.path(file)}: as published")
