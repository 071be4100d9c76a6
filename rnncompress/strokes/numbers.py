"""Numbers and texts one after the other in bytes: varints as in headers, and what they are read with."""

from collections.abc import Iterable

from rnncompress.config import varint

__all__ = ["Reader", "block", "varint", "varints"]


def varints(values: Iterable[int]) -> bytes:
    """Numbers that are not negative, one after the other."""
    return b"".join(map(varint, values))


def block(data: bytes) -> bytes:
    """Bytes, with their number before them."""
    return varint(len(data)) + data


class Reader:
    """Reads them again. All methods raise ValueError where the bytes end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        """The next so many bytes."""
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise ValueError("it ends too early")
        self._at += count
        return taken

    def varint(self) -> int:
        """The next number, below 2^63, in its shortest form."""
        value = 0
        for shift in range(0, 63, 7):
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128 and (byte or not shift):
                return value
            if byte < 128:
                break
        raise ValueError("it holds a number that is too large, or not in its shortest form")

    def block(self) -> bytes:
        """The next bytes that have their number before them."""
        return self.take(self.varint())

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)
