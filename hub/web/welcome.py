"""`/welcome`: a one-time code is typed in, and leads on. A page of its own, never in a frame.

Codes come by POST only, and the link on paper carries its code behind the `#`, which browsers keep to
themselves: no address, no log and no referrer ever holds one. Looking changes nothing; a second
button uses the code up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.engine.runner import Runner
from hub.people import redeeming
from hub.people.redeeming import HANDOVER, Typed, Welcome
from hub.render.invitation import day
from hub.render.welcome import Door, Fault, welcome_html
from hub.settings import Settings
from hub.settings.invitations import InvitationSettings
from hub.store import sessions
from hub.store.sessions import How
from hub.store.store import Tx
from hub.web import answers
from hub.web.cookies import SESSION, WELCOME, Cookies
from hub.web.device import device
from hub.web.forms import fields, is_ours
from hub.web.language import chosen
from hub.web.limits import Limits, address

LONGEST = 200  # characters of a field that are looked at
SAID_EVERY = timedelta(minutes=1)  # a line about refused codes
STATUS: Mapping[Fault, int] = {"": 200, "wrong": 403, "elsewhere": 403, "slow": 429}


def welcome_routes(
    settings: Settings, runner: Runner, now: Callable[[], datetime], limits: Limits | None = None
) -> list[Route]:
    """The page for codes; none where hub.yaml says nothing of invitations."""
    given = settings.hub.people.invitations
    if given is None:
        return []
    page = WelcomePage(settings, given, runner, now, limits or Limits())
    return [Route("/welcome", page.answer, methods=["GET", "POST"])]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A code that was used up: whose it was, and what the visitor's browser keeps."""

    welcome: Welcome
    cookie: str = ""
    token: str = ""
    lasting: timedelta = HANDOVER


class WelcomePage:
    """The page where codes are typed."""

    def __init__(
        self,
        settings: Settings,
        given: InvitationSettings,
        runner: Runner,
        now: Callable[[], datetime],
        limits: Limits,
    ) -> None:
        self._hub, self._given, self._runner, self._now = settings.hub, given, runner, now
        self._limits = limits
        self._said: datetime | None = None
        base = urlsplit(settings.address)
        self._origin = f"{base.scheme}://{base.netloc}"
        self._cookies = Cookies(secure=base.scheme == "https")

    async def answer(self, request: Request) -> Response:
        """The form; what will happen; and that it happened."""
        if request.method != "POST":
            return self._page(request)
        if not is_ours(request, self._origin):
            return self._page(request, fault="elsewhere")
        form = await fields(request)
        return await self._typed(request, form)

    async def _typed(self, request: Request, form: Mapping[str, str]) -> Response:
        who, now = address(request), self._now()
        if wait := self._limits.begin(who, now):
            answer = self._page(request, fault="slow")
            answer.headers["Retry-After"] = str(int(wait) + 1)
            return answer
        typed = Typed(form.get("code", "")[:LONGEST], form.get("number", "")[:LONGEST])
        go = form.get("go") == "yes"
        name = device(request.headers.get("user-agent", ""))
        found = await self._runner.store.write(self._used if go else self._seen, typed, name, now)
        if found is None:
            self._refused(now)
            return self._page(request, fault="wrong")
        self._limits.went_well(who)
        return self._leading_on(request, found) if go else self._asking(request, found, typed)

    # --- in a transaction ---------------------------------------------------------------------

    @property
    def _number(self) -> bool:
        return self._given.ask == "employee_number"

    def _seen(self, tx: Tx, typed: Typed, _device: str, now: datetime) -> _Opened | None:
        found = redeeming.look(tx, typed, number=self._number, now=now)
        return None if found is None else _Opened(found)

    def _used(self, tx: Tx, typed: Typed, name: str, now: datetime) -> _Opened | None:
        then, lasting = self._given.then, self._given.device
        found = redeeming.redeem(tx, typed, number=self._number, then=then, now=now)
        if found is None:
            return None
        welcome, token = found
        if then == "device":
            until = now + lasting
            token = sessions.start(
                tx, welcome.person, How.DEVICE, now=now, until=until, device=name
            )
            return _Opened(welcome, SESSION, token, lasting)
        return _Opened(welcome, WELCOME, token) if then == "provider" else _Opened(welcome)

    # --- pages --------------------------------------------------------------------------------

    def _page(self, request: Request, *, fault: Fault = "") -> Response:
        return self._answer(request, Door("form", fault=fault), STATUS[fault])

    def _asking(self, request: Request, found: _Opened, typed: Typed) -> Response:
        until = self._now() + self._given.device
        language = chosen(request, self._hub.language)
        door = Door(
            "confirm",
            name=found.welcome.name,
            code=typed.code,
            number=typed.number,
            until=day(until, self._hub.time_zone, language),
        )
        return self._answer(request, door)

    def _leading_on(self, request: Request, found: _Opened) -> Response:
        spoken = {"language": chosen(request, self._hub.language)}
        link = {
            "device": "/me",
            "provider": "/me/login",
            "intranet": self._given.filled(found.welcome.values | spoken),
        }[self._given.then]
        answer = self._answer(request, Door("done", name=found.welcome.name, link=link))
        if found.cookie:
            seconds = int(found.lasting.total_seconds())
            self._cookies.put(answer, found.cookie, found.token, seconds)
        return answer

    def _answer(self, request: Request, door: Door, status: int = 200) -> Response:
        page = welcome_html(
            door,
            organisation=self._hub.organisation,
            phone=self._hub.service_desk.phone,
            then=self._given.then,
            asked=self._number,
            language=chosen(request, self._hub.language),
        )
        answer = answers.page(page, status=status)
        # a form's own page must be known to where it is sent, and to nobody else
        answer.headers["Referrer-Policy"] = "same-origin"
        return answer

    def _refused(self, now: datetime) -> None:
        """A wrong code is worth a line, now and then."""
        if self._said is None or now - self._said >= SAID_EVERY:
            self._said = now
            self._runner.log.warning("code_refused")
