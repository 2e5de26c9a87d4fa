"""When a sponsor is reminded of the end of a guest, and when nobody is told anything. Pure.

Days are those of the organisation's clock, so that a reminder comes on the same day whether or not
the clock changes in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is to be told of one guest now.

    Attributes:
        ends: the first moment without access, UTC.
        left: the newest reminder whose day has come, in days before the end; None: none yet.
        expires: from when on this is overtaken, UTC.
    """

    ends: datetime
    left: int | None
    expires: datetime

    @property
    def state(self) -> dict[str, Any]:
        """As JSON values: equal when there is nothing new to tell."""
        return {"ends": self.ends.astimezone(UTC).isoformat(), "left": self.left}


def standing(ends: datetime, now: datetime, days: Sequence[int], zone: str) -> Standing:
    """What there is to be told of a guest who ends then."""
    moments = {number: _mark(ends, number, zone) for number in days}
    passed = [number for number, moment in moments.items() if moment <= now]
    ahead = [moment for moment in moments.values() if moment > now]
    return Standing(ends, min(passed, default=None), min([*ahead, ends]))


def _mark(ends: datetime, number: int, zone: str) -> datetime:
    """When the day begins that is so many days before the end."""
    where = ZoneInfo(zone)
    day = ends.astimezone(where).date() - timedelta(days=number)
    return datetime.combine(day, time(), where).astimezone(UTC)


def is_news(told: Mapping[str, Any] | None, current: Standing) -> bool:
    """Whether the sponsor has to hear of it.

    Another end is no news: somebody gave it, who knew. Neither are other days in the settings.
    """
    if told is None:
        return True
    if told["ends"] != current.state["ends"] or current.left is None:
        return False
    return told["left"] is None or current.left < int(told["left"])


def loud(now: datetime, quiet: tuple[time, time], zone: str) -> datetime:
    """The first moment from now on outside quiet hours, UTC.

    Args:
        now, zone: the moment, and whose clock counts.
        quiet: when quiet begins and ends; equal: never.
    """
    begins, ends = quiet
    local = now.astimezone(ZoneInfo(zone))
    if not _is_quiet(local.time(), begins, ends):
        return now
    day = local.date() + timedelta(days=local.time() >= ends)
    return max(now, datetime.combine(day, ends, ZoneInfo(zone)).astimezone(UTC))


def tomorrow(now: datetime, quiet: tuple[time, time], zone: str) -> datetime:
    """The first moment outside quiet hours of the next day, UTC."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return loud(datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC), quiet, zone)


def today(now: datetime, zone: str) -> datetime:
    """When this day began there, UTC."""
    local = now.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(), ZoneInfo(zone)).astimezone(UTC)


def _is_quiet(moment: time, begins: time, ends: time) -> bool:
    if begins <= ends:
        return begins <= moment < ends
    return moment >= begins or moment < ends
