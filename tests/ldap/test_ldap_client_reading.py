"""The same entries from our reader, from ldap3's and from ldapsearch, over every way in."""

import contextlib
from uuid import UUID

import pytest

from connectors.ldap.client import DirectoryClient
from connectors.ldap.decode import Entry
from connectors.ldap.reader import Scope
from connectors.ldap.threads import in_thread
from hub.errors import RetryableError

BINARY = bytes(range(256)) * 300  # as large as pictures of people are
WAYS = ["ldapi", "ldap", "ldaps", "start_tls"]


def ways(directory, way, pem):
    server = directory.server
    return {
        "ldapi": {},
        "ldap": {"urls": (server.ldap,), "clear_text": True},
        "ldaps": {"urls": (server.ldaps,), "ca_file": pem.ca},
        "start_tls": {"urls": (server.ldap,), "start_tls": True, "ca_file": pem.ca},
    }[way]


def everything(client, base, attributes=("*", "+"), condition="(objectClass=*)"):
    with contextlib.closing(client):
        return [each for page in client.entries(base, condition, attributes) for each in page]


def as_told(entries):
    return {each.dn: {name: sorted(v) for name, v in each.values.items() if v} for each in entries}


def label(ou):
    """What makes names in a branch this test's own."""
    return ou[3:].partition(",")[0]


@pytest.fixture
def people(directory):
    """A branch with what is awkward in it."""
    ou = directory.ou()
    mark = label(ou)
    for number in range(7):
        directory.person(ou, f"n{number}-{mark}", description=f"Zoë {number}")
    awkward = directory.person(ou, f"Janssen\\, P \\2B {mark}", telephoneNumber="1")
    directory.modify(awkward, description=["één " * 100], jpegPhoto=[BINARY, b"\xff"])
    directory.group(ou, f"g-{mark}", [awkward])
    return ou


@pytest.mark.parametrize("way", WAYS)
def test_three_readers_read_the_same(directory, people, pem, way):
    how = {**ways(directory, way, pem), "page_size": 4}
    fast = everything(directory.client(**how), people)
    plain = everything(directory.client(fast=False, **how), people)
    assert fast == plain
    assert len(fast) == 10
    told = directory.search(people, "(objectClass=*)", ("*", "+"))
    assert as_told(fast) == {dn: {n: sorted(v) for n, v in vs.items()} for dn, vs in told.items()}
    assert any(BINARY in each.values.get("jpegPhoto", ()) for each in fast)


def test_the_whole_tree_is_the_same_too(directory):
    """Operational attributes, objects of the vendor, and pointers to other servers in it."""
    fast = everything(directory.client(page_size=50), directory.suffix)
    plain = everything(directory.client(fast=False, page_size=50), directory.suffix)
    assert fast == plain
    assert len(fast) > 1


def test_pages_have_the_size_that_was_asked_for(directory, people):
    with contextlib.closing(directory.client(page_size=3)) as client:
        sizes = [len(page) for page in client.entries(people, "(objectClass=*)", ["cn"])]
    assert sizes == [3, 3, 3, 1]


def test_scopes(directory, people):
    deeper = directory.ou(people)
    with contextlib.closing(directory.client()) as client:

        def count(scope):
            return sum(map(len, client.entries(people, "(objectClass=*)", ["cn"], scope)))

        assert [count(scope) for scope in (Scope.BASE, Scope.LEVEL, Scope.SUBTREE)] == [1, 10, 11]
        assert [e.dn for p in client.entries(deeper, "(cn=*)", ["cn"]) for e in p] == []


def test_an_entry_by_its_name_and_by_its_key(directory, people):
    dn = directory.person(people, f"key-{label(people)}")
    key = directory.key(dn)
    with contextlib.closing(directory.client()) as client:
        assert client.one(dn, ["CN"]).values["CN"] == [f"key-{label(people)}".encode()]
        assert client.one(f"CN=nobody,{people}", ["cn"]) is None
        assert client.by_key(key, ["cn"]).dn.lower() == dn.lower()
        assert client.by_key(key, ["cn"], [people]).dn.lower() == dn.lower()
        assert client.by_key(key, ["cn"], [directory.ou()]) is None
        assert client.by_key(UUID(int=key.int ^ 1), ["cn"]) is None


def test_many_entries_by_their_keys(directory, people):
    with contextlib.closing(directory.client()) as client:
        root = client.root()
        told = everything(directory.client(), people, [root.key_attribute])
        keys = {root.key_of(each.values[root.key_attribute][0]): each.dn for each in told}
        missing = [UUID(int=number) for number in range(150)]
        pages = client.by_keys([*missing, *keys], [root.key_attribute])
        assert {each.dn for page in pages for each in page} == set(keys.values())


def test_what_the_server_says_about_itself(directory):
    with contextlib.closing(directory.client()) as client:
        root = client.root()
    assert root.vendor == ("ad" if directory.is_ad else "openldap")
    assert root.contexts[0].lower() == directory.suffix.lower()
    assert root.context_of(f"cn=x,{directory.suffix.upper()}").lower() == directory.suffix.lower()
    assert (root.highest_usn is not None) == directory.is_ad
    assert root.server.startswith("CN=NTDS Settings") == directory.is_ad


def test_a_deleted_object_of_active_directory_leaves_a_tombstone(samba):
    ou = samba.ou()
    dn = samba.person(ou, "stone", mail="stone@example.org")
    key = samba.key(dn)
    with contextlib.closing(samba.client()) as client:
        assert client.tombstone(key) is None
        samba.delete(dn)
        assert client.by_key(key, ["cn"]) is None
        stone = client.tombstone(key)
        assert stone.values["sAMAccountName"] == [b"stone"]
        assert stone.values["lastKnownParent"][0].decode().lower() == ou.lower()
        found = client.one(f"<GUID={key}>", ["isDeleted", "mail"], deleted=True)
        assert found.values == {"isDeleted": [b"TRUE"]}


@pytest.mark.parametrize("fast", [True, False])
def test_values_that_come_in_parts_are_put_together(scripted, fast):
    """Windows hands over 1,500 values at a time; Samba all at once."""
    members = [f"cn=m{number}".encode() for number in range(7)]

    def answer(number):
        parts = [
            {"cn": [b"g"], "member": [], "member;range=0-2": members[:3]},
            {"member;range=3-5": members[3:6]},
            {"member;range=6-*": members[6:]},
        ]
        return [scripted.entry_of("cn=g", parts[number]), scripted.done()]

    server = scripted(answer)
    client = DirectoryClient(server.access(), fast=fast)
    (found,) = everything(client, "dc=x", ["cn", "member"])
    assert found == Entry("cn=g", {"cn": [b"g"], "member": members})
    assert b"member;range=3-*" in server.searches[1]
    assert b"member;range=6-*" in server.searches[2]


@pytest.mark.parametrize("second", [{}, {"member;range=4-*": [b"x"]}, {"member": [b"x"]}])
def test_a_part_that_does_not_come_is_an_incomplete_reading(scripted, second):
    def answer(number):
        return [
            scripted.entry_of("cn=g", [{"member;range=0-2": [b"a"]}, second][number]),
            scripted.done(),
        ]

    with pytest.raises(RetryableError, match="only a part of member"):
        everything(DirectoryClient(scripted(answer).access()), "dc=x", ["member"])


@pytest.mark.parametrize("fast", [True, False])
def test_pointers_to_other_servers_are_skipped(scripted, fast):
    from connectors.ldap.ber import octets, tlv

    elsewhere = tlv(0x73, octets(b"ldap://elsewhere.example.org/dc=x"))
    server = scripted(
        lambda _: [elsewhere, scripted.entry("cn=a", cn=[b"a"]), elsewhere, scripted.done()]
    )
    found = everything(DirectoryClient(server.access(), fast=fast), "dc=x", ["cn"])
    assert found == [Entry("cn=a", {"cn": [b"a"]})]


async def test_pages_come_from_a_thread_one_at_a_time(slapd):
    ou = slapd.ou()
    for _ in range(5):
        slapd.person(ou)
    with contextlib.closing(slapd.client(page_size=2)) as client:
        pages = in_thread(client.entries(ou, "(objectClass=person)", ["cn"]))
        assert [len(page) async for page in pages] == [2, 2, 1]
