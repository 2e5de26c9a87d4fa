"""OpenLDAP, and directories that look like it: inetOrgPerson, groupOfNames.

Sources: RFC 2798 (inetOrgPerson), RFC 2307 (shadowExpire), draft-behera-ldap-password-policy-10,
section 5.3.3 (pwdAccountLockedTime).
"""

from datetime import UTC, datetime, timedelta

from connectors.ldap.models import Dialect, UnreadableError, Values, first, number

FOR_GOOD = "000001010000Z"  # locked by an administrator; any other moment is a lock-out that passes
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = 2_900_000  # days: the year 9910


def enabled(values: Values) -> bool:
    """Whether no administrator locked the account for good."""
    return first(values, "pwdAccountLockedTime") != FOR_GOOD


def ends(values: Values) -> datetime | None:
    """The day on which the account expires, at midnight UTC; None: never."""
    days = number(values, "shadowExpire")
    if days is None or days < 0 or days >= FAR:
        return None
    if days == 0:  # some systems write it for never, others for at once: nobody can tell
        raise UnreadableError("shadowExpire is 0: write -1 for never, or the day")
    return EPOCH + timedelta(days=days)


DIALECT = Dialect(
    people="(objectClass=inetOrgPerson)",
    people_changed=None,
    groups="(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))",
    attributes={
        "user_name": ("uid",),
        "mail": ("mail",),
        "given_name": ("givenName",),
        "family_name": ("sn",),
        "display_name": ("displayName", "cn"),
        "employee_number": ("employeeNumber",),
        "employer": ("o",),
        "title": ("title",),
        "department": ("ou",),
        "office": ("physicalDeliveryOfficeName", "roomNumber"),
        "phone": ("telephoneNumber",),
        "mobile": ("mobile",),
        "manager": ("manager",),
    },
    photos=("jpegPhoto",),
    state=("pwdAccountLockedTime", "shadowExpire"),
    members=("member", "uniqueMember"),
    number=None,
    primary=None,
    enabled=enabled,
    ends=ends,
)
