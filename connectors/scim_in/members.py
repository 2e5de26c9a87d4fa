"""Pure: a PATCH that only lets users into a group or out of it, for which nobody else is looked at.

Providers change large groups one member at a time. Everything else is left to the server.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.contract import Call

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_GROUP = re.compile(r"/groups/([^/]+)", re.IGNORECASE)
_ONE = re.compile(r'members\[\s*value\s+eq\s+"([^"\\]+)"\s*\]', re.IGNORECASE)
_CONDITIONS = frozenset({"if-match", "if-none-match"})


@dataclass(frozen=True, slots=True)
class MemberChange:
    """Who should be in a group afterwards, and who should not; nothing is said of others."""

    group: str
    members: Mapping[str, bool]


def member_change(call: Call, body: Any) -> MemberChange | None:
    """What the call asks; None: it asks something else, or asks it with a condition.

    Args:
        call: the request.
        body: its body, in the words of the RFC.
    """
    found = _GROUP.fullmatch(call.path)
    if call.method != "PATCH" or not found or _CONDITIONS & call.headers.keys() or call.query:
        return None
    if not isinstance(body, dict) or PATCH_OP not in (body.get("schemas") or ()):
        return None
    members: dict[str, bool] = {}
    operations: Sequence[Any] = body.get("Operations") or (None,)
    for one in operations:
        named = [*_named(one)] if isinstance(one, dict) else []
        if not named:
            return None
        members.update(named)
    return MemberChange(found[1], members)


def _named(one: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The members that one operation names; none where it is of another sort."""
    verb, path = str(one.get("op")).lower(), one.get("path")
    value = one.get("value")
    if path is None and isinstance(value, dict) and [*value] == ["members"]:
        path, value = "members", value["members"]
    if verb not in {"add", "remove"} or not isinstance(path, str):
        return
    alone = _ONE.fullmatch(path)
    if alone and verb == "remove" and value is None:
        yield alone[1], False
    elif path.lower() == "members" and isinstance(value, list) and all(map(_is_member, value)):
        yield from ((one["value"], verb == "add") for one in value)


def _is_member(one: Any) -> bool:
    return isinstance(one, dict) and [*one] == ["value"] and isinstance(one["value"], str)
