"""Pinned memory of the host, from and to which the device copies by itself while both go on."""

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray


class Pinned:
    """Two buffers for numbers of one kind that travel again and again; they are used by turns.

    Who wants a buffer waits until what it carried last has arrived, which was the journey before the last one, so
    that this is mostly no wait at all. Copies are made in the order of the device's current stream. Without a GPU
    (Triton's interpreter) a copy is made at once.
    """

    def __init__(self, device: torch.device, *shape: int, dtype: torch.dtype = torch.int32) -> None:
        cuda: Any = torch.cuda  # typed in part
        on_device = device.type == "cuda"
        self._buffers = [torch.zeros(shape, dtype=dtype, pin_memory=on_device) for _ in range(2)]
        self._arrived = [cuda.Event() for _ in range(2)] if on_device else None
        self._turn = 0

    def upload(self, numbers: NDArray[Any], target: torch.Tensor) -> None:
        """Have ``numbers`` copied to the device; they are not needed any longer. Does not wait for the copy."""
        turn = self._next()
        part = self._buffers[turn][tuple(map(slice, numbers.shape))]
        part.copy_(torch.from_numpy(numbers))
        target.copy_(part, non_blocking=True)
        self._send(turn)

    def download(self, source: torch.Tensor) -> Callable[[], NDArray[Any]]:
        """Have ``source`` copied to the host. The call of the result waits for it, and returns a view of the buffer.

        What it shows is overwritten by the next journey but one.
        """
        turn = self._next()
        part = self._buffers[turn][tuple(map(slice, source.shape))]
        part.copy_(source, non_blocking=True)
        self._send(turn)

        def arrived() -> NDArray[Any]:
            self._wait(turn)
            numbers: NDArray[Any] = part.numpy()
            return numbers

        return arrived

    def _next(self) -> int:
        self._turn = 1 - self._turn
        self._wait(self._turn)
        return self._turn

    def _send(self, turn: int) -> None:
        """What was launched last is the journey of this buffer."""
        if self._arrived:
            self._arrived[turn].record()

    def _wait(self, turn: int) -> None:
        if self._arrived:
            self._arrived[turn].synchronize()
