"""Source and sink as the runner sees them: started, reset, asked what came."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).parents[1]


class Remote:
    """A server that is asked over one connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=30)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Status and body of one answer."""
        sent = None if body is None else json.dumps(body)
        given = {"content-type": "application/json"} | headers
        try:
            self._connection.request(method, path, sent, given)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next one begins anew
            raise

    def stats(self) -> dict[str, Any]:
        """What it counted."""
        return self._told("GET", "/_stats")

    def reset(self, **options: Any) -> None:
        """Forget all; from now on with these options."""
        self._told("POST", f"/_reset?{urlencode(options)}")

    def change(self, count: int, part: str = "") -> list[str]:
        """Change so many employees of the source; their ids."""
        query = urlencode({"n": count, "part": part})
        changed: list[str] = self._told("POST", f"/_change?{query}")["ids"]
        return changed

    def seen(self, one: str) -> Mapping[str, int]:
        """When the sink first saw this id, in nanoseconds, and in which version."""
        return self._told("GET", f"/_seen/{one}")

    def _told(self, method: str, path: str) -> dict[str, Any]:
        _, body = self.ask(method, path)
        told: dict[str, Any] = json.loads(body)
        return told


@contextlib.contextmanager
def serving(what: str) -> Iterator[Remote]:
    """A source or a sink in a process of its own, until the block ends."""
    command = [sys.executable, "-m", "benchmarks.servers", what]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        if process.stdout is None or process.stdin is None:  # pragma: no cover
            raise RuntimeError("no pipes")
        try:
            yield Remote(process.stdout.readline().strip())
        finally:
            process.stdin.close()


def until(done: Any, timeout: float, pause: float = 0.005) -> bool:
    """Look again and again; whether it was so within `timeout` seconds."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(pause)
    return False
