"""Values in filters can't become conditions; names are compared as directories compare them."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.ldap import escape
from hub.errors import BadConfigError

# nothing is timed, on a machine that may be busy
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@CALM
@given(st.text(max_size=30))
def test_a_value_stays_a_value(value):
    from ldap3.operation.search import compile_filter, parse_filter

    written = f"(cn={escape.text(value)})"
    assert written.isascii()
    found = parse_filter(written, None, False, False, None, False)
    (only,) = found.elements
    condition = compile_filter(only).getComponent()
    assert bytes(condition["attributeDesc"]) == b"cn"
    assert bytes(condition["assertionValue"]) == value.encode()


@pytest.mark.parametrize(
    "value", ["*", "*)(objectClass=*", "a)(|(cn=*", "\\2a", "x\x00y", "Zoë", "(", " a"]
)
def test_a_value_finds_exactly_itself(directory, value):
    ou = directory.ou()
    plain = directory.person(ou, description="something else")
    if "\x00" not in value:
        meant = directory.person(ou, description=value)
    with contextlib.closing(directory.client()) as client:
        pages = client.entries(ou, f"(description={escape.text(value)})", ["cn"])
        found = [each.dn.lower() for page in pages for each in page]
    assert plain.lower() not in found
    assert found == ([] if "\x00" in value else [meant.lower()])


@pytest.mark.parametrize(
    ("dn", "base", "inside"),
    [
        ("CN=a,OU=People,DC=example,DC=org", "ou=people,dc=EXAMPLE,dc=org", True),
        ("ou=people,dc=org", "ou=people,dc=org", True),
        ("cn=a, ou = People , dc=org", "ou=people,dc=org", True),
        ("cn=a,ou=not people,dc=org", "ou=people,dc=org", False),
        ("dc=org", "ou=people,dc=org", False),
        (r"cn=x\,ou=people,dc=org", "ou=people,dc=org", False),
        (r"cn=a,ou=R\2bD,dc=org", r"ou=R\+D,dc=org", True),
        (r"cn=a,ou=Zo\c3\ab,dc=org", "ou=ZOË,dc=org", True),
        ('cn=a,ou="R, D",dc=org', r"ou=R\, D,dc=org", True),
        ("cn=a,dc=org", "", True),
    ],
)
def test_what_stands_below_a_base(dn, base, inside):
    assert escape.below(dn, base) is inside


def test_what_is_no_name():
    with pytest.raises(BadConfigError, match="no part of a distinguished name"):
        escape.parts("People,dc=org")


@pytest.mark.parametrize(
    ("dn", "above"), [(r"cn=a\,b,ou=x,dc=org", "ou=x,dc=org"), ("dc=org", ""), ("", "")]
)
def test_the_entry_above(dn, above):
    assert escape.parent(dn) == above
