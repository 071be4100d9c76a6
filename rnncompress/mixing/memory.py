"""The arrays of the mixing stage under one name for each, and what of them is a state.

*Long memory* is what was learnt; *short memory* belongs to the text that is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.compiled.record import Record
from rnncompress.config import Config
from rnncompress.mixing import tables
from rnncompress.mixing.context_kernels import NETWORK, ORDERS
from rnncompress.mixing.learn_kernels import MOST_VISITS, SLOW
from rnncompress.mixing.sizes import (
    BUCKETS,
    FACTS,
    FINALS,
    KINDS,
    MAPS,
    MODELS,
    ROWS,
    input_count,
    kinds,
    match_bits,
    padded,
    shapes,
)

Array = NDArray[Any]
State = dict[str, Array]

LEAST: Final = (5, 8, 16)
"""Bytes that must be equal for each match model to follow."""

START_HISTORY: Final = 357
START_CERTAINTY: Final = -62
START_RUN: Final = 82
"""Of all contexts together, at first, in 1/256: what a history says, how surely, and a run: means of what comes."""
START_NETWORK: Final = 143
RATE: Final = 1573
"""Of the weights, at first; in the end it is RATE_LEFT / 100 of that, and half of the way down after RATE_HALF bits."""
RATE_LEFT: Final = 15
RATE_HALF: Final = 1000

SHORT: Final = ("text", "past", "learnt", "match_table")
"""The names of the short memory. Positions in the text stand in the match table."""
LONG: Final = (
    "slots", "maps", "runs", "matches", "order0", "order1", "weights", "visits", "finals", "refinements",
    "indirect1", "indirect2", "indirect3", "direct",
)  # fmt: skip
"""The names of the long memory; the last is absent where nothing is direct."""


@dataclass(frozen=True)
class Memory(Record):
    """B streams; N places of the part of a window in which nothing is learnt; K kinds; S sets of weights of I inputs.

    All arrays are flat.
    """

    streams: int
    frozen: int
    """Steps in which nothing is learnt."""
    mask: int
    """Bytes of text that are kept of each stream, minus 1."""
    line_bits: int
    match_bits: int
    kinds_count: int
    orders: int
    """Kinds that are just the last 1, 2, ... bytes; they come first."""
    runs_width: int
    """R, the inputs of runs: K, padded to whole vectors."""
    inputs: int
    sets: int
    network: int
    """1 if there is one."""
    points: int
    """1 if the text begins with packed strokes: see :mod:`rnncompress.mixing.point_kernels`."""
    network_kinds: int
    """The number of the first kind that is made of what the network expects; they follow each other."""
    direct_count: int
    """D, the kinds that have direct probabilities."""
    kinds: Array
    """(K,) int64."""
    direct_kinds: Array
    """(D,) int64: the numbers of the kinds that have direct probabilities."""
    direct_numbers: Array
    """(K,) int64: the inverse; -1 for the others."""
    least: Array
    set_rows: Array
    """(S,) int64: the number of the first row of each set."""
    squash: Array
    stretch: Array
    following: Array
    counts: Array
    """See :mod:`rnncompress.mixing.tables`."""
    reciprocals: Array
    """(1024,) int64: the rate of an adaptive probability that has seen n bits."""
    rates: Array
    """int64: the learning rate of a row of weights by its visits."""
    text: Array
    """(B, STATE) int64, see :mod:`rnncompress.mixing.text_kernels`."""
    past: Array
    """(B, mask + 1) uint8: the text of each stream, in a ring."""
    learnt: Array
    """(B,) int64: bytes of each stream that were learnt from."""
    match_table: Array
    """(MODELS, 2**match_bits) uint32: position * B + stream + 1 where bytes of a hash stood last."""
    indirect1: Array
    """(256,) uint32: the last three bytes that followed a byte."""
    indirect2: Array
    """(65536,) uint32: the last two that followed two bytes."""
    indirect3: Array
    """(2**20,) uint32: the last two that followed three, hashed."""
    slots: Array
    """(K, 2**line_bits, 64) uint8, see :mod:`rnncompress.mixing.slot_kernels`."""
    direct: Array
    """(D, 2**line_bits, 16) uint32, see :mod:`rnncompress.mixing.direct_kernels`."""
    maps: Array
    """(K, 256) uint32: the adaptive probability of a 1 in each history."""
    map_inputs: Array
    """(K, 256, 2) int16: the inputs made of it, stretched and as it is."""
    map_pairs: Array
    """(K, 256) uint32: the same, two at a time."""
    runs: Array
    """(K, RUNS) uint32: that the byte of a run comes."""
    run_stretch: Array
    matches: Array
    """(MODELS, LENGTHS) uint32: that what a match model expects comes."""
    order0: Array
    """(256,) uint32: that a bit is 1, by the bits before it."""
    order1: Array
    """(65536,) uint32: by the byte before as well."""
    weights: Array
    """(rows of all sets, I) int16: 2**14 is 1."""
    visits: Array
    """(rows of all sets,) int32."""
    finals: Array
    """(FINAL_ROWS, FINAL_STRIDE) int32: weights of the second layer, 2**16 is 1."""
    refinements: Array
    """(MAPS, MAP_ROWS, BUCKETS) uint16: probabilities of 65536."""
    scratch: Array
    """(B, KINDS + 1) int64."""
    cumulative: Array
    """(B, 257) int64: of the network's frequencies."""
    hashes: Array
    """(N, K) int64."""
    facts: Array
    """(N, FACTS) int64."""
    guesses: Array
    lengths: Array
    """(N, MODELS) int64: what match models expect, how long the matches are."""
    expected: Array
    certainty: Array
    """(N,) int64: the byte that the network expects, and how surely, in 16 steps."""
    histories: Array
    """(B, K, 16) uint8: of half a byte, copied from their slots."""
    groups: Array
    """(B, D) int64: where the direct probabilities of half a byte are."""
    run_bytes: Array
    run_counts: Array
    """(N, R) int16: what runs expect, behind a 1, and how long they are; 0 where there is none."""
    run_first: Array
    run_later: Array
    """(N, R) int16: the inputs made of them, at the first bit and after it."""
    x: Array
    """(N, 8, I) int16: inputs of the mixer."""
    x_pairs: Array
    """(N, 8, I/2) uint32: the same, two at a time."""
    rows: Array
    dots: Array
    set_p: Array
    """(N, 8, S) int64: row of weights, stretched probability and probability of each set."""
    final_rows: Array
    final_p: Array
    """(N, 8, FINALS) int64."""
    match_rows: Array
    """(N, 8, MODELS) int64: -1, or 2 * row + 1 if a 0 is expected."""
    refined: Array
    """(N, 8, MAPS) int64: the lower of the two buckets used."""
    between: Array
    """(N, 8) int64: how far the sum is from the lower bucket to the upper, of 128."""
    p: Array
    """(N, 8) int64: probabilities of a 1."""


def start(config: Config) -> State:
    """The state before any text."""
    state = {name: np.zeros(shape, kind) for name, (shape, kind) in shapes(config).items()}
    K, half = len(kinds(config.mixing)), 1 << 31
    counts = tables.histories()[1].astype(np.int64)
    # A history that saw a zeros and b ones begins as (b + 0.4) / (a + b + 0.8).
    maps = ((10 * counts[:, 1] + 4) << 22) // (10 * counts.sum(axis=1) + 8)
    state["maps"][:] = maps << 10
    state["runs"][:] = (4 << 22) // 5 << 10
    if config.direct:
        state["direct"][:] = half
    state["matches"][:] = (9 << 22) // 10 << 10
    state["order0"][:] = half
    state["order1"][:] = half
    histories = padded(K)
    others = histories + 2 * K
    state["weights"][:, :K] = (START_RUN << 6) // (K + 4)
    state["weights"][:, histories:others:2] = (START_HISTORY << 6) // (K + 4)
    state["weights"][:, histories + 1 : others : 2] = (START_CERTAINTY << 6) // (K + 4)
    if config.layers:
        state["weights"][:, others + 2 + 2 * MODELS + 1] = START_NETWORK << 6
    state["finals"][:, : config.sets] = (1 << 16) // config.sets
    places = np.clip((np.arange(BUCKETS) - 16) * 128, -tables.SQUASH_LIMIT, tables.SQUASH_LIMIT)
    state["refinements"][:] = tables.squash()[places + tables.SQUASH_LIMIT]
    return state


def no_text(config: Config) -> State:
    """The short memory of a stage that has read nothing yet."""
    expected = shapes(config)
    return {name: np.zeros(*expected[name]) for name in SHORT}


def allocate(config: Config, state: Mapping[str, Array]) -> Memory:
    """The memory of a stage that goes on from ``state``, whose arrays it uses and changes."""
    B, N, S = config.streams, config.streams * config.frozen, config.sets
    own, width = kinds(config.mixing), input_count(config)
    K, R = len(own), padded(len(own))
    direct = [own.index(kind) for kind in kinds(config.direct)]
    D = len(direct)
    maps, runs = state["maps"].reshape(-1), state["runs"].reshape(-1)
    following, counts = tables.histories()
    # Of unsigned numbers and signed ones numba makes floats, so these are signed.
    wide_counts = counts.reshape(-1).astype(np.int64)
    stretch = tables.stretch()
    visits = np.concatenate([np.arange(SLOW), np.arange(SLOW, MOST_VISITS + 64, 64)])
    nothing = np.zeros(0, np.uint32)
    flat = {name: state.get(name, nothing).reshape(-1) for name in (*SHORT, *LONG)}

    def zeros(*shape: int, kind: type[np.generic] = np.int64) -> Array:
        return np.zeros(int(np.prod(shape)), kind)

    linear = ((maps >> np.uint32(16)).astype(np.int64) - 32768) >> 6
    map_inputs = np.stack([stretch[maps >> np.uint32(20)], linear.astype(np.int16)], axis=-1).reshape(-1)
    x = zeros(N, 8, width, kind=np.int16)
    return Memory(
        streams=B, frozen=config.frozen, mask=(1 << config.past_bits) - 1, line_bits=config.slot_bits,
        match_bits=match_bits(config), kinds_count=K, orders=sum(kind < ORDERS for kind in own), runs_width=R,
        inputs=width, sets=S, network=int(config.layers > 0),
        points=config.points, network_kinds=sum(kind < NETWORK[0] for kind in own),
        direct_count=D, kinds=np.array(own, np.int64), direct_kinds=np.array(direct, np.int64),
        direct_numbers=np.array([direct.index(k) if k in direct else -1 for k in range(K)], np.int64),
        least=np.array(LEAST, np.int64),
        set_rows=np.cumsum([0, *ROWS[: S - 1]]).astype(np.int64),
        squash=tables.squash(), stretch=stretch, following=following, counts=wide_counts,
        reciprocals=np.array([(2 << 16) // (2 * n + 3) for n in range(1024)], np.int64),
        rates=RATE * (RATE_LEFT + 100 * RATE_HALF // (RATE_HALF + visits)) // 100,
        **flat,
        map_inputs=map_inputs, map_pairs=map_inputs.view(np.uint32),
        run_stretch=stretch[runs >> np.uint32(20)],
        scratch=zeros(B, KINDS + 1), cumulative=zeros(B, 257), hashes=zeros(N, K), facts=zeros(N, FACTS),
        guesses=zeros(N, MODELS), lengths=zeros(N, MODELS), expected=zeros(N), certainty=zeros(N),
        histories=zeros(B, K, 16, kind=np.uint8), groups=zeros(B, D),
        **{name: zeros(N, R, kind=np.int16) for name in ("run_bytes", "run_counts", "run_first", "run_later")},
        x=x, x_pairs=x.view(np.uint32), rows=zeros(N, 8, S), dots=zeros(N, 8, S), set_p=zeros(N, 8, S),
        final_rows=zeros(N, 8, FINALS), final_p=zeros(N, 8, FINALS), match_rows=zeros(N, 8, MODELS),
        refined=zeros(N, 8, MAPS), between=zeros(N, 8), p=zeros(N, 8),
    )  # fmt: skip
