"""The record, its parts, and the bytes that tell configurations apart."""

import dataclasses

import pytest
from hypothesis import given
from networks import configs

from rnncompress import config as record
from rnncompress.config import LEARNING, LIMITS, PARTS, Config, canonical, check_config, from_parts, in_parts
from rnncompress.errors import VersionError


def test_every_field_is_of_one_part_and_has_limits() -> None:
    """The table of parts is whole, and in the order of its tags."""
    names = [name for part in PARTS for name in part.fields]
    assert sorted(names) == sorted(field.name for field in dataclasses.fields(Config)) == sorted(LIMITS)
    tags = [part.tag for part in PARTS]
    assert tags == sorted(set(tags))
    assert set(LEARNING) < set(names)


@given(configs, configs)
def test_canonical_bytes_are_equal_where_records_are(one: Config, other: Config) -> None:
    """Equal meaning is equal record and equal bytes, and nothing else is."""
    assert (canonical(one) == canonical(other)) == (one == other)
    assert from_parts(in_parts(one)) == one


def test_what_is_not_in_use_has_no_meaning() -> None:
    """Fields of an absent part do not tell records apart."""
    assert Config(contexts=0, context_bits=5) == Config()
    assert Config(layers=0, hidden=64) == Config(layers=0)
    assert Config(layers=0).weights == Config(layers=0).macs == 0
    check_config(Config(layers=0, mixing=1))
    with pytest.raises(ValueError, match="nothing to predict with"):
        check_config(Config(layers=0))


def test_a_new_part_disturbs_nothing_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another entry in the table, configurations without that part keep their bytes."""
    before = canonical(Config(contexts=2))
    monkeypatch.setattr(record, "PARTS", (*PARTS, record.Part(9, "more", ("horizon",), switch="rate_last")))
    assert canonical(Config(contexts=2, rate_last=0)) == before.replace(b"\xd0\x0f", b"\0").replace(
        b"\x02\x0c", b"\x02\x0b"
    )


def test_an_unknown_part_is_newer() -> None:
    """It asks for another program, whatever it holds."""
    with pytest.raises(VersionError, match="mystery"):
        from_parts(in_parts(Config()) | {"mystery": {}})


def test_only_contexts_of_mixing_are_direct_and_few_of_them() -> None:
    """The mixer has room for 24."""
    check_config(Config(mixing=0b11, direct=0b10))
    with pytest.raises(ValueError, match="mixing does not have"):
        check_config(Config(mixing=0b11, direct=0b100))
    with pytest.raises(ValueError, match="more than 24"):
        check_config(Config(mixing=2**63 - 1, direct=2**25 - 1))
