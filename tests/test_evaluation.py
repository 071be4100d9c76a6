"""Static and dynamic evaluation: what they cost, what they leave, and that every machine gets the same."""

import numpy as np
import pytest
from models import CONFIG, MIXED, TEXT, trained

from rnncompress import lstm
from rnncompress.errors import InputError
from rnncompress.loop import Progress
from rnncompress.model import Model
from rnncompress.training import trainer
from rnncompress.training.evaluation import WINDOW, Rule, evaluate

OTHER = "Die Ziegel zählen den Dächerflüsterer, und er zählt sie. ".encode() * 8
RULES = [None, Rule("adam", 2000), Rule("adam", 2000, reset=60), Rule("rms", 2000), Rule("rms", 2000, 0.01)]


@pytest.fixture(autouse=True)
def untrusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is checked or remembered about this machine."""
    monkeypatch.setattr(trainer, "build_network", lstm.build)


@pytest.mark.parametrize("rule", RULES)
def test_an_evaluation_is_the_same_everywhere(rule: Rule | None) -> None:
    """Engine and threads change nothing about the bits or the curve."""
    text = OTHER[:150]
    results = [
        evaluate(trained(), text, rule, streams=2, engine=engine, threads=threads)
        for engine, threads in (("reference", 1), ("cpu", 1), ("cpu", 2))
    ]
    assert len({(each.bits, each.curve) for each in results}) == 1


@pytest.mark.parametrize(
    "rule", [None, Rule("adam", 2000), Rule("adam", 2000, reset=40), Rule("rms", 2000, 0.01)]
)
def test_network_and_both_are_told_apart(rule: Rule | None) -> None:
    """Of a model that mixes: what both cost together, and the network alone, everywhere the same."""
    both, network = trained(config=MIXED), trained()
    text = OTHER[:150]
    results = [
        evaluate(both, text, rule, streams=2, engine=engine, threads=threads)
        for engine, threads in (("reference", 1), ("cpu", 1), ("cpu", 2))
    ]
    assert len({(each.bits, each.network_bits, each.curve) for each in results}) == 1
    alone = evaluate(network, text, rule, streams=2)
    assert results[0].network_bits == pytest.approx(alone.bits)
    assert results[0].bits < alone.bits
    assert alone.network_bits is alone.network_bpc is None


def test_counts_learn_on_or_stay_as_they_are() -> None:
    """Mixing without a network: reading a text twice teaches nothing if it is static; reset often it is static, too."""
    model = trained(config=MIXED.replace(layers=0))
    static, dynamic = (evaluate(model, OTHER, rule) for rule in (None, Rule()))
    assert dynamic.bits < static.bits
    assert static.network_bits is None
    assert model == trained(config=MIXED.replace(layers=0))


def test_a_static_evaluation_costs_what_the_network_says() -> None:
    """It is the code length of the text under the trained network, whose weights do not move."""
    config = CONFIG.replace(streams=1, window=len(OTHER))
    network = lstm.build(config, 1)
    network.load_state(trained().state(config))
    frequencies = network.predict_window(np.frombuffer(OTHER, np.uint8).astype(np.int32)[:, None])[1]
    result = evaluate(trained(), OTHER, None)
    # Sums of logarithms, in another order: what is reported, not what is coded.
    assert result.bits == pytest.approx(24 * len(OTHER) - np.log2(frequencies).sum())
    assert result.bpc == result.bits / len(OTHER)
    assert result.perplexity == 2**result.bpc


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule and not rule.reset])
def test_learning_on_makes_a_text_cheaper(rule: Rule) -> None:
    """A text that differs from that of training costs less under a model that adapts, whatever the rule."""
    assert evaluate(trained(), OTHER, rule).bits < evaluate(trained(), OTHER, None).bits


@pytest.mark.parametrize("name", ["adam", "rms"])
def test_a_reset_forgets_what_was_learnt(name) -> None:
    """Reset before every window a model costs what a static one does; reset after the text, what it does anyway."""
    often = evaluate(trained(), OTHER, Rule(name, 2000, reset=1))
    assert often.bits == evaluate(trained(), OTHER, None).bits
    never = evaluate(trained(), OTHER, Rule(name, 2000, reset=len(OTHER)))
    assert never.bits == evaluate(trained(), OTHER, Rule(name, 2000)).bits


def test_full_decay_learns_nothing() -> None:
    """Pulled back all the way after each step, an adapting model without contexts is a static one."""
    model = trained(config=CONFIG.replace(contexts=0))
    learning = Rule("rms", 2000, 1e6)
    static = evaluate(model, OTHER, None)
    assert evaluate(model, OTHER, learning).bits == pytest.approx(static.bits, rel=1e-3)


def test_the_model_stays_as_it_was() -> None:
    """Neither evaluation changes the model that it is given."""
    before = trained().to_bytes()
    for rule in RULES:
        evaluate(trained(), OTHER, rule)
    assert Model.from_bytes(before).to_bytes() == trained().to_bytes() == before


def test_unknown_bytes_can_be_paid_for() -> None:
    """A byte that the vocabulary lacks costs its escape symbol and eight bits."""
    model = trained(TEXT, "characters")
    known, unknown = (evaluate(model, b"Ziegel" + byte, None) for byte in (b"z", b"\0"))
    assert unknown.symbols == unknown.bytes == 7
    assert unknown.bits > known.bits + 8


def test_words_have_a_perplexity() -> None:
    """Symbols are words and ends of lines; bits per byte are those of the text."""
    model = trained(TEXT, "words")
    result = evaluate(model, b"und die Ziegel\nund das Dach\n", None)
    assert (result.symbols, result.bytes) == (8, 28)
    assert result.perplexity == 2 ** (result.bits / 8)


def test_progress_and_curve_end_with_the_text() -> None:
    """The last point of both is the whole text."""
    seen: list[Progress] = []
    result = evaluate(trained(), OTHER, None, progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (len(OTHER), len(OTHER))
    assert result.curve[-1] == (len(OTHER), result.bpc)
    assert len(result.curve) == pytest.approx(len(OTHER) / WINDOW, abs=1)


def test_an_empty_text_is_refused() -> None:
    """There is nothing to tell about it."""
    with pytest.raises(InputError, match="the text is empty"):
        evaluate(trained(), b"", None)
