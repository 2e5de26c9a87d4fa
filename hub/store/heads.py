"""The heads of the audit trail in a file of their own: a line for each day.

`2026-11-23T00:00:01.000000Z 57 9f2c...`: when, number of the row, its digest. Whoever holds a line
can tell later whether the trail up to that row is still what it was.
"""

import os
from datetime import datetime
from pathlib import Path

from hub.errors import BadConfigError
from hub.store.chain import Head
from hub.store.tables import moment_in, moment_out


def line(head: Head) -> str:
    """A head as the file has it, without the end of the line."""
    return f"{moment_out(head.at)} {head.seq} {head.digest}"


def read(path: Path) -> tuple[list[Head], list[int]]:
    """The heads in a file, oldest first, and the numbers of the lines that are none.

    Raises:
        BadConfigError: the file can't be read. One that is not there has no heads.
    """
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise BadConfigError(
            f"The heads of the audit trail can't be read from {path}: {error.strerror}. Check "
            "`audit.head_file` in hub.yaml and the file's rights."
        ) from error
    found = [(number, _head(text)) for number, text in enumerate(lines, 1) if text.strip()]
    bad = [number for number, head in found if head is None]
    return [head for _, head in found if head is not None], bad


def _head(text: str) -> Head | None:
    try:
        at, seq, digest = text.split()
        int(digest, 16)
        moment: datetime | None = moment_in(at)
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or not seq.isdecimal():
        return None
    return Head(moment, int(seq), digest)


def append(path: Path, head: Head) -> None:
    """Add a line; it is on the disk when this returns.

    Raises:
        BadConfigError: it can't be written.
    """
    try:
        with path.open("a+b") as file:
            file.write(_torn(path) + line(head).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadConfigError(
            f"The head of the audit trail can't be written to {path}: {error.strerror}. Let the "
            "account that runs the hub write there, or name another `audit.head_file` in hub.yaml."
        ) from error


def _torn(path: Path) -> bytes:
    """The end of a line that the one before never got."""
    written = path.read_bytes()[-1:]
    return b"" if written in {b"", b"\n"} else b"\n"
