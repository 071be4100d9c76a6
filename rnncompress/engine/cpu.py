"""The CPU engine: threads take whole lanes, each decodes its window without waiting for the others."""

from rnncompress.engine import cpu_kernels
from rnncompress.engine.stages import CompiledCoding, Stages
from rnncompress.lstm.cpu.predictor import CpuPredictor
from rnncompress.network import IntArray


class CpuEngine(CompiledCoding, Stages[CpuPredictor]):
    """Equal to the reference, many times faster."""

    def decode_window(self, steps: int, count: int) -> IntArray:
        """See the protocol."""
        coders, network = self._decoders, self.network
        assert coders is not None

        def work(number: int, lanes: tuple[int, int]) -> None:
            cpu_kernels.decode(
                network.memory, *lanes, coders.starts, steps, count, coders.states, coders.words, coders.bounds,
                network.scratch[number],
            )  # fmt: skip

        network.share(work, self.config.lanes)
        coders.check()
        symbols = network.observed(steps)
        self._freq = network.coded()[1].ravel()[:count]
        return symbols
