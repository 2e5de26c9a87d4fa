"""What `hub check` says about one directory: cheap, reads only, never raises."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from connectors.ldap import groups, people
from connectors.ldap.access import address
from connectors.ldap.mapping import person, photo
from connectors.ldap.models import UnreadableError
from connectors.ldap.root import Vendor
from connectors.ldap.settings import Deltas, LdapSettings, Protection, VendorChoice
from connectors.ldap.visit import Visit
from hub.contract import Finding
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RejectedError,
)
from hub.events.photo import NoPhotoError

if TYPE_CHECKING:
    from connectors.ldap.decode import Entry

PAGES = 5  # that are counted; what is behind them is not
SAMPLE = 200  # people whose attributes are looked at
TOMBSTONES = (
    "none can be seen: nobody was deleted yet, or the right is missing. Without it a deleted person "
    "leaves only after two complete readings. A domain administrator gives it: `dsacls "
    '"CN=Deleted Objects,{}" /takeownership`, then `/g DOMAIN\\ACCOUNT:LCRP`.'
)
NO_DELTAS = (
    "what changed between two sweeps can't be asked: everything is read every 15 minutes. {} "
    "Or set `deltas: off`."
)


def findings(settings: LdapSettings, open_: Callable[[], Visit]) -> Sequence[Finding]:
    """All findings; the first that makes the others impossible is the last."""
    found = list(_addresses(settings))
    try:
        visit = open_()
    except AuthFailedError as error:
        return [*found, Finding("failed", "login", f"{error} Nothing more was tried.")]
    except HubError as error:
        return [*found, Finding("failed", "connection", str(error))]
    try:
        found += [_login(settings), _vendor(visit)]
        found += _inside(visit)
    except PermissionMissingError as error:
        found.append(Finding("failed", "right to read", str(error)))
    except HubError as error:
        found.append(Finding("failed", "reading", str(error)))
    finally:
        visit.client.close()
    return found


def _addresses(settings: LdapSettings) -> Iterator[Finding]:
    for url in settings.urls:
        bare = url.startswith("ldap://") and settings.protection is Protection.NONE
        if bare and address(url).host not in {"localhost", "127.0.0.1", "::1"}:
            advice = "everything, the password too, travels unprotected: use ldaps://."
            yield Finding("warning", f"address {url}", advice)
        else:
            yield Finding("ok", f"address {url}")


def _login(settings: LdapSettings) -> Finding:
    if settings.bind or settings.method.value in {"external", "gssapi"}:
        return Finding("ok", f"login {settings.method.value}")
    return Finding("warning", "login as nobody", "name an account with `bind` and `password`.")


def _vendor(visit: Visit) -> Finding:
    said, chosen = visit.root.vendor, visit.settings.vendor
    if chosen is VendorChoice.AUTO and said is Vendor.OTHER:
        advice = "it is read as OpenLDAP, without deltas. Is everybody there, and complete?"
        return Finding("warning", "directory of an unknown kind", advice)
    if chosen is not VendorChoice.AUTO and chosen.value != said.value:
        advice = f"it says that it is `{said.value}`: leave `vendor` out, or correct it."
        return Finding("warning", f"directory read as {chosen.value}", advice)
    return Finding("ok", f"directory {said.value}")


def _inside(visit: Visit) -> Iterator[Finding]:
    settings = visit.settings
    chosen = (*settings.bases, *(settings.group_bases if settings.groups else ()))
    bases = [_base(visit, one) for one in dict.fromkeys(chosen)]
    yield from bases
    if any(one.level == "failed" for one in bases):
        return
    pages = [page for _, page in islice(visit.people(visit.asked), PAGES)]
    sample = [one for page in pages for one in page][:SAMPLE]
    yield _counted(pages)
    yield from _readable(visit, sample)
    yield from _attributes(visit, sample)
    if visit.plan.photos:
        yield from _photos(visit, sample)
    if settings.groups is not None:
        yield _groups(visit)
    yield from _deltas(visit)
    if visit.root.vendor is Vendor.AD:
        yield _tombstones(visit)


def _base(visit: Visit, base: str) -> Finding:
    try:
        visit.prove_readable((base,))
    except PermissionMissingError as error:
        return Finding("failed", f"base {base}", str(error))
    return Finding("ok", f"base {base}")


def _counted(pages: "Sequence[Sequence[Entry]]") -> Finding:
    number = sum(map(len, pages))
    shown = f"at least {number}" if len(pages) == PAGES else str(number)
    if number:
        return Finding("ok", f"{shown} people")
    advice = "correct `bases`, `filter` or `members_of`, or let the hub's account read people."
    return Finding("warning", "nobody found", advice)


def _readable(visit: Visit, sample: "Sequence[Entry]") -> Iterator[Finding]:
    """What of the first people can't be understood, each reason once."""
    reasons: dict[str, int] = {}
    for one in sample:
        reason = _fault(visit, one)
        if reason:
            reasons[reason] = reasons.get(reason, 0) + 1
    for reason, number in sorted(reasons.items()):
        yield Finding("warning", f"{number} of {len(sample)} people can't be read", f"{reason}.")


def _fault(visit: Visit, entry: "Entry") -> str:
    if visit.key_of(entry.values) is None:
        return people.NO_KEY.format(visit.root.key_attribute)
    try:
        person(entry.values, visit.plan)
    except UnreadableError as error:
        return str(error)
    return ""


def _attributes(visit: Visit, sample: "Sequence[Entry]") -> Iterator[Finding]:
    """Chosen attributes that nobody has: a slip of the pen, or a right that is missing."""
    for field, name in visit.settings.attributes.items():
        if sample and name and not any(one.values.get(name) for one in sample):
            advice = (
                f"nobody of {len(sample)} has it: is the name right, and may the account read it?"
            )
            yield Finding("warning", f"attribute {name} for {field.value}", advice)


def _photos(visit: Visit, sample: "Sequence[Entry]") -> Iterator[Finding]:
    """How many have a picture that is taken; each reason why one is not."""
    reasons, taken = Counter[str](), 0
    for one in sample:
        try:
            taken += photo(one.values, visit.plan)[0] is not None
        except NoPhotoError as error:
            reasons[str(error)] += 1
    for reason, number in sorted(reasons.items()):
        advice = f"{reason}. These people are read without it."
        yield Finding("warning", f"{number} of {len(sample)} pictures are refused", advice)
    if taken or reasons or not sample:
        yield Finding("ok", f"{taken} of {len(sample)} people have a picture")
    else:
        names = " or ".join(visit.plan.photos)
        advice = f"has anybody {names}, and may the hub's account read it? Else leave `photos` out."
        yield Finding("warning", f"nobody of {len(sample)} has a picture", advice)


def _groups(visit: Visit) -> Finding:
    number = sum(len(page) for page in islice(groups.pages(visit), PAGES))
    if number:
        return Finding("ok", f"{number} {'group' if number == 1 else 'groups'}")
    advice = "correct `groups`, or let the hub's account read groups."
    return Finding("warning", "no group found", advice)


def _deltas(visit: Visit) -> Iterator[Finding]:
    if visit.settings.deltas is Deltas.OFF:
        return
    try:
        able = people.tells_changes(visit)
    except (PermissionMissingError, BadConfigError, RejectedError) as error:
        yield Finding("warning", "deltas", NO_DELTAS.format(error))
        return
    if not able:
        yield Finding("warning", "deltas", NO_DELTAS.format("This kind of directory has none."))
    else:
        yield Finding("ok", "deltas")


def _tombstones(visit: Visit) -> Finding:
    """Without the right the search succeeds all the same, and shows the container only."""
    tree = visit.root.contexts[0]
    asked = ("isDeleted", "lastKnownParent")
    pages = visit.client.entries(tree, "(isDeleted=TRUE)", asked, deleted=True)
    if any(one.values.get("lastKnownParent") for page in islice(pages, 1) for one in page):
        return Finding("ok", "deleted entries can be seen")
    return Finding("warning", "deleted entries", TOMBSTONES.format(tree))
