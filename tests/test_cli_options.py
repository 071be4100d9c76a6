"""Options: what the help shows, what a shell is offered, and what the environment adds."""

import click
import pytest
from click.shell_completion import ShellComplete

from rnncompress import presets
from rnncompress.cli import COMMANDS, main
from rnncompress.cli.defaults import OPTIONS

OURS = ("encode", "decode", "verify", "info", "presets", "selfcheck", "sample")


def offered(*words: str) -> list[str]:
    """What a shell is offered after ``words``, of which the last is not complete."""
    *before, last = words
    found = ShellComplete(main, {}, "rnncompress", "_RNNCOMPRESS_COMPLETE").get_completions(before, last)
    return [item.value if item.type == "plain" else item.type for item in found]


def command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", OURS)
def test_every_value_is_offered_something(name):
    """Files, presets, devices, numbers of threads, examples; texts and seeds are the user's own."""
    for parameter in command(name).params:
        takes_value = isinstance(parameter, click.Argument) or not parameter.is_flag
        if takes_value and parameter.name not in ("prime", "seed", "length", "temperature"):
            words = [] if isinstance(parameter, click.Argument) else [parameter.opts[0]]
            assert offered(name, *words, ""), parameter.name


def test_corpora_and_files_are_offered_as_inputs():
    """Both are what encode takes."""
    assert {"enwik8", "file"} <= set(offered("encode", ""))
    assert offered("encode", "--preset", "graves") == []
    assert set(offered("encode", "--preset", "")) == set(presets.for_files())


def test_presets_for_training_are_known_elsewhere():
    """They are presets still, and listed."""
    assert set(presets.names()) - set(presets.for_files()) == {
        name for name in presets.names() if name.startswith("graves-")
    }


@pytest.mark.parametrize("name", [name for group in COMMANDS.values() for name in group])
def test_every_command_is_where_the_table_says(cli, name):
    """It is imported, and has a help."""
    assert command(name).name == name
    assert cli(name, "--help").exit_code == 0


def test_the_help_groups_options(cli):
    """Sections in the order in which the options come, what every command has at the end."""
    text = cli("encode", "--help").stdout
    sections = ("Input:", "Output:", "Network:", "Checkpoints:", "Computing:", "Messages:", "Options:")
    places = [text.index(f"\n{section}\n") for section in sections]
    assert places == sorted(places)


def test_options_from_the_environment(cli, folder, text, monkeypatch):
    """A command takes those that it knows; the command line wins; what none knows is an error."""
    (folder / "a").write_bytes(text)
    monkeypatch.setenv(OPTIONS, "--preset=lstm --threads 1 -q --memory-limit 1kB")
    result = cli("encode", "a")
    assert (result.exit_code, result.stdout) == (0, "")
    monkeypatch.setenv(OPTIONS, "--preset lstm")
    assert '"layers": 2' in cli("info", "--json", "a.rnnc").stdout
    assert cli("encode", "a", "-f", "--preset", "rnn").exit_code == 0
    assert '"cell": "rnn"' in cli("info", "--json", "a.rnnc").stdout
    for wrong in ("--unheard-of", "a", "--threads", "'"):
        monkeypatch.setenv(OPTIONS, wrong)
        result = cli("encode", "a", "-f")
        assert (result.exit_code, OPTIONS in result.stderr) == (2, True), wrong
