"""`/guests/{token}`: the page behind a link in a notice, where a sponsor extends or ends a guest.

Looking changes nothing, so that programs which look at links in mail do no harm; a button on a second
page does, once. Whatever is wrong with a link, the answer is the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.contract import Received
from hub.engine.runner import Runner
from hub.errors import RejectedError, RepeatedCallError, RetryableError, StreamLostError
from hub.people import guests
from hub.people import policy as policies
from hub.people.guests import Guest, Wanted
from hub.render.guest import END, GuestView, guest_html
from hub.settings import Settings
from hub.store import notices
from hub.store.calls import Signature
from hub.store.store import Tx
from hub.web import answers
from hub.web.forms import fields
from hub.web.language import chosen

MONTHS = (1, 3, 6)  # from the last day on; and as long as it may be
OVER = GuestView("over")


def guest_routes(settings: Settings, runner: Runner, now: Callable[[], datetime]) -> list[Route]:
    """The page behind links in notices."""
    page = _GuestPage(settings, runner, now)
    return [Route("/guests/{token}", page.answer, methods=["GET", "POST"])]


@dataclass(frozen=True, slots=True)
class _Offer:
    """What one link is good for."""

    guest: Guest
    until: datetime
    furthest: date


class _GuestPage:
    def __init__(self, settings: Settings, runner: Runner, now: Callable[[], datetime]) -> None:
        self._hub, self._runner, self._now = settings.hub, runner, now
        self._zone = settings.hub.time_zone

    async def answer(self, request: Request) -> Response:
        """What can be chosen; are you sure; and that it was done."""
        token = request.path_params["token"]
        offer = await self._runner.store.read(self._offer, token)
        if offer is None:
            return self._page(request, OVER, 404)
        if request.method == "POST":
            choice = (await fields(request)).get("do", "")
            return await self._do(request, token, offer, choice)
        choice = request.query_params.get("do", "")
        if _is_choice(choice):
            return self._page(request, GuestView("confirm", offer.guest.name, choice=choice))
        return self._page(request, self._choose(offer))

    def _offer(self, tx: Tx, token: str) -> _Offer | None:
        row = notices.by_token(tx, token, self._now())
        if row is None:
            return None
        found = [one for one in guests.everyone(tx) if one.topic == row.topic]
        if not found or found[0].sponsor != row.person or found[0].state in guests.OVER:
            return None
        most = policies.current(tx).sponsors.max_months
        furthest = guests.last_day(guests.later(self._now(), most), self._zone)
        return _Offer(found[0], row.token_until, furthest)

    def _choose(self, offer: _Offer) -> GuestView:
        guest = offer.guest
        last = guests.last_day(guest.ends, self._zone)
        days = {min(guests.days_later(last, months), offer.furthest) for months in MONTHS}
        days |= {offer.furthest}
        return GuestView(
            "choose",
            guest.name,
            last,
            ended=guest.ends <= self._now(),
            choices=sorted(day for day in days if day > last),
            can_end=self._end_of_today() < guest.ends,
        )

    def _end_of_today(self) -> datetime:
        return guests.after_day(guests.last_day(self._now(), self._zone), self._zone)

    async def _do(self, request: Request, token: str, offer: _Offer, choice: str) -> Response:
        if not _is_choice(choice):
            return self._page(request, GuestView("refused"), 400)
        try:
            await self._change(token, offer, choice)
        except RepeatedCallError:
            return self._page(request, OVER, 404)
        except RejectedError:
            return self._page(request, GuestView("refused"), 409)
        except (RetryableError, StreamLostError, KeyError):
            return self._page(request, GuestView("busy"), 503)
        await self._runner.store.write(notices.use_up, token)
        return self._page(request, GuestView("done", offer.guest.name, choice=choice))

    async def _change(self, token: str, offer: _Offer, choice: str) -> None:
        """The change and that the link is used up are one transaction."""
        guest, store = offer.guest, self._runner.store
        wanted = await store.read(self._wanted, f"{guest.instance}/{guest.key}", choice)
        await self._runner.receive(
            guest.instance,
            Received(guests.STREAM, wanted.order),
            call=Signature(notices.digest(token), offer.until + timedelta(days=1)),
            actor=f"sponsor {guest.sponsor}",
        )

    def _wanted(self, tx: Tx, account: str, choice: str) -> Wanted:
        if choice == END:
            return guests.ending(tx, account, self._end_of_today(), self._now())
        ends = guests.after_day(date.fromisoformat(choice), self._zone)
        return guests.extending(tx, account, ends, self._now())

    def _page(self, request: Request, view: GuestView, status: int = 200) -> Response:
        desk: Any = self._hub.service_desk
        page = guest_html(
            view,
            organisation=self._hub.organisation,
            phone=desk.phone,
            language=chosen(request, self._hub.language),
        )
        return answers.page(page, status=status)


def _is_choice(text: str) -> bool:
    if text == END:
        return True
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
