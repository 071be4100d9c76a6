"""Another machine, played by another process: decodes a file and encodes the result anew.

python machine.py ENGINE THREADS [flush] < packed > packed again
"""

import io
import sys

from rnncompress import decode, encode, inspect

engine, threads, *flush = sys.argv[1:]
if flush:
    import torch  # only for its way of setting the processor's mode

    assert torch.set_flush_denormal(True)
    assert torch.tensor(1e-40).item() == 0

packed, decoded, again = io.BytesIO(sys.stdin.buffer.read()), io.BytesIO(), io.BytesIO()
config = inspect(packed).config
assert config is not None
decode(packed, decoded, engine=engine, threads=int(threads))
encode(decoded, again, config, engine=engine, threads=int(threads))
sys.stdout.buffer.write(again.getvalue())
assert flush or "torch" not in sys.modules, "nothing that torch computes may reach a file"
