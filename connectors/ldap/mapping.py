"""Pure: an entry of a directory becomes a person, a group or a membership."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from connectors.ldap import vendor_ad, vendor_openldap
from connectors.ldap.escape import parts
from connectors.ldap.models import Dialect, UnreadableError, Values
from connectors.ldap.root import Vendor
from connectors.ldap.settings import ExternalSettings, LdapSettings, PersonField, VendorChoice
from hub.contract import Record, Ref
from hub.events.group import GROUP, MEMBER, Group, Membership, membership_key
from hub.events.person import MANAGER, Person
from hub.events.photo import NoPhotoError, Photo, taken
from hub.events.text import cut, visible

LONGEST = 200  # characters of a text
ACCOUNT = "account"  # the kind of a reference to a person of the same directory
TEXTS = tuple(
    one
    for one in PersonField
    if one
    not in {PersonField.BIRTH_DATE, PersonField.STARTS, PersonField.ENDS, PersonField.MANAGER}
)

_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:[.,]\d+)?Z")
_ODD = re.compile(r'[\\";]|, | ,|= | =|  |\A | \Z')


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read of whom, and what it becomes.

    Attributes:
        namespace: the instance, in whose numbering references stand.
        fields: field of a person to the attributes that may hold it; the first with a value wins.
        photos: likewise of a picture; none: pictures are not read.
    """

    namespace: str
    dialect: Dialect
    fields: Mapping[str, tuple[str, ...]]
    external: ExternalSettings | None
    employer: str | None
    photos: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """The attributes to ask for; nothing else is ever read."""
        named = [name for names in self.fields.values() for name in names]
        named += self.dialect.state
        named += [self.external.attribute] if self.external else []
        named += self.photos
        return tuple(dict.fromkeys(named))


def dialect_of(settings: LdapSettings, vendor: Vendor) -> Dialect:
    """As the settings say, else as the directory says."""
    chosen = vendor.value if settings.vendor is VendorChoice.AUTO else settings.vendor.value
    return vendor_ad.DIALECT if chosen == Vendor.AD.value else vendor_openldap.DIALECT


def plan_of(settings: LdapSettings, dialect: Dialect, namespace: str) -> Plan:
    """The usual attributes, with the chosen ones in their place."""
    chosen = {str(field): (name,) if name else () for field, name in settings.attributes.items()}
    fields = {**dialect.attributes, **chosen}
    photos = dialect.photos if settings.photos else ()
    return Plan(namespace, dialect, fields, settings.external, settings.employer, photos)


def photo(values: Values, plan: Plan) -> tuple[Photo | None, bytes | None]:
    """The picture and its bytes; neither where there is none, or pictures are not read.

    Raises:
        NoPhotoError: what stands there is no picture that is taken.
    """
    for name in plan.photos:
        if found := values.get(name):
            return taken(found[0])
    return None, None


def person(values: Values, plan: Plan, picture: Photo | None = None) -> Person:
    """The account.

    Raises:
        UnreadableError: an attribute can't be understood, or there is no name at all.
    """
    texts = {field: _text(values, plan.fields.get(field, ())) for field in TEXTS}
    given = {str(field): text for field, text in texts.items() if text}
    if plan.employer:
        given.setdefault("employer", plan.employer)
    return Person(
        **(given | {"display_name": given.get("display_name") or _name(given)}),
        enabled=plan.dialect.enabled(values),
        birth_date=_birth_date(values, plan),
        starts=_moment(values, plan.fields.get(PersonField.STARTS, ())),
        ends=_earliest(
            plan.dialect.ends(values), _moment(values, plan.fields.get(PersonField.ENDS, ()))
        ),
        external=_is_external(values, plan),
        photo=picture,
    )


def manager_of(values: Values, plan: Plan) -> str | None:
    """The name (DN) of the manager's entry."""
    for name in plan.fields.get(PersonField.MANAGER, ()):
        if found := values.get(name):
            return found[0].decode(errors="replace")
    return None


def record(key: str, values: Values, plan: Plan, base: str, manager: str | None) -> Record:
    """The record of one person; a picture that is refused is left out, and the person stays.

    Args:
        base: where it was found.
        manager: the key of the manager, where that is a person of this directory too.

    Raises:
        UnreadableError: see `person`.
    """
    refs = (Ref(MANAGER, plan.namespace, ACCOUNT, manager),) if manager else ()
    try:
        picture, data = photo(values, plan)
    except NoPhotoError:
        picture, data = None, None
    return Record(key, person(values, plan, picture), container=base, refs=refs, photo=data)


def group(key: str, values: Values) -> Record:
    """The record of one group; it is its own container, and that of who is in it.

    Raises:
        UnreadableError: it has no name.
    """
    name = _text(values, ("cn", "name"))
    if name is None:
        raise UnreadableError("no name: cn can't be read")
    description, mail = _text(values, ("description",)), _text(values, ("mail",))
    return Record(key, Group(name=name, description=description, mail=mail), container=key)


GROUP_ATTRIBUTES = ("cn", "description", "mail")


def membership(group_key: str, member: str, namespace: str, *, direct: bool) -> Record:
    """The record of one person in one group."""
    refs = (Ref(GROUP, namespace, GROUP, group_key), Ref(MEMBER, namespace, ACCOUNT, member))
    key = membership_key(group_key, member)
    return Record(key, Membership(direct=direct), container=group_key, refs=refs)


def fold(dn: str) -> str:
    """A name such that equal ones are equal texts; most are written in the usual way already."""
    return ",".join(parts(dn)) if _ODD.search(dn) else dn.casefold()


def fold_member(value: bytes) -> str:
    """The same of a member's name; `uniqueMember` may carry a bit string behind it (RFC 4517)."""
    text = value.decode(errors="replace")
    head, hash_, tail = text.rpartition("#")
    return fold(head if hash_ and tail.startswith("'") and tail.endswith("B") else text)


def _text(values: Values, names: tuple[str, ...]) -> str | None:
    for name in names:
        for value in values.get(name, ()):
            if found := _plain(name, value):
                return found
    return None


def _plain(name: str, value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{name} is no text: is it the right attribute?") from error
    if not text.isprintable():
        text = visible(text)
    return cut(" ".join(text.split()), LONGEST)


def _name(given: Mapping[str, str]) -> str:
    names = [given[one] for one in ("given_name", "infix", "family_name") if one in given]
    if not names:
        raise UnreadableError("no name: neither a display name nor a family name can be read")
    return " ".join(names)


def _birth_date(values: Values, plan: Plan) -> date | None:
    names = plan.fields.get(PersonField.BIRTH_DATE, ())
    text = _text(values, names)
    return None if text is None else _day(text, names[0]).date()


def _moment(values: Values, names: tuple[str, ...]) -> datetime | None:
    text = _text(values, names)
    if text is None:
        return None
    if match := _MOMENT.fullmatch(text):
        return _made(match.groups("0"), names[0])
    return _day(text, names[0])


def _day(text: str, name: str) -> datetime:
    """Midnight UTC; of what also tells an hour the day."""
    match = _DAY.fullmatch(text) or _MOMENT.fullmatch(text)
    if match is None:
        raise UnreadableError(f"{name} is no day: write 2027-01-31 or 20270131")
    return _made(match.groups()[:3], name)


def _made(numbers: tuple[str | None, ...], name: str) -> datetime:
    try:
        return datetime(*map(int, numbers), tzinfo=UTC)  # type: ignore[arg-type, misc]  # three to six numbers
    except ValueError as error:
        raise UnreadableError(f"{name} is no day of the calendar") from error


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)


def _is_external(values: Values, plan: Plan) -> bool:
    if plan.external is None:
        return False
    meant = {one.casefold() for one in plan.external.values}
    found = values.get(plan.external.attribute, ())
    return any(one.decode(errors="replace").strip().casefold() in meant for one in found)
