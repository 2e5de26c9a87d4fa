"""`/import/{instance}`: somebody brings a file of people, sees what it would do, and stores it.

Four pages without a script: the secret, the file, what it would do, stored. There is no cookie, so
nothing to forge a call with: who showed the secret gets a ticket in the address, for a quarter of an
hour. The file waits in memory until then, and nowhere else.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.engine import rehearsal
from hub.engine.runner import Runner
from hub.errors import RejectedError, RetryableError, StreamLostError
from hub.events.base import Language
from hub.render.imported import Screen, import_page
from hub.settings import CallSettings
from hub.web import answers
from hub.web.bodies import PATIENCE, WrongBodyError, body_of
from hub.web.calls import FILE_PATIENCE, SAID_EVERY, files_of
from hub.web.language import chosen
from hub.web.proof import SHOWN, Prover

LIFE = timedelta(minutes=15)  # of a ticket
MOST_TICKETS = 20
SECRET_BYTES = 4096  # of the form with the secret
FORM_BYTES = 4096  # of a form around its file
MEGA = 1_000_000
GONE = 410
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")  # of an instance; it becomes a link


@dataclass(frozen=True, slots=True)
class House:
    """Whose pages these are: the organisation, its clock and its language."""

    organisation: str
    time_zone: str
    language: Language


@dataclass(slots=True)
class _Ticket:
    """Somebody who showed the secret; `data`: the file that they looked at."""

    instance: str
    stream: str
    most: int
    until: datetime
    data: bytes | None = None


class _Problem(Exception):  # noqa: N818  no failure: a page that says what to do
    """What went wrong, as the name of a text, and what else `Screen` shows of it."""

    def __init__(self, status: int, text: str, detail: str = "", **shown: Any) -> None:
        super().__init__(text)
        self.status, self.shown = status, {"problem": text, "detail": detail, **shown}


class _InMemory(MultiPartParser):
    """Keeps the file off the disk."""

    spool_max_size = 0


@dataclass(slots=True)
class Imports:
    """The pages.

    Attributes:
        runner: the hub that takes the files.
        callers: who may, by instance, as `receive:` says.
        house: whose pages these are.
        now: the moment, UTC.
    """

    runner: Runner
    callers: Mapping[str, CallSettings]
    house: House
    now: Callable[[], datetime]
    _files: Mapping[str, Mapping[str, int]] = field(init=False)
    _prover: Prover = field(init=False)
    _tickets: dict[str, _Ticket] = field(default_factory=dict, init=False)
    _said: datetime | None = field(default=None, init=False)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1), init=False)

    def __post_init__(self) -> None:
        self._files = files_of(self.runner, self.callers)
        self._prover = Prover({name: self.callers[name] for name in self._files})

    def routes(self) -> list[Route]:
        """Where they are; nowhere, when no instance takes files."""
        if not self._files:
            return []
        pages = "/import/{instance}"
        return [
            Route(pages, self.secret, methods=["GET"]),
            Route(pages, self.prove, methods=["POST"]),
            Route(pages + "/{ticket}", self.choose, methods=["GET"]),
            Route(pages + "/{ticket}", self.look, methods=["POST"]),
            Route(pages + "/{ticket}/store", self.store, methods=["POST"]),
            Route(pages + "/{ticket}/store", self.choose_again, methods=["GET"]),
        ]

    async def secret(self, request: Request) -> Response:
        """Ask for the secret; of an instance that does not exist, too."""
        return self._page(request, "secret", here=_instance(request))

    async def prove(self, request: Request) -> Response:
        """A ticket for who shows the secret."""
        instance = _instance(request)
        try:
            body = await body_of(request, SECRET_BYTES, PATIENCE)
        except WrongBodyError as error:
            return self._page(
                request, "secret", here=instance, problem="wrong_secret", status=error.status
            )
        given = parse_qs(body.decode("utf-8", "replace")).get("secret", [""])[0]
        if not self._prover.shows(instance, {SHOWN: given}):
            self._refused()
            return self._page(request, "secret", here=instance, problem="wrong_secret", status=403)
        where = f"{instance}/{self._issue(instance)}{_asked(request)}"
        answer = answers.bare(status=303)
        answer.headers["Location"] = where
        return answer

    def _refused(self) -> None:
        """A wrong secret is worth a line, now and then."""
        now = self.now()
        if self._said is None or now - self._said >= SAID_EVERY:
            self._said = now
            self.runner.log.warning("import_refused")

    def _issue(self, instance: str) -> str:
        now = self.now()
        alive = [(name, one) for name, one in self._tickets.items() if one.until > now]
        self._tickets = dict(alive[-(MOST_TICKETS - 1) :])
        stream, most = next(iter(self._files[instance].items()))
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = _Ticket(instance, stream, most, now + LIFE)
        return ticket

    async def choose(self, request: Request) -> Response:
        """Ask for the file."""
        return await self._with(request, self._choose)

    async def choose_again(self, request: Request) -> Response:
        """A stored page that is loaded again stores nothing: it leads back."""
        return await self._with(request, self._lead_back)

    async def look(self, request: Request) -> Response:
        """What the file would do."""
        return await self._with(request, self._look)

    async def store(self, request: Request) -> Response:
        """Store the file that was looked at."""
        return await self._with(request, self._store)

    async def _with(
        self, request: Request, work: Callable[[Request, _Ticket], Awaitable[Response]]
    ) -> Response:
        """Do it with the ticket of this address."""
        one = self._tickets.get(request.path_params["ticket"])
        instance = _instance(request)
        if one is None or one.instance != instance or one.until <= self.now():
            here = f"{_up(request)}{instance}"
            return self._page(request, "again", here=here, problem="expired", status=GONE)
        try:
            return await work(request, one)
        except _Problem as problem:
            shown: Any = {"most": one.most, **problem.shown}
            here = self._chosen_at(request)
            return self._page(request, "choose", here=here, status=problem.status, **shown)

    async def _choose(self, request: Request, one: _Ticket) -> Response:
        return self._page(request, "choose", here=self._chosen_at(request), most=one.most)

    async def _lead_back(self, request: Request, _one: _Ticket) -> Response:
        answer = answers.bare(status=303)
        answer.headers["Location"] = self._chosen_at(request) + _asked(request)
        return answer

    async def _look(self, request: Request, one: _Ticket) -> Response:
        one.data = None
        data = await _file(request, one.most)
        async with self._gate:
            found = await self._told(self._rehearsed(one, data))
        one.data = data
        back = self._chosen_at(request) + _asked(request)
        here = f"{request.path_params['ticket']}/store"
        return self._page(request, "preview", here=here, back=back, found=found)

    async def _rehearsed(self, one: _Ticket, data: bytes) -> dict[str, Any]:
        async with rehearsal.stage(self.runner) as twin:
            whole = await rehearsal.rehearse(twin, one.instance, one.stream, data)
        found = rehearsal.without_others(whole)
        who = f"page of {one.instance}"
        await rehearsal.looked(self.runner.store, found, who, self.now())
        return found

    async def _store(self, request: Request, one: _Ticket) -> Response:
        data, one.data = one.data, None
        if data is None:
            raise _Problem(400, "no_file")
        who = f"page of {one.instance}"
        given = self.runner.take_file(one.instance, one.stream, data, actor=who)
        try:
            report = await self._told(given)
        except _Problem:
            one.data = data
            raise
        told: Any = {"outcome": report.outcome, "held": report.hold is not None}
        return self._page(request, "done", here=self._chosen_at(request), **told)

    async def _told(self, work: Awaitable[Any]) -> Any:
        """What it came to, or a page that says why not."""
        try:
            return await work
        except RejectedError as error:
            veil = self.runner.veil
            shown: Any = {"coded": error.coded and error.coded.veiled(veil)}
            shown |= {"rows": error.rows} if isinstance(error, rehearsal.TooManyError) else {}
            raise _Problem(400, "unusable", veil(str(error)), **shown) from error
        except (RetryableError, StreamLostError) as error:
            raise _Problem(503, "busy") from error

    def _chosen_at(self, request: Request) -> str:
        """Where the page with the file is, seen from this one."""
        up = "../" if request.url.path.endswith("/store") else ""
        return f"{up}{request.path_params['ticket']}"

    def _page(self, request: Request, step: Any, *, status: int = 200, **shown: Any) -> Response:
        if "most" in shown:
            shown["most"] = max(1, shown["most"] // MEGA)
        shown["here"] = shown.get("here", "") + _asked(request)
        house = self.house
        screen = Screen(house.organisation, house.time_zone, self.now(), step, **shown)
        language = chosen(request, house.language)
        return answers.page(import_page(screen, language=language), status=status)


def _instance(request: Request) -> str:
    name = str(request.path_params["instance"])
    if not NAME.fullmatch(name):
        raise HTTPException(404)
    return name


def _up(request: Request) -> str:
    return "../../" if request.url.path.endswith("/store") else "../"


def _asked(request: Request) -> str:
    """The language that was asked for in the address goes on to the next page."""
    given = request.query_params.get("lang")
    return f"?lang={given}" if given in {"nl", "en"} else ""


async def _file(request: Request, most: int) -> bytes:
    """The one file of a form.

    Raises:
        _Problem: there is none, it is too large, or it did not come in time.
    """
    try:
        body = await body_of(request, most + FORM_BYTES, FILE_PATIENCE)
    except WrongBodyError as error:
        raise _Problem(error.status, "too_large" if error.status == 413 else "slow") from error

    async def whole() -> Any:
        yield body

    try:
        form = await _InMemory(request.headers, whole(), max_files=1, max_fields=1).parse()
    except (MultiPartException, KeyError) as error:
        raise _Problem(400, "no_file") from error
    given = form.get("file")
    try:
        if isinstance(given, UploadFile) and given.filename:
            return await given.read()
    finally:
        await form.close()
    raise _Problem(400, "no_file")
