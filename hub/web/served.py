"""Protocols that connectors speak, below `/in/{instance}/`: any method, answered after the commit.

Shut until an instance's file opens them with `receive:`. A caller that proves nothing gets the same 401
everywhere, whether the instance exists or not; one that calls too often is asked to wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import Call, Serves
from hub.engine.runner import Runner
from hub.errors import RetryableError, StreamLostError
from hub.settings import CallSettings
from hub.web import answers
from hub.web.bodies import WrongBodyError, body_of
from hub.web.calls import SAID_EVERY, able, come_back
from hub.web.proof import Prover

LARGEST = 1024 * 1024  # bytes of a body: a group with ten thousand members
PER_SECOND = 50.0  # calls of one instance; Entra asks for 25
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HIDDEN = frozenset({"authorization", "x-hub-secret", "cookie"})  # what the connector never sees


@dataclass
class Bucket:
    """How many calls are left, filled up as time passes."""

    left: float
    at: datetime
    most: float
    pace: float

    def take(self, now: datetime) -> bool:
        """Whether one more call is allowed now."""
        passed = max((now - self.at) / timedelta(seconds=1), 0.0)
        self.left, self.at = min(self.left + passed * self.pace, self.most), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Served:
    """The doors of connectors that speak a protocol.

    Args:
        address: how the hub's pages are reached from outside; None: as the caller says.
        pace: calls a second of one instance, in the long run; four seconds' worth at once.
    """

    def __init__(
        self,
        runner: Runner,
        callers: Mapping[str, CallSettings],
        now: Callable[[], datetime],
        address: str | None,
        pace: float = PER_SECOND,
    ) -> None:
        self._runner, self._now, self._address = runner, now, address
        self._pace, self._most = pace, 4 * pace
        shown = {name: one for name, one in callers.items() if not one.hmac}
        self._callers = able(runner, shown, Serves)
        self._prover = Prover(self._callers)
        self._buckets: dict[str, Bucket] = {}
        self._said: dict[str, datetime] = {}

    def routes(self) -> list[Route]:
        """Where they are; nowhere, while no instance has one."""
        path = "/in/{instance}/{path:path}"
        return [Route(path, self.answer, methods=list(METHODS))] if self._callers else []

    async def answer(self, request: Request) -> Response:
        """What the connector says to the call."""
        instance, now = request.path_params["instance"], self._now()
        if self._prover.prove(instance, request.headers, b"", now) is None:
            return self._refused(instance, now)
        full = Bucket(self._most, now, self._most, self._pace)
        if not self._buckets.setdefault(instance, full).take(now):
            return _slower()
        try:
            return await self._served(request, instance, now)
        except WrongBodyError as error:
            return answers.problem(error.status, str(error))
        except (RetryableError, StreamLostError):
            return come_back()

    async def _served(self, request: Request, instance: str, now: datetime) -> Response:
        begin = self._begin(instance)
        path = f"/{request.path_params['path']}"
        if path != begin and not path.startswith(f"{begin}/"):
            return answers.problem(404, "There is nothing here")
        headers = {k: v for k, v in request.headers.items() if k not in HIDDEN}
        call = Call(
            method=request.method,
            base=f"{self._base(request)}/in/{instance}{begin}",
            path=path.removeprefix(begin),
            at=now,
            query=dict(request.query_params),
            headers=headers,
            body=await body_of(request, LARGEST),
        )
        found = await self._runner.serve(instance, call)
        answer = answers.bare(found.body, status=found.status)
        answer.headers.update(found.headers)
        return answer

    def _begin(self, instance: str) -> str:
        connector = self._runner.sources[instance].connector
        return f"/{connector.served_at()}" if isinstance(connector, Serves) else "/"

    def _base(self, request: Request) -> str:
        return self._address or str(request.base_url).rstrip("/")

    def _refused(self, instance: str, now: datetime) -> Response:
        """A wrong secret is worth a line, now and then."""
        if instance not in self._callers:
            instance = "(none of ours)"
        if now - self._said.get(instance, now - SAID_EVERY) >= SAID_EVERY:
            self._said[instance] = now
            self._runner.log.warning("call_refused", instance=instance)
        answer = answers.problem(401, "Show the secret of this instance as a bearer token")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer


def _slower() -> Response:
    answer = answers.problem(429, "Too many calls: slow down, nothing is lost")
    answer.headers["Retry-After"] = "1"
    return answer
