"""Users and Groups over the objects of the intranet: one truth, in two notations."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from scim2_models import ForbiddenException, InvalidValueException, UniquenessException

from hub.sandbox.intranet.directory import Directory
from hub.sandbox.intranet.models import BODIES, Kind
from hub.sandbox.intranet.problems import ProblemError
from hub.sandbox.intranet.scim.mapping import CORE, Json, id_of, key_of, person_of, user_of
from hub.sandbox.intranet.state import KEY, ObjectStore, StoredObject


@dataclass(frozen=True)
class Found:
    """One resource as JSON, without `id` and `meta`; the times are UTC."""

    key: str
    doc: Json
    created: datetime
    changed: datetime


@dataclass(frozen=True)
class _Kept:
    """What SCIM said, attributes included that the intranet has no place for.

    It stands as long as `stored` is the object: a write through the other API is newer.
    """

    stored: StoredObject
    doc: Json
    at: datetime


class Resources(ABC):
    """Resources of one type; `kind` is the objects behind it."""

    kind: Kind

    def __init__(self, store: ObjectStore, directory: Directory) -> None:
        self.store = store
        self.directory = directory
        self._kept: dict[str, _Kept] = {}
        self._named: dict[str, set[str]] = {}

    def keys(self) -> list[str]:
        """Every key, in order."""
        return [one.external_id for one in self.store.of_kind(self.kind)]

    def among(self, attribute: str, value: str) -> Iterable[str] | None:
        """Keys that may have this value; None: no index says so, so look at all."""
        if attribute == "externalid":
            return {value} | self._named.get(value, set())
        key = key_of(value)
        return ([] if key is None else [key]) if attribute == "id" else None

    def get(self, key: str) -> Found | None:
        """One resource."""
        stored = self.store.get(self.kind, key)
        if stored is None:
            return None
        kept = self._kept.get(key)
        if kept is None or kept.stored is not stored:
            named = {} if key.startswith("scim:") else {"externalId": key}
            doc = {**named, **self.doc_of(stored.body)}
            return Found(key, self.complete(key, doc), stored.created_at, stored.updated_at)
        return Found(key, self.complete(key, kept.doc), stored.created_at, kept.at)

    def create(self, doc: Json) -> str:
        """Make an object; its key is the `externalId` where that can be one."""
        wanted = doc.get("externalId") or ""
        free = KEY.fullmatch(wanted) and self.store.get(self.kind, wanted) is None
        key = wanted if free and wanted not in self.directory.own else f"scim:{uuid.uuid4().hex}"
        self.write(key, doc)
        return key

    def write(self, key: str, doc: Json) -> None:
        """Make it look like this.

        Raises:
            UniquenessException: another account has this user name.
            InvalidValueException: a value that the intranet does not take.
        """
        self.allow(key)
        body = self.body_of(key, doc)
        try:
            self.directory.check(key, BODIES[self.kind].model_validate(body))
        except ProblemError as error:
            raise UniquenessException(detail=error.args[0]) from None
        except ValidationError as error:
            raise InvalidValueException(detail=_in_words(error)) from None
        self.prepare(doc)
        stored = self.store.put(self.kind, key, body)
        self._kept[key] = _Kept(stored, self.lasting(doc), self.store.now())
        if named := doc.get("externalId"):
            self._named.setdefault(named, set()).add(key)
        self.finish(key, doc)

    def delete(self, key: str) -> None:
        """Take it away, as the other API does."""
        self.allow(key)
        self.store.delete(self.kind, key)
        self.directory.end_with(self.kind, key)

    def clear(self) -> None:
        """Forget what SCIM said."""
        self._kept.clear()
        self._named.clear()

    def allow(self, key: str) -> None:
        """Refuse what is not to be written here."""
        del key

    def prepare(self, doc: Json) -> None:
        """Look at what it refers to, before anything is written."""
        del doc

    def finish(self, key: str, doc: Json) -> None:
        """Write what stands in other objects."""
        del key, doc

    @abstractmethod
    def doc_of(self, body: Mapping[str, Any]) -> Json:
        """The resource of an object that SCIM did not write."""

    @abstractmethod
    def body_of(self, key: str, doc: Json) -> Json:
        """The object that a resource describes."""

    @abstractmethod
    def complete(self, key: str, doc: Json) -> Json:
        """With what stands in other objects."""

    @abstractmethod
    def lasting(self, doc: Json) -> Json:
        """Without what stands in other objects, or must not be kept."""


class Users(Resources):
    """Persons, and the accounts of the intranet's own, which are read only."""

    kind = Kind.PERSON

    def keys(self) -> list[str]:
        """Every key, in order."""
        return sorted([*super().keys(), *self.directory.own])

    def among(self, attribute: str, value: str) -> Iterable[str] | None:
        """Keys that may have this value."""
        if attribute == "username":
            return [one.id for one in self.directory.find("user_name", value)]
        return super().among(attribute, value)

    def get(self, key: str) -> Found | None:
        """One user."""
        own = self.directory.own.get(key)
        if own is None:
            return super().get(key)
        doc = self.complete(key, user_of(own.model_dump()))
        return Found(key, doc, self.directory.since, self.directory.since)

    def allow(self, key: str) -> None:
        """Refuse to write an account of the intranet's own."""
        if key in self.directory.own:
            raise ForbiddenException(
                detail="This account comes from the intranet's own synchronisation: link it."
            )

    def doc_of(self, body: Mapping[str, Any]) -> Json:
        """A User."""
        return user_of(body)

    def body_of(self, key: str, doc: Json) -> Json:
        """A person."""
        del key
        return person_of(doc)

    def complete(self, key: str, doc: Json) -> Json:
        """With the groups in which the person is."""
        found = [self.store.get(Kind.GROUP, one) for one in self.directory.groups_of(key)]
        groups = [
            {
                "value": id_of(one.external_id),
                "$ref": f"Groups/{id_of(one.external_id)}",
                "display": one.body["name"],
                "type": "direct",
            }
            for one in found
            if one is not None
        ]
        return {**doc, "groups": groups} if groups else doc

    def lasting(self, doc: Json) -> Json:
        """Without groups, which are memberships, and without a password."""
        return {name: value for name, value in doc.items() if name not in {"groups", "password"}}


class Groups(Resources):
    """Groups, whose members are memberships."""

    kind = Kind.GROUP

    def doc_of(self, body: Mapping[str, Any]) -> Json:
        """A Group."""
        return {"schemas": [f"{CORE}:Group"], "displayName": body["name"]}

    def body_of(self, key: str, doc: Json) -> Json:
        """A group; SCIM knows no description, so that one stays."""
        old = self.store.get(Kind.GROUP, key)
        return {**(old.body if old else {}), "name": doc.get("displayName")}

    def complete(self, key: str, doc: Json) -> Json:
        """With its members; how they are called is what SCIM said, else their name."""
        said = {one.get("value"): one.get("display") for one in doc.get("members") or ()}
        members = [
            _member(one, said.get(id_of(one)) or self.directory.name_of(one))
            for one in self._members(key)
        ]
        return _filled({**doc, "members": members})

    def lasting(self, doc: Json) -> Json:
        """All of it."""
        return doc

    def prepare(self, doc: Json) -> None:
        """Every member has to be there."""
        for one in doc.get("members") or ():
            key = key_of(one.get("value") or "")
            if key is None or not self.directory.knows_person(key):
                raise InvalidValueException(detail="A member is no user of this intranet.")

    def finish(self, key: str, doc: Json) -> None:
        """Make and end memberships until these are the members."""
        wanted = {key_of(one["value"]) or "" for one in doc.get("members") or ()}
        there = self._members(key)
        for person in sorted(wanted - set(there)):
            made = uuid.uuid5(uuid.NAMESPACE_URL, f"{key}\n{person}").hex
            self.store.put(Kind.MEMBERSHIP, f"scim:{made}", {"group": key, "person": person})
        for person in set(there) - wanted:
            for one in there[person]:
                self.store.delete(Kind.MEMBERSHIP, one)

    def _members(self, key: str) -> dict[str, list[str]]:
        """The memberships of a group, by person."""
        found: dict[str, list[str]] = {}
        for one in self.store.having(Kind.MEMBERSHIP, "group", key):
            if one.body["group"] == key:
                found.setdefault(one.body["person"], []).append(one.external_id)
        return dict(sorted(found.items()))


def _member(key: str, name: str) -> Json:
    return {"value": id_of(key), "$ref": f"Users/{id_of(key)}", "type": "User", "display": name}


def _filled(doc: Json) -> Json:
    return {name: value for name, value in doc.items() if value != []}


def _in_words(error: ValidationError) -> str:
    wrong = {str(one["loc"][0]) for one in error.errors(include_input=False, include_url=False)}
    return f"This intranet does not take these values of: {', '.join(sorted(wrong))}."
