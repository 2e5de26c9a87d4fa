"""Moments as people say them: on the organisation's clock, with a date only where one is needed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from hub.errors import BadConfigError
from hub.events.base import to_utc
from hub.render.catalogue import Words


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name.

    Raises:
        BadConfigError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadConfigError(
            f"There is no time zone {name!r}: write one such as Europe/Amsterdam."
        ) from error


@dataclass(frozen=True, slots=True)
class Clock:
    """How moments read at one moment, in one zone and language.

    Attributes:
        now: the moment of rendering, any zone.
        dated: always write the date: for text that may be read on a later day.
        weekday: and the day of the week with it: for what people plan around.
    """

    now: datetime
    zone: ZoneInfo
    words: Words
    dated: bool = False
    weekday: bool = False

    def say(self, moment: datetime) -> str:
        """`moment` as text: 08:12, gisteren 08:12, 5 november 08:12, 5 november 2025 08:12."""
        local = moment.astimezone(self.zone)
        return f"{self._day(local)}{local:%H:%M}{self._season(local)}"

    def mark(self, moment: datetime) -> Markup:
        """`moment` as a `<time>` element: the text for people, UTC for machines."""
        machine = f"{to_utc(moment):%Y-%m-%dT%H:%M:%SZ}"
        return Markup('<time datetime="{}">{}</time>').format(machine, self.say(moment))

    def fill(self, sentence: str, **moments: datetime) -> Markup:
        """A sentence of the catalogue with its moments filled in."""
        marked = {name: self.mark(moment) for name, moment in moments.items()}
        return Markup("{}").format(sentence).format(**marked)

    def _day(self, local: datetime) -> str:
        today = self.now.astimezone(self.zone).date()
        near = {
            today: "",
            today - timedelta(days=1): f"{self.words.yesterday} ",
            today + timedelta(days=1): f"{self.words.tomorrow} ",
        }
        if not self.dated and local.date() in near:
            return near[local.date()]
        day = f"{self.words.days[local.weekday()]} " if self.weekday else ""
        date = f"{day}{local.day} {self.words.months[local.month - 1]} "
        return date if local.year == today.year else f"{date}{local.year} "

    def _season(self, local: datetime) -> str:
        """Which of the two, in the hour that the clock shows twice a year."""
        if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
            return ""
        season = self.words.winter_time if local.fold else self.words.summer_time
        return f" {season}"
