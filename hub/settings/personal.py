"""What hub.yaml may say of personal pages: who logs in, how long, and what they are shown."""

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema

from hub.events.base import Model
from hub.settings.kinds import Duration, Name, ProxyUrl
from hub.settings.problems import Place

_ISSUER = r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?(/[^\s?#]*)?)$"
LONGEST = timedelta(days=90)
LOOPBACK = {"localhost", "127.0.0.1"}


def is_safe(address: str) -> bool:
    """Whether a password or cookie may travel there: https, or this machine itself."""
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in LOOPBACK


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if not (is_safe(value) and parts.hostname) or parts.query or parts.fragment or parts.username:
        raise ValueError(
            "must be the provider's own https address, such as `https://login.example.org`"
        )
    return value


def _lasting(value: timedelta) -> timedelta:
    if not timedelta(minutes=5) <= value <= LONGEST:
        raise ValueError("must be at least `5m` and at most `90d`")
    return value


Issuer = Annotated[
    str, AfterValidator(_issuer), WithJsonSchema({"type": "string", "pattern": _ISSUER})
]
Lasting = Annotated[Duration, AfterValidator(_lasting)]
Known = Literal["user_name", "mail", "employee_number"]


class Recognise(Model):
    """A claim of the provider that says who somebody is."""

    claim: str = Field(
        min_length=1,
        max_length=100,
        description="The provider's name for it: `preferred_username`, `email`, `oid`, ...",
    )
    attribute: Known | Literal["key"] = Field(
        description="What it must equal: `user_name`, `mail`, `employee_number`, or `key`, the "
        "account's own key in its source. A `mail` counts only in `people.mail_domains`, and the "
        "claim `email` only where the provider calls it verified."
    )
    sources: tuple[Name, ...] = Field(
        min_length=1, description="Instances whose accounts are asked; others say nothing here."
    )


class Login(Model):
    """The organisation's identity provider, by OpenID Connect."""

    issuer: Issuer = Field(description="Its address, exactly as it calls itself.")
    client_id: str = Field(min_length=1, description="How the hub is registered there.")
    client_secret: SecretStr | None = Field(
        None,
        min_length=1,
        description="The secret of that registration; a reference such as `${env:OIDC_SECRET}`. "
        "None for a public client.",
    )
    scopes: tuple[Annotated[str, Field(pattern=r"^[!#-\[\]-~]+$")], ...] = Field(
        ("openid", "profile", "email"), description="What is asked for; `openid` always is."
    )
    person: tuple[Recognise, ...] = Field(
        min_length=1,
        description="How the hub knows who it is. All of these together must lead to exactly one "
        "person; nobody, or more than one, is let in.",
    )
    ca_file: str | None = Field(
        None,
        min_length=1,
        description="PEM file of the organisation's own CA, seen from this file.",
    )
    proxy: ProxyUrl | None = Field(
        None, repr=False, description="The proxy on the way there; none unless named."
    )


class OwnTickets(Model):
    """The tickets of the person who looks, asked of one instance at that moment."""

    attribute: Known = Field(description="What of the person the source is asked by.")
    sources: tuple[Name, ...] = Field(
        min_length=1, description="Instances whose word about that attribute is believed."
    )
    sessions: tuple[Literal["oidc", "device"], ...] = Field(
        ("oidc",),
        min_length=1,
        description="Who is shown them: who logged in at the identity provider (`oidc`), or also "
        "who redeemed a one-time code on this device (`device`).",
    )


class Personal(Model):
    """Pages for one person each, below `/me`."""

    login: Login | None = Field(
        None, description="Where people log in; without it only an invitation opens a session."
    )
    session: Lasting = Field(
        timedelta(hours=8),
        description="When a login ends in any case; `5m` to `90d`.",
        json_schema_extra={"default": "8h"},
    )
    idle: Lasting = Field(
        timedelta(hours=1),
        description="When a login that is not used ends; `5m` to `90d`.",
        json_schema_extra={"default": "1h"},
    )
    tickets: dict[Name, OwnTickets] = Field(
        {}, description="Instance to how its tickets of the person who looks are found."
    )

    def instances(self) -> list[tuple[Place, str]]:
        """Every instance that is named, and where."""
        found: list[tuple[Place, str]] = []
        for at, rule in enumerate(self.login.person if self.login else ()):
            place: Place = ("personal", "login", "person", at, "sources")
            found += [((*place, n), name) for n, name in enumerate(rule.sources)]
        for name, one in self.tickets.items():
            place = ("personal", "tickets", name)
            found.append((place, name))
            found += [((*place, "sources", n), who) for n, who in enumerate(one.sources)]
        return found
