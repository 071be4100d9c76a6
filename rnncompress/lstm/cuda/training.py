"""The GPU engine's part of :mod:`rnncompress.lstm.trainable`, which it equals bit for bit.

torch's operators, one after the other: each rounds by itself, none is a sum of floats. Hashes of 32 bits are computed
in 64.
"""

import math
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from rnncompress.exact import functions, grid, noise
from rnncompress.lstm.cuda.memory import Memory
from rnncompress.lstm.parameters import EPSILON
from rnncompress.lstm.trainable import ROOT_UNITS, VARIANCE_UNITS, Group, Variation

_WORD: Final = 0xFFFFFFFF
_DEVIATION: Final = float(noise.DEVIATION)
_ROOT_SEED: Final = int(functions.ROOT_SEED)
_LIMIT: Final = float(grid.WEIGHT_LIMIT)


class Places:
    """``Group.numbers`` of all weights, in the shapes of the tensors that hold them; they never change."""

    def __init__(self, m: Memory) -> None:
        config, device = m.config, m.masters.device
        L, H, N, A, E = (
            config.layers,
            config.hidden,
            m.masters.shape[1],
            config.alphabet,
            m.embeddings.shape[1],
        )
        start = 1

        def following(*shape: int) -> torch.Tensor:
            nonlocal start
            size = math.prod(shape)
            numbers = torch.arange(start, start + size, dtype=torch.int64, device=device).reshape(shape)
            start += size
            return numbers & _WORD

        layers = [following(N, config.inputs(layer)) for layer in range(L)]
        own, below = [each[:, :H] for each in layers], [each[:, H:] for each in layers[1:]]
        self.matrices = torch.stack([*own, *below])
        self.softmax = torch.zeros_like(m.softmax, dtype=torch.int64)
        self.softmax[:A] = following(A, L * H)
        self.embeddings = following(L, E, N)
        self.bias = following(A)


def groups(m: Memory, places: Places, updates: int, rows: NDArray[np.intp] | None) -> list[Group]:
    """All weights; in place of ``rows`` the embeddings of all symbols, since nothing is gained by leaving some out."""
    rest = slice(None) if rows is None else slice(m.config.alphabet)
    device = m.masters.device
    # Divided by a tensor: by a number CUDA would multiply with the reciprocal.
    updated = torch.tensor(max(1, updates), dtype=torch.float64, device=device)
    uses = (m.seen.to(torch.float64) / updated).to(torch.float32)[:, None]
    one = torch.ones((), device=device)
    return [
        _group(m.masters, m.moments, places.matrices, one, True),
        _group(m.softmax, m.softmax_moments, places.softmax, one, True),
        _group(
            m.embeddings[:, rest], m.embedding_moments[:, rest], places.embeddings[:, rest], uses[rest], False
        ),
        _group(m.bias, m.bias_moments, places.bias, one, False),
    ]


def _group(values: Any, moments: Any, numbers: Any, share: Any, under_prior: bool) -> Group:
    """Tensors in place of arrays, in any shape; also ``share`` is one."""
    return Group(values, moments, numbers, share, under_prior)


def _tensors(group: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, bool]:
    """What :func:`_group` took."""
    values, moments, numbers, share, under_prior = group
    return values, moments, numbers, share, under_prior


def perturb(group: Group, v: Variation, sums: NDArray[np.int64]) -> torch.Tensor:
    """See :func:`rnncompress.lstm.trainable.perturb`."""
    values, moments, numbers, share, under_prior = _tensors(group)
    kept = values.clone()
    deviation = torch.full_like(values, float(v.deviation))
    if v.precision > 0:
        precision = float(v.precision) + (float(v.data) * share) * moments
        deviation = inverse_root(precision).clip(max=float(v.deviation))
        if under_prior:
            pull = (float(v.strength) * inverse_root(moments + float(EPSILON))).clip(max=float(v.most))
            kept = values + pull * (float(v.mean) - values)
    if under_prior:
        real = (numbers > 0).to(torch.int64)
        integers = torch.round(kept * float(grid.WEIGHT_SCALE)).to(torch.int64) * real
        variances = torch.round(deviation * deviation * float(VARIANCE_UNITS)).to(torch.int64) * real
        totals = torch.stack([real.sum(), integers.sum(), (integers * integers).sum(), variances.sum()])
        sums += totals.numpy(force=True)
    noisy = kept + deviation * normal(int(v.key), numbers)
    values.copy_(noisy.clip(-_LIMIT, _LIMIT))
    return kept


def roots(group: Group) -> tuple[torch.Tensor, int, int]:
    """See :func:`rnncompress.lstm.trainable.roots`."""
    _, moments, numbers, *_ = _tensors(group)
    root = moments * inverse_root(moments + float(EPSILON))
    total = torch.round(root * float(ROOT_UNITS)).to(torch.int64).sum()
    return root, int(total), int(torch.count_nonzero(numbers))


def pull(values: torch.Tensor, trained: torch.Tensor, strengths: torch.Tensor) -> None:
    """See :func:`rnncompress.lstm.trainable.pull`."""
    values += strengths * (trained - values)


def normal(key: int, numbers: torch.Tensor) -> torch.Tensor:
    """See :func:`rnncompress.exact.noise.normal`; ``numbers`` int64."""
    x = numbers ^ key
    x = x ^ (x >> 16)
    x = (x * 0x7FEB352D) & _WORD
    x = x ^ (x >> 15)
    x = (x * 0x846CA68B) & _WORD
    x = x ^ (x >> 16)
    total = (x & 255) + ((x >> 8) & 255) + ((x >> 16) & 255) + (x >> 24)
    return (total.to(torch.float32) - 510.0) * _DEVIATION


def inverse_root(x: torch.Tensor) -> torch.Tensor:
    """See :func:`rnncompress.exact.functions.inverse_root`."""
    y = (_ROOT_SEED - (x.view(torch.int32) >> 1)).view(torch.float32)
    return y * (1.5 - 0.5 * x * y * y)
