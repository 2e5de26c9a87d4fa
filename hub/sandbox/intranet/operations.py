"""Batches of the reference open API: operations and their results."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from hub.sandbox.intranet.models import Closed, Kind, Problem


class Operation(Closed):
    """One write of a batch; what a single request says in its address and headers stands here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "op": "put",
                    "kind": "timeline",
                    "external_id": "topdesk:majors:1f0c",
                    "body": {
                        "text": {"nl": "Het netwerk werkt weer."},
                        "audience": {"everyone": True},
                    },
                    "if_none_match": "*",
                }
            ]
        }
    )

    op: Literal["put", "delete"] = Field(description="Create or replace, or take away.")
    kind: Kind = Field(description="The kind of the object.")
    external_id: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~:@-]*$", max_length=200),
    ] = Field(description="The key of the object.")
    body: dict[str, Any] | None = Field(None, description="For `put`: the body of that kind.")
    if_match: str | None = Field(None, description="As the header If-Match.")
    if_none_match: str | None = Field(None, description="As the header If-None-Match.")
    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="As the header Idempotency-Key, for `put`."
    )


class Batch(Closed):
    """Writes that are carried out in order, each for itself."""

    operations: list[Operation] = Field(
        min_length=1, description="At most `batch_max` of the capabilities."
    )


class Result(Closed):
    """What became of one operation: the answer that it would have had alone."""

    external_id: str = Field(description="The key of the object.")
    status: int = Field(description="The HTTP status.")
    etag: str | None = Field(None, description="Version of the object, where it stands now.")
    replay: bool = Field(
        default=False, description="The kept answer of an earlier request with this key."
    )
    retry_after: float | None = Field(None, description="Seconds to wait, for 429 and 503.")
    problem: Problem | None = Field(None, description="What was wrong, for 400 and above.")


class Results(Closed):
    """A result for each operation, in their order."""

    results: list[Result] = Field(description="As many as there were operations.")
