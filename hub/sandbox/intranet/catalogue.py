"""The words of the pages in Dutch and English, and the made-up daily content around the tile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.sandbox.intranet.options import Language

ZONE = ZoneInfo("Europe/Amsterdam")

NL = {
    "skip": "Naar de inhoud",
    "nav": "Hoofdmenu",
    "nav_home": "Startpagina",
    "nav_timeline": "Tijdlijn",
    "nav_people": "Collega's",
    "nav_requests": "Verzoeken",
    "view_as": "Bekijk als collega van",
    "view_nobody": "Geen organisatie gekozen",
    "view_show": "Toon",
    "language": "Taal",
    "morning": "Goedemorgen",
    "afternoon": "Goedemiddag",
    "evening": "Goedenavond",
    "greeting_sub": "Dit speelt er vandaag.",
    "tile_title": "Storingen",
    "tile_calm": "Geen gemelde storingen",
    "tile_calm_sub": "Werkt er iets niet? Bel de servicedesk op toestel 1234.",
    "tile_unknown": "Nog niets ontvangen",
    "tile_unknown_sub": "Er is nog geen bron die storingen meldt.",
    "tile_stale": "Niet bijgewerkt sinds {when}.",
    "tile_stale_sub": "Wat hier staat kan verouderd zijn.",
    "tile_updated": "Bijgewerkt {when}",
    "tile_count_one": "1 storing",
    "tile_count": "{count} storingen",
    "open": "Storing",
    "solved": "Opgelost",
    "planned": "Gepland onderhoud",
    "busy": "Onderhoud bezig",
    "finished": "Onderhoud klaar",
    "begins": "Van",
    "until": "Tot",
    "since": "Sinds",
    "solved_at": "Opgelost",
    "expected_at": "Verwachte oplossing",
    "expected_unknown": "nog onbekend",
    "reopened": "Opnieuw gemeld",
    "workaround": "Wat kunt u nu doen?",
    "details": "Bekijk in het serviceportaal",
    "subscribe": "Houd mij op de hoogte",
    "about_item": "over: {title}",
    "frame_title": "Storingen, rechtstreeks van de hub",
    "frame_note": "Deze tegel komt rechtstreeks van de hub.",
    "news_title": "Nieuws",
    "agenda_title": "Agenda",
    "apps_title": "Snel naar",
    "timeline_title": "Tijdlijn",
    "timeline_sub": "Berichten van collega's en van de organisatie.",
    "service": "Servicedesk",
    "read_more": "Lees meer",
    "people_title": "Collega's",
    "people_sub": "Zoek op naam, functie, afdeling of plaats.",
    "people_search": "Zoeken",
    "people_words": "Zoekwoorden",
    "people_one": "1 collega",
    "people_count": "{count} collega's",
    "people_in": "In de groep {group}.",
    "people_all": "Toon alle collega's",
    "people_none": "Niemand gevonden. Probeer een deel van de naam.",
    "people_pages": "Bladeren",
    "people_page": "Pagina {page} van {pages}",
    "people_earlier": "Vorige",
    "people_later": "Volgende",
    "person_gone": "Dit profiel is er niet",
    "person_gone_sub": "Deze collega werkt hier niet meer, is er even niet, of was er nooit.",
    "person_back": "Naar alle collega's",
    "person_photo": "Foto van {name}",
    "person_external": "Extern",
    "person_facts": "Gegevens",
    "person_title": "Functie",
    "person_department": "Afdeling",
    "person_organisation": "Organisatie",
    "person_office": "Werkplek",
    "person_phone": "Telefoon",
    "person_mobile": "Mobiel",
    "person_mail": "E-mail",
    "person_manager": "Leidinggevende",
    "person_groups": "Groepen",
    "person_no_groups": "In geen enkele groep.",
    "person_look": "Bekijk het intranet als {name}",
    "seen_as": "U bekijkt het intranet als {name}.",
    "seen_stop": "Stop daarmee",
    "requests_title": "Verzoeken aan de koppeling",
    "requests_sub": "Wat andere systemen aan dit intranet vroegen, het nieuwste eerst.",
    "requests_none": "Nog geen verzoeken.",
    "req_at": "Tijd",
    "req_what": "Verzoek",
    "req_status": "Antwoord",
    "req_broken": "afgebroken",
    "req_replayed": "herhaald",
    "footer": "Voorbeeldintranet om mee te oefenen. Namen en berichten zijn verzonnen.",
    "days": "ma di wo do vr za zo",
    "months": "jan feb mrt apr mei jun jul aug sep okt nov dec",
}

EN = {
    "skip": "Skip to content",
    "nav": "Main menu",
    "nav_home": "Home",
    "nav_timeline": "Timeline",
    "nav_people": "Colleagues",
    "nav_requests": "Requests",
    "view_as": "View as a colleague of",
    "view_nobody": "No organisation chosen",
    "view_show": "Show",
    "language": "Language",
    "morning": "Good morning",
    "afternoon": "Good afternoon",
    "evening": "Good evening",
    "greeting_sub": "This is going on today.",
    "tile_title": "Disturbances",
    "tile_calm": "No reported disturbances",
    "tile_calm_sub": "Is something not working? Call the service desk, extension 1234.",
    "tile_unknown": "Nothing received yet",
    "tile_unknown_sub": "No source has reported disturbances yet.",
    "tile_stale": "Not updated since {when}.",
    "tile_stale_sub": "What stands here may be out of date.",
    "tile_updated": "Updated {when}",
    "tile_count_one": "1 disturbance",
    "tile_count": "{count} disturbances",
    "open": "Disturbance",
    "solved": "Solved",
    "planned": "Planned maintenance",
    "busy": "Maintenance in progress",
    "finished": "Maintenance finished",
    "begins": "From",
    "until": "Until",
    "since": "Since",
    "solved_at": "Solved",
    "expected_at": "Expected solution",
    "expected_unknown": "not known yet",
    "reopened": "Reported again",
    "workaround": "What can you do now?",
    "details": "View in the service portal",
    "subscribe": "Keep me informed",
    "about_item": "about: {title}",
    "frame_title": "Disturbances, straight from the hub",
    "frame_note": "This tile comes straight from the hub.",
    "news_title": "News",
    "agenda_title": "Agenda",
    "apps_title": "Quick links",
    "timeline_title": "Timeline",
    "timeline_sub": "Messages from colleagues and from the organisation.",
    "service": "Service desk",
    "read_more": "Read more",
    "people_title": "Colleagues",
    "people_sub": "Search by name, job, department or place.",
    "people_search": "Search",
    "people_words": "Words to search for",
    "people_one": "1 colleague",
    "people_count": "{count} colleagues",
    "people_in": "In the group {group}.",
    "people_all": "Show all colleagues",
    "people_none": "Nobody found. Try a part of the name.",
    "people_pages": "Pages",
    "people_page": "Page {page} of {pages}",
    "people_earlier": "Previous",
    "people_later": "Next",
    "person_gone": "This profile is not here",
    "person_gone_sub": "This colleague no longer works here, is away, or never was here.",
    "person_back": "To all colleagues",
    "person_photo": "Picture of {name}",
    "person_external": "External",
    "person_facts": "Details",
    "person_title": "Job",
    "person_department": "Department",
    "person_organisation": "Organisation",
    "person_office": "Workplace",
    "person_phone": "Telephone",
    "person_mobile": "Mobile",
    "person_mail": "E-mail",
    "person_manager": "Manager",
    "person_groups": "Groups",
    "person_no_groups": "In no group.",
    "person_look": "View the intranet as {name}",
    "seen_as": "You view the intranet as {name}.",
    "seen_stop": "Stop that",
    "requests_title": "Requests to the interface",
    "requests_sub": "What other systems asked of this intranet, newest first.",
    "requests_none": "No requests yet.",
    "req_at": "Time",
    "req_what": "Request",
    "req_status": "Answer",
    "req_broken": "broken off",
    "req_replayed": "replayed",
    "footer": "A practice intranet. Names and messages are made up.",
    "days": "Mon Tue Wed Thu Fri Sat Sun",
    "months": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
}

TEXTS: Mapping[Language, Mapping[str, str]] = {"nl": NL, "en": EN}


@dataclass(frozen=True)
class Story:
    """A made-up news card, appointment, application or colleague's post."""

    title: Mapping[Language, str]
    text: Mapping[Language, str]


def _story(nl: tuple[str, str], en: tuple[str, str]) -> Story:
    return Story({"nl": nl[0], "en": en[0]}, {"nl": nl[1], "en": en[1]})


NEWS = (
    _story(
        ("Nieuwe fietsenstalling open", "De stalling bij het gemeentehuis heeft nu 120 plekken."),
        ("New bicycle shed is open", "The shed at the town hall now has room for 120 bicycles."),
    ),
    _story(
        ("Samen koken voor de buurt", "Vrijdag kookt het sociaal team. Er is plaats voor dertig."),
        ("Cooking for the neighbourhood", "The social team cooks on Friday, for thirty guests."),
    ),
)
AGENDA = (
    _story(("Lunchlezing begroting", "12:15, raadzaal"), ("Budget talk", "12:15, council hall")),
    _story(("Vergadering OR", "14:00, kamer 2.08"), ("Works council", "14:00, room 2.08")),
    _story(
        ("Welkom nieuwe collega's", "15:30, kantine"), ("Welcome to new staff", "15:30, canteen")
    ),
)
APPS = (
    _story(("Serviceportaal", ""), ("Service portal", "")),
    _story(("Zaaksysteem", ""), ("Case system", "")),
    _story(("Rooster", ""), ("Roster", "")),
    _story(("Telefoongids", ""), ("Phone book", "")),
)
POSTS = (
    _story(
        ("Team Groen", "De eerste bomen aan de Hoofdstraat staan. Kom je kijken?"),
        ("Green team", "The first trees in the main street are planted. Come and look!"),
    ),
    _story(
        (
            "Personeelsvereniging",
            "De sinterklaasmiddag is op 3 december. Meld je aan voor vrijdag.",
        ),
        ("Staff association", "Our Saint Nicholas party is on 3 December. Sign up by Friday."),
    ),
    _story(
        ("Burgerzaken", "Vandaag gaven we het duizendste paspoort van dit najaar uit."),
        ("Civil affairs", "Today we issued the thousandth passport of this autumn."),
    ),
)


def moment(at: datetime, now: datetime, language: Language) -> str:
    """Write a time in the Netherlands; the day is left out when it is today."""
    local, today = at.astimezone(ZONE), now.astimezone(ZONE).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    words = TEXTS[language]
    day, month = words["days"].split()[local.weekday()], words["months"].split()[local.month - 1]
    return f"{day} {local.day} {month} {local:%H:%M}"


def greeting(now: datetime, language: Language) -> str:
    """Greet by the hour in the Netherlands."""
    hour = now.astimezone(ZONE).hour
    part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
    return TEXTS[language][part]
