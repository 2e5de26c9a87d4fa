"""Every text that the tile shows, in Dutch and English; no sentence is longer than 15 words."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.events.base import Language, Text


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language; names in braces are filled in by the renderer."""

    open: str
    back: str
    solved: str
    planned: str
    busy: str
    done: str
    one_open: str
    many_open: str
    calm: str
    calm_then: str
    calm_advice: str
    quiet: str
    quiet_then: str
    quiet_unknown: str
    no_data: str
    no_data_advice: str
    stale: str
    expired: str
    undated: str
    updated: str
    valid: str
    since: str
    began: str
    lasted: str
    span: str
    expected: str
    overdue: str
    unexpected: str
    workaround: str
    details: str
    subscribe: str
    fold: str
    cut: str
    service_desk: str
    portal: str
    yesterday: str
    tomorrow: str
    summer_time: str
    winter_time: str
    months: tuple[str, ...]
    days: tuple[str, ...]
    missing_title: str
    missing: str
    broken_title: str
    broken: str
    preview: str


DUTCH = Words(
    open="Storing",
    back="Opnieuw storing",
    solved="Opgelost",
    planned="Gepland onderhoud",
    busy="Onderhoud bezig",
    done="Onderhoud klaar",
    one_open="1 storing gemeld",
    many_open="{count} storingen gemeld",
    calm="Geen gemelde storingen",
    calm_then="Toen waren er geen gemelde storingen.",
    calm_advice="Werkt er iets niet? Meld het bij de servicedesk.",
    quiet="Geen onderhoud gepland",
    quiet_then="Toen was er geen onderhoud gepland.",
    quiet_unknown="We weten nog niet of er onderhoud gepland is.",
    no_data="Nog geen gegevens",
    no_data_advice="We weten nog niet of er storingen zijn.",
    stale="Niet bijgewerkt sinds {as_of}. De stand kan zijn veranderd.",
    expired="Deze stand gold tot {until}. De stand kan zijn veranderd.",
    undated="Onbekend wanneer dit is bijgewerkt. De stand kan zijn veranderd.",
    updated="Bijgewerkt {as_of}, geldig tot {until}.",
    valid="Geldig tot {until}.",
    since="sinds {since}",
    began="begon {since}",
    lasted="van {since} tot {solved}",
    span="{since} tot {until}",
    expected="verwacht herstel {expected}",
    overdue="herstel was verwacht {expected}",
    unexpected="verwacht herstel nog onbekend",
    workaround="Intussen:",
    details="Bekijk in het portaal",
    subscribe="Houd me op de hoogte",
    fold="Toon nog {count}",
    cut="En nog {count}. Die staan niet op deze tegel.",
    service_desk="Servicedesk",
    portal="Naar het portaal",
    yesterday="gisteren",
    tomorrow="morgen",
    summer_time="zomertijd",
    winter_time="wintertijd",
    months=(
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ),
    days=("ma", "di", "wo", "do", "vr", "za", "zo"),
    missing_title="Deze tegel bestaat niet",
    missing="Het adres klopt niet of de tegel is verwijderd. Vraag de beheerder om het adres.",
    broken_title="Deze tegel is even niet te tonen",
    broken="Probeer het over een minuut opnieuw. Blijft het zo? Bel de servicedesk.",
    preview="Voorbeeld: dit staat misschien nog niet op het intranet.",
)

ENGLISH = Words(
    open="Disturbance",
    back="Disturbance again",
    solved="Solved",
    planned="Planned maintenance",
    busy="Maintenance in progress",
    done="Maintenance finished",
    one_open="1 disturbance reported",
    many_open="{count} disturbances reported",
    calm="No reported disturbances",
    calm_then="At that time there were no reported disturbances.",
    calm_advice="Is something not working? Tell the service desk.",
    quiet="No maintenance planned",
    quiet_then="At that time no maintenance was planned.",
    quiet_unknown="We do not know yet whether maintenance is planned.",
    no_data="No data yet",
    no_data_advice="We do not know yet whether there are disturbances.",
    stale="Not updated since {as_of}. Things may have changed.",
    expired="This was valid until {until}. Things may have changed.",
    undated="It is unknown when this was updated. Things may have changed.",
    updated="Updated {as_of}, valid until {until}.",
    valid="Valid until {until}.",
    since="since {since}",
    began="began {since}",
    lasted="from {since} until {solved}",
    span="{since} to {until}",
    expected="expected to be solved {expected}",
    overdue="was expected to be solved {expected}",
    unexpected="solution time not known yet",
    workaround="Meanwhile:",
    details="View in the portal",
    subscribe="Keep me informed",
    fold="Show {count} more",
    cut="And {count} more. This tile does not show them.",
    service_desk="Service desk",
    portal="To the portal",
    yesterday="yesterday",
    tomorrow="tomorrow",
    summer_time="summer time",
    winter_time="winter time",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    missing_title="This tile does not exist",
    missing="The address is wrong or the tile was removed. Ask the administrator for the address.",
    broken_title="This tile cannot be shown right now",
    broken="Try again in a minute. Does it stay like this? Call the service desk.",
    preview="Preview: this may not be on the intranet yet.",
)

CATALOGUE: Mapping[Language, Words] = MappingProxyType({"nl": DUTCH, "en": ENGLISH})


def spoken(text: Text, language: Language) -> Language:
    """The language in which `text` can be shown: the one asked for, else the one that it has."""
    return language if language in text else next(iter(text))


def plain(text: Text, language: Language) -> str:
    """`text` in `language`, or in the other language where that one is missing."""
    return text[spoken(text, language)]
