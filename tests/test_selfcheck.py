"""The self-check accepts what computes rightly, and names what does not."""

import time
from typing import Any

import numpy as np
import pytest

from rnncompress import selfcheck
from rnncompress.errors import SelfCheckError
from rnncompress.exact import functions
from rnncompress.lstm import reference


@pytest.mark.parametrize(("engine", "threads"), [("reference", 1), ("cpu", 1), ("cpu", 2), ("cpu", 3)])
def test_this_machine_computes_rightly(engine: str, threads: int) -> None:
    """Every engine passes, with any number of threads."""
    selfcheck.run(engine, threads)


def test_it_costs_next_to_nothing() -> None:
    """Once compiled, the check of the CPU engine takes less than a fifth of a second of a processor."""
    selfcheck.run("cpu")
    taken = []
    for _ in range(3):
        began = time.process_time()
        selfcheck.run("cpu")
        taken.append(time.process_time() - began)
    assert min(taken) < 0.2


def test_every_stage_is_pinned() -> None:
    """The pinned stages are those that are computed: of both cells, with mixing, and of mixing alone."""
    stages = [stage for stage, _ in selfcheck.hashes("reference", 1)]
    assert stages == list(selfcheck.EXPECTED)
    assert {stage.split(",")[0] for stage in stages} == {"lstm", "rnn", "mixed", "counts", "points"}


def fused(a: Any, b: Any, c: Any) -> Any:
    """a * b + c with one rounding, as a fused multiply-add does: float64 holds the product exactly."""
    return (np.float64(a) * np.float64(b) + np.float64(c)).astype(np.float32)


def fused_tanh(x: Any) -> Any:
    x = np.minimum(np.maximum(x, -functions.TANH_LIMIT), functions.TANH_LIMIT)
    s = x * x
    numerator = x * fused(s, fused(s, s + functions._N2, functions._N1), functions._N0)
    return numerator / fused(
        s, fused(s, fused(s, functions._D3, functions._D2), functions._D1), functions._N0
    )


def fused_adam(w: Any, v: Any, g: Any, blend: Any, step: Any) -> Any:
    v = fused(fused(g, g, -v), blend, v)
    w = w - step * g * functions.inverse_root(v + reference.EPSILON)
    return np.clip(w, -reference.grid.WEIGHT_LIMIT, reference.grid.WEIGHT_LIMIT), v


def library_root(x: Any) -> Any:
    """A reciprocal root as processors and libraries offer it."""
    return np.float32(1) / np.sqrt(x)


@pytest.mark.parametrize(
    ("module", "name", "wrong", "stage"),
    [
        (functions, "tanh", fused_tanh, "lstm, "),
        (functions, "exp", np.exp, "lstm, prediction 1"),
        (reference, "adam", fused_adam, "lstm, learning"),
        (functions, "inverse_root", library_root, "lstm, learning"),
    ],
    ids=["fused tanh", "true exponential", "fused adam", "true root"],
)
def test_other_arithmetic_is_found(
    module: Any, name: str, wrong: Any, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fused multiply-adds, a library's root or exponential are found, and named where they show."""
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(SelfCheckError, match=f"first in: {stage}"):
        selfcheck.run("reference")


@pytest.mark.parametrize(
    "stage", ["rnn, prediction 1", "rnn, learning 3", "mixed, window 2", "counts, decoded"]
)
def test_a_difference_in_any_stage_is_found(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pinned hash that is not met raises, whichever it is."""
    monkeypatch.setitem(selfcheck.EXPECTED, stage, "0" * 16)
    with pytest.raises(SelfCheckError, match=f"first in: {stage}"):
        selfcheck.run("cpu")
