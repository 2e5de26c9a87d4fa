"""What a SCIM server answers: only what is used, whatever else it says (RFC 7643, RFC 7644)."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import RetryableError
from hub.events.objects import Kind
from hub.http import Answer

PATHS = {Kind.PERSON: "Users", Kind.GROUP: "Groups"}


class Answered(BaseModel):
    """Unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


AnsweredT = TypeVar("AnsweredT", bound=Answered)


class Supported(Answered):
    """Whether something is supported."""

    supported: bool = False


class BulkSupported(Supported):
    """Bulk, and how much at once."""

    max_operations: int = Field(0, alias="maxOperations")
    max_payload: int = Field(0, alias="maxPayloadSize")


class FilterSupported(Supported):
    """Filters, and how many come at most."""

    max_results: int = Field(0, alias="maxResults")


class Provider(Answered):
    """ServiceProviderConfig (RFC 7643, section 5)."""

    patch: Supported = Supported()
    bulk: BulkSupported = BulkSupported()
    filter: FilterSupported = FilterSupported()
    etag: Supported = Supported()


class Meta(Answered):
    """`meta` of a resource."""

    version: str | None = None


class Member(Answered):
    """One member of a group."""

    value: str


class Resource(BaseModel):
    """A user or a group: the fields that decide by name, and all it said as JSON values."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    id: str = Field(min_length=1)
    external_id: str | None = Field(None, alias="externalId")
    user_name: str | None = Field(None, alias="userName")
    display_name: str | None = Field(None, alias="displayName")
    active: bool = True
    members: list[Member] = []
    meta: Meta = Meta()

    def values(self) -> dict[str, Any]:
        """As the server said it."""
        return self.model_dump(mode="json", by_alias=True)


class Listed(Answered):
    """ListResponse (RFC 7644, section 3.4.2)."""

    total: int = Field(0, alias="totalResults")
    resources: list[Resource] = Field([], alias="Resources")


class Done(Answered):
    """The end of one operation of a Bulk request (RFC 7644, section 3.7)."""

    bulk_id: str | None = Field(None, alias="bulkId")
    status: str | dict[str, Any]
    location: str | None = None
    version: str | None = None
    response: dict[str, Any] | None = None

    @property
    def code(self) -> int:
        """The HTTP status; an early draft wrote it into an object."""
        status = self.status if isinstance(self.status, str) else self.status.get("code", "")
        return int(status) if str(status).isdigit() else 0


class BulkDone(Answered):
    """BulkResponse."""

    operations: list[Done] = Field(alias="Operations")


class Problem(Answered):
    """Error (RFC 7644, section 3.12); its `detail` may quote somebody, so only fields are read."""

    scim_type: str = Field("", alias="scimType")
    detail: str = ""


def read_as(model: type[AnsweredT], answer: Answer) -> AnsweredT:
    """The answer as this model.

    Raises:
        RetryableError: a login page, a proxy, half an answer.
    """
    try:
        return model.model_validate(answer.json())
    except ValidationError as error:
        raise RetryableError(
            f"{answer.url} answered, but not as a SCIM server does: check `url`, and whether a "
            "login page or a proxy stands in between."
        ) from error


def resource_of(answer: Answer) -> Resource:
    """The user or group in an answer.

    Raises:
        RetryableError: there is none in it.
    """
    try:
        made = Resource.model_validate(answer.json())
    except ValidationError as error:
        raise RetryableError(
            f"{answer.url} answered, but not with a SCIM resource: check `url`."
        ) from error
    version = answer.headers.get("etag") or made.meta.version
    return made.model_copy(update={"meta": Meta(version=version)})


def problem_of(answer: Answer) -> Problem:
    """What it says is wrong; nothing, where it says so in another form."""
    try:
        return Problem.model_validate(answer.json())
    except (ValidationError, RetryableError):
        return Problem()
