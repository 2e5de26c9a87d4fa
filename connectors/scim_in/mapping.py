"""Pure: a resource in JSON becomes a record of a person or group, and back."""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.scim_in.settings import ScimInSettings
from hub.contract import Record, Ref
from hub.events.base import Family, canonical
from hub.events.group import GROUP, MEMBER, Group, Membership, membership_key
from hub.events.person import ALIAS, MANAGER, Person
from hub.events.text import plain_text

CORE = "urn:ietf:params:scim:schemas:core:2.0"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONGEST = 200  # characters of a text that are kept
NAME_LONGEST = 200  # characters of an identifier that is taken
ACCOUNT = "account"  # the kind of a reference to a user of the same provider
INDEX = "index"  # the kind of a reference by which a resource is found, and that says nothing
EXTERNAL_ID, USER_NAME, DISPLAY_NAME = "external_id", "user_name", "display_name"
SAID = "said"  # the role of a reference that tells an attribute which was said from our own words
TOLD = ("displayName", "active", "organization")
FAMILIES = {"User": Family.PERSON, "Group": Family.GROUP}

Json = dict[str, Any]
Doc = Mapping[str, Any]


class ValueFault(ValueError):  # noqa: N818  it is no exception of the door, only of this folder
    """An attribute that can't be kept; the message names it, never what stands in it."""


def person(
    key: str, doc: Doc, config: ScimInSettings, namespace: str, made_at: datetime | None
) -> Record:
    """A User as an account.

    Args:
        made_at: when it was pushed first.

    Raises:
        ValueFault: an identifier is too long, or the user name is empty.
    """
    name, more = doc.get("name") or {}, doc.get(ENTERPRISE) or {}
    user_name = plain_text(doc.get("userName") or "", NAME_LONGEST + 1)
    if not user_name:
        raise ValueFault("userName")
    given, family = _text(name.get("givenName")), _text(name.get("familyName"))
    phones = _typed(doc.get("phoneNumbers"), "value")
    values = {
        "user_name": _short(user_name, "userName"),
        "display_name": _text(doc.get("displayName")) or shown(given, family, user_name),
        "given_name": given,
        "family_name": family,
        "title": _text(doc.get("title")),
        "mail": _typed(doc.get("emails"), "value").get("work"),
        "phone": phones.get("work"),
        "mobile": phones.get("mobile"),
        "office": _typed(doc.get("addresses"), "formatted").get("work"),
        "employee_number": _text(more.get("employeeNumber")),
        "employer": _text(more.get("organization")) or config.employer,
        "department": _text(more.get("department")),
    }
    active = doc.get("active")
    payload = Person(
        enabled=True if active is None else bool(active),
        external=config.external,
        **{field: value for field, value in values.items() if value},
    )
    refs = [*_names(doc, namespace, user_name), *_manager(more, namespace)]
    said = {**doc, "organization": more.get("organization")}
    refs += [Ref(SAID, namespace, INDEX, one) for one in TOLD if said.get(one) not in (None, "")]
    return Record(key, payload, at=made_at, refs=tuple(refs))


def group(key: str, doc: Doc, namespace: str, made_at: datetime | None) -> Record:
    """A Group; it is its own container, and that of who is in it.

    Raises:
        ValueFault: an identifier is too long, or the name is empty.
    """
    name = _text(doc.get("displayName"))
    if not name:
        raise ValueFault("displayName")
    refs = [Ref(DISPLAY_NAME, namespace, INDEX, folded(name))]
    if external := doc.get("externalId"):
        refs.append(Ref(EXTERNAL_ID, namespace, ALIAS, _short(external, "externalId")))
    return Record(key, Group(name=name), container=key, at=made_at, refs=tuple(refs))


def membership(group_key: str, member: str, namespace: str) -> Record:
    """One user in one group."""
    refs = (Ref(GROUP, namespace, GROUP, group_key), Ref(MEMBER, namespace, ACCOUNT, member))
    key = membership_key(group_key, member)
    return Record(key, Membership(direct=True), container=group_key, refs=refs)


def user_doc(record: Record) -> Json:
    """A User as it is kept."""
    payload = record.payload
    if not isinstance(payload, Person):
        raise TypeError(type(payload).__name__)
    manager = value_of(record, MANAGER)
    told = {one.value for one in record.refs if one.role == SAID}
    more = _filled(
        {
            "employeeNumber": payload.employee_number,
            "organization": payload.employer if "organization" in told else None,
            "department": payload.department,
            "manager": manager and {"value": manager},
        }
    )
    phones = [(payload.phone, "work"), (payload.mobile, "mobile")]
    return _filled(
        {
            "schemas": [f"{CORE}:User", *([ENTERPRISE] if more else [])],
            "externalId": value_of(record, EXTERNAL_ID),
            "userName": payload.user_name,
            "name": _filled({"givenName": payload.given_name, "familyName": payload.family_name}),
            "displayName": payload.display_name if "displayName" in told else None,
            "title": payload.title,
            "active": payload.enabled if "active" in told else None,
            "emails": _one(payload.mail, "value"),
            "phoneNumbers": [{"value": value, "type": kind} for value, kind in phones if value],
            "addresses": _one(payload.office, "formatted"),
            ENTERPRISE: more,
        }
    )


def group_doc(record: Record, members: Iterable[str]) -> Json:
    """A Group as it is kept, with who is in it."""
    payload = record.payload
    if not isinstance(payload, Group):
        raise TypeError(type(payload).__name__)
    return _filled(
        {
            "schemas": [f"{CORE}:Group"],
            "externalId": value_of(record, EXTERNAL_ID),
            "displayName": payload.name,
            "members": [{"value": one, "$ref": f"Users/{one}"} for one in members],
        }
    )


def version(doc: Doc) -> str:
    """The entity tag of a resource: equal content, equal tag."""
    mark = hashlib.blake2b(canonical(doc).encode(), digest_size=12).hexdigest()
    return f'W/"{mark}"'


def folded(name: str) -> str:
    """What stands for a name in an index: its case does not count, and it can't be read."""
    plain = unicodedata.normalize("NFC", name.strip()).casefold()
    return hashlib.blake2b(plain.encode(), digest_size=16).hexdigest()


def value_of(record: Record, role: str) -> str | None:
    """The value of a record's reference with this role, unless it is an index."""
    found = (one.value for one in record.refs if one.role == role and one.kind != INDEX)
    value = next(found, None)
    return None if role == USER_NAME else value


def aliases(record: Record) -> tuple[Ref, ...]:
    """By what the provider names this account for good."""
    return tuple(one for one in record.refs if one.kind == ALIAS)


def same_human(one: Record, other: Record) -> bool:
    """Whether a user that left and one that comes under the same name are the same human."""
    first, second = one.payload, other.payload
    if not isinstance(first, Person) or not isinstance(second, Person):
        return False
    names = ("user_name", "given_name", "family_name")
    return all(_low(getattr(first, name)) == _low(getattr(second, name)) for name in names)


def _low(text: str | None) -> str:
    return (text or "").casefold()


def _names(doc: Doc, namespace: str, user_name: str) -> list[Ref]:
    """An account without an `externalId` is named by its user name."""
    refs = [Ref(USER_NAME, namespace, INDEX, folded(user_name))]
    if external := doc.get("externalId"):
        refs.append(Ref(EXTERNAL_ID, namespace, ALIAS, _short(external, "externalId")))
    else:
        refs.append(Ref(USER_NAME, namespace, ALIAS, folded(user_name)))
    return refs


def _manager(more: Doc, namespace: str) -> list[Ref]:
    value = (more.get("manager") or {}).get("value")
    return [Ref(MANAGER, namespace, ACCOUNT, _short(value, "manager"))] if value else []


def _typed(values: Sequence[Doc] | None, name: str) -> dict[str, str]:
    """The last value of each type; one without a type is for work."""
    found = {}
    for one in values or ():
        if text := _text(one.get(name)):
            found[str(one.get("type") or "work").lower()] = text
    return found


def _text(value: Any) -> str | None:
    return plain_text(str(value), LONGEST) or None if value is not None else None


def shown(given: str | None, family: str | None, user_name: str | None) -> str:
    """The whole name, where the provider does not say it."""
    return " ".join(part for part in (given, family) if part) or user_name or ""


def _short(value: str, name: str) -> str:
    if len(value) > NAME_LONGEST:
        raise ValueFault(name)
    return value


def _one(value: str | None, name: str) -> list[Json]:
    return [{name: value, "type": "work"}] if value else []


def _filled(values: Json) -> Json:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
