"""Nothing that is configured or looked up becomes a condition; no stranger is trusted."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.ldap.connector import LdapConnector
from connectors.ldap.escape import text
from connectors.ldap.filters import both, whole
from connectors.ldap.settings import LdapSettings
from hub.contract import ReadRequest, Unknown
from hub.errors import BadConfigError
from hub.events.base import Family
from hub.http import HttpFactory, HttpOptions
from hub.testing.fakes import fake_context

GOOD = {"urls": ["ldaps://dc1.example.org"], "bases": ["OU=Staff,DC=example,DC=org"]}
BREAKING_OUT = (
    "(a=b))(|(objectClass=*)",
    "(a=b)(c=d)",
    "a=b",
    "(a=b",
    "a=b)",
    "()",
    "(&)",
    "(!(a=b)(c=d))",
    "(a=(b))",
    "(a)",
    "",
    "(a=b\x00)",
)


@pytest.mark.parametrize("broken", BREAKING_OUT)
def test_a_filter_that_could_break_out_of_its_place_is_refused(broken):
    for settings in ({"filter": broken}, {"groups": {"filter": broken}}):
        with pytest.raises(ValidationError, match="whole filter"):
            LdapSettings.model_validate(GOOD | settings)


@pytest.mark.parametrize(
    "good", ["(a=b)", "(&(a=b)(!(c=d)))", r"(cn=a\28b\29)", "(|(a=1)(&(b=2)(c>=3)))", "(a:dn:=b)"]
)
def test_a_whole_filter_is_taken_as_it_is(good):
    assert LdapSettings.model_validate(GOOD | {"filter": good}).filter == good


@given(st.text(max_size=40))
def test_no_value_makes_another_filter(value):
    assert whole(both("(objectClass=person)", f"(uid={text(value)})"))


@given(st.text(alphabet="()&|!=ab\\*", max_size=14))
def test_what_is_taken_for_a_filter_stays_one_between_others(value):
    if whole(value):
        assert whole(f"(&(a=b){value}(c=d))")
        assert not whole(value + ")")
        assert not whole("(" + value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"attributes": {"title": "title)(cn=*"}},
        {"attributes": {"title": "jpegPhoto;binary"}},
        {"attributes": {"photo": "thumbnailPhoto"}},
        {"attributes": {"enabled": "x"}},
        {"bases": ["no name"]},
        {"bases": []},
        {"bases": ["DC=example,DC=org", "OU=Staff,dc=example, dc=org"]},
        {"urls": ["https://dc1.example.org"]},
        {"urls": ["ldaps://name:secret@dc1.example.org"]},
        {"external": {"attribute": "x y", "values": ["a"]}},
        {"members_of": ["nothing"]},
    ],
    ids=str,
)
def test_settings_that_can_not_be_meant(wrong):
    with pytest.raises(ValidationError):
        LdapSettings.model_validate(GOOD | wrong)


@pytest.mark.parametrize("key", ["*)(objectClass=*", "*", "\\2a", "(", "\x00", "a/b", "/", "é"])
async def test_a_looked_up_key_is_a_key_or_unknown(desk, key):
    desk.settings["groups"] = {}
    desk.person("Noor")
    for family in (Family.PERSON, Family.GROUP, Family.MEMBERSHIP):
        assert await desk.ask(family, key) == Unknown()


async def test_names_with_special_characters_are_only_names(desk):
    ou = desk.directory.ou()
    strange = [r"Jansen\, P. (Piet) *", r"a\\b", "Zoë #1"]
    for name in strange:
        desk.person(name, ou)
    key = desk.person(strange[0])
    desk.person("Noor", manager=f"CN={strange[0]},{desk.ou}")
    found = {one.payload.display_name: one for one in (await desk.records()).values()}
    assert set(found) == {"Jansen, P. (Piet) *", "Noor"}
    assert [one.value for one in found["Noor"].refs] == [key]
    assert len(await desk.records(bases=[ou])) == 3


async def read(slapd, pem, **settings):
    http = HttpOptions(ca_file=pem)
    context = fake_context("directory")
    context = replace(context, http=HttpFactory(http, context.now))
    config = LdapSettings.model_validate(
        {"bases": [slapd.suffix], "bind": slapd.server.reader, "password": slapd.server.password}
        | settings
    )
    made = LdapConnector(config, context)
    try:
        async for _ in made.read(ReadRequest("people")):
            pass
    finally:
        await made.close()


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_the_organisations_own_ca_is_trusted_when_named(slapd, pem, scheme):
    port = slapd.server.tls_port if scheme == "ldaps" else slapd.server.port
    await read(slapd, pem.ca, urls=[f"{scheme}://127.0.0.1:{port}"])


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_a_certificate_of_another_host_is_refused(slapd, pem, scheme):
    port = slapd.server.tls_port if scheme == "ldaps" else slapd.server.port
    with pytest.raises(BadConfigError, match=r"(?i)certificate"):
        await read(slapd, pem.ca, urls=[f"{scheme}://localhost:{port}"])


async def test_a_certificate_that_nobody_vouches_for_is_refused(slapd):
    with pytest.raises(BadConfigError, match=r"(?i)certificate"):
        await read(slapd, None, urls=[f"ldaps://127.0.0.1:{slapd.server.tls_port}"])
