"""What an administrator says about one SCIM server."""

from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import Field, HttpUrl, SecretStr, field_validator

from hub.events.base import Model


class Existing(StrEnum):
    """What becomes of an account that stands there already under the same userName."""

    REFUSE = "refuse"
    ADOPT = "adopt"


class ScimSettings(Model):
    """How a SCIM server is reached."""

    url: HttpUrl = Field(
        description="Address in front of /Users, such as https://intranet.example.org/scim/v2."
    )
    token: SecretStr = Field(
        min_length=1, description="Bearer token; as ${env:...} or ${file:...}."
    )
    existing: Existing = Field(
        Existing.REFUSE,
        description="An account with the same userName that the hub did not make: refuse says so "
        "and leaves it alone; adopt writes the hub's fields into it from now on.",
    )
    at_once: int = Field(8, ge=1, le=64, description="Calls in flight.")

    @field_validator("url")
    @classmethod
    def _bare(cls, url: HttpUrl) -> HttpUrl:
        """Refuse parts that would be lost, or that hold a secret."""
        if url.username or url.password or url.query or url.fragment:
            raise ValueError("give the address alone, without user, password, ? or #")
        return url

    def address(self) -> str:
        """The address in one spelling: lower case host, no default port, no slash at the end."""
        return str(self.url).rstrip("/")

    def in_the_open(self) -> bool:
        """Whether the token would cross a network without TLS."""
        host = urlsplit(str(self.url)).hostname or ""
        loopback = host in {"localhost", "::1"} or host.startswith("127.")
        return self.url.scheme == "http" and not loopback
