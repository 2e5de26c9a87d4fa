"""A made-up municipality as a directory knows it: people in branches, and groups. Made from a seed."""

import random
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from connectors.ldap.sandbox.directory.options import SUFFIX
from connectors.ldap.sandbox.directory.tree import Tree, Written

STAFF = f"ou=Medewerkers,{SUFFIX}"
GROUPS = f"ou=Groepen,{SUFFIX}"
SPACE = uuid.UUID("5b0c6a52-3f0e-4a52-9d0e-0c1d5f7d2a11")
# department, where it is, how many of 120
DEPARTMENTS = (
    ("Burgerzaken", "Diemen", 13),
    ("Directie", "Ouderkerk aan de Amstel", 2),
    ("Financiën", "Ouderkerk aan de Amstel", 14),
    ("ICT", "Uithoorn", 12),
    ("Ruimte", "Uithoorn", 18),
    ("Sociaal Domein", "Diemen", 20),
    ("Communicatie", "Uithoorn", 8),
    ("Personeel en Organisatie", "Ouderkerk aan de Amstel", 9),
    ("Griffie", "Diemen", 5),
    ("Handhaving", "Uithoorn", 10),
    ("Documentbeheer", "Ouderkerk aan de Amstel", 9),
)
LEAVES, MOVES = "Communicatie", "Burgerzaken"  # whose colleague leaves, and who is moved by mistake
TITLES: Mapping[str, Sequence[str]] = {
    "Burgerzaken": ("Medewerker burgerzaken", "Trouwambtenaar"),
    "Directie": ("Gemeentesecretaris", "Directeur bedrijfsvoering"),
    "Financiën": ("Financieel adviseur", "Medewerker belastingen"),
    "ICT": ("Systeembeheerder", "Functioneel beheerder"),
    "Ruimte": ("Vergunningverlener", "Planoloog", "Landmeter"),
    "Sociaal Domein": ("Consulent Wmo", "Consulent werk", "Jeugdconsulent"),
    "Communicatie": ("Communicatieadviseur", "Webredacteur"),
    "Personeel en Organisatie": ("Adviseur HR", "Salarisadministrateur"),
    "Griffie": ("Raadsadviseur", "Griffiemedewerker"),
    "Handhaving": ("Boa", "Toezichthouder bouw"),
    "Documentbeheer": ("Archivaris", "Medewerker post"),
}
GIVEN = (
    "Anouk", "Bram", "Yara", "Thijs", "Fatima", "Lars", "Noor", "Mohammed", "Eva", "Jelle",
    "Lieke", "Youssef", "Marieke", "Sven", "Zoë", "Hendrik", "Samira", "Niels", "Roos", "Emre",
    "Femke", "Koen", "Ilse", "Dirk", "Naomi", "Gijs", "Hanna", "Pieter", "Esra", "Maarten",
)  # fmt: skip
FAMILY = (
    "Bakker", "van Dijk", "Smit", "de Boer", "Mulder", "Bos", "Vos", "Peters", "Hendriks", "Dekker",
    "van Leeuwen", "Dijkstra", "Smits", "de Wit", "Schouten", "van den Heuvel", "Post", "Kuipers",
    "Prins", "Huisman", "Yilmaz", "Kok", "Jansen", "Haddad", "Blom", "Willems", "van Vliet",
    "Hoekstra", "Koster", "Verhoeven", "Prinsen", "ter Horst", "Sital", "Groen", "Postma",
)  # fmt: skip
HOME_STREET = "Huisadresweg"  # nobody's intranet needs to know where anybody lives
HOME_PHONE = "06-19990"


@dataclass(frozen=True)
class Employee:
    """One of them.

    Attributes:
        dn: where they stand.
        number: the organisation's employee number.
    """

    dn: str
    key: uuid.UUID
    number: str
    given_name: str
    family_name: str
    department: str
    place: str
    title: str
    mail: str
    user_name: str

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.given_name} {self.family_name}"


def staff(people: int = 120, seed: int = 1) -> list[Employee]:
    """The people; the same number and seed give the same ones."""
    names = list(product(GIVEN, FAMILY))
    random.Random(seed).shuffle(names)  # noqa: S311  # nosec B311  # made-up names are no secrets
    places = _places(people)
    return [
        _employee(at, *names[at % len(names)], *place, again=at // len(names))
        for at, place in enumerate(places)
    ]


def _places(people: int) -> list[tuple[str, str]]:
    all_ = [(name, where) for name, where, many in DEPARTMENTS for _ in range(many)]
    return [all_[at * len(all_) // people] for at in range(people)]


def _employee(
    at: int, given: str, family: str, department: str, where: str, *, again: int
) -> Employee:
    more = str(again + 1) if again else ""
    user = f"{_plain(given)}.{_plain(family)}{more}"
    titles = TITLES[department]
    return Employee(
        dn=f"uid={user},{branch(department)}",
        key=uuid.uuid5(SPACE, user),
        number=str(1001 + at),
        given_name=given,
        family_name=family + (f" {more}" if more else ""),
        department=department,
        place=where,
        title=titles[at % len(titles)],
        mail=f"{user}@example.org",
        user_name=user,
    )


def _plain(name: str) -> str:
    """A name as it stands in an address: small letters without spaces and marks."""
    bare = unicodedata.normalize("NFKD", name.lower())
    return "".join(one for one in bare if one.isascii() and one.isalnum())


def branch(department: str) -> str:
    """Where a department stands."""
    return f"ou={department},{STAFF}"


def entries(people: Sequence[Employee]) -> Iterator[tuple[str, Written, uuid.UUID]]:
    """Everything that stands below the suffix, those above first."""
    for dn in (STAFF, GROUPS, *(branch(name) for name, _, _ in DEPARTMENTS)):
        yield dn, {"objectClass": ["top", "organizationalUnit"], "ou": _own(dn)}, _key(dn)
    heads: dict[str, str] = {}
    for one in people:
        head = heads.setdefault(one.department, one.dn)
        yield one.dn, _values(one, head), one.key
    for name, _, _ in DEPARTMENTS:
        inside = [one.dn for one in people if one.department == name]
        if inside and name != MOVES:  # not every department has a group
            dn = f"cn={name},{GROUPS}"
            yield (
                dn,
                {"objectClass": ["top", "groupOfNames"], "cn": name, "member": inside},
                _key(dn),
            )


def _own(dn: str) -> str:
    return dn.partition(",")[0].partition("=")[2]


def _key(dn: str) -> uuid.UUID:
    return uuid.uuid5(SPACE, dn)


def _values(one: Employee, head: str) -> Written:
    last = one.number[-3:]
    return {
        "objectClass": ["top", "person", "organizationalPerson", "inetOrgPerson", "shadowAccount"],
        "uid": one.user_name,
        "cn": one.name,
        "displayName": one.name,
        "givenName": one.given_name,
        "sn": one.family_name,
        "mail": one.mail,
        "employeeNumber": one.number,
        "title": one.title,
        "ou": one.department,
        "physicalDeliveryOfficeName": one.place,
        "telephoneNumber": f"020-5551{last}",
        "homePhone": f"{HOME_PHONE}{last}",
        "homePostalAddress": f"{HOME_STREET} {int(last)}, 1100 AA Voorbeeld",
        **({"manager": head} if head != one.dn else {}),
    }


def grown(people: Sequence[Employee]) -> Tree:
    """The directory of these people."""
    tree = Tree(SUFFIX)
    top = {
        "objectClass": ["top", "organization", "dcObject"],
        "o": "Duo+ (oefening)",
        "dc": "example",
    }
    tree.add(SUFFIX, top, _key(SUFFIX))
    for dn, values, key in entries(people):
        tree.add(dn, values, key)
    return tree
