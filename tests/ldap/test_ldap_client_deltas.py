"""Whose entries changed: DirSync on Samba, RFC 4533 on slapd, and the traps of both."""

import base64
import contextlib
import json

import pytest

from connectors.ldap.client import DirectoryClient
from connectors.ldap.sandbox import Slapd
from hub.errors import (
    BadConfigError,
    PermissionMissingError,
    RejectedError,
    RetryableError,
)

ATTRIBUTES = ("mail", "description", "member")


class Watch:
    """A branch that is watched by one client, and what its deltas say."""

    def __init__(self, directory, base=None, *, fast=True, **access):
        self.directory = directory
        self.base = base or directory.ou()
        people = "user" if directory.is_ad else "person"
        groups = "group" if directory.is_ad else "groupOfNames"
        self.condition = f"(|(objectClass={people})(objectClass={groups}))"
        self.client = directory.client(fast=fast, **access)
        self.cookie = self.mark()

    def mark(self):
        return self.client.mark(self.base, self.condition, ATTRIBUTES)

    def changes(self, cookie=None):
        found = self.client.changes(self.base, self.condition, ATTRIBUTES, cookie or self.cookie)
        self.cookie = found.cookie
        return found

    def told(self):
        """Changed and deleted, and left where somebody did."""
        found = self.changes()
        return (
            (found.changed, found.deleted, found.left)
            if found.left
            else (found.changed, found.deleted)
        )


@pytest.fixture(params=[True, False], ids=["ours", "ldap3"])
def watch(directory, request):
    found = Watch(directory, fast=request.param)
    with contextlib.closing(found.client):
        yield found


@pytest.fixture
def unwatched(directory):
    """Another branch, outside."""
    return directory.ou()


def test_nothing_changed(watch):
    assert watch.told() == (set(), set())
    assert watch.told() == (set(), set())


def test_each_kind_of_change_is_told_once(watch, directory):
    anna = directory.person(watch.base, "anna" + _mark(watch))
    key = directory.key(anna)
    assert watch.told() == ({key}, set())
    directory.modify(anna, mail="anna@example.org")
    assert watch.told() == ({key}, set())
    directory.modify(anna, mail=[])
    assert watch.told() == ({key}, set())
    anna = directory.move(anna, name=f"CN=anna{_mark(watch)}b")
    assert watch.told() == ({key}, set())
    assert watch.told() == (set(), set())
    directory.delete(anna)
    assert watch.told() == (set(), {key})
    again = directory.person(watch.base, "anna" + _mark(watch))
    assert directory.key(again) != key
    assert watch.told() == ({directory.key(again)}, set())


def _mark(watch):
    return watch.base[3:].partition(",")[0]


def test_who_moves_in_and_out_of_the_base(watch, directory, unwatched):
    bob = directory.person(watch.base, "bob" + _mark(watch))
    key = directory.key(bob)
    watch.told()
    bob = directory.move(bob, parent=unwatched)
    expected = ({key}, set()) if directory.is_ad else (set(), set(), {key})
    assert watch.told() == expected
    bob = directory.move(bob, parent=watch.base)
    assert watch.told() == ({key}, set())


def test_who_no_longer_meets_the_condition(directory):
    """Active Directory tells everybody whose attributes changed; OpenLDAP who left."""
    watch = Watch(directory)
    with contextlib.closing(watch.client):
        watch.condition = "(description=staff)"
        carl = directory.person(watch.base, "carl" + _mark(watch), description="staff")
        key = directory.key(carl)
        watch.cookie = watch.mark()
        directory.modify(carl, description="guest")
        assert watch.told() == ((set(), set()) if directory.is_ad else (set(), set(), {key}))


def test_members_of_a_group(watch, directory):
    """The group is told, not its members: who is in which group is read from groups."""
    dora = directory.person(watch.base, "dora" + _mark(watch))
    erik = directory.person(watch.base, "erik" + _mark(watch))
    team = directory.group(watch.base, "team" + _mark(watch), [dora])
    watch.told()
    directory.modify(team, member=[erik])
    assert watch.told() == ({directory.key(team)}, set())
    outer = directory.group(watch.base, "outer" + _mark(watch), [team])
    assert watch.told() == ({directory.key(outer)}, set())


def test_a_deleted_person_leaves_groups_without_a_word(samba):
    """Samba takes the link away, and tells nothing about the group."""
    watch = Watch(samba)
    with contextlib.closing(watch.client):
        fien = samba.person(watch.base, "fien" + _mark(watch))
        team = samba.group(watch.base, "team" + _mark(watch), [fien])
        key = samba.key(fien)
        watch.told()
        samba.delete(fien)
        assert watch.told() == (set(), {key})
        assert "member" not in samba.search(team, "(objectClass=group)", ["member"])[team]


def test_what_nobody_asked_for_is_no_change_in_active_directory(samba):
    watch = Watch(samba)
    with contextlib.closing(watch.client):
        gert = samba.person(watch.base, "gert" + _mark(watch))
        watch.told()
        samba.modify(gert, telephoneNumber="1")
        assert watch.told() == (set(), set())


def test_a_branch_that_moves_makes_a_full_reading(watch, directory, unwatched):
    """Nobody in it was touched, and everybody has another name."""
    branch = directory.ou(watch.base)
    directory.person(branch, "hans" + _mark(watch))
    watch.cookie = watch.mark()
    branch = directory.move(branch, parent=unwatched)
    with pytest.raises(RejectedError, match=r"branch.*moved: a full reading follows"):
        watch.changes()
    watch.cookie = watch.mark()
    assert watch.told() == (set(), set())
    branch = directory.move(branch, parent=watch.base)
    with pytest.raises(RejectedError, match=r"branch.*moved: a full reading follows"):
        watch.changes()
    watch.cookie = watch.mark()
    directory.move(branch, name=f"OU=other{_mark(watch)}")
    with pytest.raises(RejectedError, match=r"branch.*moved: a full reading follows"):
        watch.changes()


def test_a_new_branch_makes_none(watch, directory):
    import time

    if not directory.is_ad:
        time.sleep(1.1)  # OpenLDAP tells the second only: the same as the cookie's may be before it
    branch = directory.ou(watch.base)
    ilse = directory.person(branch, "ilse" + _mark(watch))
    assert watch.told() == ({directory.key(ilse)}, set())
    key = directory.key(ilse)
    directory.delete(ilse)
    directory.delete(branch)
    _, deleted = watch.told()
    assert key in deleted


def test_marking_again_asks_only_what_changed(watch, directory):
    jan = directory.person(watch.base, "jan" + _mark(watch))
    assert watch.mark() != watch.cookie
    watch.cookie = watch.mark()
    assert watch.told() == (set(), set())
    directory.modify(jan, mail="jan@example.org")
    assert watch.told() == ({directory.key(jan)}, set())


def test_a_cookie_fits_one_question_only(watch, directory):
    kim = directory.person(watch.base, "kim" + _mark(watch))
    for base, condition, attributes in [
        (kim, watch.condition, ATTRIBUTES),
        (watch.base, "(objectClass=user)", ATTRIBUTES),
        (watch.base, watch.condition, ("mail",)),
    ]:
        with pytest.raises(RejectedError, match=r"others than before: a full reading follows"):
            watch.client.changes(base, condition, attributes, watch.cookie)


@pytest.mark.parametrize("cookie", ["", "no base64", "Z2FyYmFnZQ==", "WzEsIDIsIDNd", "bnVsbA=="])
def test_a_damaged_cookie(watch, cookie):
    with pytest.raises(RejectedError, match="damaged: a full reading follows"):
        watch.client.changes(watch.base, watch.condition, ATTRIBUTES, cookie)


def doctored(sealed, **changed):
    """A sealed cookie with other things in it."""
    version, digest, usn, held = json.loads(base64.b64decode(sealed))
    usn = changed.get("usn", usn)
    held = (
        [base64.b64encode(each).decode() for each in changed["held"]] if "held" in changed else held
    )
    return base64.b64encode(json.dumps([version, digest, usn, held]).encode()).decode()


def test_a_cookie_that_the_server_does_not_know(watch, directory):
    future = b"rid=000,csn=20990101000000.000000Z#000000#000#000000"
    held = [b"unknown", b"unknown"] if directory.is_ad else [future]
    with pytest.raises(RejectedError, match=r"does not know this position.*a full reading follows"):
        watch.changes(doctored(watch.cookie, held=held))


def test_a_cookie_of_a_time_that_openldap_has_forgotten(slapd):
    watch = Watch(slapd)
    past = b"rid=000,csn=20000101000000.000000Z#000000#000#000000"
    with contextlib.closing(watch.client), pytest.raises(RejectedError, match="forgotten who left"):
        watch.changes(doctored(watch.cookie, held=[past]))


def test_a_domain_controller_that_was_restored(samba):
    """Its numbers are lower than those that the cookie has seen."""
    watch = Watch(samba)
    with contextlib.closing(watch.client), pytest.raises(RejectedError, match="restored perhaps"):
        watch.changes(doctored(watch.cookie, usn=10**9))


def test_object_category_would_lose_deletions(samba):
    with (
        contextlib.closing(samba.client()) as client,
        pytest.raises(BadConfigError, match="would miss deletions"),
    ):
        client.mark(samba.suffix, "(&(objectCategory=person)(objectClass=user))", ["mail"])


def test_an_ordinary_account_may_ask_for_changes(samba):
    """Without the right to replicate (object_security); deletions take a right on tombstones."""
    password = "Gewoon-1-account"
    base = samba.ou()
    account = samba.person(base, "ordinary", userPrincipalName="ordinary@example.test")
    samba.modify(account, unicodePwd=f'"{password}"'.encode("utf-16-le"))
    samba.modify(account, userAccountControl="512")
    watch = Watch(samba, base, bind="ordinary@example.test", password=password)
    with contextlib.closing(watch.client):
        lies = samba.person(base, "lies" + _mark(watch))
        key = samba.key(lies)
        assert watch.told() == ({key}, set())
        samba.delete(lies)
        assert watch.told() == (set(), set()), "a sweep must find out"
        assert watch.client.tombstone(key) is None


@pytest.fixture
def forgetful(tmp_path_factory):
    """OpenLDAP without a session log, in a server of its own that may be stopped."""
    import shutil
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp(prefix="hub-ldap-"))
    server = Slapd(folder, session_log=0)
    server.seed()
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def _directory(server, slapd):
    return type(slapd)(server)


def test_without_a_session_log_who_is_missing_has_left(forgetful, slapd):
    with contextlib.closing(_directory(forgetful, slapd)) as directory:
        watch = Watch(directory)
        elsewhere = directory.ou()
        keys = {}
        for name in ("mia", "noor", "olaf", "piet"):
            dn = directory.person(watch.base, name)
            keys[name] = directory.key(dn)
        assert watch.told() == (set(keys.values()), set())
        directory.delete(f"CN=noor,{watch.base}")
        directory.move(f"CN=olaf,{watch.base}", parent=elsewhere)
        directory.modify(f"CN=piet,{watch.base}", mail="piet@example.org")
        assert watch.told() == ({keys["piet"]}, {keys["noor"]}, {keys["olaf"]})
        assert watch.told() == (set(), set())
        watch.client.close()


def test_without_a_session_log_a_new_process_reads_in_full(forgetful, slapd):
    """Nobody remembers who was there."""
    with contextlib.closing(_directory(forgetful, slapd)) as directory:
        watch = Watch(directory)
        cookie = watch.cookie
        watch.client.close()
        watch.client = directory.client()
        assert watch.told() == (set(), set())
        directory.person(watch.base, "quinten")
        with (
            contextlib.closing(watch.client),
            pytest.raises(RejectedError, match="forgotten who left"),
        ):
            watch.changes(cookie)


def test_a_server_that_was_restarted(forgetful, slapd):
    with contextlib.closing(_directory(forgetful, slapd)) as directory:
        watch = Watch(directory)
        forgetful.stop()
        with pytest.raises(RetryableError, match="can't be reached"):
            watch.changes()
        forgetful.start()
        with contextlib.closing(_directory(forgetful, slapd)) as again:
            rob = again.person(watch.base, "rob")
            assert watch.told() == ({again.key(rob)}, set())
            watch.client.close()


def test_a_directory_that_tells_no_changes(scripted):
    server = scripted(lambda _: [scripted.entry("", namingContexts=[b"dc=x"]), scripted.done()])
    client = DirectoryClient(server.access())
    with contextlib.closing(client), pytest.raises(BadConfigError, match="tells no changes"):
        client.mark("dc=x", "(cn=*)", ["cn"])


AD = {
    "supportedCapabilities": [b"1.2.840.113556.1.4.800"],
    "supportedControl": [b"1.2.840.113556.1.4.841"],
    "defaultNamingContext": [b"dc=x"],
    "highestCommittedUSN": [b"7"],
}


def dirsync_done(scripted, more, cookie):
    from connectors.ldap.ber import integer, octets, sequence, tlv

    value = sequence(integer(more), integer(0), octets(cookie))
    control = sequence(octets(b"1.2.840.113556.1.4.841"), octets(value))
    return scripted.done() + tlv(0xA0, control)


def test_more_than_one_answer_of_active_directory(scripted):
    """Windows hands over a part, and says that there is more; Samba never does."""
    keys = [bytes([number]) * 16 for number in range(3)]

    def person(number):
        return scripted.entry("cn=a", objectGUID=[keys[number]])

    ends = iter(
        [(0, b"B1"), (1, b"P1"), (0, b"P2"), (0, b"B2"), (1, b"P3"), (1, b"P4"), (0, b"P5")]
    )
    people = iter([[], [0], [1], [], [0], [1], [2]])

    def answer(number):
        if number in {0, 4}:
            return [scripted.entry_of("", AD), scripted.done()]
        return [*(person(each) for each in next(people)), dirsync_done(scripted, *next(ends))]

    server = scripted(answer)
    with contextlib.closing(DirectoryClient(server.access())) as client:
        cookie = client.mark("ou=p,dc=x", "(objectClass=user)", ["cn"])
        found = client.changes("ou=p,dc=x", "(objectClass=user)", ["cn"], cookie)
    assert {each.bytes_le for each in found.changed} == set(keys)
    assert [b"P1" in each for each in server.searches] == [False, False, False, True] + [False] * 5
    assert [b"P2" in each for each in server.searches].index(True) == 6


@pytest.mark.parametrize(
    ("code", "kind"), [(50, PermissionMissingError), (51, RetryableError), (12, BadConfigError)]
)
def test_who_may_not_ask(scripted, code, kind):
    """A first question has no cookie that could be of no use."""
    server = scripted(
        lambda number: (
            [scripted.entry_of("", AD), scripted.done()] if number == 0 else [scripted.done(code)]
        )
    )
    with contextlib.closing(DirectoryClient(server.access())) as client, pytest.raises(kind):
        client.mark("dc=x", "(objectClass=user)", ["cn"])


def test_an_answer_that_dies_keeps_the_cookie_good(scripted):
    def answer(number):
        return {
            0: [scripted.entry_of("", AD), scripted.done()],
            1: [dirsync_done(scripted, 0, b"B1")],
            2: [dirsync_done(scripted, 0, b"P1")],
            3: [scripted.entry_of("", AD), scripted.done()],
            4: [dirsync_done(scripted, 0, b"B2")],
            5: [scripted.entry("cn=a", objectGUID=[b"1" * 16]), None],
            6: [scripted.entry_of("", AD), scripted.done()],
            7: [dirsync_done(scripted, 0, b"B2")],
            8: [scripted.entry("cn=a", objectGUID=[b"1" * 16]), dirsync_done(scripted, 0, b"P2")],
        }[number]

    server = scripted(answer)
    with contextlib.closing(DirectoryClient(server.access())) as client:
        cookie = client.mark("dc=x", "(objectClass=user)", ["cn"])
        with pytest.raises(RetryableError, match="incomplete"):
            client.changes("dc=x", "(objectClass=user)", ["cn"], cookie)
        assert len(client.changes("dc=x", "(objectClass=user)", ["cn"], cookie).changed) == 1
