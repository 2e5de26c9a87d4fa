"""What a target may be able to do beside publishing: say which accounts stand there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Sought:
    """Somebody whose account on the target is looked for.

    Attributes:
        key: the hub's own id of the person.
        user_name: what the person logs in with.
        mail: the work address, where it is known.
    """

    key: str
    user_name: str
    mail: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account that stands on the target, whoever made it.

    Attributes:
        remote_id: how the target calls it, as a membership must name it.
        key: what its maker calls it; None where nobody said.
    """

    remote_id: str
    key: str | None
    user_name: str | None
    mail: str | None


@runtime_checkable
class Links(Protocol):
    """Ability: the target can be asked for accounts that the hub did not make."""

    async def accounts(self, people: Sequence[Sought]) -> Sequence[Account]:
        """Every account that may be of one of these, and perhaps others: the hub compares itself.

        Raises:
            HubError: it could not be asked; nothing is concluded.
        """
        ...
