"""Quarantine: a source of people that hands over mostly rubbish is left alone, and read once a day.

It is said once, like an outage, and ends by itself with the first good reading, or when somebody says
`hub resume`. What was understood until then is stored; nothing is concluded from what was not.
"""

from collections.abc import Mapping
from datetime import timedelta

from hub.errors import HubError
from hub.settings.removals import Quarantine

HEALTH = "quarantined"
REST = timedelta(days=1)
UNDERSTOOD = ("accepted", "same", "older", "held", "staged", "forgotten")


class QuarantinedError(HubError):
    """Too much of what a source of people hands over is of no use: it is read once a day."""


def weigh_rows(counts: Mapping[str, int], limits: Quarantine, instance: str) -> None:
    """Of the rows of one sweep, by the counts of intake.

    Raises:
        QuarantinedError: too many of them can't be understood.
    """
    bad = counts.get("unreadable", 0)
    rows = bad + sum(counts.get(name, 0) for name in UNDERSTOOD)
    _weigh(bad, rows, limits, f"{bad} of {rows} rows can't be understood", instance)


def weigh_objects(bad: int, of: int, limits: Quarantine, instance: str) -> None:
    """Of the persons, groups and memberships that targets were given because of this source.

    Raises:
        QuarantinedError: too many of them were refused.
    """
    _weigh(bad, of, limits, f"targets refused {bad} of its {of} objects", instance)


def _weigh(bad: int, of: int, limits: Quarantine, what: str, instance: str) -> None:
    if bad >= limits.least and 100 * bad >= limits.percent * of:
        raise QuarantinedError(
            f"{what}: `hub dead-letters list` says why. It is read once a day until that is mended; "
            f"`hub resume {instance}` reads it at once."
        )
