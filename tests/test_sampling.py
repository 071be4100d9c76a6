"""Samples: the same text everywhere for the same seed, drawn as the model predicts, with the weights at rest."""

import io
from importlib import import_module
from itertools import islice

import models
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from rnncompress import lstm
from rnncompress.cli import main
from rnncompress.model import Model
from rnncompress.network import TOTAL
from rnncompress.sampling import ONE, draw, sample, tempered

PRIME = b"Ziegel "
COMMAND = import_module("rnncompress.cli.sample")

tables = st.lists(st.integers(1, 2**20), min_size=1, max_size=300).map(lambda n: np.array(n, np.int32))


def text(
    model: Model, length: int, *, engine="cpu", threads=1, prime=PRIME, temperature=ONE, seed=0
) -> bytes:
    config = model.config.replace(streams=1)
    network = lstm.build(config, 1, engine=engine, threads=threads)
    network.load_state(model.state(config))
    symbols = sample(network, model.vocabulary.symbols(prime), temperature, seed)
    return model.vocabulary.text(list(islice(symbols, length)))


def test_the_text_is_this():
    """A seed gives this very text, on every machine; at temperature 1 and below."""
    assert text(models.trained(), 40) == GOLDEN
    assert text(models.trained(), 40, temperature=600, seed=7) == COOL


GOLDEN = b"z\xb7\x11.el, zegel\xc3cs\xa4; unn iZterer D\xc3\xa4cndne "
COOL = b"z\xc3\xa4hlen ih Der z\xc3\xa4hlt z\xc3\xa4hlen ihinZihlen"


@pytest.mark.parametrize("options", [{"engine": "reference"}, {"threads": 3}])
@pytest.mark.parametrize("kind", ["bytes", "characters", "words"])
def test_engine_and_threads_change_no_symbol(kind, options):
    """The specification and other numbers of threads draw the same, for all kinds of symbols."""
    model = models.trained(kind=kind)
    assert text(model, 50, **options) == text(model, 50)


def test_seed_prime_and_temperature_matter():
    """Another seed, another beginning and another temperature give another text."""
    model = models.trained()
    texts = [
        text(model, 60, **options)
        for options in ({}, {"seed": 1}, {"prime": b"Der D"}, {"temperature": 500}, {"prime": b""})
    ]
    assert len(set(texts)) == len(texts)


def test_the_weights_stay_as_they_were():
    """However long the sample, nothing of the network but what it remembers of the text has changed."""
    model = models.trained()
    config = model.config.replace(streams=1)
    network = lstm.build(config, 1)
    network.load_state(model.state(config))
    list(islice(sample(network, model.vocabulary.symbols(PRIME), ONE, 0), 5 * config.window))
    state = network.state()
    again = Model.of(config, model.vocabulary, state, {})
    assert Model(model.config, model.vocabulary, again.arrays).digest == model.digest
    assert state["h"].any()


@given(tables)
def test_temperature_one_changes_nothing(frequencies):
    """At temperature 1 symbols are drawn as predicted, exactly."""
    assert (tempered(frequencies, ONE) == frequencies).all()


@given(tables, st.integers(1, 1_000_000))
def test_no_temperature_changes_the_order(frequencies, temperature):
    """What is more likely stays more likely; the most likely always keeps a weight."""
    weights = tempered(frequencies, temperature)
    assert (np.diff(weights[np.argsort(frequencies)]) >= 0).all()
    assert 0 < weights.max() <= 2**38
    assert weights.min() >= 0


@pytest.mark.parametrize("temperature", [100, 500, 999, 1001, 1500, 4000])
def test_temperature_is_a_power(temperature):
    """Weights are in proportion to the powers of the frequencies, as nearly as the softmax's exponential is one."""
    frequencies = np.array([1, 10**3, 10**5, 5 * 10**6, 10**7], np.int32)
    weights = tempered(frequencies, temperature)
    expected = (frequencies / frequencies.max()) ** (1000 / temperature)
    assert np.allclose(weights / 2**38, expected, rtol=0.03, atol=1e-5)
    assert weights[-1] == 2**38


def test_the_coldest_takes_the_most_likely():
    """At the lowest temperature only the most likely symbols are left."""
    assert (tempered(np.array([5, 9, 8, 9], np.int32), 1) > 0).tolist() == [False, True, False, True]


def test_draws_follow_the_weights():
    """Of many draws each symbol has its share; what has no weight is never drawn."""
    weights = np.array([0, 5, 0, 1, 10, 0], np.int64) * (TOTAL // 16)
    counts = np.bincount([draw(weights, 3, n) for n in range(4000)], minlength=6)
    assert counts[[0, 2, 5]].tolist() == [0, 0, 0]
    assert (abs(counts[[1, 3, 4]] - np.array([1250, 250, 2500])) < 100).all()


@given(
    st.lists(st.integers(0, 2**38), min_size=1, max_size=50), st.integers(0, 2**32 - 1), st.integers(0, 2**40)
)
def test_a_draw_is_a_symbol_of_some_weight(weights, seed, number):
    """Whatever the weights, the seed and the number, a symbol is drawn that has a weight."""
    weights[number % len(weights)] += 1
    assert weights[draw(np.array(weights, np.int64), seed, number)] > 0


@pytest.fixture
def cli(folder):
    """Runs the command line in this process, with real networks."""
    for kind in ("bytes", "characters", "words"):
        models.trained(kind=kind).save(folder / f"{kind}.rnnm")
    return lambda *arguments, stdin=b"": CliRunner().invoke(main, list(map(str, arguments)), input=stdin)


@pytest.mark.parametrize("kind", ["bytes", "characters"])
def test_the_command_prints_so_many_symbols(cli, kind):
    """sample prints the text, all of it and nothing else."""
    result = cli("sample", "--model", f"{kind}.rnnm", "--length", 70, "--prime", PRIME.decode(), "--seed", 3)
    assert result.exit_code == 0
    assert result.stdout_bytes == text(models.trained(kind=kind), 70, seed=3)
    assert len(result.stdout_bytes) == 70


def test_words_are_words(cli):
    """A model of words prints so many words of its vocabulary; the prime goes on within its line."""
    result = cli("sample", "--model", "words.rnnm", "--length", 12, "--prime", "Der", "--temperature", "0.5")
    words = result.stdout.split()
    assert result.exit_code == 0
    assert len(words) == 12 - result.stdout.count("\n")
    assert set(words) <= set(models.trained(kind="words").vocabulary.entries)
    assert not result.stdout.startswith("\n")


def test_bytes_that_are_no_text(cli):
    """At a high temperature bytes come out that are no UTF-8: they are printed as they are."""
    result = cli("sample", "--model", "bytes.rnnm", "--length", 200, "--temperature", "50")
    assert result.exit_code == 0
    assert len(result.stdout_bytes) == 200
    with pytest.raises(UnicodeDecodeError):
        result.stdout_bytes.decode()


@pytest.mark.parametrize("kind", ["bytes", "characters", "words"])
@pytest.mark.parametrize("prime", ["", "Ωμέγα", "\n"])
def test_any_prime_will_do(cli, kind, prime):
    """A prime may be empty, or hold what the model has never seen."""
    result = cli("sample", "--model", f"{kind}.rnnm", "--length", 5, "--prime", prime)
    assert result.exit_code == 0
    assert result.stdout_bytes


def test_nothing_is_printed_of_length_nought(cli):
    """A sample may be empty."""
    result = cli("sample", "--model", "bytes.rnnm", "--length", 0)
    assert (result.exit_code, result.stdout_bytes) == (0, b"")


def test_text_appears_as_it_is_made(folder, monkeypatch):
    """Every symbol is flushed before the next is drawn."""
    models.trained().save(folder / "model.rnnm")
    events = []

    class Out(io.BytesIO):
        def flush(self) -> None:
            events.append(len(self.getvalue()))

    monkeypatch.setattr(COMMAND, "sys", type("System", (), {"stdout": io.TextIOWrapper(Out())}))
    with pytest.raises(SystemExit) as ended:
        COMMAND.sample.main(["--model", "model.rnnm", "--length", "5"])
    assert ended.value.code == 0
    assert events[:5] == [1, 2, 3, 4, 5]


def test_closed_output(refuses, cli, monkeypatch):
    """Without a standard output there is nowhere to print to."""
    monkeypatch.setattr(COMMAND, "sys", type("Closed", (), {"stdout": None}))
    refuses(1, "sample", "--model", "bytes.rnnm", says="standard output is closed")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--model", "bytes.rnnm", "--length", "-1"],
        ["--model", "bytes.rnnm", "--temperature", "0"],
        ["--model", "bytes.rnnm", "--temperature", "warm"],
        ["--model", "bytes.rnnm", "--temperature", "nan"],
        ["--model", "bytes.rnnm", "--temperature", "1000.1"],
        ["--model", "bytes.rnnm", "--seed", "-1"],
        ["--model", "bytes.rnnm", "--seed", str(2**32)],
    ],
)
def test_wrong_command_lines(cli, arguments):
    """A command line that makes no sense ends with 2 and prints nothing."""
    result = cli("sample", *arguments)
    assert (result.exit_code, result.stdout_bytes) == (2, b"")
