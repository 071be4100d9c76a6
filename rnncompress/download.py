"""Downloads that go on where they were interrupted."""

import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final

from rnncompress._version import __version__
from rnncompress.corpora import Corpus, Progress, writing_cache
from rnncompress.errors import CorpusError

_PIECE: Final = 1 << 20
_TIMEOUT: Final = 30.0
"""Seconds without an answer after which a server counts as unreachable."""


def download(corpus: Corpus, part: Path, progress: Progress | None) -> None:
    """Bring ``part`` to the full length of the archive of ``corpus``, going on from what it already holds.

    Raises CorpusError, which says what to do next, or OutputError.
    """
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": f"rnncompress/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        request = urllib.request.Request(str(corpus.url), headers=headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as reply:
            _receive(reply, part, have, progress)
    except urllib.error.HTTPError as error:
        if have and error.code == 416:  # nothing lies beyond: complete, unless the publisher's zip changed
            if error.headers.get("Content-Range", "").endswith(f"/{have}"):
                return
            part.unlink()
            download(corpus, part, progress)
            return
        raise CorpusError(
            f"{corpus.url} answered {error.code} {error.reason}; {_elsewhere(corpus)}"
        ) from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise CorpusError(f"cannot fetch {corpus.url}: {reason}; {_elsewhere(corpus)}") from None


def _receive(reply: HTTPResponse, part: Path, have: int, progress: Progress | None) -> None:
    """Write the body of ``reply`` behind what ``part`` holds, or from the start if ranges are ignored."""
    if reply.status != 206:
        have = 0
    elif not reply.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        raise HTTPException(
            f"the server sent another range than it was asked for ({reply.headers['Content-Range']})"
        )
    announced = reply.headers.get("Content-Length")
    total = have + int(announced) if announced else None
    with writing_cache(part.parent):
        target = part.open("r+b" if have else "wb", buffering=0)
    with target:
        target.seek(have)
        if progress:
            progress(have, total)
        while piece := reply.read1(_PIECE):
            have += len(piece)
            with writing_cache(part.parent):
                while piece:
                    piece = piece[target.write(piece) :]
            if progress:
                progress(have, total)
    if total is not None and have < total:
        raise HTTPException(f"the connection ended after {have:,} of {total:,} bytes")


def _elsewhere(corpus: Corpus) -> str:
    """What to do when the network did not serve."""
    wanted = f"{corpus.archive} or {corpus.files[0].name}" if len(corpus.files) == 1 else corpus.archive
    command = f"rnncompress corpus fetch {corpus.name}"
    return (
        f"run `{command}` again to go on, or bring {wanted} (see {corpus.home}) from another machine "
        f"and run `{command} --from FILE`"
    )
