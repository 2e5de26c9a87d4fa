"""Disturbances that people type in, for when a source itself is down. Received, never read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from connectors.manual import mapping
from connectors.manual.models import ManualSettings, Order
from hub.contract import Batch, Connector, Finding, ReadRequest, Received, Stream
from hub.errors import RejectedError
from hub.events.base import Family

DISTURBANCES = "disturbances"


class ManualConnector(Connector[ManualSettings]):
    """Turns one typed request into one record; it reaches no system at all."""

    name: ClassVar[str] = "manual"
    settings: ClassVar[type[BaseModel]] = ManualSettings

    def streams(self) -> Sequence[Stream]:
        """One stream, which is only received."""
        return (Stream(name=DISTURBANCES, families=frozenset({Family.INCIDENT}), every=None),)

    async def check(self) -> Sequence[Finding]:
        """Nothing can be missing."""
        return (Finding("ok", "nothing to reach: people type these disturbances in"),)

    def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """Never: there is nothing to read.

        Raises:
            RejectedError: always.
        """
        raise RejectedError(
            f"The stream {request.stream} is received, not read: use `hub disturbance post`."
        )

    def receive(self, received: Received) -> Batch:
        """The batch with the state after this request.

        Raises:
            RejectedError: it can't be understood, or does not fit the state before it.
        """
        if received.stream != DISTURBANCES:
            raise RejectedError(f"There is no stream {received.stream}: only `{DISTURBANCES}`.")
        try:
            order = Order.model_validate(dict(received.data))
        except ValidationError as error:
            raise RejectedError(_in_words(error)) from error
        return Batch(records=(mapping.record(order),))


def _in_words(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    lines = "; ".join(map(_fault, faults))
    return f"The disturbance can't be understood. {lines}."


def _fault(fault: Mapping[str, Any]) -> str:
    where = ".".join(map(str, fault["loc"])) or "request"
    return f"{where}: {str(fault['msg']).removeprefix('Value error, ')}"
