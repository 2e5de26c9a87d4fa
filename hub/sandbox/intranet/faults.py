"""Faults that a test or a demonstration can plant in the sandbox intranet."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

FaultKind = Literal[
    "down", "status", "html200", "truncate", "reset", "latency", "exists500", "swallow", "poison"
]


class Fault(BaseModel):
    """One fault: what happens, to which requests, how often.

    - down: every request meets a bare 503, as from a load balancer
    - status: `status`, with `Retry-After` as `retry_after` says
    - html200: a login page with status 200, nothing is carried out
    - truncate: the request is carried out, the answer stops halfway
    - reset: the connection breaks without an answer
    - latency: the answer comes `seconds` later
    - exists500: creating stores the object and answers 500 "already exists"
    - swallow: the answer says that all is well, nothing is stored
    - poison: writing this object answers 500 and does nothing, with the whole batch around it

    A fault that names an object's address meets that operation of a batch too; one that names
    `/v1/batch` meets the batch as a whole.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: FaultKind = Field(description="What happens.")
    times: int | None = Field(None, ge=1, description="How often; empty: until it is cleared.")
    until: AwareDatetime | None = Field(None, description="It ends by itself at this time.")
    method: str | None = Field(None, description="Only requests with this method.")
    path: str = Field("", description="Only paths in which this pattern is found.")
    status: Literal[413, 429, 500, 502, 503] = Field(503, description="For `status`: which one.")
    retry_after: Literal["none", "seconds", "date"] = Field(
        "none", description="For `status`: the form of Retry-After."
    )
    seconds: float = Field(1.0, ge=0, description="Delay of the answer, or span of Retry-After.")
    carried_out: bool = Field(
        default=False, description="For `status` and `reset`: the request is carried out first."
    )

    @model_validator(mode="after")
    def _path_is_a_pattern(self) -> Self:
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError("path is not a regular expression") from error
        return self


@dataclass
class _Armed:
    fault: Fault
    left: int | None


class FaultBook:
    """The faults that are planted now, the first one planted comes first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._armed: list[_Armed] = []

    def add(self, fault: Fault) -> None:
        """Plant a fault."""
        self._armed.append(_Armed(fault, fault.times))

    def clear(self) -> None:
        """Take every fault away."""
        self._armed.clear()

    def planted(self) -> list[Fault]:
        """Return the faults that can still happen."""
        return [one.fault for one in self._armed if self._alive(one)]

    def take(self, method: str, path: str, *kinds: FaultKind) -> Fault | None:
        """Return the first fault of these kinds for a request, and use it once."""
        for one in self._armed:
            if one.fault.kind in kinds and self._alive(one) and _concerns(one.fault, method, path):
                one.left = None if one.left is None else one.left - 1
                return one.fault
        return None

    def _alive(self, one: _Armed) -> bool:
        until = one.fault.until
        return one.left != 0 and (until is None or self._now() < until)


def _concerns(fault: Fault, method: str, path: str) -> bool:
    if fault.method is not None and fault.method.upper() != method:
        return False
    return re.search(fault.path, path) is not None
