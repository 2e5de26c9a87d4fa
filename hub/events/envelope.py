"""The envelope: CloudEvents 1.0, structured JSON (specification: CloudEvents v1.0.2, section 3)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from hub.events.base import Family, Model, Moment, moment_text


class Envelope(Model):
    """One accepted fact about one subject, as it is stored and shown."""

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(
        description="Made from source, family, subject and seq: the same fact, same id."
    )
    source: str = Field(description="/<connector>/<instance>")
    type: str = Field(description="nl.intranet-hub.<family>.changed.v1 or .removed.v1")
    subject: str = Field(description="The subject's key in the source.")
    time: Moment | None = Field(
        None, description="When it happened, where the source says so, UTC."
    )
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str = Field(description="W3C trace context of the reading that caused it.")
    seq: int = Field(ge=1, description="The subject's how-manyeth accepted change.")
    data: dict[str, Any] = Field(description="The whole state, or key and reason of a removal.")


def event_id(source: str, family: Family, subject: str, seq: int) -> str:
    """A stable id of 32 hex digits for the seq-th accepted change of a subject."""
    text = "\n".join((source, family, subject, str(seq)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def fact(
    source: str,
    family: Family,
    subject: str,
    seq: int,
    data: Mapping[str, Any],
    *,
    traceparent: str,
    time: datetime | None = None,
    removed: bool = False,
    version: int = 1,
) -> dict[str, Any]:
    """The JSON values of one accepted change; `data` is the state, or key and reason when removed.

    They are put together without the model, which costs five times as much for each of many
    thousands; that they are what the model would say is tested.
    """
    verb = "removed" if removed else "changed"
    body = {
        "specversion": "1.0",
        "id": event_id(source, family, subject, seq),
        "source": source,
        "type": f"nl.intranet-hub.{family}.{verb}.v{version}",
        "subject": subject,
        "datacontenttype": "application/json",
        "traceparent": traceparent,
        "seq": seq,
        "data": data,
    }
    if time is not None:
        body["time"] = moment_text(time)
    return body


def envelope(*args: Any, **kwargs: Any) -> Envelope:
    """The same as a checked model; arguments as for `fact`."""
    return Envelope.model_validate(fact(*args, **kwargs))
