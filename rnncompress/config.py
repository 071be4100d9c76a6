"""What a model is and how it learns: one frozen record of integers.

A :class:`Config` is written into every compressed file, so any configuration decodes without knowing a preset's name.
"""

from dataclasses import dataclass, fields
from typing import Final, Literal

Cell = Literal["lstm", "rnn"]
CELLS: Final[tuple[Cell, ...]] = ("lstm", "rnn")
"""The cells in the order of their numbers in the file format."""


@dataclass(frozen=True, slots=True)
class Config:
    """A model and its learning. All fields but ``cell`` are integers, so the record has one meaning everywhere."""

    cell: Cell = "lstm"
    """The recurrent unit."""
    alphabet: int = 256
    """Number of symbols, A."""
    layers: int = 2
    """Recurrent layers; the input goes to every layer, every layer to the softmax."""
    hidden: int = 256
    """Units of a layer, H; a multiple of 16."""
    streams: int = 16
    """Parallel streams through the file, B."""
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
    context_bits: int = 18
    """Binary logarithm of the rows of a context table; a row takes 64 bytes, there is a table for each context."""

    @property
    def gates(self) -> int:
        """Rows of a layer's weight matrix for each unit."""
        return 4 if self.cell == "lstm" else 1

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
