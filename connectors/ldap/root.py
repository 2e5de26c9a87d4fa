"""What a directory says about itself (RFC 4512, 5.1), and who its vendor is."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from connectors.ldap.decode import Values
from connectors.ldap.escape import below, parts, raw
from hub.errors import BadConfigError

ACTIVE_DIRECTORY = b"1.2.840.113556.1.4.800"
DIRSYNC = "1.2.840.113556.1.4.841"
SYNC = "1.3.6.1.4.1.4203.1.9.1.1"


class Vendor(StrEnum):
    """Whose directory it is, as far as it matters."""

    AD = "ad"
    OPENLDAP = "openldap"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Root:
    """A server's own words.

    Attributes:
        vendor: as told by what it can do.
        contexts: the trees that it holds; of Active Directory the domain's first.
        controls: OIDs of what it can do.
        highest_usn: Active Directory: the number of its last change.
        server: Active Directory: which domain controller it is.
        values: everything that it said.
    """

    vendor: Vendor
    contexts: tuple[str, ...]
    controls: frozenset[str]
    highest_usn: int | None
    server: str
    values: Values = field(repr=False)

    @property
    def trees(self) -> tuple[str, ...]:
        """Where people can be: not among Active Directory's own schema and configuration."""
        return self.contexts[:1] if self.vendor is Vendor.AD else self.contexts

    @property
    def tells_changes(self) -> bool:
        """Whether it can be asked what changed since."""
        return (DIRSYNC if self.vendor is Vendor.AD else SYNC) in self.controls

    @property
    def key_attribute(self) -> str:
        """The attribute that holds an entry's key, which never changes."""
        return "objectGUID" if self.vendor is Vendor.AD else "entryUUID"

    def key_of(self, value: bytes) -> UUID:
        """The key in a value of `key_attribute`.

        Raises:
            ValueError: it is none.
        """
        return UUID(bytes_le=value) if self.vendor is Vendor.AD else UUID(value.decode("ascii"))

    def is_key(self, key: UUID) -> str:
        """The condition that an entry has this key."""
        if self.vendor is Vendor.AD:
            return f"(objectGUID={raw(key.bytes_le)})"
        return f"(entryUUID={key})"

    def context_of(self, dn: str) -> str:
        """The tree that holds an entry.

        Raises:
            BadConfigError: none does.
        """
        for context in sorted(self.contexts, key=lambda each: -len(parts(each))):
            if below(dn, context):
                return context
        raise BadConfigError(
            f"The directory does not hold {dn}: it holds {', '.join(self.contexts) or 'nothing'}. "
            "Check the base."
        )


def root_of(values: Values) -> Root:
    """The root from its attributes, whatever case their names are in."""
    said = {name.lower(): found for name, found in values.items()}

    def texts(name: str) -> tuple[str, ...]:
        return tuple(each.decode(errors="replace") for each in said.get(name.lower(), ()))

    contexts = tuple(dict.fromkeys(texts("defaultNamingContext") + texts("namingContexts")))
    usn = texts("highestCommittedUSN")
    return Root(
        vendor=_vendor(said),
        contexts=contexts,
        controls=frozenset(texts("supportedControl")),
        highest_usn=int(usn[0]) if usn and usn[0].isdecimal() else None,
        server=(texts("dsServiceName") or ("",))[0],
        values=values,
    )


def _vendor(said: Values) -> Vendor:
    if ACTIVE_DIRECTORY in said.get("supportedcapabilities", ()):
        return Vendor.AD
    if b"OpenLDAProotDSE" in said.get("objectclass", ()):
        return Vendor.OPENLDAP
    return Vendor.OTHER
