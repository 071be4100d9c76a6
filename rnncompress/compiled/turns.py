"""Taking turns: threads inside compiled code wait for each other without the operating system.

A turn, a few symbols decoded, is shorter than it takes to wake a sleeping thread.
"""

from typing import Any, Final

import numba as nb
from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from rnncompress.compiled.compile import kernel

PATIENCE: Final = 2_000
"""How often a thread looks before it lets others run: 48 µs on an AMD EPYC (Zen 3)."""

_I64 = ir.IntType(64)


def _pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return context.make_array(signature.args[0])(context, builder, value=args[0]).data


@intrinsic
def _look(_context, turn):
    """turn[0]; what other threads wrote before they passed the turn on is seen from here on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_pointer(context, builder, signature, args), "acquire", 8)

    return nb.int64(turn), generate


@intrinsic
def pass_turn(_context, turn, number):
    """Set turn[0], int64, after all that was written before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], _pointer(context, builder, signature, args), "release", 8)
        return context.get_dummy_value()

    return types.void(turn, types.int64), generate


@intrinsic
def _relax(_context):
    """Leave the processor's units to its other thread for a moment, where there is an instruction for that."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if cpu_target.target_context.codegen().magic_tuple()[0].startswith(("x86_64", "i686")):
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", (), _NOTHING), [])
        return context.get_dummy_value()

    return types.void(), generate


_NOTHING = ir.FunctionType(ir.VoidType(), [])


@kernel
def wait_for_turn(turn, number):
    """Whether turn[0] came to be ``number`` within some time, or never will because it is beyond."""
    for _ in range(PATIENCE):
        if _look(turn) >= number:
            return True
        _relax()
    return False
