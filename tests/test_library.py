"""The package as its users import it."""

import inspect
import io
import re
import subprocess
import sys
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

import rnncompress

SAMPLE = b"to be or not to be, that is the question; " * 12


def test_the_public_names_are_sorted_and_there() -> None:
    """``__all__`` is sorted, every name in it exists, and ``dir`` lists just these."""
    assert rnncompress.__all__ == sorted(rnncompress.__all__)
    assert all(getattr(rnncompress, name) is not None for name in rnncompress.__all__)
    assert sorted(dir(rnncompress)) == rnncompress.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Lazy names do not hide mistakes."""
    with pytest.raises(AttributeError, match="nonsense"):
        _ = rnncompress.nonsense


@pytest.mark.parametrize(
    "code", ["import rnncompress", "import rnncompress; rnncompress.inspect(open(sys.argv[1], 'rb'))"]
)
def test_importing_and_inspecting_load_nothing_heavy(
    code: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither the import nor reading a header loads numpy, numba, torch or constriction."""
    file = tmp_path_factory.mktemp("blob") / "sample.rnnc"
    file.write_bytes(rnncompress.compress(b""))
    check = "assert not {'numpy', 'numba', 'torch', 'constriction'} & set(sys.modules)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", f"import sys; {code}; {check}", file], check=True)


def test_data_come_back() -> None:
    """``decompress`` undoes ``compress``, with the network, and text gets shorter."""
    blob = rnncompress.compress(SAMPLE)
    assert len(blob) < len(SAMPLE)
    assert rnncompress.decompress(blob) == SAMPLE


@pytest.mark.parametrize("data", [b"", b"x"])
def test_tiny_data_come_back(data: bytes) -> None:
    """Nothing and a single byte come back."""
    assert rnncompress.decompress(rnncompress.compress(data)) == data


def test_threads_change_no_byte() -> None:
    """The result does not depend on the number of threads."""
    assert rnncompress.compress(SAMPLE, threads=2) == rnncompress.compress(SAMPLE)


def test_a_preset_is_written_into_the_file() -> None:
    """A named preset is used, and is not needed to decompress."""
    blob = rnncompress.compress(SAMPLE, "rnn")
    assert blob != rnncompress.compress(SAMPLE)
    assert rnncompress.decompress(blob) == SAMPLE


def test_an_unknown_preset_is_told_with_those_that_exist() -> None:
    """A preset that does not exist is the caller's mistake."""
    with pytest.raises(ValueError, match="no preset 'nonsense'; known are default, fast, max, "):
        rnncompress.compress(SAMPLE, "nonsense")


def test_other_data_are_refused() -> None:
    """What was not compressed by this package raises its error."""
    with pytest.raises(rnncompress.NotRnncError):
        rnncompress.decompress(b"PK\x03\x04 and so on")


@pytest.mark.parametrize("threads", [0, -1, 257, 100_000])
def test_threads_that_cannot_be_had(threads: int) -> None:
    """Both ways refuse them with one line, also where nothing is to be computed."""
    blob = rnncompress.compress(b"")
    for call in (
        lambda: rnncompress.compress(SAMPLE, threads=threads),
        lambda: rnncompress.compress(b"", threads=threads),
        lambda: rnncompress.decompress(blob, threads=threads),
    ):
        with pytest.raises(ValueError, match=f"threads must be from 1 to 256, not {threads}"):
            call()


def test_as_many_threads_as_can_be_had() -> None:
    """What is accepted works, however few cores there are."""
    assert rnncompress.compress(SAMPLE, threads=256) == rnncompress.compress(SAMPLE)


def test_files_by_path(tmp_path: Path) -> None:
    """Paths as text or as Path, or open files; an output that is there is not replaced unless asked."""
    original, packed, again = tmp_path / "a", tmp_path / "a.rnnc", tmp_path / "b"
    original.write_bytes(SAMPLE)
    original.chmod(0o640)
    report = rnncompress.encode(original, str(packed), preset="fast")
    assert report.compressed_bytes == packed.stat().st_size
    assert packed.stat().st_mode & 0o777 == 0o640
    assert rnncompress.decode(str(packed), again).original_bytes == len(SAMPLE)
    assert again.read_bytes() == SAMPLE
    with pytest.raises(rnncompress.OutputError, match="exists already"):
        rnncompress.encode(original, packed)
    rnncompress.encode(original, packed, overwrite=True)
    target = io.BytesIO()
    rnncompress.encode(io.BytesIO(SAMPLE), target)
    assert target.getvalue() == packed.read_bytes() == rnncompress.compress(SAMPLE)


def test_a_configuration_is_as_good_as_a_name() -> None:
    """It makes the file that the preset makes."""
    config = rnncompress.inspect(io.BytesIO(rnncompress.compress(SAMPLE, "rnn"))).config
    assert rnncompress.compress(SAMPLE, config) == rnncompress.compress(SAMPLE, "rnn")


@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: array("B", data)])
def test_any_buffer_is_data(kind: Callable[[bytes], bytes]) -> None:
    """bytearray, memoryview, array: both ways."""
    blob = rnncompress.compress(kind(SAMPLE))
    assert blob == rnncompress.compress(SAMPLE)
    assert rnncompress.decompress(kind(blob)) == SAMPLE


def test_reading_a_compressed_file(tmp_path: Path) -> None:
    """As bytes or as text, with seeking; for writing it is not opened."""
    packed = tmp_path / "a.rnnc"
    packed.write_bytes(rnncompress.compress("Größe\nzwei\n".encode()))
    with rnncompress.open(packed) as file:
        assert file.read(2) == b"Gr"
        file.seek(0)
        assert file.read() == "Größe\nzwei\n".encode()
    with rnncompress.open(str(packed), "rt", encoding="utf-8") as file:
        assert list(file) == ["Größe\n", "zwei\n"]
    with pytest.raises(ValueError, match="opened to read"):
        rnncompress.open(packed, "wb")
    packed.write_bytes(b"text")
    with pytest.raises(rnncompress.NotRnncError, match=re.escape(str(packed))):
        rnncompress.open(packed)


def test_progress_of_buffers() -> None:
    """compress and decompress tell how far they are, to the end."""
    told: list[rnncompress.Progress] = []
    blob = rnncompress.compress(SAMPLE, progress=told.append)
    rnncompress.decompress(blob, progress=told.append)
    assert [at.done for at in told if at.stage == "coding" and at.done == len(SAMPLE)] == [len(SAMPLE)] * 2


def test_public_functions_have_no_hooks_for_tests() -> None:
    """What replaces the engine is internal."""
    for name in ("compress", "decompress", "encode", "decode", "open"):
        assert "build" not in inspect.signature(getattr(rnncompress, name)).parameters


def test_a_report_in_a_notebook() -> None:
    """It is a table with the sizes."""
    report = rnncompress.encode(io.BytesIO(SAMPLE), io.BytesIO())
    shown = report._repr_html_()
    assert shown.startswith("<table>")
    assert f"{len(SAMPLE):,} → {report.compressed_bytes:,} bytes" in shown
    assert f"{report.bpc:.3f}" in shown
