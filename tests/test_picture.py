"""The picture that README opens with is that of the results in the repository."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parent.parent
picture = SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "picture.py")))


def test_the_picture_is_that_of_the_newest_results() -> None:
    """``python benchmarks/picture.py`` draws it anew."""
    assert picture.TARGET.read_text(encoding="utf-8") == picture.picture(picture.latest())


def test_the_readme_shows_it() -> None:
    """As the first picture."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.split("](", 1)[1].startswith(picture.TARGET.relative_to(ROOT).as_posix())


def test_without_results_there_is_no_picture() -> None:
    """Which is told."""
    with pytest.raises(SystemExit, match="no results for nothing"):
        picture.picture(picture.latest(), "nothing")
    with pytest.raises(SystemExit, match="no results for nothing"):
        picture.latest("nothing")
