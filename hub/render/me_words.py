"""Every text of the personal page, in Dutch and English; no sentence is longer than 15 words."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.events.base import Language


@dataclass(frozen=True, slots=True)
class MeWords:
    """The texts of one language; names in braces are filled in by the renderer."""

    title: str
    hello: str
    about: str
    fields: Mapping[str, str]
    wrong: str
    tickets: str
    no_tickets: str
    closed_ones: str
    more_tickets: str
    unavailable: str
    unknown: str
    log_in_for: str
    opened: str
    changed: str
    closed: str
    ticket_link: str
    sessions: str
    this_one: str
    other: str
    how: Mapping[str, str]
    since: str
    used: str
    end_one: str
    end_others: str
    log_out: str
    log_in: str
    log_in_title: str
    log_in_text: str
    invited_text: str
    left_title: str
    left: str
    leave_there: str
    nobody_title: str
    nobody: str
    refused_title: str
    refused: str
    down_title: str
    down: str
    again: str
    ask: str
    other_language: str


DUTCH = MeWords(
    title="Mijn pagina",
    hello="Dag {name}",
    about="Dit weten we van je",
    fields=MappingProxyType(
        {
            "display_name": "Naam",
            "title": "Functie",
            "department": "Afdeling",
            "employer": "Organisatie",
            "mail": "E-mail",
            "phone": "Telefoon",
        }
    ),
    wrong="Klopt er iets niet? Vraag de servicedesk.",
    tickets="Mijn meldingen",
    no_tickets="Je hebt geen lopende meldingen.",
    closed_ones="Toon wat afgesloten is ({count})",
    more_tickets="Er zijn er meer. Die staan in het portaal.",
    unavailable="Nu even niet te zien. Probeer het straks opnieuw.",
    unknown="Je meldingen zijn niet te vinden. Vraag de servicedesk.",
    log_in_for="Log in om je meldingen te zien.",
    opened="gemeld {at}",
    changed="bijgewerkt {at}",
    closed="afgesloten {at}",
    ticket_link="Bekijk in het portaal",
    sessions="Waar je bent ingelogd",
    this_one="Dit apparaat",
    other="Ander apparaat",
    how=MappingProxyType({"oidc": "ingelogd", "device": "met een code"}),
    since="sinds {at}",
    used="gebruikt {at}",
    end_one="Uitloggen",
    end_others="Overal uitloggen, behalve hier",
    log_out="Uitloggen",
    log_in="Inloggen",
    log_in_title="Je bent niet ingelogd",
    log_in_text="Log in met het account van je werk.",
    invited_text="Heb je een code gekregen? Open dan de pagina die erbij staat.",
    left_title="Je bent uitgelogd",
    left="Sluit deze pagina als anderen dit apparaat gebruiken.",
    leave_there="Ook uitloggen bij je organisatie",
    nobody_title="We kennen je hier nog niet",
    nobody="Je bent ingelogd, maar we vinden je niet terug. Vraag de servicedesk.",
    refused_title="Inloggen is niet gelukt",
    refused="Begin opnieuw. Blijft het zo? Vraag de servicedesk.",
    down_title="Inloggen kan nu even niet",
    down="Probeer het over een paar minuten opnieuw.",
    again="Opnieuw inloggen",
    ask="Servicedesk",
    other_language="English",
)

ENGLISH = MeWords(
    title="My page",
    hello="Hello {name}",
    about="What we know about you",
    fields=MappingProxyType(
        {
            "display_name": "Name",
            "title": "Job title",
            "department": "Department",
            "employer": "Organisation",
            "mail": "E-mail",
            "phone": "Telephone",
        }
    ),
    wrong="Is something wrong? Ask the service desk.",
    tickets="My tickets",
    no_tickets="You have no open tickets.",
    closed_ones="Show what is closed ({count})",
    more_tickets="There are more. The portal shows them.",
    unavailable="Not available now. Try again later.",
    unknown="Your tickets cannot be found. Ask the service desk.",
    log_in_for="Log in to see your tickets.",
    opened="reported {at}",
    changed="updated {at}",
    closed="closed {at}",
    ticket_link="View in the portal",
    sessions="Where you are logged in",
    this_one="This device",
    other="Another device",
    how=MappingProxyType({"oidc": "logged in", "device": "by a code"}),
    since="since {at}",
    used="used {at}",
    end_one="Log out",
    end_others="Log out everywhere but here",
    log_out="Log out",
    log_in="Log in",
    log_in_title="You are not logged in",
    log_in_text="Log in with the account of your work.",
    invited_text="Were you given a code? Then open the page that came with it.",
    left_title="You are logged out",
    left="Close this page if others use this device.",
    leave_there="Log out at your organisation too",
    nobody_title="We do not know you here yet",
    nobody="You are logged in, but we cannot find you. Ask the service desk.",
    refused_title="Logging in did not work",
    refused="Begin again. Does it stay like this? Ask the service desk.",
    down_title="Logging in is not possible now",
    down="Try again in a few minutes.",
    again="Log in again",
    ask="Service desk",
    other_language="Nederlands",
)

ME_WORDS: Mapping[Language, MeWords] = MappingProxyType({"nl": DUTCH, "en": ENGLISH})
