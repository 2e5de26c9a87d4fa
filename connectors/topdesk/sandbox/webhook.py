"""What TOPdesk's Action Management does: an HTTP request when a major incident changes.

One call per change, one after the other, none repeated: whether TOPdesk tries again is not
documented. TOPdesk is not known to sign; with `hmac` a gateway in front of the receiver is played.
"""

import asyncio
import hashlib
import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from connectors.topdesk.sandbox.rows import Row

_REMEMBERED = 1000  # calls
_PATIENCE = 10.0  # seconds for an answer


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is called.

    Attributes:
        url: such as http://127.0.0.1:8080/hooks/servicedesk.
        secret: shown in `X-Hub-Secret`, or signed with; empty: neither.
        hmac: sign it.
    """

    url: str
    secret: str = ""
    hmac: bool = False

    def headers(self, body: bytes, now: datetime) -> dict[str, str]:
        """What proves a call made at this moment."""
        if not self.secret:
            return {}
        if not self.hmac:
            return {"X-Hub-Secret": self.secret}
        stamp = str(int(now.timestamp()))
        signed = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        return {
            "X-Hub-Timestamp": stamp,
            "X-Hub-Signature-256": f"sha256={signed.hexdigest()}",
        }


@dataclass(frozen=True, slots=True)
class Called:
    """One call that was made; `status` 0: nobody answered."""

    number: str
    status: int
    at: datetime


class Webhook:
    """Calls a receiver about majors, in the event loop in which they are changed.

    Without a running loop a call waits for the next change in one, or for `settle`.

    Args:
        now: the moment of a call.
        receiver: None: nobody is called.

    Attributes:
        calls: those that were made, the oldest first.
    """

    def __init__(self, now: Callable[[], datetime], receiver: Receiver | None = None) -> None:
        self.receiver = receiver
        self.calls: deque[Called] = deque(maxlen=_REMEMBERED)
        self._now = now
        self._waiting: deque[str] = deque()
        self._sending: asyncio.Task[None] | None = None

    def changed(self, before: Row, after: Row) -> None:
        """An incident changed: worth a call when it is a major, or was one."""
        if self.receiver is None or not (before["majorCall"] or after["majorCall"]):
            return
        self._waiting.append(after["number"])
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._sending is None or self._sending.done():
            self._sending = loop.create_task(self._send())

    async def settle(self) -> None:
        """Wait until every call is made."""
        if self._sending is not None:
            await self._sending
        await self._send()

    def forget(self) -> None:
        """Make no call that waits, and forget those that were made."""
        self._waiting.clear()
        self.calls.clear()

    async def _send(self) -> None:
        if not self._waiting:
            return
        async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE) as client:
            while self._waiting and self.receiver is not None:
                number = self._waiting.popleft()
                status = await _post(client, self.receiver, number, self._now())
                self.calls.append(Called(number, status, self._now()))


async def _post(client: httpx.AsyncClient, to: Receiver, number: str, now: datetime) -> int:
    content = f'{{"number": "{number}"}}'.encode()
    headers = {"Content-Type": "application/json", **to.headers(content, now)}
    try:
        return (await client.post(to.url, content=content, headers=headers)).status_code
    except httpx.HTTPError:
        return 0


def real_time() -> datetime:
    """The present moment, UTC: signatures are judged by the receiver's clock."""
    return datetime.now(UTC)
