"""Corpora: the manifest, fetching over HTTP from a server in a thread, import without a network."""

import hashlib
import io
import re
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rnncompress import corpora
from rnncompress.corpora import Corpus, CorpusFile
from rnncompress.errors import CorpusError, OutputError

TEXTS = {"grüße an alle.txt": "Grüße! ".encode() * 5000, "second": bytes(range(256)) * 40}


def zipped(texts: dict[str, bytes]) -> bytes:
    """A zip as publishers make them: the files in a folder."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("folder/", b"")
        for name, text in texts.items():
            opened.writestr(f"folder/{name}", text)
    return archive.getvalue()


def described(texts: dict[str, bytes], url: str) -> Corpus:
    files = [
        CorpusFile(name, len(text), {"sha256": hashlib.sha256(text).hexdigest()})
        for name, text in texts.items()
    ]
    return Corpus("toy", "A toy", "MIT", tuple(files), "http://example.org/about", url)


class Server(ThreadingHTTPServer):
    """Serves ``body`` under every path; what it does is set by the test."""

    body = b""
    ranges = True  # understands requests for a range
    stop_after: int | None = None  # bytes after which the connection breaks
    asked: list[str | None]  # the Range header of every request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/toy.zip"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.asked.append(asked)
        body, start = self.server.body, 0
        if self.path != "/toy.zip":
            self.send_error(404)
            return
        if asked and self.server.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start : self.server.stop_after])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.body, running.asked = zipped(TEXTS), []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def corpus(server: Server, cache: Path) -> Corpus:
    return described(TEXTS, server.url)


def fetched(corpus: Corpus) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (corpora.cache_folder() / corpus.name).iterdir()}


def test_fetch_brings_every_file_and_leaves_nothing_else(corpus):
    """A whole download ends with exactly the published files in the cache, each in order by its hash."""
    corpora.fetch(corpus)
    assert fetched(corpus) == TEXTS
    assert corpus.missing() == []
    for file in corpus.files:
        corpora.check(corpus, file)


def test_fetch_reports_progress(corpus, server):
    """The callback hears of the bytes that came and of the whole length, and ends at the whole length."""
    seen = []
    corpora.fetch(corpus, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(server.body), len(server.body))
    assert seen == sorted(seen)


def test_fetch_again_asks_the_server_for_nothing(corpus, server):
    """What is in the cache is not fetched twice."""
    corpora.fetch(corpus)
    corpora.fetch(corpus)
    assert server.asked == [None]


def test_broken_download_is_resumed_where_it_ended(corpus, server):
    """After a broken connection the error says how far it came, and the next fetch asks only for the rest."""
    server.stop_after = 10_000
    with pytest.raises(
        CorpusError, match=r"ended after 10,000 of .* bytes; run `rnncompress corpus fetch toy`"
    ):
        corpora.fetch(corpus)
    server.stop_after = None
    corpora.fetch(corpus)
    assert server.asked == [None, "bytes=10000-"]
    assert fetched(corpus) == TEXTS


def test_server_that_ignores_ranges_is_read_from_the_start(corpus, server):
    """If the answer to a request for the rest is the whole, the whole replaces what was there."""
    server.stop_after, server.ranges = 10_000, False
    with pytest.raises(CorpusError):
        corpora.fetch(corpus)
    server.stop_after = None
    corpora.fetch(corpus)
    assert server.asked == [None, "bytes=10000-"]
    assert fetched(corpus) == TEXTS


def test_complete_but_not_unpacked_download_is_used(corpus, server):
    """A download that was interrupted between its last byte and unpacking is not fetched again."""
    part = corpora.cache_folder() / "toy" / "toy.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(server.body)
    corpora.fetch(corpus)
    assert server.asked == [f"bytes={len(server.body)}-"]
    assert fetched(corpus) == TEXTS


def test_download_longer_than_the_archive_starts_anew(corpus, server):
    """A leftover that is longer than the publisher's zip is dropped and the zip fetched whole."""
    part = corpora.cache_folder() / "toy" / "toy.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(server.body + b"more")
    corpora.fetch(corpus)
    assert server.asked == [f"bytes={len(server.body) + 4}-", None]
    assert fetched(corpus) == TEXTS


@pytest.mark.parametrize("change", [b"other bytes of another length", None])
def test_wrong_bytes_are_refused_and_removed(corpus, server, change):
    """A zip whose file is not the published one, in length or in hash, leaves no file of that name behind."""
    wrong = bytearray(TEXTS["second"])
    wrong[1000] ^= 1
    server.body = zipped({**TEXTS, "second": change or bytes(wrong)})
    with pytest.raises(CorpusError, match="second is not the published file"):
        corpora.fetch(corpus)
    assert "second" not in fetched(corpus)
    assert "toy.zip.part" not in fetched(corpus)
    server.body = zipped(TEXTS)
    corpora.fetch(corpus)
    assert fetched(corpus) == TEXTS


def test_damaged_archive_is_refused_and_removed(corpus, server):
    """What is no zip, or is damaged inside, is an error of one line; the next fetch starts anew."""
    middle = len(server.body) // 3
    for body in (b"<html>moved</html>", server.body[:middle] + b"?" + server.body[middle + 1 :]):
        server.body = body
        with pytest.raises(CorpusError, match="starts anew"):
            corpora.fetch(corpus)
        assert "toy.zip.part" not in fetched(corpus)


def test_archive_without_a_file_is_refused(corpus, server):
    """An archive that lacks one of the files is named as the reason."""
    server.body = zipped({"second": TEXTS["second"]})
    with pytest.raises(CorpusError, match=r"holds no grüße an alle\.txt"):
        corpora.fetch(corpus)


def test_without_a_server_the_error_says_what_to_do(cache):
    """A closed port gives one line with the address, the reason, and the way without a network."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/toy.zip"
        with pytest.raises(CorpusError) as caught:
            corpora.fetch(described(TEXTS, url))
    text = str(caught.value)
    assert "\n" not in text
    assert url in text
    assert "refused" in text
    assert "bring toy.zip" in text
    assert "rnncompress corpus fetch toy --from FILE" in text


def test_missing_page_is_an_error_with_the_status(corpus, server):
    """An answer of 404 is told as such, together with the way without a network."""
    with pytest.raises(CorpusError, match=r"answered 404 Not Found; .*--from FILE"):
        corpora.fetch(replace(corpus, url=server.url + ".moved"))


def test_unwritable_cache_is_an_output_error(corpus, cache):
    """If the cache folder cannot be made, the error names it and the variable that moves it."""
    cache.write_bytes(b"a file in the way")
    with pytest.raises(OutputError, match=r"cache folder .* set RNNCOMPRESS_CACHE"):
        corpora.fetch(corpus)


def test_take_accepts_zip_folder_and_raw_files(corpus, tmp_path):
    """Without a network the cache can be filled from the zip, from a folder of the files, or file by file."""
    archive, folder = tmp_path / "von daheim.zip", tmp_path / "entpackt ü"
    archive.write_bytes(zipped(TEXTS))
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_bytes(text)
    for sources in ([archive], [folder], list(folder.iterdir())):
        for source in sources:
            corpora.take(corpus, source)
        assert fetched(corpus) == TEXTS
        for file in corpus.files:
            corpus.path(file).unlink()


def test_take_refuses_other_bytes(corpus, tmp_path):
    """A file of another length, or of the right length with other bytes, is refused and not kept."""
    for content, reason in (
        (b"short", "is neither toy.zip nor"),
        (bytes(10240), "is not the published file"),
    ):
        (tmp_path / "raw").write_bytes(content)
        with pytest.raises(CorpusError, match=reason):
            corpora.take(corpus, tmp_path / "raw")
    with pytest.raises(CorpusError, match=r"cannot read .*absent"):
        corpora.take(corpus, tmp_path / "absent")
    assert corpus.missing() == list(corpus.files)


def test_check_finds_a_missing_and_a_changed_file(corpus):
    """A file that is not here, or was changed in the cache, is not called sound."""
    first, second = corpus.files
    with pytest.raises(CorpusError, match="rnncompress corpus fetch toy"):
        corpora.check(corpus, first)
    corpora.fetch(corpus)
    corpus.path(second).write_bytes(bytes(second.bytes))
    corpora.check(corpus, first)
    with pytest.raises(CorpusError, match="is not the published file: sha256"):
        corpora.check(corpus, second)


def test_manifest_describes_every_corpus_fully():
    """Every entry has a licence and, for each file, a length and a well-formed hash."""
    digits = {"md5": 32, "sha1": 40, "sha256": 64}
    known = corpora.manifest()
    assert {"sample", "enwik8", "enwik9", "text8", "calgary", "canterbury", "bible"} <= set(known)
    for corpus in known.values():
        assert corpus.licence
        assert corpus.files
        assert (corpus.url is None) == (corpus.name == "sample")
        for file in corpus.files:
            assert file.bytes > 0
            assert file.hashes
            for name, value in file.hashes.items():
                assert re.fullmatch(rf"[0-9a-f]{{{digits[name]}}}", value)


def test_sample_is_embedded_and_sound():
    """The sample is here without fetching, as the manifest describes it, and no import can replace it."""
    sample = corpora.get("sample")
    assert sample.missing() == []
    corpora.check(sample, sample.files[0])
    with pytest.raises(CorpusError, match="part of rnncompress"):
        corpora.take(sample, sample.path(sample.files[0]))


def test_names_stand_for_one_file():
    """A corpus of one file is meant by its name, others by name/file; an unknown name is nobody's."""
    assert corpora.find("enwik8")[1].name == "enwik8"
    assert corpora.find("bible/bible.txt")[1].name == "bible.txt"
    assert corpora.find("calgary/book1")[1].bytes == 768771
    assert corpora.find("no such thing") is None
    for name in ("calgary", "calgary/book3"):
        with pytest.raises(CorpusError, match="for example calgary/bib"):
            corpora.find(name)
    with pytest.raises(CorpusError, match="known are sample, enwik8"):
        corpora.get("enwik7")


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    """RNNCOMPRESS_CACHE wins over XDG_CACHE_HOME, which wins over the platform's own place."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("RNNCOMPRESS_CACHE", raising=False)
    assert corpora.cache_folder() == tmp_path / "xdg" / "rnncompress"
    monkeypatch.setenv("RNNCOMPRESS_CACHE", str(tmp_path / "own"))
    assert corpora.cache_folder() == tmp_path / "own"
