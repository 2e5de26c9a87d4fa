"""Personal pages: `/me` and the way in and out. Pages of their own at the top, never in a frame.

Who comes without a session is shown nothing but the way in. Forms carry a proof that only the page of
that session holds; nothing here is kept by a browser or a proxy.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.engine.runner import Runner
from hub.errors import HubError, RepeatedCallError
from hub.http import HttpFactory
from hub.people import recognising, redeeming
from hub.render.me import House, MeView, Note, SessionRow, Tickets, me_html, me_note
from hub.render.view import ServiceDesk
from hub.settings import Settings
from hub.settings.personal import is_safe
from hub.store import calls, invitations, persons, sessions, trail
from hub.store.calls import Signature
from hub.store.sessions import MAY_LOOK, How, Session
from hub.store.store import Tx
from hub.web import answers, oidc
from hub.web.cookies import LOGIN, SESSION, WELCOME, Cookies
from hub.web.device import device
from hub.web.forms import fields
from hub.web.language import chosen
from hub.web.oidc import Claims, LoginRefusedError, Oidc
from hub.web.own import OwnTicketsOf, actor

UNDER_WAY = timedelta(minutes=10)  # how long somebody may take to log in at the provider
SHOWN = ("display_name", "title", "department", "employer", "mail", "phone")
Handler = Callable[["PersonalPages", Request], Awaitable[Response]]


def _gently(work: Handler) -> Handler:
    """A fault of ours is said in plain words on a page of this kind."""

    @wraps(work)
    async def answer(self: "PersonalPages", request: Request) -> Response:
        try:
            return await work(self, request)
        except HubError as error:
            self._runner.log.warning("personal_page_failed", reason=self._runner.veil(str(error)))
            return await self._note(request, "down", status=503)

    return answer


class PersonalPages:
    """The pages below `/me`.

    Args:
        http: makes the clients for the identity provider.
    """

    def __init__(
        self,
        settings: Settings,
        runner: Runner,
        now: Callable[[], datetime],
        http: HttpFactory | None = None,
    ) -> None:
        hub = settings.hub
        self._personal, self._default = hub.personal, hub.language
        self._runner, self._store, self._now = runner, runner.store, now
        self._base = settings.address
        self._cookies = Cookies(secure=self._base.startswith("https:"))
        desk = hub.service_desk
        shown = ServiceDesk(desk.hours, desk.phone, str(desk.url) if desk.url else None)
        self._house = House(hub.organisation, hub.time_zone, shown)
        self._own = OwnTicketsOf(settings, runner)
        self.oidc: Oidc | None = None
        if hub.personal.login is not None and is_safe(self._base):
            make = http or HttpFactory(settings.login_http, now)
            self.oidc = Oidc(hub.personal.login, make, now, f"{self._base}/me/callback")

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/me", self.me),
            Route("/me/login", self.login),
            Route("/me/callback", self.callback),
            Route("/me/left", self.left),
            Route("/me/logout", self.logout, methods=["POST"]),
            Route("/me/sessions", self.close, methods=["POST"]),
        ]

    @_gently
    async def me(self, request: Request) -> Response:
        """The page of whoever has a session; else the way in."""
        token = self._cookies.get(request, SESSION)
        found = await self._store.write(self._known, token, self._now()) if token else None
        if found is None:
            return await self._closed(request, had_one=bool(token))
        session, name, known, rows = found
        view = MeView(
            name=name,
            known=known,
            tickets=await self._tickets(session),
            sessions=[_row(one, session) for one in rows],
            proof=_proof(token),
        )
        page = me_html(view, self._house, language=self._language(request), now=self._now())
        return answers.page(page)

    @_gently
    async def login(self, _request: Request) -> Response:
        """Off to the identity provider."""
        provider = self._provider()
        secret = oidc.chance()
        answer = _away(await provider.ask(secret))
        self._cookies.put(answer, LOGIN, secret, int(UNDER_WAY.total_seconds()))
        return answer

    @_gently
    async def callback(self, request: Request) -> Response:
        """Back from the identity provider: a session, or a plain word why not."""
        provider, secret = self._provider(), self._cookies.get(request, LOGIN)
        try:
            claims = await provider.claims(dict(request.query_params), secret)
            token = await self._store.write(self._let_in, claims, request, self._now())
        except (LoginRefusedError, RepeatedCallError) as error:
            self._runner.log.warning("login_refused", reason=self._runner.veil(str(error)))
            return self._over(await self._note(request, "refused", status=403))
        if token is None:
            return self._over(await self._note(request, "nobody", status=403))
        answer = self._over(_away("/me"))
        if self._cookies.get(request, WELCOME):
            self._cookies.drop(answer, WELCOME)
        seconds = int(self._personal.session.total_seconds())
        self._cookies.put(answer, SESSION, token, seconds)
        return answer

    @_gently
    async def logout(self, request: Request) -> Response:
        """End this session."""
        form, token = await self._form(request), self._cookies.get(request, SESSION)
        if form is None:
            return _away("/me")
        await self._store.write(self._end, token, self._now())
        answer = _away(_with_language("/me/left", form))
        self._cookies.drop(answer, SESSION)
        return answer

    @_gently
    async def close(self, request: Request) -> Response:
        """End another session of the same person, or all of the others."""
        form, token = await self._form(request), self._cookies.get(request, SESSION)
        if form is None:
            return _away("/me")
        number = form.get("session", "")
        await self._store.write(self._end_others, token, number, self._now())
        return _away(_with_language("/me", form))

    @_gently
    async def left(self, request: Request) -> Response:
        """After logging out; the provider's own login may still stand."""
        return await self._note(request, "left", leave=True)

    # --- in a transaction ---------------------------------------------------------------------

    def _known(
        self, tx: Tx, token: str, now: datetime
    ) -> tuple[Session, str, dict[str, str], list[Session]] | None:
        session = sessions.find(tx, token, now)
        if session is None:
            return None
        row = persons.by_ids(tx, [session.person])[session.person]
        said = row.attributes or {}
        known = {name: str(said[name]["value"]) for name in SHOWN if name in said}
        return session, row.name or "", known, sessions.of_person(tx, session.person, now)

    def _let_in(self, tx: Tx, claims: Claims, request: Request, now: datetime) -> str | None:
        """A new session of the one person whom the claims mean; None: it is not one person.

        Raises:
            RepeatedCallError: this answer opened a session before.
        """
        state = request.query_params["state"]
        once = hashlib.sha256(f"login {state}".encode()).hexdigest()
        calls.note(tx, Signature(once, now + 2 * UNDER_WAY), now)
        found = self._meant(tx, claims, request, now)
        row = persons.by_ids(tx, found).get(next(iter(found), "")) if len(found) == 1 else None
        if row is None or row.state not in MAY_LOOK:
            reason = "several" if len(found) > 1 else "nobody" if row is None else str(row.state)
            self._runner.log.warning("login_not_recognised", reason=reason)
            return None
        sessions.end(tx, self._cookies.get(request, SESSION))
        name = device(request.headers.get("user-agent", ""))
        until, idle = now + self._personal.session, self._personal.idle
        token = sessions.start(tx, row.id, How.OIDC, now=now, until=until, idle=idle, device=name)
        _note_down(tx, "people login", {"person": row.id, "how": str(How.OIDC)}, now)
        return token

    def _meant(self, tx: Tx, claims: Claims, request: Request, now: datetime) -> set[str]:
        """Every person whom the claims, the code before them, or an earlier code mean."""
        login = self._personal.login
        found = recognising.persons(tx, claims, login.person if login else (), now)
        issuer, subject = str(claims["iss"]), str(claims["sub"])
        token = self._cookies.get(request, WELCOME)
        invited = redeeming.handed_over(tx, token, now) if token else None
        known = invitations.login_of(tx, issuer, subject)
        found |= {one for one in (invited, known) if one is not None}
        if invited is not None and len(found) == 1:
            redeeming.bind(tx, token, issuer, subject, now)
        return found

    def _end(self, tx: Tx, token: str, now: datetime) -> None:
        session = sessions.find(tx, token, now)
        sessions.end(tx, token)
        if session is not None:
            _note_down(tx, "people logout", {"person": session.person}, now)

    def _end_others(self, tx: Tx, token: str, number: str, now: datetime) -> None:
        session = sessions.find(tx, token, now)
        if session is None:
            return
        if number.isascii() and number.isdigit():
            ended = int(sessions.end_one(tx, session.person, int(number[:9])))
        else:
            ended = sessions.end_all(tx, [session.person], but=session.id)
        _note_down(tx, "people logout", {"person": session.person, "others": ended}, now)

    # --- parts --------------------------------------------------------------------------------

    async def _tickets(self, session: Session) -> list[Tickets]:
        found = await self._own.of(session, self._now())
        may_log_in = self.oidc is not None
        return [one for one in found if may_log_in or one.standing != "log-in"]

    async def _closed(self, request: Request, *, had_one: bool) -> Response:
        """Nobody is here. Where there is no way in, there is no page."""
        if self.oidc is None and not had_one:
            raise HTTPException(404)
        answer = await self._note(request, "log-in")
        if had_one:
            self._cookies.drop(answer, SESSION)
        return answer

    async def _note(
        self, request: Request, what: Note, *, status: int = 200, leave: bool = False
    ) -> Response:
        there = await self.oidc.leave(f"{self._base}/me/left") if leave and self.oidc else None
        page = me_note(
            what,
            self._house,
            language=self._language(request),
            log_in=self.oidc is not None,
            leave=there,
        )
        return answers.page(page, status=status)

    async def _form(self, request: Request) -> Mapping[str, str] | None:
        """The fields of a form that this session's own page sent; None: it was not that page.

        Raises:
            HTTPException: it is no short form.
        """
        form = await fields(request)
        expected = _proof(self._cookies.get(request, SESSION))
        if not hmac.compare_digest(form.get("proof", "").encode(), expected.encode()):
            return None
        return form

    def _provider(self) -> Oidc:
        if self.oidc is None:
            raise HTTPException(404)
        return self.oidc

    def _over(self, answer: Response) -> Response:
        """The login that was under way is over, whatever came of it."""
        self._cookies.drop(answer, LOGIN)
        return answer

    def _language(self, request: Request) -> Any:
        return chosen(request, self._default)


def _row(one: Session, here: Session) -> SessionRow:
    mine = one.id == here.id
    return SessionRow(one.id, mine, str(one.how), one.device, one.opened_at, one.used_at)


def _note_down(tx: Tx, action: str, what: Mapping[str, Any], now: datetime) -> None:
    trail.note(tx, actor=actor(what["person"]), action=action, what=what, now=now)


def _proof(token: str) -> str:
    """Only who has the session's token can make it, and it leads not back to the token."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def _away(address: str) -> Response:
    answer = answers.bare(status=303)
    answer.headers["Location"] = address
    return answer


def _with_language(path: str, form: Mapping[str, str]) -> str:
    language = form.get("lang", "")
    return f"{path}?lang={language}" if language in {"nl", "en"} else path
