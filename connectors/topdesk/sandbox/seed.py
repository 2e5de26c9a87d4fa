"""A believable municipality, made from a seed: branches, categories, persons, old tickets.

Everything is invented; mail addresses are example.* ones. On purpose two persons share a mail
address, one is archived, one is no caller, and names hold an apostrophe and a diaeresis.
"""

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.topdesk.sandbox.rows import Row, empty

BRANCHES = ("Ouder-Amstel", "Diemen", "Uithoorn", "Uitvoeringsorganisatie")
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "Software": ("E-mail", "Zaaksysteem", "Documentbeheer"),
    "Hardware": ("Printers", "Werkplek"),
    "Netwerk": ("Wifi", "VPN"),
    "Telefonie": ("Vaste telefonie", "Mobiel"),
    "Facilitair": ("Klimaat", "Toegang"),
}
ENGLISH = {"Netwerk": "Network", "Telefonie": "Telephony", "Facilitair": "Facilities"}
LISTS: Mapping[str, tuple[str, ...]] = {
    "processingStatus": (
        "Geregistreerd", "In behandeling", "Wacht op leverancier", "Opgelost", "Gesloten"
    ),
    "priority": ("P1", "P2", "P3", "P4"),
    "impact": ("Organisatie", "Afdeling", "Persoon"),
    "urgency": ("Kan niet werken", "Kan gedeeltelijk werken", "Kan werken"),
    "duration": ("4 uur", "1 dag", "5 dagen"),
    "operatorGroup": ("Servicedesk", "Systeembeheer"),
    "entryType": ("Telefoon", "E-mail", "Portaal"),
    "callType": ("Storing", "Vraag", "Wens"),
    "closureCode": ("Opgelost op afstand", "Doorverwezen"),
    "supplier": ("Noordlicht Hosting B.V.",),
    "service": ("Werkplek", "E-mail en agenda", "Telefonie"),
    "archivingReason": ("Afgehandeld",),
    "changeStatus": ("Goedgekeurd", "Intern"),
    "changeType": ("Gepland onderhoud", "Aanpassing"),
}  # fmt: skip
# first name, surname as TOPdesk sorts it, mail, phone, branch, what is special
_PERSONS: tuple[tuple[str, str, str, str, int, Row], ...] = (
    ("Petra", "Veenstra", "petra.veenstra@example.org", "06-12345678", 0, {}),
    ("Daniël", "Brouwer", "daniel.brouwer@example.org", "020-5550111", 1, {}),
    ("Aisha", "El Amrani", "aisha.elamrani@example.org", "020-5550112", 2, {}),
    ("Sean", "O'Connor", "sean.oconnor@example.org", "020-5550113", 3, {}),
    ("Chloë", "Visser", "balie@example.org", "020-5550114", 2, {}),
    ("Joost", "Meijer", "balie@example.org", "020-5550114", 2, {}),
    ("Wim", "Oudekerk", "wim.oudekerk@example.org", "020-5550115", 0, {"archived": True}),
    ("Ines", "Kaptein", "ines.kaptein@example.org", "020-5550116", 3, {"isCaller": False}),
)
OPERATORS = ("Hub, koppeling", "Servicedesk, Sanne", "Graaf, Ruben de")
_TITLES = (
    "Wachtwoord vergeten", "Scherm blijft zwart", "Printer vol papierstoringen", "Nieuwe muis",
    "Geen toegang tot map", "Agenda delen lukt niet", "Headset kraakt", "Stoel kapot",
    "VPN vraagt opnieuw om code", "Mobiel abonnement wijzigen",
)  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """The lists that incidents choose from, as `{id, name}` rows by list and name."""

    lists: Mapping[str, Mapping[str, Row]]
    parents: Mapping[str, str]
    persons: Sequence[Row]

    def ref(self, kind: str, wanted: str) -> Row:
        """The row of a list with this name or id.

        Raises:
            KeyError: the list has no such entry.
        """
        rows = self.lists[kind]
        if wanted in rows:
            return dict(rows[wanted])
        by_id = {row["id"]: row for row in rows.values()}
        return dict(by_id[wanted])

    def person(self, key: str) -> Row:
        """The first person with this id, mail address or first name.

        Raises:
            KeyError: nobody has it.
        """
        for row in self.persons:
            if key in {row["id"], row["email"], row["firstName"]}:
                return row
        raise KeyError(key)

    def caller(self, key: str) -> Row:
        """A person as an incident carries them."""
        person = self.person(key)
        names = ("id", "dynamicName", "email", "mobileNumber", "phoneNumber", "branch")
        return {name: person[name] for name in names} | {"department": None, "budgetHolder": None}


def identifier(seed: int, kind: str, name: object) -> str:
    """A UUID that the seed decides."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:sandbox-topdesk:{seed}:{kind}:{name}"))


def catalogue(seed: int) -> Catalogue:
    """All lists for a seed."""
    parents = {sub: main for main, subs in CATEGORIES.items() for sub in subs}
    names = {
        **LISTS,
        "branch": BRANCHES,
        "category": tuple(CATEGORIES),
        "subcategory": tuple(parents),
        "operator": OPERATORS,
    }
    lists: dict[str, dict[str, Row]] = {
        kind: {name: {"id": identifier(seed, kind, name), "name": name} for name in of}
        for kind, of in names.items()
    }
    more: Row = {"clientReferenceNumber": "", "timeZone": "Europe/Amsterdam"}
    lists["branch"] = {
        name: {**row, **more, "extraA": None, "extraB": None}
        for name, row in lists["branch"].items()
    }
    branches = [lists["branch"][name] for name in BRANCHES]
    return Catalogue(lists, parents, [_person(seed, n, branches) for n in range(len(_PERSONS))])


def _person(seed: int, n: int, branches: Sequence[Row]) -> Row:
    first, last, mail, phone, branch, special = _PERSONS[n]
    login = f"{first[0]}{last}".lower().replace(" ", "").replace("'", "")
    row: Row = {
        "id": identifier(seed, "person", n), "firstName": first, "surName": last,
        "dynamicName": f"{last}, {first}", "email": mail, "phoneNumber": phone,
        "mobileNumber": "", "networkLoginName": login, "tasLoginName": login,
        "employeeNumber": f"{70001 + n}", "jobTitle": None, "department": None,
        "branch": branches[branch], "location": None, "archived": False, "isCaller": True,
    }  # fmt: skip
    return row | special


def past(cat: Catalogue, seed: int, count: int, before: datetime, *, majors: bool) -> list[Row]:
    """Closed tickets from the quarter before a moment; with `majors` every 400th was major."""
    dice = random.Random(seed)  # noqa: S311  # nosec B311  # repeatable data, no secrets
    template = empty()
    moments = sorted(
        before - timedelta(minutes=dice.randint(4 * 1440, 94 * 1440)) for _ in range(count)
    )
    return [
        template | _old(cat, seed, n, opened, dice) | _was_major(on=majors and n % 400 == 399)
        for n, opened in enumerate(moments)
    ]


def _was_major(*, on: bool) -> Row:
    return {"majorCall": on, "publishToSsd": on}


def _old(cat: Catalogue, seed: int, n: int, opened: datetime, dice: random.Random) -> Row:
    ident = identifier(seed, "past", n)
    solved = opened + timedelta(minutes=dice.randint(5, 4000))
    subcategory = dice.choice(list(cat.parents))
    person = dice.choice(cat.persons)
    return {
        "id": ident,
        "number": f"I {opened:%y%m} {n + 1:04d}",
        "briefDescription": dice.choice(_TITLES),
        "caller": cat.caller(person["id"]),
        "callerBranch": person["branch"],
        **reference_fields(cat, subcategory, "Gesloten", "P3"),
        **stamps(opened, solved),
        **links(ident),
    }


def reference_fields(cat: Catalogue, subcategory: str, status: str, priority: str) -> Row:
    """The chosen entries that every ticket has."""
    return {
        "category": cat.ref("category", cat.parents[subcategory]),
        "subcategory": cat.ref("subcategory", subcategory),
        "processingStatus": cat.ref("processingStatus", status),
        "priority": cat.ref("priority", priority),
        "impact": cat.ref("impact", "Persoon"),
        "urgency": cat.ref("urgency", "Kan werken"),
        "callType": cat.ref("callType", "Storing"),
        "entryType": cat.ref("entryType", "Portaal"),
        "operatorGroup": cat.ref("operatorGroup", "Servicedesk"),
    }


def stamps(opened: datetime, solved: datetime | None) -> dict[str, Any]:
    """The dates and flags of a ticket; modificationDate counts whole seconds."""
    last = (solved or opened).replace(microsecond=0)
    done = {"completed": True, "completedDate": solved, "closed": True, "closedDate": solved}
    return {
        "callDate": opened, "creationDate": opened, "modificationDate": last
    } | (done if solved else {})  # fmt: skip


def links(ident: str) -> dict[str, str]:
    """The paths of a ticket's own lists."""
    base = f"/tas/api/incidents/id/{ident}"
    return {
        "requests": f"{base}/requests", "action": f"{base}/actions",
        "attachments": f"{base}/attachments",
    }  # fmt: skip
