"""Sequences of launches that are recorded once and then replayed as a whole: CUDA graphs."""

from collections.abc import Callable, Hashable

import torch


class Graphs:
    """Runs work by name. Its launches, addresses and numbers must be the same each time.

    The first run is an ordinary one, in which kernels are compiled; the second is recorded; later ones replay that.
    Without a GPU (Triton's interpreter) every run is an ordinary one.
    """

    def __init__(self, device: torch.device) -> None:
        self._recording = device.type == "cuda"
        self._known: set[Hashable] = set()
        self._graphs: dict[Hashable, torch.cuda.CUDAGraph] = {}

    def run(self, name: Hashable, work: Callable[[], None]) -> None:
        """Do ``work``, which goes by ``name``."""
        if name not in self._known or not self._recording:
            work()
            self._known.add(name)
            return
        if name not in self._graphs:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                work()
            self._graphs[name] = graph
        self._graphs[name].replay()
