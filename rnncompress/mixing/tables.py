"""Tables of the mixing stage, made by integers alone: stretch, squash, and the bit histories.

``squash`` is the logistic function and ``stretch`` its inverse, ln(p / (1 - p)) (Mahoney 2005, "Adaptive weighing of
context models for lossless data compression"). A stretched probability is an integer in units of 1/256.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

STRETCH_LIMIT: Final = 2047
"""Stretched probabilities are clamped to ±8."""
SQUASH_LIMIT: Final = 3071
"""The argument of squash is clamped to ±12."""
_ONE: Final = 1 << 60

COUNTS: Final = (40, 24, 12, 6, 5)
"""A history that has seen the rarer bit n times counts the other up to ``COUNTS[n]``."""


def _falling() -> list[int]:
    """e^(-x/256) for x = 0, 1, ... in units of 2^-60."""
    ratio, term, n = 0, _ONE, 0
    while term:  # the series of e^(-1/256); its terms change sign
        ratio += term if n % 2 == 0 else -term
        n += 1
        term = term // (256 * n)
    values = [_ONE]
    for _ in range(SQUASH_LIMIT):
        values.append(values[-1] * ratio >> 60)
    return values


@cache
def squash() -> NDArray[np.int32]:
    """(2 * SQUASH_LIMIT + 1,): the probability, 1 to 65535 of 65536, at x - SQUASH_LIMIT."""
    falling = _falling()
    upper = [min(65535, ((_ONE << 16) + (_ONE + e) // 2) // (_ONE + e)) for e in falling]
    return np.array([65536 - p for p in upper[:0:-1]] + upper, np.int32)


@cache
def stretch() -> NDArray[np.int16]:
    """(4096,): the stretched probability at p / 16 for p of 65536."""
    table = squash()
    middle = 16 * np.arange(4096) + 8
    x = np.searchsorted(table, middle) - SQUASH_LIMIT
    return np.clip(x, -STRETCH_LIMIT, STRETCH_LIMIT).astype(np.int16)


def _sound(zeros: int, ones: int) -> bool:
    rare, other = sorted((zeros, ones))
    return rare < len(COUNTS) and other <= COUNTS[rare]


def _fewer(count: int) -> int:
    """What is left of the count of a bit when the other one comes: what was long ago matters less."""
    if count > 25:
        return 10
    if count > 8:
        return 5 + (count - 8) // 4
    return min(count, 5) if count > 5 else min(count, 3)


@cache
def histories() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Bit histories as states of a byte: (2 * 256,) the state after a bit at 2 * state + bit, (256, 2) their counts.

    A history is how often 0 and 1 were seen, within bounds, and which came last. State 0 has seen nothing.
    """
    states: dict[tuple[int, int, int], int] = {}
    for total in range(sum(COUNTS)):
        for ones in range(total + 1):
            zeros = total - ones
            for last in (0, 1):
                seen = (zeros, ones)[last] > 0 or (total == 0 and last == 0)
                if _sound(zeros, ones) and seen:
                    states[zeros, ones, last] = len(states)
    following = np.zeros(512, np.uint8)
    counts = np.zeros((256, 2), np.uint8)
    for (zeros, ones, _), state in states.items():
        counts[state] = zeros, ones
        for bit in (0, 1):
            n = [zeros, ones]
            n[bit] += 1
            n[1 - bit] = _fewer(n[1 - bit])
            while not _sound(n[0], n[1]):
                more = 0 if n[0] > n[1] or (n[0] == n[1] and bit == 1) else 1
                n[more] -= 1
            following[2 * state + bit] = states[n[0], n[1], bit]
    return following, counts
