"""The GPU engine without a GPU: Triton's interpreter runs its kernels on tensors in main memory.

Triton reads the environment variable when it is first imported, when a kernel is defined and when one is launched, so
it stays set, and tests import the engine from here.
"""

import os
from typing import Any

import pytest

os.environ["TRITON_INTERPRET"] = "1"

interpreter: Any = pytest.importorskip("triton.runtime.interpreter")

import torch  # noqa: E402
import triton  # noqa: E402
import triton.language as triton_language  # noqa: E402

from rnncompress.lstm.cuda import (  # noqa: E402
    context_kernels,
    head_kernels,
    number_kernels,
    product_kernels,
    update_kernels,
)
from rnncompress.lstm.cuda.predictor import CudaPredictor  # noqa: E402

__all__ = [
    "CudaPredictor", "context_kernels", "head_kernels", "number_kernels", "product_kernels", "torch", "triton",
    "triton_language", "update_kernels",
]  # fmt: skip


def call(self: Any, *arguments: Any, **named: Any) -> Any:
    """Call a function of a kernel. Triton's own way prepares the language anew each time, which takes most of the
    time of a test; once is enough."""
    language = interpreter.tl.core
    if any(
        value is language and language.is_builtin(language.full) for value in self.fn.__globals__.values()
    ):
        interpreter._patch_lang(self.fn)
    return self.rewrite()(*arguments, **named)


interpreter.InterpretedFunction.__call__ = call
