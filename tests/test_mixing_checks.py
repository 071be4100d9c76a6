"""Every number of a state is refused or can be used: nothing outside an array is touched."""

from dataclasses import replace
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
import pytest
from networks import State, assert_same
from test_mixing_engines import TEXT, windows_of

from rnncompress import engine as engines
from rnncompress.config import Config
from rnncompress.engine import state as states
from rnncompress.engine.mixed_reference import MixedReference
from rnncompress.errors import CheckpointError
from rnncompress.mixing import point_kernels
from rnncompress.mixing import text_kernels as text
from rnncompress.mixing.sizes import MODELS
from rnncompress.network import IntArray

CONFIG = Config(
    layers=0, streams=2, window=2, mixing=1 << 1 | 1 << 6, sets=14, slot_bits=1, past_bits=12, frozen=2
)
WINDOWS = windows_of(CONFIG, TEXT[:60], 12, 9)
POINTS = CONFIG.replace(points=1, mixing=(1 << 53) - 1, window=4)
RECORDS = windows_of(POINTS, b"\3\2\x20\0\0\0" + b"\xff\1\0" + b"\7\2\1\6\3\x10" * 20, 12)
"""Of the first stream; the second begins with another number of columns."""
PLACES = {name: value for name, value in vars(text).items() if name.isupper() and isinstance(value, int)}
FIELDS = [
    "POSITION", "LAST4", "BEFORE4", "WORD", "WORD1", "WORD2", "LINE", "LINE1", "FIRST", "START", "TAG", "IN_TAG",
    "MARKS", "CLASSES", "LETTERS", "SENTENCE", "WORDS", "DEPTH", "BRACKETS", "FIELD", "FIELD_START", "RECORD",
    "CANDIDATE", "VOTES", "STACK", "FIELDS", "MATCH", "SEEN",
]  # fmt: skip
"""The names of the places in ``Memory.text``."""
EXTREMES = [-(2**63), -1, 0, 1, 255, 65535, 2**32 - 1, 2**40, 2**40 + 1, 2**63 - 1]


class Guarded:
    """An array of plain Python that no index leaves, negative ones neither."""

    def __init__(self, array: memoryview) -> None:
        self.array = array

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            assert 0 <= at.start <= at.stop <= len(self.array)
            return Guarded(self.array[at])
        return self.array[self.checked(at)]

    def __setitem__(self, at: SupportsIndex, value: int) -> None:
        self.array[self.checked(at)] = value

    def checked(self, at: SupportsIndex) -> int:
        assert 0 <= at.__index__() < len(self.array)
        return at.__index__()


class GuardedEngine(MixedReference):
    """The reference, with its indices under guard."""

    def allocate(self, state: State) -> Any:
        memory = super().allocate(state)
        arrays = {name: array for name, array in vars(memory).items() if isinstance(array, memoryview)}
        return replace(memory, **{name: Guarded(array) for name, array in arrays.items()})


def after(config: Config, windows: list[IntArray]) -> State:
    """The state before the last of these windows."""
    engine = engines.build(config, len(windows))
    engine.begin_block(None)
    for window in windows[:-1]:
        engine.encode_window(window, window.size)
        engine.learn()
    return {name: array for name, array in engine.state().items() if name not in states.CODING}


@pytest.fixture(scope="module")
def start() -> State:
    """A state in which everything was used."""
    return after(CONFIG, WINDOWS)


@pytest.fixture(scope="module")
def in_records() -> State:
    """The same among the records of packed strokes."""
    return after(POINTS, RECORDS)


def usable(state: State, config: Config = CONFIG, windows: list[IntArray] = WINDOWS) -> bool:
    """Whether it is accepted. If so it must be usable, and plain and compiled code must go on alike."""
    try:
        states.check_state(config, state)
    except CheckpointError:
        return False
    plain = GuardedEngine(config, None, state)
    compiled = engines.build(config, len(windows), state=state)
    for engine in (plain, compiled):
        engine.begin_block(None)
        engine.encode_window(windows[-1], windows[-1].size)
        engine.learn()
    assert plain.end_block() == compiled.end_block()
    one, other = (engine.state(copy=False) for engine in (plain, compiled))
    assert_same(one, other)
    states.check_state(config, other)
    return True


def test_a_state_of_a_run_is_usable(start: State) -> None:
    """As it is."""
    assert usable(start)


@pytest.mark.parametrize("field", FIELDS)
def test_numbers_of_the_text(field: str, start: State) -> None:
    """Each, of one stream, at all extremes; arrays all through."""
    at = PLACES[field]
    sizes = {"STACK": 2 * text.DEEPEST, "FIELDS": 2 * text.TAGS, "MATCH": 3 * MODELS, "SEEN": 3 * 256}
    for value in EXTREMES:
        state = start | {"mixing.text": start["mixing.text"].copy()}
        state["mixing.text"][1, at : at + sizes.get(field, 1)] = value
        assert usable(state) <= (0 <= value <= 2**40)


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("model", range(MODELS))
def test_matches(model: int, part: int, start: State) -> None:
    """Place, stream and length of each."""
    for value in EXTREMES:
        state = start | {"mixing.text": start["mixing.text"].copy()}
        state["mixing.text"][0, text.MATCH + 3 * model + part] = value
        assert usable(state) <= (0 <= value <= 2**40)


@pytest.mark.parametrize("field", ["COLUMNS", "HANDS", "END", "SINCE", "STROKE", "DRAWING", "CLOCK"])
def test_numbers_of_points(field: str, in_records: State) -> None:
    """What is an index, or is divided by, is refused where it cannot be; all else is used."""
    assert usable(in_records, POINTS, RECORDS)
    at = getattr(point_kernels, field)
    refused = {"COLUMNS": 0, "HANDS": 0, "SINCE": 256, "STROKE": 256}.get(field, -1)
    for value in (*EXTREMES, 2, 8, 9, 256):
        state = in_records | {"mixing.text": in_records["mixing.text"].copy()}
        state["mixing.text"][0, at] = value
        taken = usable(state, POINTS, RECORDS)
        assert not (taken and value == refused)
        assert taken <= (0 <= value < 2**32)


@pytest.mark.parametrize(
    ("place", "count"), [(point_kernels.PLACE, 4), (point_kernels.STEPS, 24), (point_kernels.RECORD, 8)]
)
def test_steps_of_points(place: int, count: int, in_records: State) -> None:
    """All of them at once."""
    for value in EXTREMES:
        state = in_records | {"mixing.text": in_records["mixing.text"].copy()}
        state["mixing.text"][0, place : place + count] = value
        assert usable(state, POINTS, RECORDS) <= (0 <= value < 2**32)


def test_all_places_are_tried() -> None:
    """What has a number in the text is in the list above, up to the sizes that are no places."""
    source = Path(text.__file__).read_text(encoding="utf-8")
    known = source[source.index("POSITION: Final") : source.index("LONGEST: Final")]
    names = {line.split(":")[0] for line in known.splitlines() if ": Final = " in line}
    assert names - {"DEEPEST", "TAGS"} == set(FIELDS)


TABLES = [
    name for name in states.shapes(CONFIG) if name not in ("mixing.text", "mixing.learnt", "mixing.past")
]


@pytest.mark.parametrize("name", TABLES)
def test_tables_at_their_extremes(name: str, start: State) -> None:
    """All of a table the least, the most, and what lies beyond what is learnt."""
    kind = np.iinfo(start[name].dtype)
    for value in (kind.min, -(1 << 30), -(1 << 28), -1, 0, 1, 65535, 65536, 1 << 28, 1 << 30, kind.max):
        if kind.min <= value <= kind.max:
            usable(start | {name: np.full_like(start[name], value)})


def test_what_is_learnt_ends_with_the_text(start: State) -> None:
    """Or compiled code would read for ever."""
    for wrong in (-1, 0, 1 << 40):
        assert not usable(start | {"mixing.learnt": np.full_like(start["mixing.learnt"], wrong)})


def test_contexts_of_the_network_without_one() -> None:
    """They are as good as none, and harm nothing."""
    config = CONFIG.replace(mixing=1 << 53 | 1 << 54)
    state = engines.build(config, 1).state()
    plain, compiled = GuardedEngine(config, None, state), engines.build(config, 1, state=state)
    for engine in (plain, compiled):
        engine.begin_block(None)
        engine.encode_window(WINDOWS[0], WINDOWS[0].size)
    assert plain.end_block() == compiled.end_block()
