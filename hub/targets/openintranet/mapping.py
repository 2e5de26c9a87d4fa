"""The hub's bodies in the shape of the reference open API; pure."""

from collections.abc import Mapping
from typing import Any


def to_api(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty fields, and an audience that says one thing: everyone, or groups."""
    given = {name: value for name, value in body.items() if value is not None}
    audience = given.get("audience")
    if isinstance(audience, Mapping):
        everyone = audience.get("everyone")
        groups = list(audience.get("groups") or ())
        given["audience"] = {"everyone": True} if everyone else {"groups": groups}
    return given
