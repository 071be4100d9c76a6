"""What is said of an error, and with which exit code."""

import click

from rnncompress.errors import RnncompressError

Failure = RnncompressError | MemoryError | OSError | click.UsageError
"""What can happen to an input without being a bug."""


def failure(error: Failure) -> tuple[str, int]:
    """Text and exit code."""
    if isinstance(error, RnncompressError):
        return str(error), error.exit_code
    if isinstance(error, click.UsageError):
        return error.format_message(), error.exit_code
    if isinstance(error, MemoryError):
        return "not enough memory", 1
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}", 1


def in_one_line(error: BaseException, text: str) -> str:
    """``text`` with the notes of ``error``."""
    return " ".join("; ".join([text, *getattr(error, "__notes__", [])]).splitlines())
