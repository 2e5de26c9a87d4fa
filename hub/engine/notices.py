"""Notices: what a person should hear about a topic, told once, by mail.

Per person and topic the store keeps what was told. At the due moment the text is made from that and
from how it stands now; where nothing is new nothing is sent. The intent is stored before a message
goes: after a crash nobody knows whether it arrived, so that it is `uncertain`, shown, and not
repeated unless an administrator says so. What comes later is told all the same.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.errors import HubError, RejectedError
from hub.events.base import Language
from hub.mail import Mailer, MaybeSentError, Message
from hub.people import guests, reminders
from hub.people import policy as policies
from hub.people.guests import Guest
from hub.people.policy import Policy
from hub.people.reminders import Standing
from hub.people.states import MAY_LOG_IN, State
from hub.render.notice import Line, reminder
from hub.store import notices, persons, streams
from hub.store.database import savepoint
from hub.store.ledger import SENDING
from hub.store.notices import Status
from hub.store.store import Store, Tx
from hub.telemetry import Veil

LOST = timedelta(minutes=15)  # longer than any sending takes
PAUSE = timedelta(hours=1)  # at most, between two tries
LIVING = frozenset({*MAY_LOG_IN, State.ANNOUNCED})
NO_MAIL = "there is no `mail:` in hub.yaml"
NO_ADDRESS = "no source knows a work address of this person"
LOST_REASON = "the hub ended while it was sent: it may have arrived"


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells people what they should hear.

    Attributes:
        mailer: None: no mail can be sent; what should be said waits, and is shown.
        pages: the address of the hub's pages, as people reach them; None: no links.
        mail_from: instances whose addresses may be sent a link, beside those in `mail_domains`.
        point: told the name of each point where a crash matters.
    """

    store: Store
    mailer: Mailer | None
    now: Callable[[], datetime]
    log: Any
    organisation: str
    zone: str
    language: Language
    pages: str | None = None
    mail_from: Collection[str] = ()
    veil: Veil = field(default_factory=Veil)
    point: Callable[[str], None] = lambda _name: None
    secret: Callable[[], str] = lambda: secrets.token_urlsafe(24)

    async def tell(self) -> Counter[str]:
        """Work out what is to be told, and tell what is due; what became of it, counted."""
        counts: Counter[str] = Counter()
        known = await self.store.write(self._look)
        waiting = await self.store.read(notices.due, self.now())
        if self.mailer is None:
            await self.store.write(_wait, [row.id for row in waiting], self.now(), NO_MAIL)
            return counts
        for person in dict.fromkeys(row.person for row in waiting):
            if (parcel := await self.store.write(self._claim, person, known)) is not None:
                counts[await self._send(self.mailer, parcel)] += 1
        return counts

    def _look(self, tx: Tx) -> dict[str, Guest]:
        if self.mailer is not None:
            notices.wake(tx, NO_MAIL, self.now())
        return look(tx, self.now(), self.zone)

    def _claim(self, tx: Tx, person: str, known: Mapping[str, Guest]) -> "_Parcel | None":
        """What this person is told now, as one message; None: nothing, or not yet."""
        now, policy = self.now(), policies.current(tx)
        rows = self._timely(tx, notices.due(tx, now, person), known, now)
        ids = [row.id for row in rows]
        if not rows or (later := self._later(tx, person, policy, now)) is not None:
            if rows:
                notices.update(tx, ids, due=later)
            return None
        whom = persons.by_ids(tx, [person]).get(person)
        address = ((whom.attributes or {}) if whom else {}).get("mail", {}).get("value")
        if whom is None or not address:
            _wait(tx, ids, now, NO_ADDRESS)
            return None
        return self._parcel(tx, whom, address, rows, known)

    def _timely(
        self, tx: Tx, rows: Sequence[Any], known: Mapping[str, Guest], now: datetime
    ) -> list[Any]:
        """Those that are not overtaken."""
        late = [row.id for row in rows if row.topic not in known or row.expires <= now]
        notices.update(tx, late, status=str(Status.QUIET), due=None)
        return [row for row in rows if row.id not in late]

    def _later(self, tx: Tx, person: str, policy: Policy, now: datetime) -> datetime | None:
        """When this person may be told something; None: now."""
        quiet = policy.sponsors.quiet
        if (first := reminders.loud(now, quiet, self.zone)) > now:
            return first
        number = notices.sent_since(tx, person, reminders.today(now, self.zone))
        enough = number >= policy.sponsors.daily_maximum
        return reminders.tomorrow(now, quiet, self.zone) if enough else None

    def _parcel(
        self, tx: Tx, whom: Any, address: str, rows: Sequence[Any], known: Mapping[str, Guest]
    ) -> "_Parcel | None":
        now, policy = self.now(), policies.current(tx)
        verified = self._is_verified(whom, policy)
        lines: list[Line] = []
        mine: list[Any] = []
        for row in rows:
            guest, token = known[row.topic], self.secret()
            if notices.claim(tx, row.id, token, guest.ends + policy.grace, now):
                mine.append(row)
                lines.append(self._line(row, guest, token if verified else None))
        if not mine:
            return None
        lines.sort(key=lambda one: (one.last_day, one.name))
        subject, text = reminder(
            lines, name=whom.name or "", organisation=self.organisation, language=self.language
        )
        key = f"notice {secrets.token_hex(16)}"
        return _Parcel(mine, Message(address, subject, text, key, self.language))

    def _is_verified(self, whom: Any, policy: Policy) -> bool:
        """Whether a link may be sent there: whoever reads that mail can extend a guest."""
        mail = whom.attributes["mail"]
        domain = str(mail["value"]).rpartition("@")[2].casefold()
        return policy.is_ours(domain) or mail["instance"] in self.mail_from

    def _line(self, row: Any, guest: Guest, token: str | None) -> Line:
        link = f"{self.pages}/guests/{token}" if self.pages and token else None
        employer = guest.body.get("employer")
        last = guests.last_day(guest.ends, self.zone)
        return Line(guest.name, employer, last, link, taken_over=row.told is None)

    async def _send(self, mailer: Mailer, parcel: "_Parcel") -> str:
        self.point("notice_claimed")
        status, reason = Status.SENT, None
        try:
            await mailer.send(parcel.message)
        except MaybeSentError as error:
            status, reason = Status.UNCERTAIN, self.veil(str(error))
        except RejectedError as error:
            status, reason = Status.REFUSED, self.veil(str(error))
        except HubError as error:
            status, reason = Status.WAITING, self.veil(str(error))
        self.point("notice_sent")
        await self.store.write(_settle, parcel.rows, status, reason, self.now())
        if status is not Status.SENT:
            self.log.warning("notice_not_sent", status=str(status), reason=reason)
        return str(status)


@dataclass(frozen=True, slots=True)
class _Parcel:
    rows: Sequence[Any]
    message: Message


def _wait(tx: Tx, ids: Sequence[int], now: datetime, reason: str) -> None:
    notices.update(tx, ids, due=now + PAUSE, reason=reason)


def _settle(tx: Tx, rows: Sequence[Any], status: Status, reason: str | None, now: datetime) -> None:
    """Keep what became of a message about all these."""
    for row in rows:
        values: dict[str, Any] = {"status": str(status), "reason": reason}
        if status is Status.SENT:
            values |= {"told": row.wanted, "sent_at": now, "attempts": 0}
        elif status is Status.WAITING:
            pause = min(PAUSE, timedelta(minutes=2**row.attempts))
            values |= {"due": now + pause, "attempts": row.attempts + 1}
        notices.update(tx, [row.id], **values)


# --- what is to be told ------------------------------------------------------------------------


def look(tx: Tx, now: datetime, zone: str) -> dict[str, Guest]:
    """Bring what is to be told up to date with guests, sponsors and the time; guests by topic."""
    lost = notices.stuck(tx, now - LOST)
    notices.update(tx, lost, status=str(Status.UNCERTAIN), reason=LOST_REASON)
    known = {one.topic: one for one in guests.everyone(tx) if one.state not in guests.OVER}
    there = notices.every(tx, guests.TOPIC)
    notices.delete(tx, [row.id for row in there if not _concerns(row, known.get(row.topic))])
    one = _Look(tx, policies.current(tx), now, zone, _modes(tx), {row.topic for row in there})
    rows = {row.topic: row for row in there if _concerns(row, known.get(row.topic))}
    for name, guest in known.items():
        if guest.sponsor is not None and guest.state in LIVING and guest.ends > now:
            one.look(name, guest, rows.get(name))
    return known


def _concerns(row: Any, guest: Guest | None) -> bool:
    """Whether this person still answers for that guest."""
    return guest is not None and guest.sponsor == row.person


def _modes(tx: Tx) -> dict[str, bool]:
    """Whether anything of an instance may be told to anybody."""
    known = streams.instances(tx)
    return {
        name: row.mode in SENDING and row.state == "active" and not row.paused
        for name, row in known.items()
    }


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at every guest.

    Attributes:
        sends: whether an instance may tell anybody anything.
        before: topics that somebody was told about before this look.
    """

    tx: Tx
    policy: Policy
    now: datetime
    zone: str
    sends: Mapping[str, bool]
    before: frozenset[str] | set[str]

    def look(self, name: str, guest: Guest, row: Any) -> None:
        """What the sponsor is to hear of this guest."""
        current = reminders.standing(
            guest.ends, self.now, self.policy.sponsors.reminders, self.zone
        )
        silent = not self.sends.get(guest.instance, False)
        if row is None:
            self._begin(name, guest, current, silent=silent)
        elif row.status == Status.SENDING:
            return
        elif silent or not reminders.is_news(row.told, current):
            if row.told != current.state or row.status == Status.WAITING:
                notices.update(self.tx, [row.id], **_quiet(current))
        elif row.wanted != current.state:
            notices.update(self.tx, [row.id], **self._waiting(current))

    def _begin(self, name: str, guest: Guest, current: Standing, *, silent: bool) -> None:
        """What was there before is no news, but that somebody else answers now is."""
        news = (guest.inherited or name in self.before) and not silent
        values = self._waiting(current) | {"told": None} if news else _quiet(current)
        try:
            with savepoint(self.tx):
                row = {"person": guest.sponsor, "topic": name, "attempts": 0}
                notices.insert(self.tx, [row | values])
        except sa.exc.IntegrityError:
            return  # another process looks at the same moment

    def _waiting(self, current: Standing) -> dict[str, Any]:
        due = reminders.loud(self.now, self.policy.sponsors.quiet, self.zone)
        values = {"status": str(Status.WAITING), "attempts": 0, "reason": None}
        return values | {"wanted": current.state, "due": due, "expires": current.expires}


def _quiet(current: Standing) -> dict[str, Any]:
    values: dict[str, Any] = {"status": str(Status.QUIET), "told": current.state, "wanted": None}
    return values | {"due": None, "expires": None, "reason": None}


# --- seen and repeated -------------------------------------------------------------------------


def listed(tx: Tx) -> list[dict[str, Any]]:
    """Notices that wait, were sent or went wrong, as JSON values; the newest first."""
    known = {one.topic: one for one in guests.everyone(tx)}
    rows = [row for row in notices.every(tx, "") if row.status != Status.QUIET]
    names = {one.id: one.name for one in persons.by_ids(tx, {row.person for row in rows}).values()}
    return [
        {
            "id": row.id,
            "person": row.person,
            "name": names.get(row.person),
            "about": known[row.topic].person if row.topic in known else None,
            "guest": known[row.topic].name if row.topic in known else None,
            "status": row.status,
            "days_before": (row.wanted or {}).get("left"),
            "due": row.due.isoformat() if row.due and row.status == Status.WAITING else None,
            "sent": row.sent_at.isoformat() if row.sent_at else None,
            "reason": row.reason,
        }
        for row in reversed(rows)
    ]


def repeat(tx: Tx, idents: Sequence[int], now: datetime) -> list[str]:
    """Send again what may not have arrived; whom it is for.

    Raises:
        RejectedError: one of them is not uncertain or refused; nothing was changed.
    """
    rows = notices.by_ids(tx, idents)
    for ident in idents:
        if ident not in rows or rows[ident].status not in {Status.UNCERTAIN, Status.REFUSED}:
            raise RejectedError(
                f"Notice {ident} is neither uncertain nor refused, so it is not sent again: "
                "`hub notices list` shows how it stands."
            )
    again = {"status": str(Status.WAITING), "due": now, "attempts": 0, "reason": None}
    notices.update(tx, list(rows), **again)
    return [row.person for row in rows.values()]
