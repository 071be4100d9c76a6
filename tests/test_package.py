"""What one would publish: built without a network, installed into an environment of its own, and tried there."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from rnncompress._version import __version__

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
pytest.importorskip("hatchling", reason="needs hatchling: pip install -e '.[dev]'")

TRY = """
import io, pathlib, sys
import rnncompress
from rnncompress import Config, corpora
assert pathlib.Path(rnncompress.__file__).is_relative_to(sys.prefix), rnncompress.__file__
[file] = corpora.get("sample").files
corpora.check(corpora.get("sample"), file)
data = corpora.get("sample").path(file).read_bytes()[:300]
packed, back = io.BytesIO(), io.BytesIO()
rnncompress.encode(io.BytesIO(data), packed, Config(hidden=16, window=8), engine="reference")
rnncompress.decode(packed, back, engine="reference")
assert back.getvalue() == data
assert not {"torch", "triton", "constriction", "psutil"} & set(sys.modules)
"""
"""Of the reference, whose code is not compiled: compiling for the fresh folder would take a minute."""


def run(*command, **options):
    """What a command prints; the test fails with its complaint if it does not end well."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with sdist and wheel; the wheel is made from the sdist, as an installer does it."""
    dist, unpacked = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("unpacked")
    build = (sys.executable, "-W", "ignore", "-m", "hatchling", "build", "-d", dist)
    run(*build, "-t", "sdist", cwd=ROOT)
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    run(*build, "-t", "wheel", cwd=unpacked / f"rnncompress-{__version__}")
    return dist


def test_the_wheel_works_in_a_clean_environment(built, tmp_path):
    """It installs, has its command, its sample and its manual page, codes, and needs no extra."""
    [wheel] = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    where = {key: str(tmp_path / "venv") for key in ("base", "platbase", "installed_base")}
    packages = Path(sysconfig.get_path("purelib", vars=where))
    # What it depends on comes from here, since there may be no network.
    others = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (packages / "others.pth").write_text("\n".join(others))
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel, env=clean, cwd=tmp_path)
    command = tmp_path / "venv" / "bin" / "rnncompress"
    assert run(command, "--version", env=clean, cwd=tmp_path) == f"rnncompress {__version__}\n"
    assert "sample" in run(command, "corpus", "list", env=clean, cwd=tmp_path)
    assert (tmp_path / "venv/share/man/man1/rnncompress.1").is_file()
    run(python, "-W", "ignore", "-c", TRY, env=clean, cwd=tmp_path)


def test_both_hold_what_they_should(built):
    """The wheel has the package alone, with all that it reads; the sdist also tests and documents."""
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
    inside = set(zipfile.ZipFile(wheel).namelist())
    for path in (ROOT / "rnncompress").rglob("*"):
        if path.suffix in (".py", ".toml", ".js", ".css", ".html", ".typed"):
            assert str(path.relative_to(ROOT)) in inside
    assert {"rnncompress/_corpora/sample.txt", "rnncompress/_corpora/manifest.toml"} <= inside
    tops = {name.partition("/")[0] for name in inside}
    assert tops == {"rnncompress", f"rnncompress-{__version__}.dist-info", f"rnncompress-{__version__}.data"}
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/conftest.py", "docs/format.md", "LICENSE", "CITATION.cff", "corpora/sample.txt"} <= names
    assert not [name for name in names if name.endswith((".nbi", ".nbc", ".pyc"))]


def test_files_about_the_project_agree():
    """Citation, change log and version tell the same; what the coders are compared with is no dependency."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
    assert f"\nlicense: {PROJECT['license']}\n" in citation
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)} \(\d{{4}}-\d\d-\d\d", changes, re.MULTILINE)
    runtime = " ".join(PROJECT["dependencies"])
    assert "constriction" not in runtime
    assert any("constriction" in each for each in PROJECT["optional-dependencies"]["dev"])
    assert {"torch", "psutil", "playwright"}.isdisjoint(re.findall(r"[a-z]+", runtime))


def test_links_between_documents_lead_somewhere():
    """Every relative link of every document is a file of the project."""
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
