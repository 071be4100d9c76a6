"""Files that start from a trained model, and the GPU engine; Triton's interpreter stands in for the GPU."""

import io

import models
from interpreted import CudaPredictor

from rnncompress import codec
from rnncompress import engine as engines
from rnncompress.config import Config
from rnncompress.engine import Engine
from rnncompress.engine.cuda import CudaEngine
from rnncompress.lstm.state import State


def made(config: Config, windows: int, *, engine: str, threads: int, state: State | None = None) -> Engine:
    if engine == "cuda":
        return CudaEngine(CudaPredictor(config, windows, "cpu", state))
    return engines.build(config, windows, engine=engine, state=state)


def test_a_trained_model_serves_both_engines() -> None:
    """What the CPU encodes from a model that it trained, the GPU engine decodes from the same model."""
    model = models.trained()
    original = "zählt Ziegel. ".encode() * 12
    packed, decoded = io.BytesIO(), io.BytesIO()
    config = model.config.replace(streams=32, window=2)
    report = codec.encode(io.BytesIO(original), packed, config, model=model, build=made)
    assert report.trained is not None
    assert model.digest.startswith(report.trained)
    codec.decode(packed, decoded, model=model, engine="cuda", build=made)
    assert decoded.getvalue() == original
