"""What each byte cost: adds up to the file, stands where the byte does, and an opinion is silenced as it is said."""

from io import BytesIO

import fake
import numpy as np
import pytest

from rnncompress import engine as engines
from rnncompress import incompressible
from rnncompress.config import Config
from rnncompress.explaining.costs import Costs, measure
from rnncompress.explaining.opinion_kernels import OPINIONS

TEXT = b"<page>A [[link|to]] 'tis 12;34\n the Word of words, the Word of worlds.</page>\n" * 6 + bytes(
    range(99)
)
MIXED = Config(
    layers=1, hidden=16, streams=3, lanes=1, window=6, contexts=1 << 1, context_bits=4, mixing=0b1001011 | 1 << 53,
    sets=3, slot_bits=4, past_bits=12, frozen=4,
)  # fmt: skip
ALONE = MIXED.replace(mixing=0, sets=0, slot_bits=0, past_bits=0, frozen=0)
COUNTS = MIXED.replace(layers=0, hidden=0, contexts=0, mixing=0b1001011)


def costs_of(config: Config, text: bytes = TEXT, engine: str = "cpu") -> Costs:
    return measure(BytesIO(text), BytesIO(), config, engine=engine, build=engines.build)[1]


@pytest.mark.parametrize("config", [MIXED, ALONE, COUNTS, MIXED.replace(streams=1, window=16, frozen=8)])
def test_costs_add_up_to_the_file(config: Config) -> None:
    """The sum of all bytes is the payload, but for what each block takes; the file is the one that encode writes."""
    target = BytesIO()
    report, costs = measure(BytesIO(TEXT), target, config, build=engines.build)
    assert len(costs) == len(TEXT) == report.original_bytes
    assert 0 <= 8 * report.payload_bytes - costs.coded.sum() < 300
    assert report.compressed_bytes == len(target.getvalue())
    assert (costs.coded > 0).all()


def test_noise_is_coded_and_not_only_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a large file costs is that of all its bytes, whether or not encoding would have stored it without a try."""
    monkeypatch.setattr(incompressible, "WORTH", 0)
    monkeypatch.setattr(incompressible, "looks_like_noise", lambda source, tell: pytest.fail("looked"))
    assert (costs_of(COUNTS).coded > 0).all()


@pytest.mark.parametrize("config", [MIXED, ALONE])
def test_costs_stand_where_the_bytes_do(config: Config) -> None:
    """Of several streams too: each cost is that of the engine for this byte, and so is the network's."""
    costs = costs_of(config)
    steps, rest = divmod(len(TEXT), 3)
    assert rest == 0
    one, seen = engines.build(config, -(-steps // config.window)), []
    one.begin_block(None)
    parts = [TEXT[n * steps : (n + 1) * steps] for n in range(3)]
    for first in range(0, steps, config.window):
        window = np.array([list(part[first : first + config.window]) for part in parts], np.int32).T.copy()
        one.encode_window(window, window.size)
        seen += one.costs().tolist()
        if len(window) == config.window:
            one.learn()
    expected = np.array(seen).reshape(-1, 3).T.reshape(-1)
    assert abs(costs.coded - expected).max() < 1e-5  # one sums with 32 bits


def test_a_network_alone_has_its_own_cost() -> None:
    """Without mixing what is coded is the network's table; without a network there is none."""
    costs = costs_of(ALONE)
    assert costs.network is costs.coded
    assert not costs.saved
    mixed, counts = costs_of(MIXED), costs_of(COUNTS)
    assert mixed.network is not None
    assert np.array_equal(mixed.network, costs.coded)  # it learns from its own prediction, whatever is mixed
    assert (mixed.network != mixed.coded).any()
    assert set(mixed.saved) == set(OPINIONS)
    assert counts.network is None
    assert set(counts.saved) == {"counts", "matches"}


def test_what_an_opinion_saved_is_the_same_in_plain_python() -> None:
    """The compiled kernel adds up what the specification does."""
    one, other = costs_of(MIXED), costs_of(MIXED, engine="reference")
    assert np.array_equal(one.coded, other.coded)
    for name in OPINIONS:
        assert np.array_equal(one.saved[name], other.saved[name])


def test_an_opinion_that_is_not_heard_saves_nothing() -> None:
    """Where nothing repeats no match is found, and silencing what says nothing changes nothing."""
    costs = costs_of(MIXED, bytes(range(256)))
    assert not costs.saved["matches"].any()
    assert costs.saved["counts"].any()


def test_what_repeats_is_known_to_matches_or_counts() -> None:
    """Of a long repetition both know what comes, and it is cheap; what has never been seen is not."""
    text = bytes(np.random.default_rng(1).integers(0, 256, 400, np.uint8)) * 3
    costs = costs_of(MIXED.replace(streams=1), text)
    assert costs.coded[900:].mean() < 1 < 6 < costs.coded[:400].mean()
    assert costs.saved["matches"][900:].sum() > 0


def test_the_empty_file_has_no_costs() -> None:
    """And no network is built for it."""
    assert len(costs_of(MIXED, b"")) == 0


def test_other_predictors_are_watched() -> None:
    """Whatever network an engine without mixing has."""
    report, costs = measure(BytesIO(TEXT * 9), BytesIO(), ALONE, build=fake.build)
    assert abs(8 * report.payload_bytes - costs.coded.sum()) < 300
