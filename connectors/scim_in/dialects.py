"""Pure: what identity providers send otherwise than RFC 7644 says, made plain before it is read.

Each was seen in the vendors' own documentation or trackers: booleans as texts, a manager as a bare id,
paths as keys of a value without a path, the marks `primary`, `type` and `display` beside what is kept.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.scim_in.mapping import ENTERPRISE, Json

_BOOLEANS = {"true": True, "false": False}
_PRIMARY = re.compile(r"\[\s*primary\s+eq\s+(?:true|\"true\")\s*\]", re.IGNORECASE)
_WORK = '[type eq "work"]'
_MANAGER = f"{ENTERPRISE}:manager".lower()
_LISTS = frozenset({"emails", "phonenumbers", "addresses"})


def plain(body: Any) -> Any:
    """The body of a request, as the RFC would have it."""
    if not isinstance(body, dict):
        return body
    operations = next((key for key in body if key.lower() == "operations"), None)
    if operations is None or not isinstance(body[operations], list):
        return _resource(body)
    return {**body, operations: [each for one in body[operations] for each in _operation(one)]}


def _operation(one: Any) -> Iterator[Any]:
    """One operation as one or more: a key with a filter in it becomes an operation of its own."""
    if not isinstance(one, dict):
        yield one
        return
    named = {key.lower(): key for key in one}
    path, value = one.get(named.get("path", "")), one.get(named.get("value", ""))
    if isinstance(path, str) and path:
        wanted = _PRIMARY.sub(_WORK, path)
        made = {**one, named["path"]: wanted}
        if "value" in named:
            made[named["value"]] = _value(wanted, value)
        yield made
        return
    if not isinstance(value, dict):
        yield one
        return
    apart = {key: each for key, each in value.items() if "[" in key}
    if rest := {key: each for key, each in value.items() if key not in apart}:
        yield {**one, named["value"]: _resource(rest)}
    for key, each in apart.items():
        wanted = _PRIMARY.sub(_WORK, key)
        yield {named.get("op", "op"): one.get(named.get("op", "")), "path": wanted,
               "value": _value(wanted, each)}  # fmt: skip


def _resource(values: Mapping[str, Any]) -> Json:
    """The attributes of a resource, or of the value of an operation without a path."""
    made = {}
    for key, value in values.items():
        if key.lower() == ENTERPRISE.lower() and isinstance(value, dict):
            made[key] = {name: _value(f"{key}:{name}", each) for name, each in value.items()}
        else:
            made[key] = _value(key, value)
    return made


def _value(path: str, value: Any) -> Any:
    name = path.lower()
    if name == "active" and isinstance(value, str):
        return _BOOLEANS.get(value.strip().lower(), value)
    if name == _MANAGER:
        return _manager(value)
    if name.startswith("members"):
        return [_member(one) for one in value] if isinstance(value, list) else _member(value)
    if name in _LISTS and isinstance(value, list):
        return _chosen(value)
    return value


def _manager(value: Any) -> Any:
    """`"id"`, `[{"value": "id"}]` and `{"value": "id", ...}` say the same; an empty one: nobody."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = next((each for key, each in value.items() if key.lower() == "value"), None)
    return {"value": value} if value else None


def _member(value: Any) -> Any:
    if isinstance(value, str):
        return {"value": value}
    if isinstance(value, dict) and "value" in value:
        return {"value": value["value"]}
    return value


def _chosen(values: list[Any]) -> list[Any]:
    """Of several of one type the one that is marked as primary."""
    first = [one for one in values if isinstance(one, dict) and _is_true(one.get("primary"))]
    kinds = {str(one.get("type") or "work").lower() for one in first}
    rest = [one for one in values if one not in first and _kind(one) not in kinds]
    return [_without_mark(one) for one in [*first, *rest]]


def _kind(one: Any) -> str:
    return str(one.get("type") or "work").lower() if isinstance(one, dict) else ""


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _without_mark(one: Any) -> Any:
    if not isinstance(one, dict):
        return one
    return {key: value for key, value in one.items() if key not in {"primary", "display"}}
