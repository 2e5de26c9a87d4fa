"""What is wrong with a file that is brought, or with a row of it, in Dutch.

The English words are the message itself, so that whoever raises it stays readable without this. A
code that has no words here is shown as that message.
"""

from collections.abc import Mapping
from types import MappingProxyType

from hub.errors import Coded
from hub.events.base import Language

_SAVE_AS = (
    "en geen CSV-bestand: open het en sla het op als `CSV UTF-8`, of laat de export CSV schrijven."
)
_LOOKED_FOR = (
    "er is minstens een naam nodig (Achternaam, Naam). Noem de koppen in `columns` in de "
    "instellingen."
)
DUTCH: Mapping[str, str] = MappingProxyType(
    {
        "csv-cells": "regel {line} heeft {number} cellen, en er zijn {wanted} koppen",
        "csv-key-empty": "regel {line}: {columns} is leeg",
        "csv-key-address": "regel {line}: {columns} is een mailadres, en dat is geen sleutel: adressen "
        "veranderen",
        "csv-key-long": "regel {line}: {columns} heeft meer dan {most} tekens",
        "csv-no-name": "regel {line}: er staat geen naam",
        "csv-neither-yes-nor-no": "regel {line}: in `{column}` staat geen ja en geen nee",
        "csv-no-date": "regel {line}: in `{column}` staat geen datum",
        "csv-same-key": "dezelfde sleutel staat in de regels {lines}",
        "csv-empty": "Het bestand is leeg. Werkt de export?",
        "csv-workbook": f"Het bestand is een werkmap (Excel, LibreOffice) {_SAVE_AS}",
        "csv-old-workbook": f"Het bestand is een oude werkmap van Excel {_SAVE_AS}",
        "csv-pdf": f"Het bestand is een PDF {_SAVE_AS}",
        "csv-compressed": "Het bestand is ingepakt (gzip) en geen CSV-bestand: pak het uit, of laat de "
        "export CSV schrijven.",
        "csv-encoding": "Het bestand kan niet worden gelezen als {tried}: noem de tekenset bij "
        "`encoding` in de instellingen, of laat de export UTF-8 schrijven.",
        "csv-last-line": "Het bestand eindigt niet met de laatste regel die bij `last_line` staat: het "
        "is afgebroken, of wordt nog geschreven.",
        "csv-missing-columns": "In het bestand staat geen kolom {missing}; er staan {headings}. "
        "Verbeter `columns` en `key` in de instellingen, of de export.",
        "csv-columns-twice": "In het bestand staan kolommen met dezelfde naam: {columns}.",
        "csv-no-key": "Geen kolom wijst een rij voorgoed aan; er staan {headings}. Schrijf bij `key` in "
        "de instellingen welke dat doet: een nummer dat bij iemand blijft, nooit een naam of een "
        "mailadres.",
        "csv-no-headings": "In de eerste {lines} regels staan geen koppen die de hub kent: "
        + _LOOKED_FOR,
        "csv-no-headings-by-delimiter": "In de eerste {lines} regels staan met het scheidingsteken "
        "`{delimiter}` geen koppen die de hub kent: " + _LOOKED_FOR,
        "csv-damaged": "Het bestand is afgebroken of beschadigd binnen een cel tussen aanhalingstekens, "
        "na regel {line}.",
        "csv-cut": "Het bestand breekt af in regel {line}. Haal het opnieuw op wanneer de export klaar "
        "is.",
        "csv-ragged": "{many} van de {of} regels hebben meer of minder cellen dan er koppen zijn, de "
        "eerste is regel {line}.",
        "csv-too-large": "Het bestand is groter dan `most_bytes` toestaat ({most} bytes). Is het het "
        "goede bestand? Verhoog dan `most_bytes` in de instellingen.",
        "too-many-unreadable": "Te veel rijen zijn onleesbaar. Is dit het goede bestand? Verbeter anders "
        "de rijen waar ze vandaan komen.",
        "not-whole": "Het bestand is niet helemaal ingelezen: voor een beheerder staat de reden in "
        "`hub status`.",
    }
)


def told(text: str, coded: Coded | None, language: Language) -> tuple[str, Language]:
    """A message in this language where there are words for it, else as it is, and which it is in.

    Args:
        text: the message, in English.
        coded: what it says; None: nobody knows.
        language: of the page.
    """
    words = DUTCH.get(coded.code) if coded is not None and language == "nl" else None
    if coded is None or words is None:
        return text, "en"
    try:
        return words.format(**coded.values), "nl"
    except (KeyError, IndexError):  # another connector's code of the same name
        return text, "en"
