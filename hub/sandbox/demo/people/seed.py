"""The shop workers of the demo: people whom no directory knows, in the list that HR exports."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice, product
from pathlib import Path

from hub.sandbox.demo.people.office import Employee

WORKERS = 60
SHOPS = ("Kringloop Diemen", "Kringloop Uithoorn", "Kringloop Ouderkerk", "Zwemcafé De Waver")
TITLES = ("Winkelmedewerker", "Kassamedewerker", "Chauffeur", "Sorteerder", "Weekendhulp")
GIVEN = ("Sem", "Isa", "Mees", "Lotte", "Finn", "Nora", "Amir", "Tess", "Luuk", "Imane")
FAMILY = ("Jacobs", "van der Linden", "Kramer", "Scholten", "Evers", "de Bruin", "Maas", "Aydin")
HEADINGS = (
    "Personeelsnummer", "Roepnaam", "Tussenvoegsel", "Achternaam", "Gebruikersnaam",
    "Geboortedatum", "BSN", "E-mail privé", "Functie", "Filiaal", "Actief",
)  # fmt: skip
HOME = "thuis.example.net"  # private addresses are for the hub's post, and for nobody's page
CITIZEN = "999990421"  # a made-up citizen service number, which the hub never reads
FIRST = 7001
ELDEST = date(1961, 3, 14)
INFIXES = ("van der ", "de ")


def workers(both: Employee) -> Iterator[Sequence[str]]:
    """The lines of the list; the last one is somebody whom the directory knows too.

    Args:
        both: works at a desk, and on Saturdays in a shop.
    """
    names = list(islice(product(FAMILY, GIVEN), WORKERS - 1))
    for at, (family, given) in enumerate(names):
        yield _line(
            at, str(FIRST + at), given, family, f"{given}.{family}".lower().replace(" ", "")
        )
    yield _line(WORKERS - 1, both.number, both.given_name, both.family_name, "")


def _line(at: int, number: str, given: str, family: str, user: str) -> Sequence[str]:
    infix = next((one for one in INFIXES if family.startswith(one)), "")
    born = ELDEST + timedelta(days=at * 271)
    private = f"{given.lower()}{number}@{HOME}" if user and at % 3 else ""
    shop, title = SHOPS[at % len(SHOPS)], TITLES[at % len(TITLES)]
    return (number, given, infix.strip(), family.removeprefix(infix), user,
            f"{born:%d-%m-%Y}", CITIZEN if at == 0 else "", private, title, shop, "ja")  # fmt: skip


def put_down(folder: Path, both: Employee) -> None:
    """Write the list, as HR's export would."""
    folder.mkdir()
    with (folder / "winkels-2026-11-20.csv").open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file, delimiter=";")
        lines.writerow(HEADINGS)
        lines.writerows(workers(both))


CANARIES = (HOME, CITIZEN, "Geboortedatum", f"{ELDEST:%d-%m-%Y}", ELDEST.isoformat())
