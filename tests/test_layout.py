"""How a file becomes streams, and back."""

import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncompress import layout
from rnncompress.errors import InputError
from rnncompress.layout import Layout, WindowWriter, read_windows

layouts = st.builds(
    Layout,
    length=st.integers(0, 300),
    streams=st.integers(1, 40),
    window=st.integers(1, 8).map(lambda n: 2 * n),
)


def content(length: int) -> bytes:
    return np.random.default_rng(length).bytes(length)


@given(layouts, st.integers(1, 64))
def test_windows_written_back_are_the_file(plan: Layout, chunk: int) -> None:
    """What was read in windows and is written in windows is the file, however small the buffers are."""
    data, target = content(plan.length), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "CHUNK", chunk)
        writer = WindowWriter(target, plan)
        for window in read_windows(io.BytesIO(data), plan):
            writer.write(window)
        writer.flush()
    assert target.getvalue() == data


@given(layouts)
def test_streams_are_the_contiguous_parts_of_the_file(plan: Layout) -> None:
    """Each stream, without its padding, is a part of the file; the parts in turn are the whole of it."""
    windows = list(read_windows(io.BytesIO(content(plan.length)), plan))
    assert len(windows) == plan.windows
    assert all(len(window) == plan.window for window in windows[:-1])
    parts = np.concatenate(windows) if windows else np.zeros((0, plan.streams), dtype=np.uint8)
    assert len(parts) == plan.steps
    lengths = [plan.start(s + 1) - plan.start(s) for s in range(plan.streams)]
    assert b"".join(parts[:n, s].tobytes() for s, n in enumerate(lengths)) == content(plan.length)
    assert lengths == sorted(lengths, reverse=True)
    assert max(lengths) - min(lengths) <= 1


@given(layouts)
def test_only_the_last_step_may_have_idle_streams(plan: Layout) -> None:
    """All streams are active at every step but the last, and the active ones add up to the file."""
    active = [plan.active(step) for step in range(plan.steps)]
    assert all(n == plan.streams for n in active[:-1])
    assert sum(active) == plan.length


@given(layouts)
def test_coded_symbols_come_first(plan: Layout) -> None:
    """The coded symbols of a window are bytes of the file: what follows them is padding."""
    coded = 0
    for number, window in enumerate(read_windows(io.BytesIO(b"\x01" * plan.length), plan)):
        count = plan.coded(number * plan.window, len(window))
        assert window.ravel().tolist() == [1] * count + [0] * (window.size - count)
        coded += count
    assert coded == plan.length


def test_a_file_that_became_shorter_is_an_input_error() -> None:
    """A source with fewer bytes than announced raises InputError."""
    with pytest.raises(InputError):
        list(read_windows(io.BytesIO(b"abc"), Layout(4, 1, 2)))


class Endless(io.RawIOBase):
    """A file that takes no memory."""

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def read(self, count: int = -1) -> bytes:
        return bytes(count)

    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]


def test_memory_does_not_grow_with_the_file() -> None:
    """Reading and writing back 32 MiB takes no more than the buffers: a few KiB for each stream."""
    plan = Layout(32 << 20, 64, 4096)
    source, writer = Endless(), WindowWriter(Endless(), plan)  # type: ignore[arg-type]
    tracemalloc.start()
    for window in read_windows(source, plan):  # type: ignore[arg-type]
        writer.write(window)
    writer.flush()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * plan.streams * layout.CHUNK
