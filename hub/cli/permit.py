"""May whoever types do this? Asked before each decision, where hub.yaml names administrators."""

from collections.abc import Callable, Collection
from typing import Any

from hub.cli.session import Session, actor, now
from hub.errors import RejectedError
from hub.settings.administrators import Role, refusal
from hub.store import trail


async def permit(
    one: Session,
    needs: Role = Role.OPERATOR,
    about: Callable[..., dict[str, Collection[str]]] | None = None,
    *args: Any,
    instances: Collection[str] = (),
    targets: Collection[str] = (),
) -> None:
    """Go on only if whoever types may do this; that they may not is a row in the audit trail.

    Args:
        one: the command at work.
        needs: the role that it takes.
        about: looks up in the store what it is about (`hub.engine.deciding`), with these `args`.
        args: for `about`.
        instances, targets: what it is about, where that is known; with neither these nor `about`:
            everything.

    Raises:
        RejectedError: they may not; the message says who may.
    """
    known, name = one.settings.hub.administrators, actor()
    if not known:
        return
    given = {"instances": instances, "targets": targets}
    asked = given if about is None else given | await one.store.read(about, *args)
    reason = refusal(known, name, needs, **asked)
    if reason is not None:
        what = {"needs": str(needs)} | {kind: sorted(names) for kind, names in asked.items()}
        await one.store.write(trail.note, actor=name, action="refused", what=what, now=now())
        raise RejectedError(reason)
