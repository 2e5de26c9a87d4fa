"""The hub's own pages: they read the store, so everything is published as soon as it is stored."""

from collections.abc import AsyncIterator, Mapping, Sequence

from hub.contract import Ability, Capabilities, Delivery, Finding, Outcome, Remote, Target
from hub.events.base import Model
from hub.events.objects import Kind


class WebSettings(Model):
    """No settings: what the pages look like stands in hub.yaml."""


class WebTarget(Target[WebSettings]):
    """Says done to everything; there is nothing to send."""

    name = "web"
    settings = WebSettings
    remote = False

    def address(self) -> str:
        """There is one set of own pages."""
        return "web"

    async def capabilities(self) -> Capabilities:
        """Tiles and their freshness; any group, because each audience has its own address."""
        ability = Ability(batch_max=1000)
        return Capabilities({Kind.TILE_ITEM: ability, Kind.FRESHNESS: ability})

    async def check(self) -> Sequence[Finding]:
        """Always well."""
        return [Finding("ok", "the hub's own pages read the store: nothing to reach")]

    async def publish(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        """Done, for each."""
        return [Outcome("done", remote_id=item.key) for item in items]

    async def find(self, kind: Kind, keys: Sequence[str]) -> Mapping[str, Remote]:  # noqa: ARG002 - the door's signature
        """Nothing stands outside the store."""
        return {}

    async def list_remote(self, kind: Kind) -> AsyncIterator[Remote]:  # noqa: ARG002 - the door's signature
        """Nothing stands outside the store."""
        for remote in tuple[Remote, ...]():
            yield remote
