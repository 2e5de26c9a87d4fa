"""Persons and groups of the intranet as SCIM writes them, and back; pure."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

CORE = "urn:ietf:params:scim:schemas:core:2.0"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EXTERNAL = "External"  # the userType of who is no employee

Json = dict[str, Any]


def id_of(key: str) -> str:
    """Return the SCIM id of a key: another word on purpose, so that nobody mixes up the two."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(scim_id: str) -> str | None:
    """Return the key behind an id; None: it is no id of this intranet."""
    try:
        padded = scim_id.encode("ascii") + b"=" * (-len(scim_id) % 4)
        key = base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        return None
    return key if id_of(key) == scim_id else None


def user_of(body: Mapping[str, Any]) -> Json:
    """Write a person as a User."""
    name = {
        "formatted": body["display_name"],
        "givenName": body.get("given_name"),
        "familyName": body.get("family_name"),
    }
    manager = body.get("manager")
    more = {
        "department": body.get("department"),
        "organization": body.get("organisation"),
        "manager": manager and {"value": id_of(manager), "$ref": f"Users/{id_of(manager)}"},
    }
    phones = [(body.get("phone"), "work"), (body.get("mobile"), "mobile")]
    return _filled(
        {
            "schemas": [f"{CORE}:User", *([ENTERPRISE] if _filled(more) else [])],
            "userName": body["user_name"],
            "displayName": body["display_name"],
            "name": _filled(name),
            "title": body.get("title"),
            "preferredLanguage": body.get("locale"),
            "userType": EXTERNAL if body.get("external") else None,
            "active": body.get("active", True),
            "emails": _one(body.get("mail"), "value", primary=True),
            "phoneNumbers": [{"value": value, "type": sort} for value, sort in phones if value],
            "addresses": _one(body.get("office"), "formatted"),
            ENTERPRISE: _filled(more),
        }
    )


def person_of(doc: Mapping[str, Any]) -> Json:
    """Read a User as the intranet keeps a person; what it has no place for is left out."""
    name = doc.get("name") or {}
    more = doc.get(ENTERPRISE) or {}
    parts = " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))
    phones, mobiles = _phones(doc)
    language = (doc.get("preferredLanguage") or "")[:2].lower()
    return _filled(
        {
            "user_name": doc.get("userName"),
            "display_name": (
                doc.get("displayName") or name.get("formatted") or parts or doc.get("userName")
            ),
            "given_name": name.get("givenName"),
            "family_name": name.get("familyName"),
            "mail": _first(doc.get("emails"), "value"),
            "title": doc.get("title"),
            "department": more.get("department"),
            "organisation": more.get("organization"),
            "office": _first(doc.get("addresses"), "formatted"),
            "phone": next(iter(phones), None),
            "mobile": next(iter(mobiles), None),
            "locale": language if language in {"nl", "en"} else None,
            "external": doc.get("userType") == EXTERNAL,
            "active": doc.get("active", True),
            "manager": key_of((more.get("manager") or {}).get("value") or ""),
        }
    )


def _phones(doc: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    found = [one for one in doc.get("phoneNumbers") or () if one.get("value")]
    mobiles = [one["value"] for one in found if one.get("type") == "mobile"]
    return [one["value"] for one in found if one.get("type") != "mobile"], mobiles


def _first(values: Sequence[Mapping[str, Any]] | None, name: str) -> Any:
    """The primary value, else the first one."""
    found = sorted(values or (), key=lambda one: not one.get("primary"))
    return next((one[name] for one in found if one.get(name)), None)


def _one(value: Any, name: str, **more: Any) -> list[Json]:
    return [{name: value, "type": "work", **more}] if value else []


def _filled(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
