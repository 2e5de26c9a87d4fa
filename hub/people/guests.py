"""Guests: people for whom somebody who works here vouches, and who have an end.

What an administrator or a sponsor wants becomes an order, which the instance of the guest takes in
as any other data. When a sponsor leaves, the manager takes over for as long as that lasts.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.errors import RejectedError
from hub.people import finding
from hub.people import policy as policies
from hub.people.states import MAY_LOG_IN, State
from hub.store import persons, vouching
from hub.store.store import Tx

CONNECTOR = "guests"
STREAM = "guests"
HIGHEST = 10  # managers above a sponsor who are asked
OVER = (State.DEACTIVATED, State.ERASED)


@dataclass(frozen=True, slots=True)
class Guest:
    """One guest.

    Attributes:
        state: of the person, who may have other accounts.
        body: what the guest's account says, as JSON values.
        named: the number of the person who was named as sponsor.
        sponsor: who answers for the guest now; None: nobody.
    """

    person: str
    name: str
    state: str
    instance: str
    stream: str
    key: str
    body: Mapping[str, Any]
    named: str
    sponsor: str | None

    @property
    def topic(self) -> str:
        """What notices about this guest are about."""
        return topic(self.instance, self.key)

    @property
    def ends(self) -> datetime:
        """The first moment without access."""
        return datetime.fromisoformat(self.body["ends"])

    @property
    def inherited(self) -> bool:
        """Whether somebody else than who was named answers for the guest."""
        return self.sponsor is not None and self.sponsor != self.named


TOPIC = "guest "


def topic(instance: str, key: str) -> str:
    """What notices about the guest with this account are about."""
    return f"{TOPIC}{instance}/{key}"


def everyone(tx: Tx, person: str | None = None) -> list[Guest]:
    """Every guest, or those that are one person; the forgotten are none."""
    rows = [row for row in vouching.guests(tx, person) if (row.state or {}).get("ends")]
    known = persons.by_ids(tx, {row.person for row in rows})
    answering = _answering(tx, {row.sponsor for row in rows})
    return [
        Guest(
            person=row.person,
            name=row.state["display_name"],
            state=known[row.person].state,
            instance=row.instance,
            stream=row.stream,
            key=row.key,
            body=row.state,
            named=row.sponsor,
            sponsor=answering[row.sponsor],
        )
        for row in rows
    ]


def without_sponsor(tx: Tx) -> list[Guest]:
    """Guests for whom nobody answers any more, as long as they have access or will have it."""
    living = {*MAY_LOG_IN, State.ANNOUNCED}
    return [one for one in everyone(tx) if one.sponsor is None and one.state in living]


def may_vouch(row: Any) -> bool:
    """Whether this person works here now, and is no external."""
    external = (row.attributes or {}).get("external", {}).get("value")
    return row.state in MAY_LOG_IN and not external


def _answering(tx: Tx, named: Collection[str]) -> dict[str, str | None]:
    """Who answers for each of these: the person, whom it became, or a manager above."""
    return {one: _heir(tx, one) for one in sorted(named)}


def _heir(tx: Tx, named: str) -> str | None:
    over, seen = [named], set[str]()
    for _ in range(HIGHEST):
        rows = [row for one in over if (row := _became(tx, one)) is not None]
        found = next((row.id for row in rows if may_vouch(row)), None)
        if found is not None:
            return str(found)
        seen |= {row.id for row in rows}
        above = vouching.managers(tx, [row.id for row in rows])
        over = [one for row in rows for one in above.get(row.id, ()) if one not in seen]
    return None


def _became(tx: Tx, ident: str) -> Any:
    """The stored person, or the one that it was merged into; None: there is none."""
    row = persons.by_ids(tx, [ident]).get(ident)
    while row is not None and row.merged_into is not None:
        row = persons.by_ids(tx, [row.merged_into]).get(row.merged_into)
    return row


def export(tx: Tx, person: str) -> dict[str, list[dict[str, Any]]]:
    """Who vouches for this person and for whom this person does, by number, as JSON values."""
    mine = [
        {"account": f"{one.instance}/{one.key}", "by": one.named} for one in everyone(tx, person)
    ]
    theirs = [one for one in everyone(tx) if person in {one.named, one.sponsor}]
    return {"for_this_person": mine, "by_this_person": [{"person": one.person} for one in theirs]}


# --- what is wanted, as orders ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """One change of one guest, checked.

    Attributes:
        order: what the guest's instance takes in.
        guest: as it stood; None: a new one.
        sponsor: who answers for the guest from then on.
    """

    order: Mapping[str, Any]
    guest: Guest | None
    sponsor: str

    @property
    def ends(self) -> datetime:
        """The end that is wanted."""
        return datetime.fromisoformat(self.order["ends"])


def adding(tx: Tx, given: Mapping[str, Any], sponsor: str, now: datetime) -> Wanted:
    """A new guest.

    Args:
        tx, now: the transaction and the moment.
        given: fields of the order; `starts` and `ends` are aware datetimes.
        sponsor: words that name one person.

    Raises:
        RejectedError: the sponsor does not work here, the end is too far away or over, or somebody
            with this private address is a guest already.
    """
    vouches = _sponsor(tx, sponsor)
    starts, ends = given.get("starts"), given["ends"]
    _check_end(tx, ends, max(now, starts or now), now)
    _check_new(tx, given.get("contact_mail"), now)
    return Wanted(_order("add", str(uuid.uuid4()), vouches, now, given), None, vouches)


def extending(
    tx: Tx, who: str, until: datetime, now: datetime, *, sponsor: str | None = None
) -> Wanted:
    """A later (or earlier) end, as long as grace is not over.

    Args:
        tx, now: the transaction and the moment.
        who: words that name one person.
        until: the new end, aware.
        sponsor: who vouches from now on; who did before unless named.

    Raises:
        RejectedError: nobody or no guest, grace is over, nobody vouches, or the end can't be.
    """
    guest = of(tx, who)
    if guest.state in OVER:
        raise RejectedError(
            f"The time of {guest.name} is over, and so is grace: add the guest again."
        )
    vouches = _sponsor(tx, sponsor) if sponsor else guest.sponsor
    if vouches is None:
        raise RejectedError(
            f"Nobody answers for {guest.name} any more: name somebody with --sponsor."
        )
    starts = guest.body.get("starts")
    _check_end(tx, until, max(now, datetime.fromisoformat(starts) if starts else now), now)
    return Wanted(_order("extend", guest.key, vouches, now, {"ends": until}), guest, vouches)


def ending(tx: Tx, who: str, on: datetime, now: datetime) -> Wanted:
    """An earlier end.

    Raises:
        RejectedError: nobody or no guest, it ended already, or this is no earlier end.
    """
    guest = of(tx, who)
    if guest.ends <= now:
        raise RejectedError(f"{guest.name} ended already: nothing was changed.")
    if on >= guest.ends:
        raise RejectedError(
            f"{guest.name} ends before that already; a later end comes with `hub people extend`."
        )
    sponsor = guest.sponsor or guest.named
    return Wanted(_order("end", guest.key, sponsor, now, {"ends": on}), guest, sponsor)


def of(tx: Tx, who: str) -> Guest:
    """The guest that this names; of several accounts the one that lasts longest.

    Raises:
        RejectedError: nobody, more than one, or no guest.
    """
    row = finding.person(tx, who)
    found = everyone(tx, row.id)
    if not found:
        raise RejectedError(
            f"{row.name or row.id} is no guest: the source of their account says how long it lasts."
        )
    return max(found, key=lambda one: (one.ends, one.key))


def _sponsor(tx: Tx, who: str) -> str:
    row = finding.person(tx, who)
    if not may_vouch(row):
        raise RejectedError(
            f"{row.name or row.id} can't vouch for a guest: only somebody who works here now can, "
            "and is no external."
        )
    return str(row.id)


def _check_end(tx: Tx, ends: datetime, begins: datetime, now: datetime) -> None:
    most = policies.current(tx).sponsors.max_months
    if ends <= max(begins, now):
        raise RejectedError("This end is over, or before the beginning: give a later one.")
    if ends > later(begins, most) + timedelta(days=1):  # the last day is a whole one
        raise RejectedError(
            f"A guest lasts {most} months at most (`people.sponsors.max_months`): give an earlier "
            "end; it can be extended again later."
        )


def later(moment: datetime, months: int) -> datetime:
    """So many months later, on the last day of the month where it has no such day."""
    number = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(number, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:  # 30 February
            continue
    return moment.replace(year=year, month=month + 1)


def days_later(day: date, months: int) -> date:
    """So many months later, on the last day of the month where it has no such day."""
    return later(datetime.combine(day, time(12), UTC), months).date()


def _check_new(tx: Tx, address: str | None, now: datetime) -> None:
    same = (address or "").casefold()
    for one in everyone(tx) if same else ():
        if one.ends > now and (one.body.get("contact_mail") or "").casefold() == same:
            raise RejectedError(
                f"Somebody with this address is a guest already ({one.person[:8]}): "
                f"`hub people extend {one.person[:8]} --until DATE` changes the end."
            )


def _order(
    action: str, key: str, sponsor: str, now: datetime, given: Mapping[str, Any]
) -> dict[str, Any]:
    plain = {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in given.items()
        if value is not None
    }
    said = {"action": action, "id": key, "at": now.isoformat(), "sponsor": sponsor}
    return said | plain


def after_day(day: date, zone: str) -> datetime:
    """The moment when this day is over there: the last day is worked."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def last_day(ends: datetime, zone: str) -> date:
    """The last day there with access."""
    return (ends.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)).date()
