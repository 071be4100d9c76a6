"""The exact functions on the device, element by element, against numpy."""

from typing import Any

import numpy as np
import torch
import triton
import triton.language as tl

from rnncompress.exact import functions, grid, noise
from rnncompress.lstm import reference
from rnncompress.lstm.cuda import number_kernels
from rnncompress.lstm.cuda.tiles import EXACT

BLOCK = 1024


@triton.jit
def apply(
    x: Any, y: Any, v: Any, floats: Any, integers: Any, NAME: tl.constexpr, BLOCK: tl.constexpr
) -> None:
    """floats or integers = function NAME of the floats x, y, v."""
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a, b = tl.load(x + n), tl.load(y + n)
    if NAME == "tanh":
        tl.store(floats + n, number_kernels.tanh(a))
    elif NAME == "sigmoid":
        tl.store(floats + n, number_kernels.sigmoid(a))
    elif NAME == "exp":
        tl.store(floats + n, number_kernels.exp(-tl.abs(a)))
    elif NAME == "inverse_root":
        tl.store(floats + n, number_kernels.inverse_root(tl.abs(a) + 1e-16))
    elif NAME == "adam":
        w, moment = number_kernels.adam(a, tl.abs(tl.load(v + n)), b, 0.25, 0.005)
        tl.store(floats + n, w + moment)
    elif NAME == "activation":
        tl.store(integers + n, number_kernels.activation(a).to(tl.int32))
    elif NAME == "weight":
        tl.store(integers + n, number_kernels.weight(tl.minimum(tl.maximum(a, -3.9), 3.9)))
    elif NAME == "gradient":
        bits = a.to(tl.uint32, bitcast=True)
        tl.store(integers + n, number_kernels.gradient(b, number_kernels.uniform(bits, bits + 1)))


def compare(device: torch.device, count: int) -> dict[str, bool]:
    """Whether each function has the bits of numpy for ``count`` numbers of all magnitudes."""
    random = np.random.default_rng(0)
    x, y, v = (
        (np.exp2(random.uniform(-40, 5, count)) * random.choice([-1, 1], count)).astype(np.float32)
        for _ in range(3)
    )
    bits = x.view(np.uint32)
    blend, step = np.float32(0.25), np.float32(0.005)
    limit = np.float32(3.9)
    expected: dict[str, Any] = {
        "tanh": functions.tanh(x),
        "sigmoid": functions.sigmoid(x),
        "exp": functions.exp(-abs(x)),
        "inverse_root": functions.inverse_root(abs(x) + np.float32(1e-16)),
        "adam": np.add(*reference.adam(x, abs(v), y, blend, step)),
        "activation": grid.activation(x).astype(np.int32),
        "weight": grid.weight(np.clip(x, -limit, limit)).astype(np.int32),
        "gradient": grid.gradient(y, noise.uniform(bits, bits + np.uint32(1))).astype(np.int32),
    }
    inputs = [torch.from_numpy(array).to(device) for array in (x, y, v)]
    equal = {}
    for name, right in expected.items():
        floats = torch.zeros(count, device=device)
        integers = torch.zeros(count, dtype=torch.int32, device=device)
        apply[(count // BLOCK,)](*inputs, floats, integers, name, BLOCK, **EXACT)
        found = (floats if right.dtype == np.float32 else integers).cpu().numpy()
        equal[name] = found.tobytes() == right.tobytes()
    return equal
