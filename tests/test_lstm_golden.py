"""Golden files decode for ever, and are what is encoded today. ``golden/pin.py`` writes them."""

import io

import pytest
from golden.pin import GOLDEN, HERE, PACKED, packed

from rnncompress import decode, encode, inspect
from rnncompress.container import Form
from rnncompress.engine import EngineName

ENGINES = [(name, "cpu") for name in GOLDEN] + [(name, "reference") for name in GOLDEN if name != "default"]
"""The reference would take minutes for the default model."""


def golden(name: str) -> bytes:
    return (HERE / f"{name}.rnnc").read_bytes()


@pytest.mark.parametrize(("name", "engine"), ENGINES)
def test_a_golden_file_decodes(name: str, engine: str) -> None:
    """Every engine decodes what was written when the format was fixed."""
    decoded = io.BytesIO()
    decode(io.BytesIO(golden(name)), decoded, engine=engine)
    assert decoded.getvalue() == GOLDEN[name][0]


@pytest.mark.parametrize(("name", "engine"), ENGINES)
def test_the_same_bytes_are_written_today(name: str, engine: str) -> None:
    """With the configuration in its header, the original is compressed to the very same bytes."""
    config = inspect(io.BytesIO(golden(name))).config or GOLDEN[name][1]
    encoded = io.BytesIO()
    encode(io.BytesIO(GOLDEN[name][0]), encoded, config, engine=engine)
    assert encoded.getvalue() == golden(name)


@pytest.mark.parametrize("engine", ["cpu", "reference"])
@pytest.mark.parametrize("form", PACKED)
def test_the_golden_file_of_a_form(form: Form, engine: EngineName) -> None:
    """It decodes, and the same bytes are written today."""
    decoded = io.BytesIO()
    decode(io.BytesIO(golden(form)), decoded, engine=engine)
    assert decoded.getvalue() == PACKED[form][0]
    assert packed(form, engine) == golden(form)
