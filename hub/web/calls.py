"""Calls from outside: `POST /in/{instance}/{stream}` brings data, `POST /hooks/{instance}` a hint.

Both are shut until an instance's file opens them, and a call that is not proven gets the same 404
as one to an instance that does not exist. A call with data is answered 2xx when it is stored.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import Hints, Received, Receives, TakesFiles
from hub.engine.runner import Runner
from hub.errors import RejectedError, RepeatedCallError, RetryableError, StreamLostError
from hub.settings import CallSettings
from hub.web import answers
from hub.web.bodies import PATIENCE, WrongBodyError, body_of
from hub.web.proof import Proven, Prover

LARGEST = 64 * 1024  # bytes of a body that is no file
FILE_PATIENCE = 120.0  # seconds for a file
COME_BACK = 5  # seconds, in `Retry-After`
SAID_EVERY = timedelta(minutes=1)  # a line about refused calls, per instance


@dataclass(frozen=True, slots=True)
class Callers:
    """Who may call which instance: with data, and with hints."""

    receive: Mapping[str, CallSettings] = field(default_factory=dict)
    webhook: Mapping[str, CallSettings] = field(default_factory=dict)


class Calls:
    """The two doors for callers."""

    def __init__(self, runner: Runner, callers: Callers, now: Callable[[], datetime]) -> None:
        self._runner, self._now = runner, now
        self._files = files_of(runner, callers.receive)
        received = able(runner, callers.receive, Receives) | {
            name: callers.receive[name] for name in self._files
        }
        self._receive = Prover(received)
        self._webhook = Prover(able(runner, callers.webhook, Hints))
        self._said: dict[str, datetime] = {}

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/in/{instance}/{stream}", self.take, methods=["POST"]),
            Route("/hooks/{instance}", self.hint, methods=["POST"]),
        ]

    async def take(self, request: Request) -> Response:
        """Data for one stream, or a file that is the whole list of it; 2xx when it is stored."""
        return await self._answer(request, self._receive, self._take)

    def _most(self, request: Request) -> int | None:
        """How large a file may be; None: it is none, or nobody whose secret is known brings it."""
        instance, stream = request.path_params["instance"], request.path_params.get("stream")
        most = self._files.get(instance, {}).get(str(stream))
        return most if most and self._receive.shows(instance, request.headers) else None

    async def hint(self, request: Request) -> Response:
        """Something changed at the source; what it says beyond that is not read."""
        return await self._answer(request, self._webhook, self._hint)

    async def _answer(
        self,
        request: Request,
        prover: Prover,
        work: Callable[[Request, bytes, Proven], Awaitable[Response]],
    ) -> Response:
        try:
            most = self._most(request)
            body = await body_of(request, most or LARGEST, FILE_PATIENCE if most else PATIENCE)
            instance = request.path_params["instance"]
            proven = prover.prove(instance, request.headers, body, self._now())
            if proven is None:
                self._refused(instance)
                return _nothing()
            return await work(request, body, proven)
        except WrongBodyError as error:
            return answers.problem(error.status, str(error))
        except RepeatedCallError as error:
            return answers.problem(409, str(error))
        except RejectedError as error:
            detail = self._runner.veil(str(error))
            return answers.problem(400, "The request can't be understood", detail)
        except (RetryableError, StreamLostError):
            return come_back()

    async def _take(self, request: Request, body: bytes, proven: Proven) -> Response:
        instance, stream = request.path_params["instance"], request.path_params["stream"]
        source = self._runner.sources[instance]
        if stream not in {one.name for one in source.connector.streams()}:
            return _nothing()
        if stream in self._files.get(instance, {}):
            return await self._take_file(instance, stream, body, proven)
        received = Received(stream, _values(body))
        report = await self._runner.receive(instance, received, call=proven.call)
        return answers.data({"stored": True, "counts": dict(report.counts)})

    async def _take_file(self, instance: str, stream: str, body: bytes, proven: Proven) -> Response:
        who: Any = {"actor": f"caller of {instance}", "call": proven.call}
        report = await self._runner.take_file(instance, stream, body, **who)
        stored = report.outcome != "previewed"
        shown = {"stored": stored, "outcome": report.outcome, "counts": dict(report.counts)}
        return answers.data(shown | {"hold": report.hold})

    async def _hint(self, request: Request, _body: bytes, proven: Proven) -> Response:
        await self._runner.hint(request.path_params["instance"], call=proven.call)
        return answers.data({"heard": True}, status=202)

    def _refused(self, instance: str) -> None:
        """A wrong secret is worth a line, now and then."""
        now = self._now()
        if instance not in self._runner.sources:
            instance = "(none of ours)"  # as much work as for one of ours
        if now - self._said.get(instance, now - SAID_EVERY) >= SAID_EVERY:
            self._said[instance] = now
            self._runner.log.warning("call_refused", instance=instance)


def files_of(runner: Runner, callers: Mapping[str, CallSettings]) -> dict[str, Mapping[str, int]]:
    """Per instance that takes files from callers: its streams, and the most bytes of one."""
    found = {name: runner.sources[name].connector for name in callers if name in runner.sources}
    return {
        name: uploads
        for name, one in found.items()
        if isinstance(one, TakesFiles) and (uploads := one.uploads(one.config))
    }


def able(
    runner: Runner, callers: Mapping[str, CallSettings], ability: type[Any]
) -> dict[str, CallSettings]:
    """Those of the callers whose instance can do this."""
    return {
        name: one
        for name, one in callers.items()
        if name in runner.sources and isinstance(runner.sources[name].connector, ability)
    }


def _nothing() -> Response:
    return answers.problem(404, "There is nothing here")


def come_back() -> Response:
    """The hub can't store it now, and nothing is lost by sending it again."""
    answer = answers.problem(503, "The hub can't store this at the moment: send it again")
    answer.headers["Retry-After"] = str(COME_BACK)
    return answer


def _values(body: bytes) -> dict[str, Any]:
    """The body's JSON values.

    Raises:
        RejectedError: it is not one JSON object.
    """
    try:
        found = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RejectedError("Send one JSON object, in UTF-8.") from error
    if not isinstance(found, dict):
        raise RejectedError("Send one JSON object, in UTF-8.")
    return found


def _no_number(name: str) -> None:
    raise ValueError(name)
