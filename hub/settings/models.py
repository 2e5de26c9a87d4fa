"""What hub.yaml and the files in `connectors/` may say: closed, frozen, described."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, WithJsonSchema

from hub.events.base import ROUTED, Family, Language, Model, Text
from hub.events.objects import Audience
from hub.settings.administrators import Administrator, AdministratorName
from hub.settings.kinds import (
    Duration,
    Keeping,
    Name,
    Origin,
    Pace,
    ProxyUrl,
    Rate,
    StoreUrl,
    TimeZone,
    WebUrl,
)
from hub.settings.mail import MailSettings
from hub.settings.people import PeopleSettings
from hub.settings.personal import Personal
from hub.settings.removals import Quarantine, Removals

EVERYONE = "everyone"
DISTURBANCES = "disturbances"
WEB = "web"


class Mode(StrEnum):
    """What an instance may do: `watch` sends nothing, `pilot` to some audiences, `live` to all."""

    WATCH = "watch"
    PILOT = "pilot"
    LIVE = "live"


class AudienceSettings(Audience):
    """For whom: everyone, or the members of groups of the intranet."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["everyone"], "properties": {"everyone": {"const": True}}},
                {"required": ["groups"], "properties": {"groups": {"minItems": 1}}},
            ]
        }
    )


class Tile(Model):
    """One tile on the intranet's dashboard."""

    title: Text = Field(description="The heading of the tile, per language.")
    stale_after: Pace = Field(
        timedelta(minutes=5),
        description="How long its rows may be believed without a new reading; then it says so.",
        json_schema_extra={"default": "5m"},
    )


class ServiceDesk(Model):
    """Where people can ask; shown on tiles."""

    hours: Text | None = Field(None, description="When somebody answers, in words.")
    phone: str | None = Field(None, min_length=3, description="The telephone number, as shown.")
    url: WebUrl | None = Field(None, description="The self-service portal.")


class Web(Model):
    """The hub's own pages."""

    host: str = Field("127.0.0.1", min_length=1, description="The address to listen on.")
    port: int = Field(8090, ge=1, le=65535, description="The port to listen on.")
    public_url: WebUrl | None = Field(
        None, description="How the pages are reached from outside, where a proxy stands in front."
    )
    frame_ancestors: tuple[Origin, ...] = Field(
        (), description="The intranets that may show a tile in a frame; origins only."
    )


class Audit(Model):
    """The audit trail: who did what."""

    head_file: str | None = Field(
        None,
        min_length=1,
        description="Where once a day its newest digest is added, seen from this file. Best on "
        "another machine, where nobody who can change the store can change it. Unless named: `.heads` "
        "after the name of the store's file, or `audit.heads` beside this one.",
    )


class Retention(Model):
    """How long the store remembers; once a day older things are forgotten."""

    events: Keeping = Field(
        timedelta(days=400),
        description="Accepted facts, at least `1d`; the newest of each subject stays as long as it.",
        json_schema_extra={"default": "400d"},
    )
    runs: Keeping = Field(
        timedelta(days=90),
        description="Readings, whatever became of them, and answered requests; at least `1d`.",
        json_schema_extra={"default": "90d"},
    )
    people: Keeping = Field(
        timedelta(days=90),
        description="Accepted facts about people, and what is known of accounts, groups and "
        "memberships after they left; at least `1d`.",
        json_schema_extra={"default": "90d"},
    )


class TargetSettings(Model):
    """One intranet that objects are sent to."""

    target: str = Field(min_length=1, description="The kind of target, such as `openintranet`.")
    ca_file: str | None = Field(
        None,
        min_length=1,
        description="PEM file of the organisation's own CA, seen from this file.",
    )
    proxy: ProxyUrl | None = Field(
        None, repr=False, description="The proxy on the way there; none unless named."
    )
    pace: Rate | None = Field(
        None, description="Requests a second at most, all together; as fast as goes unless named."
    )
    settings: dict[str, Any] = Field({}, repr=False, description="What this kind of target needs.")


def _tiles(value: dict[str, Tile]) -> dict[str, Tile]:
    title: dict[Language, str] = {"nl": "Storingen", "en": "Disturbances"}
    return {DISTURBANCES: Tile(title=title)} | value


def _audiences(value: dict[str, AudienceSettings]) -> dict[str, AudienceSettings]:
    if EVERYONE in value and value[EVERYONE].everyone is None:
        raise ValueError("narrows `everyone`: give the narrower audience a name of its own")
    return {EVERYONE: AudienceSettings(everyone=True)} | value


def _targets(value: dict[str, TargetSettings]) -> dict[str, TargetSettings]:
    if WEB in value:
        raise ValueError("names `web`, the hub's own pages, which always exist: remove it")
    return value


def _lease(value: timedelta) -> timedelta:
    if not timedelta(seconds=5) <= value <= timedelta(minutes=10):
        raise ValueError("must be at least `5s` and at most `10m`")
    return value


class HubSettings(Model):
    """What hub.yaml says. `HUB_STORE`, `HUB_WEB__PORT` and so on come before the file."""

    store: StoreUrl = Field(
        repr=False,
        description="The database: `sqlite:///hub.db`, seen from this file's folder, or "
        "`postgresql://user:${env:NAME}@host/database`.",
    )
    lease: Annotated[Duration, AfterValidator(_lease)] = Field(
        timedelta(seconds=30),
        description="On PostgreSQL: a process that shows no sign of life for so long loses what it "
        "owns to the others; `5s` to `10m`.",
        json_schema_extra={"default": "30s"},
    )
    organisation: str = Field(min_length=1, description="The name that pages show.")
    language: Language = Field("nl", description="The first language of the pages.")
    time_zone: TimeZone = Field("Europe/Amsterdam", description="For the times that pages show.")
    service_desk: ServiceDesk = Field(ServiceDesk.by_default(), description="Where people can ask.")
    web: Web = Field(Web.by_default(), description="How the hub's own pages are served.")
    retention: Retention = Field(
        Retention.by_default(), description="How long the store remembers."
    )
    people: PeopleSettings = Field(
        PeopleSettings.by_default(), description="How accounts become persons."
    )
    mail: MailSettings | None = Field(
        None, description="The server that takes mail from the hub; without it no mail is sent."
    )
    personal: Personal = Field(Personal.by_default(), description="Pages for one person each.")
    audit: Audit = Field(
        Audit.by_default(), description="Where the audit trail's heads are written down."
    )
    administrators: dict[AdministratorName, Administrator] = Field(
        {},
        description="Who may decide, by the name of their account on this machine, or as `hub --as "
        "NAME` gives it. Without this list: whoever may run the command.",
    )
    audiences: Annotated[dict[Name, AudienceSettings], AfterValidator(_audiences)] = Field(
        {}, validate_default=True, description="For whom; `everyone` always exists."
    )
    tiles: Annotated[dict[Name, Tile], AfterValidator(_tiles)] = Field(
        {}, validate_default=True, description="The tiles; `disturbances` always exists."
    )
    targets: Annotated[dict[Name, TargetSettings], AfterValidator(_targets)] = Field(
        {}, description="The intranets; `web`, the hub's own pages, always exists."
    )


class When(Model):
    """Which subjects a route takes: every named field must have one of the values."""

    branch: tuple[str, ...] | None = Field(
        None, min_length=1, description="Sites, as the source names them."
    )
    category: tuple[str, ...] | None = Field(
        None, min_length=1, description="Kinds of service, as the source names them."
    )


def _routed(value: Family) -> Family:
    if value not in ROUTED:
        raise ValueError(f"is `{value}`, and people are never shown on a tile")
    return value


Routed = Annotated[
    Family,
    AfterValidator(_routed),
    WithJsonSchema({"enum": sorted(ROUTED), "type": "string"}),
]


class RouteSettings(Model):
    """A rule from subjects to rows of a tile, and for whom."""

    family: Routed = Field(
        Family.INCIDENT, description="What it takes: `incident` or `maintenance`."
    )
    tile: str = Field(DISTURBANCES, description="The tile of hub.yaml that shows it.")
    audience: str | None = Field(
        None, description="The audience of hub.yaml; that of the instance unless named."
    )
    when: When = Field(When.by_default(), description="Only these; all of them unless named.")
    keep_solved: Duration = Field(
        timedelta(hours=4),
        description="How long a solved one stays visible.",
        json_schema_extra={"default": "4h"},
    )
    visible_from: Duration = Field(
        timedelta(days=7),
        description="How long before it begins planned maintenance is shown.",
        json_schema_extra={"default": "7d"},
    )
    targets: tuple[str, ...] | None = Field(
        None, min_length=1, description="Where to; as the instance says unless named."
    )


class CallSettings(Model):
    """How a caller from outside proves itself; at least 16 characters make a secret."""

    secret: SecretStr = Field(
        min_length=16,
        description="What the caller must show in the header `X-Hub-Secret` (or as `Authorization: "
        "Bearer`), or sign with; a reference such as `${env:HOOK_SECRET}`.",
    )
    previous_secret: SecretStr | None = Field(
        None, min_length=16, description="Also good, while a new secret is brought in."
    )
    hmac: bool = Field(
        False,
        description="The caller signs instead of showing the secret: `X-Hub-Signature-256: "
        "sha256=...` over `X-Hub-Timestamp`, a full stop and the body.",
    )


class InstanceSettings(Model):
    """One configured connector: one file in `connectors/`."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"mode": {"const": "pilot"}}, "required": ["mode"]},
            "then": {"required": ["pilot"]},
        }
    )

    connector: str = Field(min_length=1, description="The kind of source, such as `topdesk`.")
    id: Name | None = Field(
        None, description="Its identity, which must never change; the file's name unless named."
    )
    name: str | None = Field(None, min_length=1, description="What screens call it.")
    mode: Mode = Field(
        Mode.WATCH,
        description="`watch` reads and plans but sends nothing; `pilot` sends to the audiences "
        "in `pilot` only; `live` sends.",
    )
    pilot: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="The audiences of hub.yaml that mode `pilot` sends to; needed in that mode.",
    )
    audience: str = Field(EVERYONE, description="For whom, where a route does not say.")
    targets: tuple[str, ...] | None = Field(
        None, min_length=1, description="Where to; every target of hub.yaml unless named."
    )
    reopen_within: Duration = Field(
        timedelta(hours=72),
        description="A subject that returns within this is the same matter.",
        json_schema_extra={"default": "72h"},
    )
    routes: tuple[RouteSettings, ...] = Field(
        (RouteSettings.by_default(),),
        min_length=1,
        description="The rules; one for everything unless named.",
    )
    every: Pace | None = Field(
        None, description="The pause between readings, at least 10s; the connector's unless named."
    )
    ca_file: str | None = Field(
        None,
        min_length=1,
        description="PEM file of the organisation's own CA, seen from this file.",
    )
    proxy: ProxyUrl | None = Field(
        None, repr=False, description="The proxy on the way there; none unless named."
    )
    pace: Rate | None = Field(
        None, description="Requests a second at most, all together; as fast as goes unless named."
    )
    webhook: CallSettings | None = Field(
        None,
        description="Lets the source say at `/hooks/<id>` of the hub's pages that something "
        "changed; off unless named.",
    )
    receive: CallSettings | None = Field(
        None,
        description="Takes data by `POST /in/<id>/<stream>` at the hub's pages, or lets the source "
        "speak its protocol below `/in/<id>/`; off unless named.",
    )
    removals: Removals = Field(
        Removals.by_default(),
        description="How many people may leave at once before somebody is asked.",
    )
    quarantine: Quarantine = Field(
        Quarantine.by_default(),
        description="When a source of people is so bad that it is left alone.",
    )
    settings: dict[str, Any] = Field(
        {}, repr=False, description="What this kind of source needs; its README lists it."
    )
