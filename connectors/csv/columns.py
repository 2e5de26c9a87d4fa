"""The columns that people know, by the headings that exports use; Dutch and English."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import product


class Column(StrEnum):
    """What a cell may mean: the fields of a person that a file can give."""

    EMPLOYEE_NUMBER = "employee_number"
    DISPLAY_NAME = "display_name"
    GIVEN_NAME = "given_name"
    INFIX = "infix"
    FAMILY_NAME = "family_name"
    PARTNER_NAME = "partner_name"
    BIRTH_DATE = "birth_date"
    MAIL = "mail"
    CONTACT_MAIL = "contact_mail"
    USER_NAME = "user_name"
    EMPLOYER = "employer"
    TITLE = "title"
    DEPARTMENT = "department"
    OFFICE = "office"
    PHONE = "phone"
    MOBILE = "mobile"
    STARTS = "starts"
    ENDS = "ends"
    ENABLED = "enabled"
    MANAGER = "manager"


_NUMBER = product(("personeels", "medewerker", "employee"), ("nummer", "nr", "number", "id"))

HEADINGS: Mapping[Column, Sequence[str]] = {
    Column.EMPLOYEE_NUMBER: [*map("".join, _NUMBER), "stamnummer", "staff number"],
    Column.DISPLAY_NAME: ("weergavenaam", "volledige naam", "naam", "display name", "full name"),
    Column.GIVEN_NAME: ("roepnaam", "voornaam", "given name", "first name"),
    Column.INFIX: ("tussenvoegsel", "tussenvoegsels", "voorvoegsel", "voorvoegsels", "infix"),
    Column.FAMILY_NAME: (
        "geboortenaam", "achternaam", "familienaam", "family name", "last name", "surname",
    ),
    Column.PARTNER_NAME: ("partnernaam", "naam partner", "partner name"),
    Column.BIRTH_DATE: ("geboortedatum", "birth date", "date of birth"),
    Column.MAIL: ("e-mail", "e-mailadres", "e-mail werk", "werkmail", "mail", "work mail"),
    Column.CONTACT_MAIL: ("e-mail privé", "privémail", "privé e-mail", "private e-mail"),
    Column.USER_NAME: ("gebruikersnaam", "inlognaam", "user name", "login"),
    Column.EMPLOYER: ("werkgever", "organisatie", "employer", "organisation", "company"),
    Column.TITLE: ("functie", "functienaam", "functieomschrijving", "job title", "title"),
    Column.DEPARTMENT: ("afdeling", "team", "department"),
    Column.OFFICE: ("locatie", "vestiging", "filiaal", "winkel", "location", "store", "office"),
    Column.PHONE: ("telefoon", "telefoonnummer", "phone", "telephone"),
    Column.MOBILE: ("mobiel", "mobiel nummer", "mobile", "cell phone"),
    Column.STARTS: ("datum in dienst", "in dienst", "startdatum", "begindatum", "start date"),
    Column.ENDS: ("datum uit dienst", "uit dienst", "einddatum", "end date"),
    Column.ENABLED: ("actief", "active", "enabled"),
    Column.MANAGER: ("leidinggevende", "personeelsnummer leidinggevende", "manager"),
}  # fmt: skip

NEVER = frozenset({"bsn", "burgerservicenummer", "sofinummer", "sofi", "sofinr", "bsnnummer"})


def folded(heading: str) -> str:
    """A heading without case, accents, spaces and punctuation: `E-mail privé` is `emailprive`."""
    plain = unicodedata.normalize("NFKD", heading).casefold()
    return re.sub(r"[^a-z0-9]", "", plain)


KNOWN: Mapping[str, Column] = {
    folded(heading): column for column, headings in HEADINGS.items() for heading in headings
}
