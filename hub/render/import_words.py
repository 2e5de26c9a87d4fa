"""Every text about a file of people that is brought, in Dutch and English."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.events.base import Language

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("Een lijst met mensen inlezen", "Bring in a list of people"),
    "preview_title": ("Wat dit bestand zou doen", "What this file would do"),
    "waits_title": ("De lijst is nog niet opgeslagen", "The list is not stored yet"),
    "settings_first": (
        "De instellingen van deze lijst zijn gewijzigd. Een beheerder kijkt eerst: `hub hold list`.",
        "The settings of this list have changed. An administrator looks first: `hub hold list`.",
    ),
    "bring_again": (
        "Lees het bestand daarna opnieuw in, binnen een dag.",
        "After that bring the file again, within a day.",
    ),
    "done_title": ("De lijst is opgeslagen", "The list is stored"),
    "same_title": ("Deze lijst was er al", "This list was here already"),
    "lead": ("Mensen voor {organisation}", "People for {organisation}"),
    "dry": ("Er is nog niets opgeslagen.", "Nothing is stored yet."),
    "made": (
        "Bekeken {when} ({zone}), voor {instance}.",
        "Looked at {when} ({zone}), for {instance}.",
    ),
    "secret": ("Geheim", "Secret"),
    "secret_help": (
        "Het geheim van deze lijst. De beheerder van de hub geeft het.",
        "The secret of this list. The hub's administrator gives it.",
    ),
    "go": ("Verder", "Go on"),
    "choose": ("Bestand", "File"),
    "choose_help": (
        "Een CSV-bestand met de hele lijst. Eerst ziet u wat het zou doen.",
        "A CSV file with the whole list. First you see what it would do.",
    ),
    "look": ("Bekijk het bestand", "Look at the file"),
    "store": ("Sla deze lijst op", "Store this list"),
    "store_help": (
        "Klopt dit? Dan slaat de hub de lijst op, precies dit bestand.",
        "Is this right? Then the hub stores the list, exactly this file.",
    ),
    "again": ("Kies een ander bestand", "Choose another file"),
    "begin": ("Begin opnieuw", "Begin again"),
    "problem": ("Dat ging niet", "That did not work"),
    "wrong_secret": (
        "Dit geheim past niet bij dit adres. Vraag de beheerder van de hub.",
        "This secret does not fit this address. Ask the hub's administrator.",
    ),
    "no_file": ("Kies eerst een bestand.", "Choose a file first."),
    "expired": (
        "Deze pagina is verlopen. Er is niets opgeslagen; begin opnieuw.",
        "This page has expired. Nothing is stored; begin again.",
    ),
    "too_large": (
        "Het bestand is te groot: hoogstens {most} MB. Is het het goede bestand?",
        "The file is too large: {most} MB at most. Is it the right one?",
    ),
    "slow": (
        "Het bestand kwam niet op tijd binnen. Probeer het opnieuw.",
        "The file did not come in time. Try again.",
    ),
    "busy": (
        "De hub kan de lijst nu niet opslaan. Probeer het over een minuut opnieuw.",
        "The hub can't store the list now. Try again in a minute.",
    ),
    "unusable": (
        "Dit bestand kan niet worden gebruikt. Er is niets opgeslagen.",
        "This file can't be used. Nothing is stored.",
    ),
    "done": (
        "Wat veranderde, gaat nu naar het intranet.",
        "What changed is on its way to the intranet.",
    ),
    "same_file": (
        "Dit is het bestand dat het laatst is ingelezen. Er verandert niets.",
        "This is the file that was taken last. Nothing changes.",
    ),
    "hold": (
        "Er wacht iets op een beheerder: zie `hub hold list`.",
        "Something waits for an administrator: see `hub hold list`.",
    ),
    "summary": ("Samenvatting", "Summary"),
    "file": ("Het bestand", "The file"),
    "columns": ("Kolommen", "Columns"),
    "heading": ("kop", "heading"),
    "field": ("gelezen als", "read as"),
    "not_read": ("niet gelezen", "not read"),
    "is_key": ("de sleutel van een rij", "the key of a row"),
    "encoding": ("tekenset", "encoding"),
    "delimiter": ("scheidingsteken", "delimiter"),
    "headings": ("koppen in regel", "headings in line"),
    "rows": ("rijen", "rows"),
    "people": ("leesbare mensen", "readable people"),
    "new": ("Nieuw", "New"),
    "linked": ("Gekoppeld", "Linked"),
    "doubtful": ("Twijfel", "Doubtful"),
    "changed": ("Gewijzigd", "Changed"),
    "back": ("Terug", "Back"),
    "absent": ("Ontbreekt", "Absent"),
    "unreadable": ("Onleesbaar", "Unreadable"),
    "same": ("Ongewijzigd", "Unchanged"),
    "forgotten": ("Vergeten", "Forgotten"),
    "linked_to": ("is {person}: {why}", "is {person}: {why}"),
    "is_known": ("hoort bij iemand die al bekend is", "belongs to somebody who is known already"),
    "may_be_known": (
        "lijkt op iemand die al bekend is",
        "resembles somebody who is known already",
    ),
    "may_be": ("misschien {person}: {why}", "may be {person}: {why}"),
    "doubtful_lead": (
        "Deze wachten op een antwoord: `hub people review list`.",
        "These wait for an answer: `hub people review list`.",
    ),
    "forgotten_lead": (
        "Vergeten, en daarom niet in de lijst: {count}.",
        "Forgotten, and therefore left out: {count}.",
    ),
    "follows_nothing": (
        "er volgt niets uit: een tweede, ander bestand moet het bevestigen",
        "nothing follows: a second, different file must agree",
    ),
    "follows_leaves": (
        "ook het vorige bestand had deze rij niet: dit account gaat weg",
        "the file before lacked it too: this account goes",
    ),
    "follows_waits": (
        "wacht op een beheerder, want het zijn er te veel tegelijk",
        "waits for an administrator, because too many go at once",
    ),
    "targets": ("Op het intranet", "On the intranet"),
    "no_steps": ("Er verandert niets.", "Nothing changes."),
    "on": ("Op {target}", "On {target}"),
    "create": ("nieuw account", "new account"),
    "update": ("wijziging", "change"),
    "remove": ("account weg", "account gone"),
    "not_now": ("nu nog niet: {reason}", "not now: {reason}"),
    "would_wait": (
        "{size} wachten op een beheerder ({instance}).",
        "{size} wait for an administrator ({instance}).",
    ),
    "more": ("en nog {count}", "and {count} more"),
    "empty": ("leeg", "empty"),
    "hidden": ("gewijzigd, wordt niet getoond", "changed, not shown"),
    "yes": ("ja", "yes"),
    "no": ("nee", "no"),
}
_FIELDS: Mapping[str, tuple[str, str]] = {
    "employee_number": ("personeelsnummer", "employee number"),
    "display_name": ("volledige naam", "whole name"),
    "given_name": ("roepnaam", "given name"),
    "infix": ("tussenvoegsel", "infix"),
    "family_name": ("achternaam", "family name"),
    "partner_name": ("partnernaam", "partner's name"),
    "birth_date": ("geboortedatum", "birth date"),
    "mail": ("werkadres", "work address"),
    "contact_mail": ("privéadres", "private address"),
    "user_name": ("inlognaam", "login"),
    "employer": ("werkgever", "employer"),
    "title": ("functie", "job title"),
    "department": ("afdeling", "department"),
    "office": ("locatie", "location"),
    "phone": ("telefoon", "telephone"),
    "mobile": ("mobiel", "mobile"),
    "starts": ("begint", "begins"),
    "ends": ("eindigt", "ends"),
    "enabled": ("actief", "active"),
    "external": ("extern", "external"),
    "manager": ("leidinggevende", "manager"),
}


def _of(texts: Mapping[str, tuple[str, str]], place: int) -> Mapping[str, str]:
    return MappingProxyType({name: both[place] for name, both in texts.items()})


IMPORT_WORDS: Mapping[Language, Mapping[str, str]] = {"nl": _of(_TEXTS, 0), "en": _of(_TEXTS, 1)}
FIELD_WORDS: Mapping[Language, Mapping[str, str]] = {"nl": _of(_FIELDS, 0), "en": _of(_FIELDS, 1)}
