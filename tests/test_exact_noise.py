"""Integer noise: its values are part of the file format, its statistics those of a uniform variable."""

import numba as nb
import numpy as np

from rnncompress.exact import noise

COUNT = 1 << 20
COUNTERS = np.arange(COUNT, dtype=np.uint32)


def test_mix_is_the_published_hash() -> None:
    """``mix`` is Wellons' lowbias32, computed here with Python's integers."""

    def lowbias32(x: int) -> int:
        x ^= x >> 16
        x = x * 0x7FEB352D % 2**32
        x ^= x >> 15
        x = x * 0x846CA68B % 2**32
        return x ^ (x >> 16)

    numbers = [0, 1, 2, 1000, 2**31, 2**32 - 1]
    assert noise.mix(np.array(numbers, np.uint32)).tolist() == [lowbias32(n) for n in numbers]


def test_mix_loses_nothing() -> None:
    """Different counters give different words."""
    assert len(np.unique(noise.mix(COUNTERS))) == COUNT


def test_uniform_is_an_odd_multiple_of_its_unit() -> None:
    """Values are float32, lie strictly between 0 and 1, and never on the grid that they dither to."""
    u = noise.uniform(noise.key(0, 1), COUNTERS)
    assert u.dtype == np.float32
    assert u.min() > 0
    assert u.max() < 1
    assert (u.astype(np.float64) * 2**24 % 2 == 1).all()


def test_uniform_is_uniform() -> None:
    """Mean, variance, every sixteenth of the range and neighbours are those of independent uniform variables.

    The bounds are five standard deviations of the true distribution.
    """
    for number in range(4):
        u = noise.uniform(noise.key(3, number), COUNTERS).astype(np.float64)
        assert abs(u.mean() - 1 / 2) < 5 * np.sqrt(1 / 12 / COUNT)
        assert abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / COUNT)
        assert abs(np.bincount((u * 16).astype(int)) - COUNT / 16).max() < 5 * np.sqrt(COUNT * 15 / 256)
        centred = u - 1 / 2
        assert abs((centred[1:] * centred[:-1]).mean()) < 5 / 12 / np.sqrt(COUNT)


def test_keys_tell_tensors_and_updates_apart() -> None:
    """No two of many purposes and updates share a key, and their noise is uncorrelated."""
    keys = {int(noise.key(purpose, number)) for purpose in range(64) for number in range(1000)}
    assert len(keys) == 64_000
    one, other = (
        noise.uniform(noise.key(*key), COUNTERS).astype(np.float64) - 1 / 2 for key in [(0, 1), (1, 1)]
    )
    assert abs((one * other).mean()) < 5 / 12 / np.sqrt(COUNT)


def test_a_key_is_defined_for_any_update_number() -> None:
    """Beyond 2**32 the counter wraps; nothing warns or fails."""
    assert noise.key(5, 2**40) == noise.key(5, 0)
    for number in (0, 1, 2**26 - 1, 2**40 + 3):
        assert (noise.keys(9, number) == [noise.key(purpose, number) for purpose in range(9)]).all()


def test_compiled_code_has_the_same_bits() -> None:
    """What numba makes of ``uniform`` equals what numpy computes."""

    @nb.njit
    def loop(key, result):
        for n in range(len(result)):
            result[n] = noise.uniform(key, np.uint32(n))

    result = np.empty(1000, np.float32)
    key = noise.key(2, 7)
    loop(key, result)
    assert (result == noise.uniform(key, COUNTERS[:1000])).all()
