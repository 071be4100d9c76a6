"""The specification of the coder, in Python's integers: what it writes is what constriction writes.

The method is Martin's (1979, "Range encoding: an algorithm for removing redundancy from a digitised message") with a
state of 64 bits and words of 32, as ``constriction.stream.queue`` has it, whose words the tests compare. Constriction
keeps words back for which a carry may come; here the carry goes into words that are written already, which comes to
the same, and a state is two numbers and the words.

Frequencies are out of ``2**PRECISION``; an interval of 1 at its bottom and its top belongs to no symbol, so that damage
shows. A bit takes an interval of 2**24 too, all of it: probabilities of 16 bits, times 2**8.
"""

from collections.abc import Sequence
from typing import Final

from rnncompress.errors import PayloadError
from rnncompress.exact.frequencies import PRECISION

BIT_PRECISION: Final = 16
"""Binary logarithm of the sum of the probabilities of the two values of a bit."""

WHOLE: Final = 2**64 - 1
"""The range before the first symbol."""
_WORD: Final = 2**32
_STATE: Final = 2**64


class Encoder:
    """Writes the symbols of one block."""

    def __init__(self, lower: int = 0, extent: int = WHOLE, words: Sequence[int] = ()) -> None:
        self.lower = lower
        """The lower end of the interval that the symbols so far name, behind the words written."""
        self.range = extent
        """Its size."""
        self.words = list(words)

    def encode(self, below: int, frequency: int) -> None:
        """Append a symbol: ``below`` is the sum of the frequencies before its own."""
        scale = self.range >> PRECISION
        self.lower += scale * below
        self.range = scale * frequency
        self._carry()
        if self.range < _WORD:
            self.words.append(self.lower // _WORD)
            self.lower = self.lower % _WORD * _WORD
            self.range *= _WORD

    def encode_bit(self, bit: int, one: int) -> None:
        """Append a bit that is 1 with probability ``one``, from 1 to 2**16 - 1."""
        zero = ((1 << BIT_PRECISION) - one) << PRECISION - BIT_PRECISION
        self.encode(zero if bit else 0, (1 << PRECISION) - zero if bit else zero)

    def end(self) -> list[int]:
        """The words of the block: the shortest that name a point in the interval, whatever words follow."""
        if self.range != WHOLE:
            top = (self.lower + self.range) % _STATE // _WORD
            self.lower += _WORD - 1
            self._carry()
            word = self.lower // _WORD
            self.words += [word] if word != top else [word, 0]
        return self.words

    def _carry(self) -> None:
        if self.lower >= _STATE:
            self.lower -= _STATE
            last = len(self.words) - 1
            while self.words[last] == _WORD - 1:
                self.words[last] = 0
                last -= 1
            self.words[last] += 1


class Decoder:
    """Reads the symbols of one block. Raises PayloadError where no encoder can have written such a block."""

    def __init__(self, words: Sequence[int]) -> None:
        self.words = words
        self.lower = 0
        self.range = WHOLE
        self.point = self._word(0) * _WORD + self._word(1)
        """What the data name."""
        self.next = 2
        """Number of the next word."""

    def decode(self, frequencies: Sequence[int]) -> int:
        """The next symbol, by the frequencies of all."""
        place = self._place()
        below = 1
        for symbol, frequency in enumerate(frequencies):
            if below <= place < below + frequency:
                self._advance(below, frequency)
                return symbol
            below += frequency
        return self._refuse()

    def decode_bit(self, one: int) -> int:
        """The next bit, which is 1 with probability ``one``, from 1 to 2**16 - 1."""
        zero = ((1 << BIT_PRECISION) - one) << PRECISION - BIT_PRECISION
        place = self._place()
        if place >= 1 << PRECISION:
            return self._refuse()
        bit = int(place >= zero)
        self._advance(zero if bit else 0, (1 << PRECISION) - zero if bit else zero)
        return bit

    def end(self) -> None:
        """Raise PayloadError if the block surely holds more than was decoded."""
        slack = (self.point - self.lower) % _STATE
        if self.next < len(self.words) or (len(self.words) and slack >= 2 * _WORD - 1):
            raise PayloadError("the payload holds more symbols than it should")

    def _place(self) -> int:
        scale = self.range >> PRECISION
        return (self.point - self.lower) % _STATE // scale if scale else 1 << PRECISION

    def _advance(self, below: int, frequency: int) -> None:
        scale = self.range >> PRECISION
        self.lower = (self.lower + scale * below) % _STATE
        self.range = scale * frequency
        if self.range < _WORD:
            self.lower = self.lower * _WORD % _STATE
            self.range *= _WORD
            self.point = self.point * _WORD % _STATE + self._word(self.next)
            self.next += 1

    def _refuse(self) -> int:
        self.range = 0
        raise PayloadError("the payload fits no sequence of symbols")

    def _word(self, number: int) -> int:
        return self.words[number] if number < len(self.words) else 0
