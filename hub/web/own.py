"""Own tickets of the person who looks: asked of each source at that moment, and kept nowhere."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from hub.contract import Answers, OwnTicket
from hub.engine.runner import Runner
from hub.errors import AuthFailedError, HubError, RejectedError
from hub.people import recognising
from hub.render.me import TicketRow, Tickets
from hub.settings import Settings
from hub.store import streams, trail
from hub.store.sessions import Session
from hub.store.store import Tx

PATIENCE = 8.0  # seconds for one source; then the page comes without it
AT_ONCE = 4  # questions under way, over all visitors: a source is no cache
PROBE = timedelta(minutes=10)  # after a refused login, as everywhere
REST = ""  # instead of a value: the source is left alone now


def actor(ident: str) -> str:
    """How the audit trail calls a person who looks; the row itself has the whole number."""
    return f"person {ident[:8]}"


class OwnTicketsOf:
    """Asks the sources that `personal.tickets` names."""

    def __init__(self, settings: Settings, runner: Runner, *, patience: float = PATIENCE) -> None:
        self._asked = settings.hub.personal.tickets
        self._names = {one.id: one.name for one in settings.instances}
        self._runner, self._patience = runner, patience
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._refused: dict[str, datetime] = {}

    async def of(self, session: Session, now: datetime) -> list[Tickets]:
        """What each source says, side by side; that it was asked is recorded, not what it said."""
        if not self._asked:
            return []
        values = await self._runner.store.write(self._values, session, now)
        return list(await asyncio.gather(*(self._one(name, values) for name in self._asked)))

    def _values(self, tx: Tx, session: Session, now: datetime) -> dict[str, str | None]:
        """By what each source that may be asked now is asked; None: nothing is known to ask by."""
        resting = self._resting(tx, now)
        found: dict[str, str | None] = {}
        for name, one in self._asked.items():
            if str(session.how) in one.sessions:
                args = (session.person, one.attribute, one.sources)
                found[name] = REST if name in resting else recognising.known(tx, *args, now)
        asked = sorted(name for name, value in found.items() if value not in {None, REST})
        if asked:
            what = {"person": session.person, "sources": asked}
            trail.note(tx, actor=actor(session.person), action="people tickets", what=what, now=now)
        return found

    def _resting(self, tx: Tx, now: datetime) -> set[str]:
        """Sources that are paused, or refused our login: each try more could lock the account."""
        paused = {name for name, row in streams.instances(tx).items() if row.paused}
        refused = {row.instance for row in streams.all_streams(tx) if row.health == "auth"}
        return paused | refused | {name for name, until in self._refused.items() if until > now}

    async def _one(self, instance: str, values: Mapping[str, str | None]) -> Tickets:
        name = self._names.get(instance, instance)
        if instance not in values:
            return Tickets(name, "log-in")
        value = values[instance]
        if value is None:
            return Tickets(name, "unknown")
        if value == REST:
            return Tickets(name, "unavailable")
        try:
            return await self._ask(name, instance, value)
        except RejectedError:
            return Tickets(name, "unknown")
        except (HubError, TimeoutError) as error:
            if isinstance(error, AuthFailedError):
                self._refused[instance] = self._runner.now() + PROBE
            reason = self._runner.veil(str(error)) or type(error).__name__
        except Exception as error:  # noqa: BLE001  a plug-in's bug must not take the page away
            reason = type(error).__name__  # its text may say whose tickets they are
        self._runner.log.warning("tickets_unavailable", instance=instance, reason=reason)
        return Tickets(name, "unavailable")

    async def _ask(self, name: str, instance: str, value: str) -> Tickets:
        source = self._runner.sources.get(instance)
        if source is None or not isinstance(source.connector, Answers):
            return Tickets(name, "unavailable")
        async with asyncio.timeout(self._patience), self._turns:
            answered = await source.connector.answer(value)
        return Tickets(name, "shown", [_row(one) for one in answered.tickets], answered.more)


def _row(one: OwnTicket) -> TicketRow:
    safe = urlsplit(one.url).scheme in {"https", "http"}
    return TicketRow(
        number=one.number,
        status=one.status,
        title=one.title,
        url=one.url if safe else "",
        opened_at=one.opened_at,
        changed_at=one.changed_at,
        closed_at=one.closed_at,
    )
