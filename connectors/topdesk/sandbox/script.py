"""The beats of the story: what the service desk does, and what a correct tile then shows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from connectors.topdesk.sandbox import seed as seeds
from connectors.topdesk.sandbox.rows import Row
from connectors.topdesk.sandbox.state import TopdeskState

MAIL, PHONES, CASES, WIFI = "M 2611 021", "M 2611 022", "M 2611 023", "M 2611 024"
PERSONAL, SCRIPT, LONG, DST_MAJOR = "M 2611 025", "M 2611 026", "M 2611 027", "M 2610 007"
CHANGE, INTERNAL_CHANGE, CANCELLED_CHANGE = "C 2611 0003", "C 2611 0004", "C 2611 0005"
BRANCH_OF = {PHONES: "Uithoorn"}
PERSONAL_TITLE = "Bel Petra Veenstra op 06-12345678 over de printers"
SCRIPT_TITLE = "Documenten <script>alert('kanarie')</script> openen niet"
# 80 characters, the specification's maximum, with emoji inside and outside the basic plane
LONG_TITLE = "Thuiswerken hapert 📶: VPN valt telkens weg op alle locaties ⚠️ werk op kantoor 🏢"
_REPORTS = (("I 2611 9001", "Daniël"), ("I 2611 9002", "Aisha"), ("I 2611 9003", "Chloë"))

Shows = tuple[str, Literal["open", "solved"] | None]
Act = Callable[[TopdeskState, datetime], object]


@dataclass(frozen=True)
class Beat:
    """One step of the script.

    Attributes:
        after: since the start.
        act: changes the state at a moment.
        shows: the number of a published major, and what a correct tile shows of it from now on;
            None: nothing.
    """

    after: timedelta
    name: str
    description: str
    act: Act
    shows: Shows | None = None


def prepare(state: TopdeskState, start: datetime) -> None:
    """What stands before the morning: a planned change, and a major across the autumn change."""
    state.add_change(CHANGE, "Onderhoud DigiD-koppeling", start + timedelta(minutes=55),
                     start + timedelta(minutes=115), sub="Zaaksysteem")  # fmt: skip
    state.add_change(INTERNAL_CHANGE, "Proef met nieuwe firewall van Noordlicht",
                     start + timedelta(minutes=30), start + timedelta(minutes=90),
                     sub="VPN", status="Intern")  # fmt: skip
    state.add_change(CANCELLED_CHANGE, "Herstart printservers", start + timedelta(minutes=200),
                     start + timedelta(minutes=215), sub="Printers")  # fmt: skip
    began = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time
    ended = began + timedelta(hours=1)  # 02:30 again, winter time
    row = _add(state, began, DST_MAJOR, "Zaaksysteem niet bereikbaar", "Zaaksysteem")
    state.edit(row["id"], at=began, majorCall=True, publishToSsd=True)
    state.add_progress(row["id"], "Zaaksysteem doet niets.", author="Brouwer, Daniël", at=began,
                       request=True)  # fmt: skip
    state.add_progress(row["id"], "Weer gestart, graag controleren.", author="Brouwer, Daniël",
                       at=ended, request=True)  # fmt: skip
    state.edit(row["id"], at=ended, completed=True, closed=True, processingStatus="Gesloten")


def _add(
    state: TopdeskState, at: datetime, number: str, title: str, sub: str, **fields: Any
) -> Row:
    chosen = seeds.reference_fields(state.catalogue, sub, "In behandeling", "P1")
    ident = seeds.identifier(state.options.seed, "story", number)
    base: Row = {"id": ident, "number": number, "briefDescription": title}
    return state.add_incident(at=at, **(base | chosen | fields))


def _id(state: TopdeskState, number: str) -> str:
    return seeds.identifier(state.options.seed, "story", number)


def _reports(state: TopdeskState, at: datetime) -> None:
    for number, caller in _REPORTS:
        person = state.catalogue.person(caller)
        row = _add(state, at, number, "Outlook opent niet", "E-mail", priority="P3",
                   caller=caller, callerBranch=person["branch"])  # fmt: skip
        state.add_progress(row["id"], f"Outlook opent niet. Groet, {caller}",
                           author=person["dynamicName"], at=at, request=True)  # fmt: skip


def _major(number: str, title: str, sub: str, *, published: bool = True, **fields: Any) -> Act:
    def act(state: TopdeskState, at: datetime) -> None:
        flags = {"majorCall": True, "publishToSsd": published, "callerBranch":
                 "Uitvoeringsorganisatie", "impact": "Organisatie"}  # fmt: skip
        _add(state, at, number, title, sub, **(flags | fields))

    return act


def _edit(number: str, **fields: Any) -> Act:
    return lambda state, at: state.edit(_id(state, number), at=at, **fields)


def _solve(number: str) -> Act:
    return _edit(number, completed=True, processingStatus="Opgelost")


def _reopen(number: str) -> Act:
    return _edit(number, completed=False, processingStatus="In behandeling")


def _link(state: TopdeskState, at: datetime) -> None:
    for number, _ in _REPORTS[:2]:
        state.link_minor(_id(state, number), _id(state, MAIL), at=at)


def _personal(state: TopdeskState, at: datetime) -> None:
    _major(PERSONAL, PERSONAL_TITLE, "Printers", caller="Petra")(state, at)
    state.add_progress(_id(state, PERSONAL), "Mail naar petra.veenstra@example.org",
                       author="Veenstra, Petra", at=at, request=True)  # fmt: skip


def _update(state: TopdeskState, at: datetime) -> None:
    text = "We onderzoeken de storing. <b>Webmail</b> werkt wel."
    state.add_progress(_id(state, MAIL), text, at=at)


def _internal(state: TopdeskState, at: datetime) -> None:
    text = "Noordlicht Hosting meldt een defecte schijvenkast; Ruben de Graaf belt hen elk uur."
    state.add_progress(_id(state, MAIL), text, internal=True, author="Graaf, Ruben de", at=at)
    state.edit(_id(state, MAIL), at=at, supplier="Noordlicht Hosting B.V.")


def _change_id(state: TopdeskState, number: str) -> str:
    return seeds.identifier(state.options.seed, "change", number)


def _change(**fields: Any) -> Act:
    def act(state: TopdeskState, at: datetime) -> None:
        ident = _change_id(state, CHANGE)
        moved = {k: at + v if isinstance(v, timedelta) else v for k, v in fields.items()}
        state.changes[ident] = state.changes[ident] | moved

    return act


def _beat(clock: str, name: str, description: str, act: Act, shows: Shows | None = None) -> Beat:
    hours, minutes = clock.split(":")
    after = timedelta(hours=int(hours) - 8, minutes=int(minutes))
    return Beat(after, name, description, act, shows)


BEATS: tuple[Beat, ...] = (
    _beat("8:02", "reports", "Drie collega's melden: Outlook opent niet.", _reports),
    _beat("8:05", "phones", "De balietelefonie in Uithoorn ligt eruit; alleen voor Uithoorn.",
          _major(PHONES, "Telefonie balie Uithoorn", "Vaste telefonie", branch="Uithoorn",
                 callerBranch="Uithoorn", caller="Aisha"), (PHONES, "open")),
    _beat("8:10", "mail-major", "De servicedesk maakt er een major van, nog niet gepubliceerd.",
          _major(MAIL, "E-mail niet bereikbaar", "E-mail", published=False)),
    _beat("8:12", "mail-published", "E-mail niet bereikbaar: gepubliceerd op het portaal.",
          _edit(MAIL, publishToSsd=True), (MAIL, "open")),
    _beat("8:15", "mail-minors", "Twee meldingen worden aan de major gekoppeld.", _link),
    _beat("8:18", "cases", "Het zaaksysteem is traag: major en gepubliceerd.",
          _major(CASES, "Zaaksysteem traag", "Zaaksysteem"), (CASES, "open")),
    _beat("8:20", "wifi", "De wifi in De Kwakel valt uit: major en gepubliceerd.",
          _major(WIFI, "wifi De Kwakel", "Wifi"), (WIFI, "open")),
    _beat("8:22", "personal", "Een titel met een naam en een telefoonnummer wordt gepubliceerd.",
          _personal, (PERSONAL, "open")),
    _beat("8:24", "script", "Een titel met een script erin wordt gepubliceerd.",
          _major(SCRIPT, SCRIPT_TITLE, "Documentbeheer"), (SCRIPT, "open")),
    _beat("8:25", "mail-update", "Een zichtbare update bij de e-mailstoring.", _update),
    _beat("8:27", "mail-internal", "Een interne update noemt een leverancier en een persoon.",
          _internal),
    _beat("8:28", "long", "Een titel van precies 80 tekens, met emoji.",
          _major(LONG, LONG_TITLE, "VPN"), (LONG, "open")),
    _beat("8:35", "change-moved", "Onderhoud DigiD-koppeling schuift een half uur op.",
          _change(startDate=timedelta(minutes=50), endDate=timedelta(minutes=110))),
    _beat("8:40", "mail-solved", "E-mail werkt weer: Opgelost.", _solve(MAIL), (MAIL, "solved")),
    _beat("8:47", "mail-reopened", "Toch niet: de e-mailstoring gaat weer open.",
          _reopen(MAIL), (MAIL, "open")),
    _beat("8:50", "cases-demoted", "Het trage zaaksysteem is bij nader inzien geen major.",
          _edit(CASES, majorCall=False, publishToSsd=False), (CASES, None)),
    _beat("8:58", "mail-solved-2", "E-mail werkt weer.", _solve(MAIL), (MAIL, "solved")),
    _beat("9:04", "mail-reopened-2", "En weer niet.", _reopen(MAIL), (MAIL, "open")),
    _beat("9:10", "wifi-deleted", "De wifi-melding was een vergissing en wordt verwijderd.",
          lambda state, _: state.delete(_id(state, WIFI)), (WIFI, None)),
    _beat("9:15", "change-cancelled", "De herstart van de printservers gaat niet door.",
          lambda state, _: state.changes.pop(_change_id(state, CANCELLED_CHANGE))),
    _beat("9:20", "phones-solved", "De telefonie in Uithoorn werkt weer.",
          _solve(PHONES), (PHONES, "solved")),
    _beat("9:25", "change-started", "Onderhoud DigiD-koppeling begint.",
          _change(currentState="in_progress")),
    _beat("9:30", "personal-solved", "De printers werken weer.",
          _solve(PERSONAL), (PERSONAL, "solved")),
    _beat("9:40", "script-solved", "Documenten openen weer.", _solve(SCRIPT), (SCRIPT, "solved")),
    _beat("9:50", "mail-solved-3", "E-mail werkt weer, en blijft werken.",
          _solve(MAIL), (MAIL, "solved")),
    _beat("10:10", "long-solved", "Thuiswerken lukt weer.", _solve(LONG), (LONG, "solved")),
    _beat("10:25", "change-done", "Onderhoud DigiD-koppeling is klaar.",
          _change(currentState="done")),
    _beat("10:30", "mail-closed", "De e-mailstoring wordt gesloten.",
          _edit(MAIL, closed=True, processingStatus="Gesloten")),
)  # fmt: skip
