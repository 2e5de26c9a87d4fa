"""What hub.yaml may say of mail: the server that takes messages from the hub."""

import ipaddress
import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, model_validator

from hub.events.base import Model
from hub.mail import ADDRESS, PORTS, Security

_HOST = r"^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+)$"


def _host(value: str) -> str:
    if not re.fullmatch(_HOST, value):
        raise ValueError("must be a name such as `mail.example.org`, without scheme and port")
    return value


def _address(value: str) -> str:
    if not re.fullmatch(ADDRESS, value):
        raise ValueError("must be a mail address such as `intranet@example.org`")
    return value


Host = Annotated[str, AfterValidator(_host), WithJsonSchema({"type": "string", "pattern": _HOST})]
MailAddress = Annotated[
    str,
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "pattern": f"^{ADDRESS}$"}),
]


def _is_here(host: str) -> bool:
    """Whether this is the machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class MailSettings(Model):
    """The mail server that takes messages from the hub. Without it the hub sends no mail."""

    host: Host = Field(description="Its name, as its certificate says it.")
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Its port; 587 for `starttls`, 465 for `tls`, 25 for `none` unless named.",
    )
    security: Security = Field(
        "starttls",
        description="`starttls`: encrypted after a greeting; `tls`: from the first byte; `none`: "
        "not at all, which only a server on this machine itself may have.",
    )
    user: str | None = Field(None, min_length=1, description="The login; none unless named.")
    password: SecretStr | None = Field(
        None,
        min_length=1,
        description="Its password; a reference such as `${env:MAIL_PASSWORD}`.",
    )
    sender: MailAddress = Field(description="The address that messages come from.")
    ca_file: str | None = Field(
        None,
        min_length=1,
        description="PEM file of the organisation's own CA, seen from this file.",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.security == "none" and not _is_here(self.host):
            raise ValueError("sends without encryption to another machine: use `starttls` or `tls`")
        if (self.user is None) != (self.password is None):
            raise ValueError("has only one of `user` and `password`: give both, or neither")
        return self

    @property
    def taken_port(self) -> int:
        """The port that is meant."""
        return self.port or PORTS[self.security]
