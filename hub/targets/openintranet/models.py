"""Settings, and what the reference open API answers: only the fields that are used."""

from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    field_validator,
)

from hub.contract import Ability, Capabilities
from hub.errors import RetryableError
from hub.events.base import Model
from hub.events.objects import Kind
from hub.http import Answer


class OpenIntranetSettings(Model):
    """How the intranet's reference open API is reached."""

    url: HttpUrl = Field(
        description="Address in front of /v1, such as https://intranet.example.org."
    )
    token: SecretStr = Field(
        min_length=1, description="Bearer token that may write; as ${env:...} or ${file:...}."
    )

    @field_validator("url")
    @classmethod
    def _bare(cls, url: HttpUrl) -> HttpUrl:
        """Refuse parts that would be lost, or that hold a secret."""
        if url.username or url.password or url.query or url.fragment:
            raise ValueError("give the address alone, without user, password, ? or #")
        return url

    def address(self) -> str:
        """The address in one spelling: lower case host, no default port, no slash at the end."""
        return str(self.url).rstrip("/").removesuffix("/v1")

    def in_the_open(self) -> bool:
        """Whether the token would cross a network without TLS."""
        host = urlsplit(str(self.url)).hostname or ""
        loopback = host in {"localhost", "::1"} or host.startswith("127.")
        return self.url.scheme == "http" and not loopback


class Answered(BaseModel):
    """What an intranet answers may grow: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


AnsweredT = TypeVar("AnsweredT", bound=Answered)


class Item(Answered):
    """One object."""

    external_id: str
    etag: str
    body: dict[str, Any]


class Page(Answered):
    """A page of objects."""

    items: list[Item]
    next_cursor: str | None = None


class FoundAccount(Answered):
    """One account, whoever made it."""

    id: str
    user_name: str
    mail: str | None = None


class Found(Answered):
    """Accounts with the wanted value."""

    items: list[FoundAccount]


class FieldProblem(Answered):
    """One wrong field."""

    field: str = ""
    detail: str = ""


class Problem(Answered):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str = ""
    detail: str = ""
    errors: list[FieldProblem] = []

    @property
    def exists(self) -> bool:
        """Whether it says that the object is there already."""
        return self._name in {"already-exists", "exists"}

    @property
    def taken(self) -> bool:
        """Whether it says that the account is another one's, which no repeat will change."""
        return self._name in {"user-name-taken", "own-account"}

    @property
    def incomplete(self) -> bool:
        """Whether it says that a person or group that it needs is not there (yet)."""
        return self._name == "missing-reference"

    @property
    def _name(self) -> str:
        return self.type.rpartition(":")[2]


class Result(Answered):
    """What became of one operation of a batch."""

    external_id: str
    status: int
    etag: str | None = None
    replay: bool = False
    retry_after: float | None = Field(None, ge=0)
    problem: Problem | None = None


class Results(Answered):
    """A result for each operation, in their order."""

    results: list[Result]


class KindCan(Answered):
    """What can be done with one kind."""

    upsert: bool = True
    delete: bool = True
    conditional: bool = False
    batch_max: int = Field(1, ge=1)
    max_title: int | None = None
    locales: list[str] = ["nl", "en"]
    identity: Literal["keyed", "searchable", "none"] = "keyed"

    def ability(self) -> Ability:
        """In the words of the door."""
        return Ability(
            upsert=self.upsert,
            delete=self.delete,
            conditional=self.conditional,
            batch_max=self.batch_max,
            identity=self.identity,
            max_title=self.max_title,
            locales=tuple(self.locales),
        )


class Groups(Answered):
    """For whom objects can be published; no list means that the intranet can't tell."""

    groups: list[str] | None = None


class Can(Answered):
    """What the intranet can do."""

    kinds: dict[str, KindCan]
    audiences: Groups = Groups()
    at_once: int = Field(8, ge=1)

    def capabilities(self) -> Capabilities:
        """In the words of the door; kinds that the hub does not have are left out."""
        ours = {kind.value: kind for kind in Kind}
        kinds = {ours[name]: can.ability() for name, can in self.kinds.items() if name in ours}
        groups = self.audiences.groups
        known = None if groups is None else frozenset(groups)
        return Capabilities(kinds, known, at_once=self.at_once)


def read_as(model: type[AnsweredT], answer: Answer) -> AnsweredT:
    """The answer as this model.

    Raises:
        RetryableError: it is something else (a login page, a proxy, half an answer), whatever the
            status says.
    """
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        answer.json()  # what is no JSON at all it says in better words
        raise RetryableError(
            f"{answer.url} answered {answer.status}, but not as the reference open API describes: "
            "check `url`, and whether something stands in between."
        ) from error


def problem_of(answer: Answer) -> Problem:
    """The problem that an answer describes; an empty one where it describes none."""
    try:
        return Problem.model_validate_json(answer.content)
    except ValidationError:
        return Problem()
