"""The head of densities in the GPU engine, in Triton's interpreter, by ``==`` with the specification."""

import io
from functools import partial

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from interpreted import CudaPredictor, torch
from networks import assert_same, pick, step_through

from rnncompress import codec
from rnncompress.config import Config
from rnncompress.engine.cuda import CudaEngine
from rnncompress.exact import grid, noise
from rnncompress.lstm import build
from rnncompress.lstm.contexts import HISTORY
from rnncompress.lstm.reference_density import ReferenceDensity
from rnncompress.network import IntArray

T, B = 4, 2
simulated = partial(CudaPredictor, device="cpu")


def config(components: int) -> Config:
    return Config(
        layers=1, hidden=16, streams=B, window=T, components=components,
        rate_first=100_000, rate_last=50_000, horizon=2,
    )  # fmt: skip


def ink(windows: int, seed: int) -> list[IntArray]:
    """Windows (T, B) of packed strokes; of the streams one has points of three numbers, one any number, or none."""
    rng = np.random.default_rng(seed)
    heads = [[columns, 1, 200, 0, 0, 0] for columns in (3, int(rng.integers(2, 10)))]
    points = np.minimum(255, rng.geometric(0.2, (windows * T - 6, B)))
    points[rng.random(points.shape) < 0.1] = 255
    return list(np.concatenate([np.array(heads).T, points]).astype(np.int32).reshape(windows, T, B))


@settings(max_examples=2, deadline=None)
@given(st.sampled_from([1, 3, 20]), st.integers(0, 2**32 - 1))
def test_both_schedules_give_the_numbers_of_the_specification(components: int, seed: int) -> None:
    """What windows and steps predict, what is learnt, and what the last window, which may be short, begins with."""
    windows = ink(4, seed)
    expected = build(config(components), 4, engine="reference")
    encoder, decoder = (simulated(config(components), 4) for _ in range(2))
    for symbols in windows[:3]:
        tables = step_through(expected, symbols)
        assert (np.array(encoder.predict_window(symbols)) == np.array(pick(tables, symbols))).all()
        assert (step_through(decoder, symbols) == tables).all()
        for predictor in (expected, encoder, decoder):
            predictor.learn()
        assert_same(encoder.state(), expected.state())
        assert_same(decoder.state(), expected.state())
    goes_on = simulated(config(components), 4, state=expected.state())
    tables = step_through(expected, windows[3][:2])
    assert (step_through(goes_on, windows[3][:2]) == tables).all()


@settings(max_examples=6, deadline=None, phases=[Phase.generate])
@given(st.sampled_from([1, 7, 20]), st.sampled_from([0.5, 4.0, 40.0]), st.integers(0, 2**32 - 1))
def test_tables_and_gradients_of_any_logits(components: int, spread: float, seed: int) -> None:
    """The kernels by themselves, wherever streams are in their records, with logits up to the limits and any bytes."""
    rng = np.random.default_rng(seed)
    network = simulated(config(components), 1)
    m, reference = network.memory, ReferenceDensity(config(components))
    start = np.array([[rng.integers(6, 9), 3, 100], [5, 4, 1]])
    symbols = np.minimum(255, rng.geometric(0.03, (T, B))).astype(np.int32)
    sums = (rng.normal(0, spread, (T, B, 256)) * (1 << 20)).astype(np.int32)
    keys = rng.integers(0, 1 << 31, 2, dtype=np.int32)
    reference.track[:, 0] = start
    for target, source in (
        (m.track[:, 0], start.T), (m.history[HISTORY:], symbols), (m.table, sums.reshape(-1, 256)), (m.keys, keys),
    ):  # fmt: skip
        target.copy_(torch.from_numpy(source.copy()))
    m.dz_high.fill_(1)
    m.dz_columns_high.fill_(1)
    network.schedule.note_densities(0, T * B)
    network.schedule.density_tables(0, T * B)
    network.schedule.density_gradients()

    for t in range(T):
        table = sums[t].copy()
        reference.predict(t, sums[t].astype(np.float32) * grid.FORWARD_UNIT, symbols[t - 1], table)
        assert (m.table.numpy()[t * B :][:B] == table).all()
        reference.observe(t, symbols[t])
    assert (m.outputs.numpy().reshape(T, B, -1).transpose(1, 0, 2) == reference.outputs).all()
    gradients = np.full((T, B, 256), 2, np.float32)
    for t in range(T):
        reference.correct(t, list(symbols), gradients[t])
    dither = noise.uniform(np.uint32(keys[1]), np.arange(gradients.size, dtype=np.uint32))
    expected = grid.gradient(gradients.reshape(-1), dither).astype(np.int32).reshape(T * B, 256)
    expected[(gradients == 2).all(axis=2).reshape(-1)] = 256  # as before, where no density predicts
    for high, low in ((m.dz_high, m.dz_low), (m.dz_columns_high.T, m.dz_columns_low.T)):
        assert (256 * high.numpy().astype(np.int32) + low.numpy() == expected).all()


def test_a_file_is_decoded_on_the_device() -> None:
    """The CPU wrote it; the GPU engine writes the same, and gives the original back."""
    network = config(3).replace(streams=1, window=12)
    original = bytes([3, 1, 20, 0, 0, 0]) + bytes([8, 2, 1]) * 20

    def made(network: Config, windows: int, **options: object) -> CudaEngine:
        return CudaEngine(simulated(network, windows))

    expected, packed, decoded = io.BytesIO(), io.BytesIO(), io.BytesIO()
    report = codec.encode(io.BytesIO(original), expected, network)
    assert report.mode == "model"
    codec.encode(io.BytesIO(original), packed, network, engine="cuda", build=made)
    assert packed.getvalue() == expected.getvalue()
    codec.decode(io.BytesIO(packed.getvalue()), decoded, engine="cuda", build=made)
    assert decoded.getvalue() == original
