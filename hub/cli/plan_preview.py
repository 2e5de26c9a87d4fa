"""What a changed reading of people would come to, carried out on the copy that a plan is made on."""

from dataclasses import dataclass, replace
from datetime import datetime

from hub.cli.session import actor
from hub.engine import previewing, reconcile
from hub.engine.runner import Runner
from hub.store import holds
from hub.store.store import Store

BLOCKED = "the source is read otherwise: see `hub hold`"


@dataclass(frozen=True, slots=True)
class Before:
    """The plan as it is without what waits to be seen.

    Attributes:
        plan: None: nothing waits.
    """

    plan: reconcile.Plan | None = None

    def waits(self, found: reconcile.Plan) -> reconcile.Plan:
        """The plan with all of it: what only a release brings says so, and the holds are as they were."""
        if self.plan is None:
            return found
        now = {_name(step): step.after for step in self.plan.steps}
        steps = [
            step
            if step.blocked or now.get(_name(step), step) == step.after
            else replace(step, blocked=BLOCKED)
            for step in found.steps
        ]
        return replace(found, steps=steps, holds=self.plan.holds)


def _name(step: reconcile.Step) -> tuple[str, ...]:
    return step.target, step.kind, step.key, step.action


async def pretend(store: Store, runner: Runner, moment: datetime) -> Before:
    """Release on the copy what waits to be seen; what the plan was before that."""
    rows = [row for row in await store.read(holds.all_open) if row.action == previewing.ACTION]
    known = [row for row in rows if row.instance in runner.sources]
    if not known:
        return Before()
    before = await store.read(reconcile.plan, moment)
    for row in known:
        await runner.carry_out(row, actor())
    return Before(before)
