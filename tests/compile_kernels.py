"""Compiles every kernel that a network launches for a GPU that need not be here, and prints what came out.

    python compile_kernels.py CAPABILITY PRESET LENGTH [KERNEL ...]

One JSON line for each: name, registers, stack (spilled bytes of a thread), shared memory, and what instructions there
are. The launches are those of the engine itself on tensors without data. CAPABILITY is 80, 89 or 90.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from rnncompress import presets
from rnncompress.engine.cuda import Decoder
from rnncompress.lstm.cuda.memory import Memory
from rnncompress.lstm.cuda.schedule import Schedule
from rnncompress.lstm.cuda.tiles import Chip

TYPES = {torch.int8: "*i8", torch.int32: "*i32", torch.int64: "*i64", torch.float32: "*fp32"}
TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
CHIPS = {80: Chip(108, 166_912), 89: Chip(128, 101_376), 90: Chip(132, 232_448)}


def compiled(kernel: Any, arguments: tuple[Any, ...], options: dict[str, Any], capability: int) -> Any:
    """The kernel for these arguments, as a launch would have it."""
    signature: dict[str, str] = {}
    constants: dict[tuple[int, ...], Any] = {}
    attributes: dict[tuple[int, ...], Any] = {}
    for number, (parameter, value) in enumerate(zip(kernel.params, arguments, strict=True)):
        if parameter.is_constexpr:
            signature[parameter.name], constants[(number,)] = "constexpr", value
        elif isinstance(value, torch.Tensor):
            signature[parameter.name] = TYPES[value.dtype]
            if value.storage_offset() * value.element_size() % 16 == 0:
                attributes[(number,)] = [["tt.divisibility", 16]]
        else:
            signature[parameter.name] = "fp32" if isinstance(value, float) else "i32"
    source = ASTSource(kernel, signature, constants, attributes)
    return triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)


def about(name: str, kernel: Any) -> dict[str, Any]:
    """What the assembler and the disassembler say."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        usage, code = (
            subprocess.run(
                [TOOLS / "cuobjdump", option, file.name], capture_output=True, text=True, check=True
            )
            for option in ("-res-usage", "-sass")
        )
    fields = dict(
        part.split(":") for line in usage.stdout.splitlines() if "REG:" in line for part in line.split()
    )
    instructions = code.stdout
    return {
        "kernel": name,
        "registers": int(fields["REG"]),
        "stack": int(fields["STACK"]),
        "shared": kernel.metadata.shared,
        "warps": kernel.metadata.num_warps,
        "tensor_core": [word for word in ("IGMMA", "IMMA") if word in instructions],
        "local": instructions.count("LDL") + instructions.count("STL"),
        "flushing": sorted({word for word in kernel.asm["ptx"].split() if ".ftz" in word}),
        "fused": " fma." in kernel.asm["ptx"],
        "saturating": "satfinite" in kernel.asm["ptx"],
    }


def main(capability: int, preset: str, length: int, *names: str) -> None:
    config = presets.get(preset, length)
    config = config.replace(streams=max(8, config.streams))  # a device is for many
    launches: dict[Any, Any] = {}

    def record(self: Any, *arguments: Any, grid: Any, warmup: bool, **options: Any) -> None:
        shapes = tuple(
            (value.dtype, value.storage_offset() % 16) if isinstance(value, torch.Tensor) else value
            for value, parameter in zip(arguments, self.params, strict=True)
            if parameter.is_constexpr or isinstance(value, torch.Tensor)
        )
        launches[self.__name__, shapes, tuple(options.items())] = (self, arguments, options)

    triton.JITFunction.run = record
    Chip.of = classmethod(lambda cls, device: CHIPS[capability])
    memory = Memory(config, torch.device("meta"))
    schedule = Schedule(config, memory)
    schedule.quantise()
    schedule.predict(0, config.window)
    Decoder(memory, schedule).launch(1, config.streams)
    schedule.pick(config.window)
    schedule.follow_paths(config.window)
    schedule.learn_contexts()
    schedule.learn()
    schedule.end_window()
    for kernel, arguments, options in launches.values():
        if names and kernel.__name__ not in names:
            continue
        found = about(kernel.__name__, compiled(kernel, arguments, options, capability))
        tile = [v for v, p in zip(arguments, kernel.params, strict=True) if p.is_constexpr][-3:]
        print(json.dumps(found | {"last": tile}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
