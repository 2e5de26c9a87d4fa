"""Who may decide, and over what: the administrators that hub.yaml names."""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hub.events.base import Model
from hub.settings.kinds import Name
from hub.settings.problems import Place


class Role(StrEnum):
    """What an administrator may do; each may what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


RANK = tuple(Role)
MAY = {
    Role.VIEWER: "look at what is known of people",
    Role.OPERATOR: "decide",
    Role.ADMIN: "do what can't be undone",
}


class Administrator(Model):
    """What one administrator may decide."""

    role: Role = Field(
        Role.OPERATOR,
        description="`viewer` looks at people; `operator` decides as well: holds, who is one, pause, "
        "withdraw; `admin` also does what can't be undone: forget, erase.",
    )
    instances: tuple[Name, ...] | None = Field(
        None,
        min_length=1,
        description="Only over these. With neither `instances` nor `targets`: over everything.",
    )
    targets: tuple[Name, ...] | None = Field(
        None, min_length=1, description="Only over these, and over the instances that are named."
    )

    @property
    def is_limited(self) -> bool:
        """Whether there is anything that is not theirs."""
        return self.instances is not None or self.targets is not None

    def covers(self, instances: Collection[str], targets: Collection[str]) -> bool:
        """Whether all that this is about is theirs: every instance, or every target."""
        if not self.is_limited:
            return True
        pairs = ((instances, self.instances), (targets, self.targets))
        return any(asked and set(asked) <= set(mine or ()) for asked, mine in pairs)


Administrators = Mapping[str, Administrator]
AdministratorName = Annotated[str, Field(min_length=1, max_length=128)]


def refusal(
    known: Administrators,
    name: str,
    needs: Role,
    *,
    instances: Collection[str] = (),
    targets: Collection[str] = (),
) -> str | None:
    """Why this person may not do it, and who may; None: they may.

    Without a list whoever may run the command may do everything. With one, nobody else may.

    Args:
        known: the list, by name.
        name: who asks.
        needs: the role that it takes.
        instances, targets: what it is about; none: everything, which only those without limits may.
    """
    if not known or _may(known.get(name), needs, instances, targets):
        return None
    others = allowed(known, needs, instances=instances, targets=targets)
    about = ", ".join([*sorted(instances), *(f"target {one}" for one in sorted(targets))])
    over = f" over {about}" if about and needs is not Role.VIEWER else ""
    who = f"these may: {', '.join(others)}" if others else "nobody in the list may"
    return (
        f"{name} may not {MAY[needs]}{over}: {who}. `administrators` in hub.yaml says so; say who "
        "you are with `hub --as NAME` or HUB_ADMINISTRATOR, where your account is called otherwise."
    )


def allowed(
    known: Administrators,
    needs: Role,
    *,
    instances: Collection[str] = (),
    targets: Collection[str] = (),
) -> list[str]:
    """Who of the list may do it."""
    return sorted(one for one, row in known.items() if _may(row, needs, instances, targets))


def _may(
    row: Administrator | None, needs: Role, instances: Collection[str], targets: Collection[str]
) -> bool:
    if row is None or RANK.index(row.role) < RANK.index(needs):
        return False
    return needs is Role.VIEWER or row.covers(instances, targets)


def named(known: Administrators) -> Iterator[tuple[Place, str, str]]:
    """Every instance and target that is named: where, `instance` or `target`, and its name."""
    for name, row in known.items():
        for at, one in enumerate(row.instances or ()):
            yield ("administrators", name, "instances", at), "instance", one
        for at, one in enumerate(row.targets or ()):
            yield ("administrators", name, "targets", at), "target", one
