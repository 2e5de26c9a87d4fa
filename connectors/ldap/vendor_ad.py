"""Active Directory, Samba's too.

Sources: MS-ADTS 2.2.16 (userAccountControl), MS-ADA1 2.8 (accountExpires), MS-ADTS 3.1.1.4.5.19
(primaryGroupToken); seen on Samba 4.17.
"""

from datetime import UTC, datetime, timedelta

from connectors.ldap.models import Dialect, UnreadableError, Values, number

DISABLED = 0x2  # ACCOUNTDISABLE; LOCKOUT (0x10) passes by itself and is no leaving
NEVER = frozenset({0, 2**63 - 1})  # both mean that the account does not expire
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)  # of FILETIME, which counts tenths of a microsecond
FAR = 2_650_467_744_000_000_000  # the year 10000 as FILETIME: beyond what can be written down

# a computer is a user too, and so is a service account with a managed password; a contact is none
PEOPLE = "(&(objectCategory=person)(objectClass=user)(!(objectClass=computer)))"
CHANGED = "(objectClass=user)"  # a tombstone has no objectCategory: deletions would be lost


def enabled(values: Values) -> bool:
    """Whether the account is not disabled.

    Raises:
        UnreadableError: the account of the hub may not read it; never guessed.
    """
    flags = number(values, "userAccountControl")
    if flags is None:
        raise UnreadableError(
            "userAccountControl can't be read: the hub's account needs that right"
        )
    return not flags & DISABLED


def ends(values: Values) -> datetime | None:
    """When the account expires, UTC; None: never."""
    moment = number(values, "accountExpires")
    if moment is None or moment in NEVER or moment >= FAR:
        return None
    if moment < 0:
        raise UnreadableError("accountExpires is no moment")
    return EPOCH + timedelta(microseconds=moment // 10)


DIALECT = Dialect(
    people=PEOPLE,
    people_changed=CHANGED,
    groups="(objectClass=group)",
    attributes={
        "user_name": ("userPrincipalName", "sAMAccountName"),
        "mail": ("mail",),
        "given_name": ("givenName",),
        "family_name": ("sn",),
        "display_name": ("displayName", "cn"),
        "employee_number": ("employeeID",),
        "employer": ("company",),
        "title": ("title",),
        "department": ("department",),
        "office": ("physicalDeliveryOfficeName",),
        "phone": ("telephoneNumber",),
        "mobile": ("mobile",),
        "manager": ("manager",),
    },
    photos=("thumbnailPhoto", "jpegPhoto"),
    state=("userAccountControl", "accountExpires"),
    members=("member",),
    number="primaryGroupToken",
    primary="primaryGroupID",
    enabled=enabled,
    ends=ends,
)
