"""The outermost layer: every request is logged, may be spoilt, and is answered with our Date."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.topdesk.sandbox.faults import Answer, Faults, breaks, offset

_LOG = 20_000  # requests that are remembered


@dataclass(frozen=True)
class LoggedRequest:
    """One request as the sandbox saw it; never its headers or body.

    Attributes:
        query: the raw query string, still encoded.
        status: what was answered; 0 where the connection was broken.
        at: virtual time.
    """

    method: str
    path: str
    query: str
    status: int
    at: datetime


class Wire:
    """ASGI: log, faults, Date header, a tolerant last slash."""

    def __init__(self, app: ASGIApp, faults: Faults, now: Callable[[], datetime]) -> None:
        self._app, self._faults, self._now = app, faults, now
        self.requests: deque[LoggedRequest] = deque(maxlen=_LOG)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ConnectionResetError: a `reset` rule; a server then drops the connection.
        """
        scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        method, path = scope["method"], scope["path"]
        rules = self._faults.due(method, path)
        answer = await self._faults.before(rules, scope)
        if answer is None:
            answer = await _answer(self._app, scope, receive)
            answer = self._faults.after(rules, path, answer)
        broken = breaks(rules)
        self._log(scope, 0 if broken else answer.status)
        answer.headers["date"] = _http_date(self._now() + offset(rules))
        await _send(answer, send, broken=broken)

    def _log(self, scope: Scope, status: int) -> None:
        query = scope.get("query_string", b"").decode("ascii", "replace")
        self.requests.append(
            LoggedRequest(scope["method"], scope["path"], query, status, self._now())
        )


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    answer = Answer(500, {}, b"")

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode() for k, v in message.get("headers", [])}
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")

    await app(scope, receive, keep)
    return answer


async def _send(answer: Answer, send: Send, *, broken: bool) -> None:
    length = len(answer.body) + (1000 if broken else 0)
    headers = {**answer.headers, "content-length": str(length)}
    if answer.status == 204:
        del headers["content-length"]
    pairs = [(key.encode(), value.encode()) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.body, "more_body": broken})
    if broken:
        raise ConnectionResetError("planned by a fault rule")


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
