"""People for whom somebody who works here vouches. Received, never read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from connectors.guests import mapping
from connectors.guests.models import GuestsSettings, Order
from hub.contract import Batch, Connector, Finding, ReadRequest, Received, Stream
from hub.errors import RejectedError
from hub.events.base import Family

GUESTS = "guests"


class GuestsConnector(Connector[GuestsSettings]):
    """Turns one request into one record; it reaches no system at all."""

    name: ClassVar[str] = "guests"
    settings: ClassVar[type[BaseModel]] = GuestsSettings

    def streams(self) -> Sequence[Stream]:
        """One stream, which is only received."""
        return (Stream(name=GUESTS, families=frozenset({Family.PERSON}), every=None),)

    async def check(self) -> Sequence[Finding]:
        """Nothing can be missing."""
        return (Finding("ok", "nothing to reach: sponsors vouch for these people"),)

    def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """Never: there is nothing to read.

        Raises:
            RejectedError: always.
        """
        raise RejectedError(
            f"The stream {request.stream} is received, not read: use `hub people add`."
        )

    def receive(self, received: Received) -> Batch:
        """The batch with the state after this request.

        Raises:
            RejectedError: it can't be understood, or does not fit the state before it.
        """
        if received.stream != GUESTS:
            raise RejectedError(f"There is no stream {received.stream}: only `{GUESTS}`.")
        try:
            order = Order.model_validate(dict(received.data))
        except ValidationError as error:
            raise RejectedError(_in_words(error)) from error
        return Batch(records=(mapping.record(order),))


def _in_words(error: ValidationError) -> str:
    """Which field is wrong and why, without a value: these are people's."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return f"The request about a guest can't be understood. {'; '.join(map(_fault, faults))}."


def _fault(fault: Mapping[str, Any]) -> str:
    where = ".".join(map(str, fault["loc"])) or "request"
    return f"{where}: {str(fault['msg']).removeprefix('Value error, ')}"
