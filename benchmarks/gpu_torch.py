"""What a user would write instead: the same network in PyTorch, which no one could decode."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from rnncompress.config import Config


class Network(nn.Module):
    """Embedding, cuDNN's LSTM, softmax over the top layer, fused Adam; bfloat16 autocast on a GPU."""

    def __init__(self, config: Config, device: torch.device) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(config.alphabet, config.hidden)
        self.lstm = nn.LSTM(config.hidden, config.hidden, config.layers)
        self.softmax = nn.Linear(config.hidden, config.alphabet)
        self.to(device)
        self._device = device
        self._optimiser = torch.optim.Adam(
            self.parameters(), lr=1e-3, betas=(0.0, 0.999), fused=device.type == "cuda"
        )
        self._carried: tuple[torch.Tensor, torch.Tensor] | None = None
        self._last = torch.zeros(1, config.streams, dtype=torch.int64, device=device)
        self.weights = sum(parameter.numel() for parameter in self.parameters())

    def train_on(self, windows: list[np.ndarray]) -> None:
        """One step of training for each window (T, B)."""
        for symbols in windows:
            targets = torch.from_numpy(symbols).to(self._device, torch.int64, non_blocking=True)
            inputs = torch.cat([self._last, targets[:-1]])
            with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
                hidden, carried = self.lstm(self.embedding(inputs), self._carried)
                logits = self.softmax(hidden)
            loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            self._carried = (carried[0].detach(), carried[1].detach())
            self._last = targets[-1:]
