"""The hub's bodies in the shape of the reference open API, and compared with it; pure."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from hub.contract import Delivery
from hub.events.base import Model
from hub.events.objects import (
    Freshness,
    GroupEntry,
    Kind,
    MembershipEntry,
    PersonEntry,
    PhotoEntry,
    TileItem,
)

MODELS: Mapping[Kind, type[Model]] = {
    Kind.TILE_ITEM: TileItem,
    Kind.FRESHNESS: Freshness,
    Kind.PERSON: PersonEntry,
    Kind.GROUP: GroupEntry,
    Kind.MEMBERSHIP: MembershipEntry,
    Kind.PHOTO: PhotoEntry,
}


def to_api(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty fields, and an audience that says one thing: everyone, or groups."""
    given = {name: value for name, value in body.items() if value is not None}
    audience = given.get("audience")
    if isinstance(audience, Mapping):
        everyone = audience.get("everyone")
        groups = list(audience.get("groups") or ())
        given["audience"] = {"everyone": True} if everyone else {"groups": groups}
    return given


def to_send(item: Delivery) -> dict[str, Any]:
    """What is put: the body, and of a picture its bytes beside it."""
    body = to_api(item.body)
    return body if item.content is None else body | {"content": b64encode(item.content).decode()}


def with_ends(item: Delivery) -> Delivery:
    """What names a person names it as the intranet does: an account of its own has its own id."""
    if item.kind not in {Kind.MEMBERSHIP, Kind.PHOTO} or item.state != "present":
        return item
    key = str(item.body["person"])
    return replace(item, body={**item.body, "person": item.requires.get((Kind.PERSON, key), key)})


def differing(kind: Kind, body: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Names of our fields in which the intranet's body says something else than ours.

    A default that is spelled out, a moment in another zone and a field that only the intranet
    knows are no difference.
    """
    ours, found = _plain(kind, body), _plain(kind, theirs)
    return sorted(name for name in ours.keys() | found.keys() if ours.get(name) != found.get(name))


def _plain(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the hub knows, in one spelling; as they are where they can't be read."""
    given, model = to_api(body), MODELS.get(kind)
    if model is None:
        return given
    known = {name: value for name, value in given.items() if name in model.model_fields}
    try:
        return model.model_validate(known).model_dump(mode="json")
    except ValidationError:
        return known
