"""Fixtures for all tests."""

from pathlib import Path

import pytest


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for corpora, in force during the test; no proxy stands before the loopback address."""
    folder = tmp_path / "cache of ours"
    monkeypatch.setenv("RNNCOMPRESS_CACHE", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return folder
