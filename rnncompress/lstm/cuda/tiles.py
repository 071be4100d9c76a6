"""Block shapes of the matrix products, and how every kernel is compiled."""

from dataclasses import dataclass
from typing import Any, Final

import torch
from triton.runtime import driver

EXACT: Final[dict[str, Any]] = {"enable_fp_fusion": False}
"""Compiler options of every kernel that computes floats: a fused multiply-add would be other bits."""

_SHAPES: Final = (
    (128, 128, 8), (128, 64, 8), (64, 128, 8), (64, 64, 4), (64, 32, 4), (32, 64, 4), (32, 32, 4), (16, 128, 4),
    (16, 32, 2),
)  # fmt: skip
"""Rows of both operands, and warps; the largest first. Larger tiles load fewer bytes for an operation. With these warps
no kernel keeps more in registers than there are, but the backward pass at the first, which it does without."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One program computes ``whole`` × ``parts`` sums, ``depth`` products of each at a time."""

    whole: int
    """Rows of the operand of 8 bits."""
    parts: int
    """Rows of the operand of 16 bits, which comes as two slices of 8 bits."""
    depth: int
    warps: int
    stages: int

    @property
    def options(self) -> dict[str, Any]:
        """Compiler options for a kernel with this tile."""
        return EXACT | {"num_warps": self.warps, "num_stages": self.stages}

    def programs(self, whole: int, parts: int) -> tuple[int, int]:
        """How many tiles cover operands with so many rows."""
        return -(-whole // self.whole), -(-parts // self.parts)


@dataclass(frozen=True, slots=True)
class Chip:
    """What the choice of tiles depends on."""

    multiprocessors: int
    shared: int
    """Bytes of shared memory that one program may have."""

    @classmethod
    def of(cls, device: torch.device) -> "Chip":
        """The chip behind ``device``; for the interpreter one on which the largest tiles are best."""
        if device.type != "cuda":
            return cls(1, 1 << 18)
        about = driver.active.utils.get_device_properties(device.index)
        return cls(about["multiprocessor_count"], about["max_shared_mem"])

    def tile(self, whole: int, parts: int, depth: int, count: int, most_parts: int = 128) -> Tile:
        """For ``count`` products of operands with so many rows, each sum of ``depth`` products.

        The largest tile with which two thirds of the multiprocessors have work; else the smallest.
        """
        fitting = [
            shape
            for shape in _SHAPES
            if shape[0] <= max(16, power_of_two(whole))
            and shape[1] <= min(most_parts, max(32, power_of_two(parts)))
        ]
        for w, p, warps in fitting:  # noqa: B007, the last one is meant where none breaks
            if 3 * count * -(-whole // w) * -(-parts // p) >= 2 * self.multiprocessors:
                break
        stages, block = 3, min(128, max(32, power_of_two(depth)))
        while block > 32 and stages * block * (w + 2 * p) > self.shared:
            block //= 2
        return Tile(w, p, block, warps, stages)


def power_of_two(n: int) -> int:
    """The smallest power of two that is at least n."""
    return 1 << (n - 1).bit_length()
