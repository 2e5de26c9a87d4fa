"""Every text of the plan for a change board, in Dutch and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.events.base import Language


@dataclass(frozen=True, slots=True)
class PlanWords:
    """The texts of one language; names in braces are filled in by the renderer."""

    title: str
    lead: str
    made: str
    dry: str
    create: str
    update: str
    remove: str
    withheld: str
    stay: str
    hold: str
    summary: str
    changes: str
    nothing: str
    withheld_title: str
    withheld_lead: str
    holds_title: str
    holds_lead: str
    hold_line: str
    foreseen: str
    more: str
    stays_title: str
    stays_none: str
    config_title: str
    config_lead: str
    settings: str
    mode: str
    fingerprint: str
    read_title: str
    read_ok: str
    read_failed: str
    read_none: str
    on: str
    for_whom: str
    people: str
    everyone: str
    because: str
    gone: str
    not_now: str
    was: str
    becomes: str
    none: str
    yes: str
    no: str
    foot: str
    states: Mapping[str, str]
    fields: Mapping[str, str]
    blocks: Mapping[str, str]
    actions: Mapping[str, str]
    modes: Mapping[str, str]


DUTCH = PlanWords(
    title="Wat de hub zou veranderen",
    lead="Plan voor {organisation}",
    made="Gemaakt {when} ({zone}) door intranet-hub {version}.",
    dry="Er is alleen gelezen: niets is verstuurd of gewijzigd.",
    create="Nieuw",
    update="Gewijzigd",
    remove="Weg",
    withheld="Achtergehouden",
    stay="Blijft gelijk",
    hold="Wacht op besluit",
    summary="Samenvatting",
    changes="Wijzigingen",
    nothing="Er verandert niets.",
    withheld_title="Achtergehouden door de proef",
    withheld_lead="Deze regels zijn voor een publiek buiten de proef. Ze worden niet verstuurd.",
    holds_title="Wacht op een besluit",
    holds_lead="Deze wijzigingen gaan pas door als een beheerder ze vrijgeeft.",
    hold_line="{action} van {instance}, {size} object(en), sinds {since}",
    foreseen="ontstaat zodra de hub met deze configuratie start",
    more="en nog {count}",
    stays_title="Blijft zoals het is",
    stays_none="Er staat nog niets op het intranet.",
    config_title="Met welke configuratie",
    config_lead="Een andere vingerafdruk is een andere configuratie. Geheimen tellen niet mee.",
    settings="hub.yaml",
    mode="modus",
    fingerprint="vingerafdruk",
    read_title="Gelezen voor dit plan",
    read_ok="gelezen",
    read_failed="niet gelezen: {reason}",
    read_none="Er is geen bron gevraagd: dit plan toont wat de hub al wist.",
    on="Op {target}",
    for_whom="{tile}, voor {audience}",
    people="Mensen en groepen",
    everyone="iedereen",
    because="Oorzaak: {subject} uit {source}, via route {route}",
    gone="in de bron verdwenen ({reason})",
    not_now="Gaat nu niet door: {reason}.",
    was="was",
    becomes="wordt",
    none="leeg",
    yes="ja",
    no="nee",
    foot="Alles wat de hub plaatst, kan de hub ook weer weghalen: `hub withdraw`.",
    states=MappingProxyType({"open": "open", "solved": "opgelost", "planned": "gepland"}),
    fields=MappingProxyType(
        {
            "title": "titel",
            "state": "stand",
            "since": "sinds",
            "until": "tot",
            "solved_at": "opgelost",
            "expected_at": "verwacht herstel",
            "category": "soort",
            "workaround": "intussen",
            "reopened": "keren heropend",
            "links": "koppelingen",
            "audience": "publiek",
            "tile": "tegel",
            "manager": "leidinggevende",
        }
    ),
    blocks=MappingProxyType(
        {
            "watch": "de modus is `watch`",
            "paused": "de instantie is gepauzeerd",
            "the target's address changed: see `hub hold`": "het adres van het doel is gewijzigd",
            "the source is read otherwise: see `hub hold`": "de bron wordt anders gelezen",
        }
    ),
    actions=MappingProxyType(
        {
            "removal": "verwijdering",
            "configuration": "configuratie",
            "address": "adres",
            "people": "mensen",
            "groups": "groepen",
            "attributes": "velden van mensen",
            "preview": "voorbeeld van een gewijzigde bron",
        }
    ),
    modes=MappingProxyType(
        {"watch": "leest, verstuurt niets", "pilot": "proef", "live": "verstuurt"}
    ),
)

ENGLISH = PlanWords(
    title="What the hub would change",
    lead="Plan for {organisation}",
    made="Made {when} ({zone}) by intranet-hub {version}.",
    dry="This was reading only: nothing was sent or changed.",
    create="New",
    update="Changed",
    remove="Gone",
    withheld="Withheld",
    stay="Stays the same",
    hold="Waits for a decision",
    summary="Summary",
    changes="Changes",
    nothing="Nothing would change.",
    withheld_title="Withheld by the pilot",
    withheld_lead="These lines are for audiences outside the pilot. They are not sent.",
    holds_title="Waiting for a decision",
    holds_lead="These changes go on only when an administrator releases them.",
    hold_line="{action} of {instance}, {size} object(s), since {since}",
    foreseen="begins when the hub is started with this configuration",
    more="and {count} more",
    stays_title="Stays as it is",
    stays_none="Nothing stands on the intranet yet.",
    config_title="By which configuration",
    config_lead="Another fingerprint is another configuration. Secrets are no part of it.",
    settings="hub.yaml",
    mode="mode",
    fingerprint="fingerprint",
    read_title="Read for this plan",
    read_ok="read",
    read_failed="not read: {reason}",
    read_none="No source was asked: this plan shows what the hub knew already.",
    on="On {target}",
    for_whom="{tile}, for {audience}",
    people="People and groups",
    everyone="everyone",
    because="Cause: {subject} from {source}, through route {route}",
    gone="gone in the source ({reason})",
    not_now="Not now: {reason}.",
    was="was",
    becomes="becomes",
    none="empty",
    yes="yes",
    no="no",
    foot="Whatever the hub publishes it can take away again: `hub withdraw`.",
    states=MappingProxyType({"open": "open", "solved": "solved", "planned": "planned"}),
    fields=MappingProxyType(
        {
            "title": "title",
            "state": "state",
            "since": "since",
            "until": "until",
            "solved_at": "solved",
            "expected_at": "expected solution",
            "category": "category",
            "workaround": "meanwhile",
            "reopened": "times reopened",
            "links": "links",
            "audience": "audience",
            "tile": "tile",
            "manager": "manager",
        }
    ),
    blocks=MappingProxyType(
        {
            "watch": "the mode is `watch`",
            "paused": "the instance is paused",
            "the target's address changed: see `hub hold`": "the target's address changed",
            "the source is read otherwise: see `hub hold`": "the source is read otherwise",
        }
    ),
    actions=MappingProxyType(
        {
            "removal": "removal",
            "configuration": "configuration",
            "address": "address",
            "people": "people",
            "groups": "groups",
            "attributes": "fields of people",
            "preview": "preview of a changed source",
        }
    ),
    modes=MappingProxyType({"watch": "reads, sends nothing", "pilot": "pilot", "live": "sends"}),
)

PLAN_WORDS: Mapping[Language, PlanWords] = MappingProxyType({"nl": DUTCH, "en": ENGLISH})
