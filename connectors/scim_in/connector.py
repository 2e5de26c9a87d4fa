"""People that an identity provider pushes over SCIM 2.0. Served, never read."""

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

from pydantic import BaseModel

from connectors.scim_in.settings import ScimInSettings
from hub.contract import Batch, Call, Connector, Finding, Kept, ReadRequest, Reply, Stream
from hub.errors import RejectedError
from hub.events.base import PERSONAL

PEOPLE = "people"


class ScimInConnector(Connector[ScimInSettings]):
    """Takes users, groups and who is in them from Entra, HelloID and others that push SCIM."""

    name: ClassVar[str] = "scim_in"
    settings: ClassVar[type[BaseModel]] = ScimInSettings

    def streams(self) -> Sequence[Stream]:
        """One stream, which is only pushed to: absence means nothing."""
        return (Stream(name=PEOPLE, families=PERSONAL, every=None),)

    async def check(self) -> Sequence[Finding]:
        """Nothing is reached from here: the provider calls."""
        return (Finding("ok", "nothing to reach: the identity provider pushes people here"),)

    def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """Never: there is nothing to read.

        Raises:
            RejectedError: always.
        """
        raise RejectedError(
            f"The stream {request.stream} is pushed to, not read: let the identity provider "
            "provision again."
        )

    @classmethod
    def served_at(cls) -> str:
        """The root of SCIM below the instance's address."""
        return "scim/v2"

    def serve(self, call: Call, kept: Kept) -> Reply:
        """One SCIM request, answered."""
        from connectors.scim_in.service import answer  # noqa: PLC0415  takes half a second

        return answer(call, kept, self.config, self.context.instance)
