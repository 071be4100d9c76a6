"""What a model is and how it learns: one frozen record of integers, and the parts in which files hold it.

A :class:`Config` is written into every compressed file, so any configuration decodes without knowing a preset's name.

A new part is an entry of :data:`PARTS`, its fields in the record, and their limits in :data:`LIMITS`. Neither what was
written before changes by it, nor the identities of models, checkpoints and measurements: a part that is not in use is
absent from all of them.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, NamedTuple

from rnncompress.errors import VersionError

Cell = Literal["lstm", "rnn"]
CELLS: Final[tuple[Cell, ...]] = ("lstm", "rnn")
"""The cells in the order of their numbers in the file format."""


@dataclass(frozen=True, slots=True)
class Config:
    """A model and its learning. All fields but ``cell`` are integers, so the record has one meaning everywhere.

    Equal meaning is equal record: the fields of a part that is not in use (see :data:`PARTS`) take their defaults.
    """

    cell: Cell = "lstm"
    """The recurrent unit."""
    alphabet: int = 256
    """Number of symbols, A."""
    layers: int = 2
    """Recurrent layers; the input goes to every layer, every layer to the softmax. 0 is no network."""
    hidden: int = 256
    """Units of a layer, H; a multiple of 16."""
    streams: int = 16
    """Parallel streams through the file, B."""
    mixing: int = 0
    """Contexts of the mixing stage: bit k stands for kind k of :mod:`rnncompress.mixing.context_kernels`; 0 is no
    mixing: then the network alone decides."""
    sets: int = 14
    """Sets of weights of the mixer."""
    slot_bits: int = 18
    """Binary logarithm of the lines of a table of slots; a line takes 64 bytes, there is a table for each context."""
    past_bits: int = 22
    """Binary logarithm of the bytes of text that the mixing stage keeps of each stream."""
    direct: int = 0
    """Contexts of ``mixing`` that also have direct probabilities: see :mod:`rnncompress.mixing.direct_kernels`."""
    points: int = 0
    """1 if what is coded are packed strokes, which have contexts of their own: see
    :mod:`rnncompress.mixing.point_kernels`."""
    frozen: int = 8
    """Steps in which the mixing stage learns nothing; then it learns from all of them."""

    lanes: int = 1
    """Groups of neighbouring streams, each with a coder of its own; at most the number of streams."""
    window: int = 16
    """Steps of a window of truncated back-propagation, T; an even number."""
    rate_first: int = 6000
    """Learning rate at the start of the file, in millionths."""
    rate_last: int = 2000
    """Learning rate at the end of the file, in millionths."""
    horizon: int = 1000
    """Updates over which the second moment of the gradient is averaged (its decay is 1 - 1/horizon)."""

    contexts: int = 0
    """Direct connections from contexts to the softmax: bit k < 24 stands for the last k symbols, 24 for the word
    so far, 25 for the word so far and the one before."""
    components: int = 0
    """Of the mixture of densities that predicts the steps of the pen in packed strokes: see
    :mod:`rnncompress.lstm.density`; 0 for the softmax alone."""
    context_bits: int = 18
    """Binary logarithm of the rows of a context table; a row takes 64 bytes, there is a table for each context."""

    def __post_init__(self) -> None:
        """Set the fields of parts that are not in use."""
        for part in PARTS:
            if not part.used(self):
                for name in part.fields:
                    object.__setattr__(self, name, 0 if name == part.switch else _DEFAULTS[name])

    @property
    def gates(self) -> int:
        """Rows of a layer's weight matrix for each unit."""
        return 4 if self.cell == "lstm" else 1

    @property
    def strokes(self) -> bool:
        """Whether it is for packed strokes: with contexts or densities of points."""
        return bool(self.points or self.components)

    def inputs(self, layer: int) -> int:
        """Columns of the weight matrix of ``layer``: its own past, and the layer below where there is one."""
        return self.hidden * (2 if layer else 1)

    @property
    def embedding_rows(self) -> int:
        """Rows of a layer's embedding: the symbols, no guess, and with contexts a guess and a sure guess of each."""
        return (3 if self.contexts else 1) * self.alphabet + 1

    @property
    def weights(self) -> int:
        """Number of trained parameters: embeddings, recurrent matrices, softmax and its bias."""
        if not self.layers:
            return 0
        rows = self.gates * self.hidden
        per_layer = sum(rows * (self.inputs(layer) + self.embedding_rows) for layer in range(self.layers))
        return per_layer + self.alphabet * (self.layers * self.hidden + 1)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one forward step of one stream (16-bit weight by 8-bit activation)."""
        rows = self.gates * self.hidden
        return sum(rows * self.inputs(layer) for layer in range(self.layers)) + (
            self.alphabet * self.layers * self.hidden
        )

    def replace(self, **changes: int | Cell) -> "Config":
        """A copy with some fields changed."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Config(**(values | changes))


_DEFAULTS: Final[Mapping[str, Any]] = {field.name: field.default for field in fields(Config)}


@dataclass(frozen=True, slots=True)
class Part:
    """Some fields of a configuration that are in use together, or not at all."""

    tag: int
    """A byte that names the part and its arithmetic: with other arithmetic, or other fields, it is another part."""
    name: str
    fields: tuple[str, ...]
    """In the order of the file."""
    switch: str | None = None
    """The field that is 0 where the part is not in use; None for a part that always is."""

    def used(self, config: Config) -> bool:
        """Whether ``config`` has this part."""
        return self.switch is None or getattr(config, self.switch) != 0


PARTS: Final = (
    Part(1, "walk", ("streams", "window", "lanes")),
    Part(
        2,
        "network",
        ("cell", "alphabet", "layers", "hidden", "rate_first", "rate_last", "horizon"),
        switch="layers",
    ),
    Part(3, "contexts", ("contexts", "context_bits"), switch="contexts"),
    Part(4, "mixing", ("mixing", "sets", "slot_bits", "past_bits", "frozen"), switch="mixing"),
    Part(5, "points", ("points",), switch="points"),
    Part(6, "density", ("components",), switch="components"),
    Part(7, "direct", ("direct",), switch="direct"),
)
"""All parts in the order of their tags, which is that of the file."""

LEARNING: Final = ("streams", "window", "lanes", "rate_first", "rate_last", "horizon", "past_bits", "frozen")
"""How a file is walked through and learnt from. A trained model serves configurations that differ in these alone."""


class Limits(NamedTuple):
    """The values of a field that a file can hold."""

    least: int
    most: int
    step: int = 1
    """All values are multiples of it."""


MOST: Final = (1 << 31) - 1
"""Of any field."""
LIMITS: Final[Mapping[str, Limits]] = {
    "streams": Limits(1, MOST),
    "window": Limits(2, MOST, 2),
    "lanes": Limits(1, MOST),
    "cell": Limits(0, len(CELLS) - 1),
    "alphabet": Limits(256, 256),
    "layers": Limits(0, 255),
    "hidden": Limits(16, MOST, 16),
    "rate_first": Limits(0, MOST),
    "rate_last": Limits(0, MOST),
    "horizon": Limits(1, 1 << 30),
    "contexts": Limits(0, (1 << 26) - 2, 2),
    "context_bits": Limits(1, 30),
    "mixing": Limits(0, (1 << 63) - 1),
    "sets": Limits(1, 14),
    "slot_bits": Limits(1, 26),
    "past_bits": Limits(12, 30),
    "frozen": Limits(1, 1 << 12),
    "points": Limits(0, 1),
    "components": Limits(0, 20),
    "direct": Limits(0, (1 << 63) - 1),
}
"""By field; that of the cell is for its number."""
MOST_DIRECT: Final = 24
"""Kinds of contexts with direct probabilities: the mixer has 256 inputs at most."""


def check_config(config: Config) -> None:
    """Raise ValueError, with one line that says why, if no file can hold ``config``."""
    for part in PARTS:
        for name, value in zip(part.fields, numbers(config, part), strict=True):
            least, most, step = LIMITS[name]
            if not least <= value <= most:
                raise ValueError(
                    f"{name} is {value}, not {least if least == most else f'in {least} … {most}'}"
                )
            if value % step:
                raise ValueError(f"{name} is {value}, no multiple of {step}")
    if not (config.layers or config.mixing):
        raise ValueError("layers and mixing are 0: there is nothing to predict with")
    if config.points and not config.mixing:
        raise ValueError("points is 1, but there is no mixing")
    if config.direct & ~config.mixing:
        raise ValueError("direct has kinds of contexts that mixing does not have")
    if config.direct.bit_count() > MOST_DIRECT:
        raise ValueError(f"direct has {config.direct.bit_count()} kinds of contexts, more than {MOST_DIRECT}")
    if config.components and (not config.layers or config.contexts):
        raise ValueError("components is above 0, and there is no network, or one with contexts")
    if config.lanes > config.streams:
        raise ValueError(f"lanes is {config.lanes}, more than the {config.streams} streams")


def numbers(config: Config, part: Part) -> tuple[int, ...]:
    """The fields of ``part`` as the numbers that a file holds."""
    values = (getattr(config, name) for name in part.fields)
    return tuple(CELLS.index(value) if isinstance(value, str) else value for value in values)


def canonical(config: Config, without: Collection[str] = ()) -> bytes:
    """The parts in use as a header holds them: tag, size, fields as varints. Of equal records and no others equal.

    It is what tells configurations apart. Fields that do not matter where it is used are left ``without``, and parts
    of such fields alone.
    """
    return b"".join(_canonical(config, part, without) for part in PARTS if part.used(config))


def _canonical(config: Config, part: Part, without: Collection[str]) -> bytes:
    named = zip(part.fields, numbers(config, part), strict=True)
    content = [varint(number) for name, number in named if name not in without]
    data = b"".join(content)
    return bytes([part.tag, len(data)]) + data if content else b""


def varint(value: int) -> bytes:
    """A number in groups of seven bits, the lowest first; all but the last byte have their highest bit set."""
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes(groups) + bytes([value])


def in_parts(config: Config) -> dict[str, dict[str, int | Cell]]:
    """``config`` for JSON: the fields by the names of the parts in use."""
    return {
        part.name: {name: getattr(config, name) for name in part.fields}
        for part in PARTS
        if part.used(config)
    }


def from_parts(told: Mapping[str, Mapping[str, Any]]) -> Config:
    """The inverse of :func:`in_parts`.

    Raises VersionError if there is a part that this program does not know, ValueError if the fields of one are not
    its own, or are no numbers. :func:`check_config` looks at the numbers.
    """
    if unknown := told.keys() - {part.name for part in PARTS}:
        raise VersionError(f"it has the part {min(unknown)!r}, which this program does not know: upgrade it")
    return Config(**dict(_values(told)))


def _values(told: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The fields that :func:`from_parts` takes, with the switches of absent parts."""
    for part in PARTS:
        if part.name in told:
            values = told[part.name]
            if values.keys() != set(part.fields) or (part.switch and not values[part.switch]):
                raise ValueError(f"the fields of its part {part.name!r} are others")
            if any(
                value not in CELLS if name == "cell" else type(value) is not int
                for name, value in values.items()
            ):
                raise ValueError(f"a value of its part {part.name!r} is impossible")
            yield from values.items()
        elif part.switch:
            yield part.switch, 0
        else:
            raise ValueError(f"its part {part.name!r} is missing")
