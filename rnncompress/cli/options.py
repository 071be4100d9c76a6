"""Options that several commands share, and how the help groups them."""

from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from rnncompress.cli.units import size
from rnncompress.limits import MEMORY_LIMIT, MOST_THREADS

USUAL: Final = "Options"
"""The section of what has no other."""


class Option(click.Option):
    """An option that stands in a ``section`` of the help; ``examples`` are what a shell offers for its value."""

    def __init__(
        self, *arguments: Any, section: str = USUAL, examples: tuple[str, ...] = (), **others: Any
    ) -> None:
        super().__init__(*arguments, **others)
        self.section = section
        self._examples = examples

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The examples that begin so, or what the type offers."""
        offered = [CompletionItem(each) for each in self._examples if each.startswith(incomplete)]
        return offered or super().shell_complete(ctx, incomplete)


class Command(click.Command):
    """A command whose help shows the options in sections, in the order in which these come up."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; what every command has comes last."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                sections.setdefault(getattr(parameter, "section", USUAL), []).append(record)
        usual = sections.pop(USUAL, [])
        for title, records in [*sections.items(), (USUAL, usual)]:
            with formatter.section(title):
                formatter.write_dl(records)


json_option = click.option(
    "--json", "as_json", is_flag=True, cls=Option, section="Messages", help="Print one JSON document."
)
quiet_option = click.option(
    "-q", "--quiet", is_flag=True, cls=Option, section="Messages", help="Say nothing but errors."
)
recursive_option = click.option(
    "-r",
    "--recursive",
    is_flag=True,
    cls=Option,
    section="Input",
    help="Take the files in folders, each on its own; links are left alone.",
)
memory_limit_option = click.option(
    "--memory-limit",
    type=size,
    default=str(MEMORY_LIMIT),
    metavar="SIZE",
    cls=Option,
    section="Computing",
    examples=("8GiB", "16GiB", "32GiB", "64GiB"),
    help="Refuse files that ask for more, e.g. 16GB. Default: 8GiB.",
)
thread_count = click.IntRange(1, MOST_THREADS)
"""The type of options that take a number of threads."""
