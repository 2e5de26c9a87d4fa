"""How the suite works with a target: build it, make deliveries, look at the other side."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hub.contract import Delivery, Outcome, Target
from hub.errors import HubError
from hub.events.objects import Kind
from hub.testing.worlds import TargetWorld


class TargetBench:
    """One world with targets in it."""

    def __init__(self, world: TargetWorld) -> None:
        self.world = world
        self.config = world.target.settings.model_validate(dict(world.settings))
        self._open: list[Target[Any]] = []

    def target(self) -> Target[Any]:
        """A new target."""
        made = self.world.target(self.config, self.world.context())
        self._open.append(made)
        return made

    def remote(self) -> None:
        """Skip where nothing is ever sent."""
        if not self.world.remote:
            pytest.skip(f"{self.world.target.name} sends nothing anywhere")

    async def kind(self) -> Kind:
        """The first kind that the target can show; skips where nothing is sent."""
        self.remote()
        return next(iter((await self.target().capabilities()).kinds))

    def present(self, kind: Kind, key: str, title: str = "first", **known: Any) -> Delivery:
        """An object that should be there; `known` is its remote id and version."""
        body = self.world.body_of(kind, key, title)
        known["content"] = self.world.content(kind, title)
        return Delivery(kind, key, "present", body, f"token-{kind}-{key}-{title}", **known)

    def absent(self, kind: Kind, key: str, **known: Any) -> Delivery:
        """An object that should not be there."""
        return Delivery(kind, key, "absent", {}, f"token-{kind}-{key}-absent", **known)

    def keys(self, kind: Kind) -> list[str]:
        """The keys on the other side, duplicates included."""
        return sorted(key for key, _ in self.world.stored(kind))

    async def one(self, item: Delivery) -> Outcome:
        """Publish one item with a new target."""
        outcomes = await self.target().publish([item])
        assert len(outcomes) == 1, "one outcome per item"
        return outcomes[0]

    async def made(self, kind: Kind, key: str = "subject-1") -> Outcome:
        """An object that stands there."""
        outcome = await self.one(self.present(kind, key))
        assert outcome.status == "done", f"a healthy intranet refused: {outcome}"
        return outcome

    async def tried(
        self, items: Sequence[Delivery], target: Target[Any] | None = None
    ) -> tuple[Sequence[Outcome], Exception | None]:
        """The outcomes, or what was raised; with a new target unless one is given."""
        try:
            return await (target or self.target()).publish(items), None
        except Exception as error:  # noqa: BLE001 - a foreign exception is exactly what is looked for
            return (), error

    async def until_settled(self, item: Delivery, tries: int = 3) -> Outcome:
        """Repeat the same delivery as the engine does, until something else than `retry`."""
        for _ in range(tries):
            outcomes, error = await self.tried([item])
            assert error is None or isinstance(error, HubError), f"foreign exception {error!r}"
            if outcomes and outcomes[0].status != "retry":
                return outcomes[0]
        return pytest.fail("the same delivery is not settled by repeating it")

    async def close(self) -> None:
        """Close every target."""
        for target in self._open:
            await target.close()


def known(outcome: Outcome) -> dict[str, Any]:
    """What the ledger keeps of an outcome."""
    return {"remote_id": outcome.remote_id, "remote_version": outcome.remote_version}


@asynccontextmanager
async def opened(world: TargetWorld) -> AsyncIterator[TargetBench]:
    """A started world, stopped at the end."""
    await world.start()
    try:
        bench = TargetBench(world)
        yield bench
        await bench.close()
    finally:
        await world.wire.shut()
        await world.stop()
