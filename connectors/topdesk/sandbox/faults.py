"""Bad days on demand: rules that spoil chosen answers of the sandbox.

A rule matches requests by path and method, lets the first `nth - 1` of them pass, spoils the next
`times`, and is spent. Rules are tried in the order in which they were added; several may spoil
one answer.
"""

import asyncio
import json
import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal[
    "status", "html200", "truncate", "reset", "wrong_json", "repeat_page", "ignore_filter",
    "foreign_next", "latency", "drift", "clock_offset",
]  # fmt: skip
LOGIN_PAGE = b"<!DOCTYPE html><html><title>Aanmelden</title><body>Meld u aan</body></html>"


class FaultRule(BaseModel):
    """One rule.

    Kinds: `status` answers `status` (with `retry_after`, if any) and does nothing else; `html200` a
    login page; `truncate` half of the body; `reset` breaks the connection in mid-answer;
    `wrong_json` an object where a list belongs; `repeat_page` the previous answer to that path
    again; `ignore_filter` a list as if there were no `query`; `foreign_next` a next-page link to
    `host`; `latency` waits `seconds`; `drift` edits the first `rows` rows of a page right after it
    was sent; `clock_offset` shifts the Date header by `seconds`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind = Field(description="What goes wrong.")
    path: str = Field("/tas/", description="Regular expression searched in the path.")
    method: str | None = Field(None, description="Only this method; None: any.")
    nth: int = Field(1, ge=1, description="The first matching request that is spoilt.")
    times: int | None = Field(1, ge=1, description="How many are spoilt; None: until cleared.")
    status: int = Field(500, ge=400, le=599, description="The status of kind status.")
    retry_after: str | None = Field(None, description="Retry-After: seconds or an HTTP date.")
    seconds: float = Field(0.0, description="Of latency and clock_offset.")
    rows: int = Field(5, ge=1, description="Of drift.")
    host: str = Field("elsewhere.example.org", description="Of foreign_next.")


@dataclass
class Answer:
    """A whole HTTP answer, before it is sent."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class _Counted:
    rule: FaultRule
    seen: int = 0

    def hits(self, method: str, path: str) -> bool:
        rule = self.rule
        if rule.method not in {None, method} or not re.search(rule.path, path):
            return False
        self.seen += 1
        last = None if rule.times is None else rule.nth + rule.times - 1
        return self.seen >= rule.nth and (last is None or self.seen <= last)


@dataclass
class Faults:
    """The rules of one sandbox.

    Attributes:
        touch: edits an incident by id, for `drift`.
    """

    touch: Callable[[str], object]
    _rules: list[_Counted] = field(default_factory=list)
    _previous: dict[str, Answer] = field(default_factory=dict)

    def add(self, kind: FaultKind, **fields: Any) -> FaultRule:
        """Add a rule; fields as in `FaultRule`."""
        rule = FaultRule(kind=kind, **fields)
        self._rules.append(_Counted(rule))
        return rule

    def clear(self) -> None:
        """Forget every rule."""
        self._rules.clear()

    def listed(self) -> Sequence[tuple[FaultRule, int]]:
        """Every rule with the number of requests that matched it."""
        return [(counted.rule, counted.seen) for counted in self._rules]

    def due(self, method: str, path: str) -> list[FaultRule]:
        """The rules that spoil this request; counts it."""
        return [counted.rule for counted in self._rules if counted.hits(method, path)]

    async def before(
        self, rules: Sequence[FaultRule], scope: MutableMapping[str, Any]
    ) -> Answer | None:
        """What happens instead of, or before, asking the application."""
        for rule in rules:
            if rule.kind == "latency":
                await asyncio.sleep(rule.seconds)
            if rule.kind == "ignore_filter":
                scope["sandbox.ignore_filter"] = True
        answer = next((_instead(rule) for rule in rules if rule.kind in _INSTEAD), None)
        repeats = any(rule.kind == "repeat_page" for rule in rules)
        return answer or (self._previous.get(scope["path"]) if repeats else None)

    def after(self, rules: Sequence[FaultRule], path: str, answer: Answer) -> Answer:
        """The answer as it leaves the house."""
        self._previous[path] = answer
        for rule in rules:
            spoil = _AFTER.get(rule.kind)
            answer = spoil(rule, answer) if spoil else answer
            if rule.kind == "drift":
                self._drift(rule, answer)
        return answer

    def _drift(self, rule: FaultRule, answer: Answer) -> None:
        if answer.status == 206:
            for row in json.loads(answer.body)[: rule.rows]:
                self.touch(row["id"])


def breaks(rules: Sequence[FaultRule]) -> bool:
    """Whether the connection breaks in mid-answer."""
    return any(rule.kind == "reset" for rule in rules)


def offset(rules: Sequence[FaultRule]) -> timedelta:
    """How far the Date header is off."""
    return timedelta(seconds=sum(r.seconds for r in rules if r.kind == "clock_offset"))


def _instead(rule: FaultRule) -> Answer:
    if rule.kind == "html200":
        return Answer(200, {"content-type": "text/html; charset=utf-8"}, LOGIN_PAGE)
    headers = {"content-type": "application/json"}
    if rule.retry_after is not None:
        headers["retry-after"] = rule.retry_after
    return Answer(rule.status, headers, b'[{"message":"planned by a fault rule"}]')


def _truncate(_: FaultRule, answer: Answer) -> Answer:
    return Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])


def _wrong_json(_: FaultRule, answer: Answer) -> Answer:
    return Answer(answer.status, answer.headers, b'{"unexpected": "shape"}')


def _foreign_next(rule: FaultRule, answer: Answer) -> Answer:
    link = answer.headers.get("x-next-page-url")
    if link is None:
        return answer
    moved = re.sub(r"^(https?://)[^/]+", rf"\g<1>{rule.host}", link)
    return Answer(answer.status, answer.headers | {"x-next-page-url": moved}, answer.body)


_INSTEAD = frozenset({"status", "html200"})
_AFTER: dict[str, Callable[[FaultRule, Answer], Answer]] = {
    "truncate": _truncate,
    "wrong_json": _wrong_json,
    "foreign_next": _foreign_next,
}
