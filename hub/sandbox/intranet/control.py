"""The control addresses of the sandbox: plant faults, read the request log, begin again."""

import hmac
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from fastapi import APIRouter, Depends, Request

from hub.sandbox.intranet.faults import Fault, FaultBook
from hub.sandbox.intranet.problems import ProblemError
from hub.sandbox.intranet.state import LoggedRequest

SECRET_HEADER = "X-Sandbox-Secret"  # noqa: S105  # nosec B105  # the name of a header


class Controlled(Protocol):
    """What the control addresses work on."""

    faults: FaultBook
    requests: list[LoggedRequest]

    def reset(self) -> None:
        """Forget everything."""


def control_router(sandbox: Controlled, secret: str | None) -> APIRouter:
    """Return the control addresses; a secret, where there is one, is asked for in a header."""
    guard = Depends(_guard(secret))
    router = APIRouter(prefix="/__sim", include_in_schema=False, dependencies=[guard])

    @router.get("/faults")
    async def planted() -> list[Fault]:
        return sandbox.faults.planted()

    @router.post("/faults", status_code=201)
    async def plant(fault: Fault) -> Fault:
        sandbox.faults.add(fault)
        return fault

    @router.delete("/faults", status_code=204)
    async def clear() -> None:
        sandbox.faults.clear()

    @router.get("/requests")
    async def requests() -> list[dict[str, Any]]:
        return [asdict(one) for one in sandbox.requests]

    @router.post("/reset", status_code=204)
    async def reset() -> None:
        sandbox.reset()

    return router


def _guard(secret: str | None) -> Callable[[Request], None]:
    def guard(request: Request) -> None:
        given = request.headers.get(SECRET_HEADER, "")
        if secret is not None and not hmac.compare_digest(given.encode(), secret.encode()):
            raise ProblemError(401, "unauthorized", f"Send the header {SECRET_HEADER}.")

    return guard
