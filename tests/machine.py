"""Another machine, played by another process: decodes a file and encodes the result anew.

python machine.py ENGINE THREADS [flush] < packed > packed again
"""

import ctypes
import io
import sys

import numpy as np

from rnncompress import decode, encode, inspect


def flush_denormals() -> None:
    """Set the processor's mode for this thread and those it starts, as some libraries do: denormals become 0.

    glibc on x86-64 keeps the control word of the vector unit at the end of its 32 bytes; bits 15 and 6 flush.
    """
    libm = ctypes.CDLL("libm.so.6")
    mode = (ctypes.c_uint32 * 8)()
    assert libm.fegetenv(mode) == 0
    mode[7] |= 1 << 15 | 1 << 6
    assert libm.fesetenv(mode) == 0
    tiny = np.float32(2e-38)
    assert tiny > 0
    assert tiny * np.float32(0.5) == 0


engine, threads, *flush = sys.argv[1:]
if flush:
    flush_denormals()

packed, decoded, again = io.BytesIO(sys.stdin.buffer.read()), io.BytesIO(), io.BytesIO()
config = inspect(packed).config
assert config is not None
decode(packed, decoded, engine=engine, threads=int(threads))
encode(decoded, again, config, engine=engine, threads=int(threads))
sys.stdout.buffer.write(again.getvalue())
assert "torch" not in sys.modules, "nothing that torch computes may reach a file"
