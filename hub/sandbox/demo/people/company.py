"""Everybody in the demo, what happens to them, and what was told of it so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.events.base import Language
from hub.sandbox.demo.people import seed
from hub.sandbox.demo.people.office import Employee, Office, Step

DIRECTORY, SHOPS = "medewerkers", "winkels"  # names of the two instances
NUMBERING = "duo"
EVERY = "10m"  # of the story: half a minute of whoever watches


@dataclass
class Company:
    """The people of the demo.

    Attributes:
        office: the directory.
        address: where it is found.
        both: who stands in the directory and in the list of the shops.
        plans: `hub plan --people` as a page, by the step that it was made at and its language.
        told: what happened, the oldest first.
    """

    office: Office
    address: str
    both: Employee
    plans: dict[str, Mapping[Language, str]] = field(default_factory=dict)
    told: list[tuple[datetime, Mapping[Language, str]]] = field(default_factory=list)

    @property
    def canaries(self) -> Sequence[str]:
        """Texts that must never reach the intranet."""
        return (*self.office.canaries, *seed.CANARIES)

    @property
    def everybody(self) -> Sequence[str]:
        """The names of all of them."""
        shops = list(seed.workers(self.both))[:-1]
        names = [
            " ".join(filter(None, (given, infix, family))) for _, given, infix, family, *_ in shops
        ]
        return [*(one.name for one in self.office.staff), *names]

    def play_until(self, moment: datetime) -> Sequence[Step]:
        """Let the directory's story go on."""
        done = self.office.play_until(moment)
        self.told += [(one.at, one.says) for one in done]
        return done


def company(office: Office, address: str) -> Company:
    """The people, with one of them in both lists."""
    apart = {office.leaver.number, *(one.number for one in office.moved)}
    both = next(one for one in reversed(office.staff) if one.number not in apart)
    return Company(office, address, both)


def hub_part() -> dict[str, Any]:
    """What hub.yaml says of people."""
    return {
        "accounts": {"intranet": "manage"},
        "namespaces": {DIRECTORY: NUMBERING, SHOPS: NUMBERING},
        "mail_domains": ["example.org"],
        "authority": [DIRECTORY],
        "user_name": ["user_name"],
        "invitations": {"then": "device", "ask": "employee_number"},
        "groups": {"intranet": [{"instance": DIRECTORY, "name": "*"}]},
    }


def instances(one: Company, secrets: Mapping[str, str], folder: Path) -> dict[str, dict[str, Any]]:
    """The files of both sources.

    Args:
        one: the people.
        secrets: references to the directory's secret settings.
        folder: where the list of the shops is put down.
    """
    settings = {**one.office.settings(one.address), **secrets}
    return {
        DIRECTORY: {
            "connector": one.office.connector,
            "name": "Directory Duo+",
            "mode": "live",
            "every": EVERY,
            "settings": settings,
        },
        SHOPS: {
            "connector": "csv",
            "name": "Winkels Duo+",
            "mode": "live",
            "every": EVERY,
            "settings": {"folder": str(folder)},
        },
    }
