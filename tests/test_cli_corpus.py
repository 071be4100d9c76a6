"""``rnncompress corpus``, and names of corpora as inputs."""

import hashlib
import http.server
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnncompress import corpora

TEXT = b"Ein Korpus ist ein Korpus ist ein Korpus.\n" * 30

MANIFEST = """
[toy]
title = "A toy"
licence = "MIT"
home = "http://example.org/"
url = "{url}"
files = [{{ name = "toy.txt", bytes = {bytes}, sha256 = "{sha256}" }}]
"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves one zip."""

    def do_GET(self) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("toy.txt", TEXT)
        self.send_response(200)
        self.send_header("Content-Length", str(len(archive.getvalue())))
        self.end_headers()
        self.wfile.write(archive.getvalue())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def toy(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[http.server.HTTPServer]:
    """A manifest with a corpus called toy, and the server that publishes it."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        data = tmp_path / "data"
        data.mkdir()
        url = f"http://127.0.0.1:{server.server_port}/toy.zip"
        entry = MANIFEST.format(url=url, bytes=len(TEXT), sha256=hashlib.sha256(TEXT).hexdigest())
        (data / "manifest.toml").write_text(entry, encoding="utf-8")
        monkeypatch.setattr(corpora, "data_folder", lambda: data)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def offline(toy: http.server.HTTPServer) -> None:
    """Nobody listens at the address of the corpus."""
    toy.shutdown()
    toy.server_close()


def test_list_tells_names_and_what_is_here(cli, toy):
    """list shows each corpus with its size and whether it was fetched, in words and as one JSON document."""
    assert cli("corpus", "list").stdout.split() == ["toy", f"{len(TEXT):,}", "-", "A", "toy"]
    assert cli("corpus", "fetch", "toy", "-q").exit_code == 0
    assert "here" in cli("corpus", "list").stdout
    (entry,) = json.loads(cli("corpus", "list", "--json").stdout)
    assert entry["here"] is True
    assert entry["files"][0]["sha256"] == hashlib.sha256(TEXT).hexdigest()


def test_list_of_the_true_manifest(cli, cache):
    """The corpora of the manifest are listed; the sample is always here."""
    listed = cli("corpus", "list").stdout
    assert [line.split()[0] for line in listed.splitlines()] == list(corpora.manifest())
    assert listed.splitlines()[0].split()[2] == "here"


def test_fetch_prints_the_path_and_says_what_it_does(cli, cache, toy):
    """fetch says on stderr that it fetches, and prints on stdout where the file is now."""
    result = cli("corpus", "fetch", "toy")
    assert result.exit_code == 0
    assert result.stdout == f"{cache / 'toy' / 'toy.txt'}\n"
    assert result.stderr.startswith("rnncompress: fetching http://127.0.0.1")
    assert (cache / "toy" / "toy.txt").read_bytes() == TEXT
    again = cli("corpus", "fetch", "toy")
    assert (again.stdout, again.stderr) == (result.stdout, "")


def test_check_compares_hashes(cli, cache, toy, refuses):
    """check ends with 0 for the published bytes, and with 1 for others or none."""
    refuses(1, "corpus", "check", "toy", says="rnncompress corpus fetch toy")
    cli("corpus", "fetch", "toy")
    assert cli("corpus", "check", "toy").stdout.endswith("toy.txt: as published\n")
    (cache / "toy" / "toy.txt").write_bytes(TEXT[::-1])
    refuses(1, "corpus", "check", "toy", says="is not the published file")


def test_encode_fetches_a_corpus_by_name(cli, folder, toy):
    """Where no file has the name, the corpus is fetched first, saying so; the output goes here."""
    result = cli("encode", "toy", "--verify")
    assert result.exit_code == 0
    assert "fetching http://" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["toy.txt.rnnc"]
    again = cli("encode", "toy", "-f")
    assert (again.exit_code, again.stderr) == (0, "")


def test_a_file_goes_before_a_corpus(cli, folder, toy):
    """A file in the current folder is meant even if a corpus has its name."""
    (folder / "toy").write_bytes(b"mine, all mine")
    assert cli("encode", "toy").exit_code == 0
    cli("decode", "toy.rnnc", "-o", "back")
    assert (folder / "back").read_bytes() == b"mine, all mine"


def test_without_a_network(refuses, cache, offline):
    """No server: one line with the reason and what to do, for fetch and for encode."""
    says = r"cannot fetch http://127\.0\.0\.1:\d+/toy\.zip: .*refused; .*corpus fetch toy --from FILE"
    refuses(1, "corpus", "fetch", "toy", "-q", says=says)
    refuses(1, "encode", "toy", "-q", says=says)


def test_from_a_file_without_a_network(cli, folder, cache, offline, refuses):
    """--from takes what was brought from elsewhere, if its bytes are the published ones."""
    (folder / "mitgebracht ö").write_bytes(TEXT)
    assert cli("corpus", "fetch", "toy", "--from", "mitgebracht ö").exit_code == 0
    assert cli("corpus", "check", "toy").exit_code == 0
    (folder / "anderes").write_bytes(TEXT[::-1])
    refuses(1, "corpus", "fetch", "toy", "--from", "anderes", says="is not the published file")
    refuses(1, "corpus", "fetch", "toy", "--from", "fehlt", says="cannot read fehlt")


def test_unknown_and_ambiguous_names(refuses, cache):
    """An unknown corpus lists the known ones; a corpus of many files wants one of them named."""
    refuses(1, "corpus", "fetch", "enwik7", says="known are sample, enwik8")
    refuses(1, "encode", "calgary", says="for example calgary/bib")
    refuses(1, "encode", "enwik7", says="enwik7: No such file")
