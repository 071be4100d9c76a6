"""Costs added up: by kind of byte, by place, by word; and the passages that cost most and least."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rnncompress.explaining.costs import Bits, Costs

Bytes = NDArray[np.uint8]

PASSAGE: Final = 256
"""Bytes of a passage."""
_STRIDE: Final = PASSAGE // 4
DEAREST: Final = 12
CHEAPEST: Final = 3
"""Passages that are told."""
WORDS: Final = 20
"""Words that are told, or values of bytes of what is no text."""
TENTHS: Final = 10
LETTERS: Final = 8
"""Places in a word that are told apart."""
PHASES: Final = 16
"""Offsets that are told apart in what is no text."""

KINDS: Final = (
    "lower-case letters",
    "capitals",
    "digits",
    "blanks and tabs",
    "ends of lines",
    "punctuation",
    "128 and above",
    "zeros",
    "other control codes",
)


def _kinds() -> Bytes:
    """The kind of each of the 256 bytes."""
    kinds = np.full(256, KINDS.index("punctuation"), np.uint8)
    for name, members in {
        "lower-case letters": range(ord("a"), ord("z") + 1),
        "capitals": range(ord("A"), ord("Z") + 1),
        "digits": range(ord("0"), ord("9") + 1),
        "other control codes": [*range(1, 32), 127],
        "zeros": [0],
        "blanks and tabs": b" \t",
        "ends of lines": b"\r\n",
        "128 and above": range(128, 256),
    }.items():
        kinds[list(members)] = KINDS.index(name)
    return kinds


KIND: Final = _kinds()
_IN_WORDS: Final = np.isin(KIND, [KINDS.index(name) for name in (*KINDS[:2], "128 and above")])


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the bytes, and the bits that all of them cost."""

    name: str
    bytes: int
    coded: float
    network: float | None
    """Under the network's own table; None where there is no network."""
    saved: dict[str, float]
    """See :class:`rnncompress.explaining.costs.Costs`."""

    @property
    def bpc(self) -> float:
        """Bits of one byte."""
        return self.coded / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a value of a byte, wherever it stands."""

    word: bytes
    count: int
    coded: float
    """Bits of all of them."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Where it begins, and what it cost."""

    start: int
    bytes: int
    coded: float
    """Bits."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that is told of a file."""

    text: bool
    """Whether it is shown as text."""
    whole: Part
    kinds: tuple[Part, ...]
    """The dearest first."""
    tenths: tuple[Part, ...]
    """Along the file."""
    places: tuple[Part, ...]
    """In words; in what is no text, offsets modulo :data:`PHASES`."""
    words: tuple[Word, ...]
    """Those that cost most altogether."""
    surprises: tuple[Passage, ...]
    """The dearest single words."""
    dearest: tuple[Passage, ...]
    cheapest: tuple[Passage, ...]

    def to_dict(self) -> dict[str, object]:
        """For JSON: words as Latin-1."""
        told = asdict(self)
        told["words"] = [asdict(word) | {"word": word.word.decode("latin-1")} for word in self.words]
        return told


def analyse(data: bytes, costs: Costs) -> Analysis:
    """What the costs of ``data`` come to."""
    symbols = np.frombuffer(data, np.uint8)
    text = is_text(data)
    kinds = parts(KIND[symbols], KINDS, costs)
    n = len(data)
    tenths = (np.arange(n) * TENTHS // max(1, n)).astype(np.uint8)
    if text:
        places = parts(place_in_word(symbols), _PLACES, costs)
        words, surprises = _words(data, symbols, costs.coded)
    else:
        offsets = (np.arange(n) % PHASES).astype(np.uint8)
        places = parts(offsets, [f"offset {phase} of {PHASES}" for phase in range(PHASES)], costs)
        words, surprises = _values(symbols, costs.coded), ()
    return Analysis(
        text=text,
        whole=parts(np.zeros(n, np.uint8), ["all"], costs)[0] if n else Part("all", 0, 0.0, None, {}),
        kinds=tuple(sorted(kinds, key=lambda part: -part.coded)),
        tenths=parts(tenths, [f"{10 * k} to {10 * k + 10} %" for k in range(TENTHS)], costs),
        places=places,
        words=words,
        surprises=surprises,
        dearest=passages(costs.coded, DEAREST),
        cheapest=passages(-costs.coded, CHEAPEST),
    )


def is_text(data: bytes) -> bool:
    """Whether people can read it: no zeros, hardly any control codes."""
    controls = np.isin(np.frombuffer(data, np.uint8), [*range(9), *range(14, 27), *range(28, 32), 127])
    return 0 not in data and int(controls.sum()) * 100 <= len(data)


def parts(labels: Bytes, names: Sequence[str], costs: Costs) -> tuple[Part, ...]:
    """The parts that ``labels`` (n,) tell apart; those without any bytes are left out."""

    def total(bits: Bits) -> list[float]:
        sums: list[float] = np.bincount(labels, bits, len(names)).tolist()
        return sums

    counts = np.bincount(labels, minlength=len(names)).tolist()
    coded = total(costs.coded)
    network = None if costs.network is None else total(costs.network)
    saved = {name: total(bits) for name, bits in costs.saved.items()}
    return tuple(
        Part(
            name,
            counts[k],
            coded[k],
            network[k] if network else None,
            {opinion: sums[k] for opinion, sums in saved.items()},
        )
        for k, name in enumerate(names)
        if counts[k]
    )


_PLACES: Final = (
    "between words",
    *(f"letter {place} of a word" for place in range(1, LETTERS)),
    f"letter {LETTERS} and later",
)


def place_in_word(symbols: Bytes) -> Bytes:
    """0 outside of words, else the place from 1 to :data:`LETTERS`, which stands for all later ones."""
    inside = _IN_WORDS[symbols]
    numbers = np.arange(1, len(symbols) + 1)
    last = np.maximum.accumulate(np.where(inside, 0, numbers))
    return np.minimum(numbers - last, LETTERS).astype(np.uint8)


def _words(data: bytes, symbols: Bytes, coded: Bits) -> tuple[tuple[Word, ...], tuple[Passage, ...]]:
    """The words that cost most altogether, and the dearest single ones."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], _IN_WORDS[symbols], [False]])))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return (), ()
    bits = np.add.reduceat(np.append(coded, np.float32(0)), edges)[::2]
    found: dict[bytes, list[float]] = {}
    for start, end, cost in zip(starts.tolist(), ends.tolist(), bits.tolist(), strict=True):
        entry = found.setdefault(data[start:end], [0, 0.0])
        entry[0] += 1
        entry[1] += cost
    words = [Word(word, int(count), cost) for word, (count, cost) in found.items()]
    words.sort(key=lambda word: -word.coded)
    dearest = np.argsort(-bits, kind="stable")[:WORDS].tolist()
    single = (Passage(int(starts[n]), int(ends[n] - starts[n]), float(bits[n])) for n in dearest)
    return tuple(words[:WORDS]), tuple(single)


def _values(symbols: Bytes, coded: Bits) -> tuple[Word, ...]:
    """The values of bytes that cost most altogether."""
    counts, bits = np.bincount(symbols, minlength=256), np.bincount(symbols, coded, 256)
    dearest = np.argsort(-bits, kind="stable")[:WORDS].tolist()
    return tuple(Word(bytes([n]), int(counts[n]), float(bits[n])) for n in dearest if counts[n])


def passages(coded: Bits, count: int) -> tuple[Passage, ...]:
    """The ``count`` passages of the largest sums that do not overlap, the largest first; sums without their sign."""
    if not len(coded):
        return ()
    edges = np.arange(0, len(coded), _STRIDE)
    sums = np.concatenate([[0.0], np.cumsum(np.add.reduceat(coded.astype(np.float64), edges))])
    width = min(PASSAGE // _STRIDE, len(edges))
    means = sums[width:] - sums[:-width]
    if len(coded) % _STRIDE and len(means) > 1:
        means = means[:-1]  # the last is shorter
    chosen: list[int] = []
    for at in np.argsort(-means, kind="stable").tolist():
        if all(abs(at - other) >= width for other in chosen):
            chosen.append(at)
        if len(chosen) == count:
            break
    return tuple(
        Passage(start, min(PASSAGE, len(coded) - start), abs(float(means[at])))
        for at in chosen
        for start in [at * _STRIDE]
    )
