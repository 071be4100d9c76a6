"""Learning to write with PyTorch (Graves 2013, section 5): what the exact network of this package then repeats.

Learning may be in floats: what it leaves is rounded once, when the model is made, and from there on all is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from rnncompress.exact import grid
from rnncompress.writing.model import COMPONENTS, POINT, WINDOWS, WritingModel, shapes

_CLIP = 10.0
"""Of the norm of a gradient."""


@dataclass(frozen=True)
class Line:
    """A text, and its strokes (n, 2) in any unit, y downwards, the base line at 0."""

    text: str
    strokes: Sequence[NDArray[np.float64]]

    def steps(self) -> NDArray[np.float64]:
        """The points (n, 3) as steps from the one before, or from the origin, and 1 where a stroke ends."""
        points = np.concatenate(self.strokes)
        ends = np.zeros(len(points))
        ends[np.cumsum([len(stroke) for stroke in self.strokes]) - 1] = 1
        return np.column_stack([np.diff(points, axis=0, prepend=np.zeros((1, 2))), ends])


class Learner:
    """A network that learns from lines."""

    def __init__(self, characters: str, sample: Sequence[Line], layers: int, hidden: int, seed: int) -> None:
        """``sample`` tells how long steps are."""
        torch.manual_seed(seed)
        self._characters = characters
        self._layers, self._hidden = layers, hidden
        steps = np.concatenate([line.steps() for line in sample])
        self._scale = float(np.sqrt(np.square(steps[:, :2]).mean()))
        drawn = steps[:-1, 2] == 0  # what the pen draws on its way to the next point
        lengths = np.hypot(steps[1:, 0], steps[1:, 1])[drawn]
        self._step = float(lengths.mean()) / self._scale
        self._length = float(lengths.sum()) / sum(len(line.text) for line in sample) / self._scale
        self.parameters: dict[str, Tensor] = {}
        for name, shape in shapes(len(characters), layers, hidden).items():
            spread = shape[-1] ** -0.5 if len(shape) > 1 else 0.0
            self.parameters[name] = (torch.randn(shape) * spread).requires_grad_()
        with torch.no_grad():
            for layer in range(layers):
                self.parameters[f"bias{layer}"][hidden : 2 * hidden] = 1.0  # gates that keep
            self.parameters["window_bias"][2 * WINDOWS :] = -2.5  # a character takes about twelve points
        self._optimiser = torch.optim.Adam(self.parameters.values(), betas=(0.9, 0.99))
        self.updates = 0

    def begin_with(self, model: WritingModel) -> None:
        """Take the weights of a ``model`` of the same characters and sizes. Raises ValueError if it is of others."""
        if (model.characters, model.layers, model.hidden) != (self._characters, self._layers, self._hidden):
            raise ValueError("the model is of other characters or sizes")
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(torch.from_numpy(model.arrays[name].astype(np.float32) / grid.WEIGHT_SCALE))

    def learn(self, lines: Sequence[Line], rate: float) -> float:
        """Take one step; returns nats a point."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad()
        loss = self._loss(lines)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters.values(), _CLIP)
        self._optimiser.step()
        with torch.no_grad():
            for parameter in self.parameters.values():
                parameter.clamp_(-float(grid.WEIGHT_LIMIT), float(grid.WEIGHT_LIMIT))
        self.updates += 1
        return float(loss.detach())

    def evaluate(self, lines: Sequence[Line]) -> float:
        """Nats a point."""
        with torch.no_grad():
            return float(self._loss(lines))

    def model(self, **training: object) -> WritingModel:
        """What has been learnt, rounded."""
        arrays = {name: parameter.detach().numpy() for name, parameter in self.parameters.items()}
        told = {name: str(value) for name, value in training.items()}
        return WritingModel.of(
            self._characters, self._layers, self._hidden, self._step, self._length, arrays, told
        )

    def outputs(self, steps: Tensor, text: Tensor) -> Tensor:
        """The outputs (T, B, 6 K + 1) after the points ``steps`` (T, B, 3) for the characters (B, U, C), one-hot."""
        p, hidden = self.parameters, self._hidden
        batch = steps.shape[1]
        places = torch.arange(1, text.shape[1] + 1, dtype=torch.float32)
        h = c = steps.new_zeros(batch, hidden)
        window = steps.new_zeros(batch, text.shape[2])
        at = steps.new_zeros(batch, WINDOWS)
        from_steps = functional.linear(steps, p["matrix0"][:, :POINT], p["bias0"])
        recurrent = p["matrix0"][:, POINT:].t()
        hs, windows = [], []
        for step in from_steps:
            i, f, g, o = (step + torch.cat([window, h], 1) @ recurrent).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            told = functional.linear(h, p["window"], p["window_bias"]).exp()
            alpha, beta, moved = told.chunk(3, 1)
            at = at + moved
            apart = at[:, :, None] - places
            weights = (alpha[:, None, :] @ torch.exp(-beta[:, :, None] * apart * apart)).clamp(max=4)
            window = (weights @ text)[:, 0]
            hs.append(h)
            windows.append(window)
        layers = [torch.stack(hs)]
        heard = torch.stack(windows)
        for layer in range(1, self._layers):
            matrix = p[f"matrix{layer}"]
            inputs = torch.cat([steps, heard, layers[-1]], 2)
            split = inputs.shape[2]
            parts = [matrix[:, :split], matrix[:, split:], p[f"bias{layer}"], torch.zeros(4 * hidden)]
            zero = steps.new_zeros(1, batch, hidden)
            out, _, _ = torch.lstm(inputs, (zero, zero), parts, True, 1, 0.0, True, False, False)
            layers.append(out)
        return functional.linear(torch.cat(layers, 2), p["output"], p["output_bias"])

    def _loss(self, lines: Sequence[Line]) -> Tensor:
        """Nats a point."""
        steps = [torch.tensor(line.steps(), dtype=torch.float32) for line in lines]
        points = nn.utils.rnn.pad_sequence(
            [each / torch.tensor([self._scale, self._scale, 1]) for each in steps]
        )
        known = torch.arange(len(points))[:, None] < torch.tensor([len(each) for each in steps])
        begin = torch.tensor([0.0, 0.0, 1.0]).expand(1, len(lines), POINT)
        text = torch.zeros(len(lines), max(len(line.text) for line in lines), len(self._characters))
        for row, line in enumerate(lines):
            text[row, range(len(line.text)), [self._characters.index(each) for each in line.text]] = 1
        outputs = self.outputs(torch.cat([begin, points[:-1]]), text)
        return (nats(outputs, points) * known).sum() / known.sum()


def nats(outputs: Tensor, points: Tensor) -> Tensor:
    """What the points (..., 3) cost, each (...,), under the outputs (..., 6 K + 1): equations 23 to 26."""
    weight, x, y, log_x, log_y, bend = torch.split(outputs[..., 1:], COMPONENTS, -1)
    rho = torch.tanh(bend) * 0.999
    a = (points[..., 0:1] - x) * torch.exp(-log_x)
    b = (points[..., 1:2] - y) * torch.exp(-log_y)
    rest = 1 - rho * rho
    log_density = (
        -(a * a + b * b - 2 * rho * a * b) / (2 * rest) - log_x - log_y - rest.log() / 2 - 1.8378770664
    )
    log_weight = functional.log_softmax(weight, -1)
    ends = functional.binary_cross_entropy_with_logits(outputs[..., 0], points[..., 2], reduction="none")
    return ends - torch.logsumexp(log_weight + log_density, -1)
