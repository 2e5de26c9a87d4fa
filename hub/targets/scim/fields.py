"""Which of our fields a server keeps, as its `/Schemas` says (RFC 7643, sections 3.1 and 7).

Some servers refuse a whole account because of one field that they do not know: Canaille (measured)
knows no kind of an e-mail address, and keeps no externalId of others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from hub.events.objects import Kind
from hub.targets.scim.models import Answered

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = {
    Kind.PERSON: "urn:ietf:params:scim:schemas:core:2.0:User",
    Kind.GROUP: "urn:ietf:params:scim:schemas:core:2.0:Group",
}
EXTERNAL_ID = "externalId"


class Attribute(Answered):
    """One attribute of a schema."""

    name: str
    mutability: str = "readWrite"
    parts: tuple["Attribute", ...] | None = Field(None, alias="subAttributes")


class Schema(Answered):
    """One schema."""

    id: str
    attributes: tuple[Attribute, ...] = ()


class Schemas(Answered):
    """The answer of `/Schemas`."""

    found: tuple[Schema, ...] = Field((), alias="Resources")


@dataclass(frozen=True, slots=True)
class Fields:
    """What a server keeps of one kind.

    Attributes:
        known: paths in small letters, as `name.formatted`; None: it does not say, and everything
            is sent.
        keeps_id: whether it keeps our externalId.
    """

    known: frozenset[str] | None = None
    keeps_id: bool = True

    def has(self, path: str) -> bool:
        """Whether this path can be written; of a list of kinds only where it knows the kinds."""
        many, bracket, _ = path.partition("[")
        wanted = (many, f"{many}.type") if bracket else (path,)
        return self.known is None or all(one.lower() in self.known for one in wanted)

    def kept(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A whole resource without what the server does not know."""
        if self.known is None:
            return dict(values)
        found = {name: self._value(name, value) for name, value in values.items()}
        if not self.keeps_id:
            found.pop(EXTERNAL_ID, None)
        found = {name: value for name, value in found.items() if value not in (None, [], {})}
        found["schemas"] = [
            one for one in values["schemas"] if one in found or one in CORE.values()
        ]
        return found

    def _value(self, name: str, value: Any) -> Any:
        if name in {"schemas", EXTERNAL_ID}:
            return value
        if name == ENTERPRISE:
            return {one: inner for one, inner in value.items() if self.has(f"{name}:{one}")}
        if not self.has(name):
            return None
        if isinstance(value, Mapping):
            return self._parts(name, value)
        if isinstance(value, list):
            listed = [self._parts(name, one) for one in value]
            # without kinds nobody could tell a second one from the first
            return listed if self.has(f"{name}.type") else listed[:1]
        return value

    def _parts(self, name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        return {one: inner for one, inner in value.items() if self.has(f"{name}.{one}")}


EVERYTHING = Fields()


def fields_of(told: Schemas, kind: Kind) -> Fields:
    """What these schemas say of a kind; everything, where they do not describe it."""
    by_id = {one.id: one for one in told.found}
    core = by_id.get(CORE[kind])
    if core is None or not core.attributes:
        return EVERYTHING
    paths = set(_paths(core.attributes, ""))
    if ENTERPRISE in by_id:
        paths |= set(_paths(by_id[ENTERPRISE].attributes, f"{ENTERPRISE}:"))
    # a common attribute: schemas need not list it (RFC 7643, 3.1)
    listed = [one for one in core.attributes if one.name.lower() == EXTERNAL_ID.lower()]
    keeps_id = all(one.mutability != "readOnly" for one in listed)
    return Fields(frozenset(paths), keeps_id)


def _paths(attributes: Iterable[Attribute], before: str) -> Iterator[str]:
    for one in attributes:
        if one.mutability == "readOnly":
            continue
        yield f"{before}{one.name}".lower()
        for part in one.parts or ():
            if part.mutability != "readOnly":
                yield f"{before}{one.name}.{part.name}".lower()
