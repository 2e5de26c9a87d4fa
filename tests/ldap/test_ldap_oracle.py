"""After any script of changes: what deltas say is what a full reading says, and what ldapsearch says.

Twice: with the client alone and the least that one must do with a delta (read the changed again by
their keys, forget the deleted and those who left, read everything where the directory asks for it),
and with the connector, whose records and removals must come to what its sweep says.
"""

import asyncio
import contextlib
import os
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.ldap import escape
from connectors.ldap.connector import LdapConnector
from connectors.ldap.settings import LdapSettings
from hub.contract import ReadRequest, Record
from hub.errors import RejectedError
from hub.testing.fakes import fake_context

ATTRIBUTES = ("cn", "mail", "telephoneNumber", "userAccountControl", "employeeType", "member")
WANTED = (*ATTRIBUTES, "objectClass")
KINDS = (
    "create", "edit", "clear", "rename", "move_out", "move_in", "disable", "delete", "recreate",
    "group", "join", "leave", "nest", "drop_group", "move_branch",
)  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from((*KINDS, "create", "join", "sync", "sync")), st.integers(0, 99)),
    min_size=15,
    max_size=30,
)
EVERY_KIND = [
    ("create", 0), ("create", 1), ("create", 2), ("create", 3), ("group", 0), ("group", 1), ("sync", 0),
    ("edit", 0), ("clear", 0), ("sync", 0), ("rename", 1), ("join", 0), ("sync", 0), ("join", 1),
    ("nest", 0), ("sync", 0), ("nest", 1), ("move_out", 2), ("sync", 0), ("move_in", 0), ("disable", 3),
    ("sync", 0), ("leave", 0), ("delete", 0), ("sync", 0), ("recreate", 0), ("sync", 0),
    ("drop_group", 0), ("sync", 0), ("move_branch", 0), ("sync", 0), ("edit", 1), ("delete", 1),
]  # fmt: skip


class World:
    """A base, a branch in it and one outside; does what a script says, where it can."""

    def __init__(self, directory):
        self._directory = directory
        self.base, self._outside = directory.ou(), directory.ou()
        self._branch = directory.ou(self.base)
        self.label = self.base[3:].partition(",")[0]
        self._people, self._groups, self._away, self._deleted = [], [], [], []
        self._number = 0
        self.done = Counter()

    def do(self, kind, pick):
        if getattr(self, f"_{kind}")(pick) is not False:
            self.done[kind] += 1

    def _new(self, what):
        self._number += 1
        return f"{what}{self._number}{self.label}"

    def _create(self, pick):
        parent = self._branch if pick % 2 else self.base
        self._people.append(self._directory.person(parent, self._new("p")))

    def _group(self, _):
        self._groups.append(self._directory.group(self.base, self._new("g")))

    def _edit(self, pick):
        return self._modify(
            self._people, pick, mail=f"{pick}@example.org", telephoneNumber=str(pick)
        )

    def _clear(self, pick):
        return self._modify(self._people, pick, mail=[])

    def _disable(self, pick):
        how = {"userAccountControl": "546"} if self._directory.is_ad else {"employeeType": "gone"}
        return self._modify(self._people, pick, **how)

    def _modify(self, among, pick, **values):
        if not among:
            return False
        self._directory.modify(among[pick % len(among)], **values)
        return True

    def _rename(self, pick):
        if not self._people:
            return False
        at = pick % len(self._people)
        self._people[at] = self._directory.move(self._people[at], name=f"CN={self._new('r')}")
        return True

    def _move_out(self, pick):
        return self._move(self._people, self._away, pick, self._outside)

    def _move_in(self, pick):
        return self._move(self._away, self._people, pick, self._branch if pick % 2 else self.base)

    def _move(self, source, goal, pick, parent):
        if not source:
            return False
        goal.append(self._directory.move(source.pop(pick % len(source)), parent=parent))
        return True

    def _delete(self, pick):
        if not self._people:
            return False
        self._deleted.append(self._people.pop(pick % len(self._people)))
        self._directory.delete(self._deleted[-1])
        return True

    def _recreate(self, pick):
        if not self._deleted:
            return False
        dn = self._deleted.pop(pick % len(self._deleted))
        name = escape.split(dn)[0].partition("=")[2]
        self._people.append(self._directory.person(self.base, name))
        return True

    def _drop_group(self, pick):
        if not self._groups:
            return False
        self._directory.delete(self._groups.pop(pick % len(self._groups)))
        return True

    def _join(self, pick):
        return self._members(pick, self._people, join=True)

    def _nest(self, pick):
        return self._members(pick, self._groups, join=True)

    def _leave(self, pick):
        return self._members(pick, None, join=False)

    def _members(self, pick, among, *, join):
        if not self._groups or (join and not among):
            return False
        group = self._groups[pick % len(self._groups)]
        (found,) = self._directory.search(group, "(member=*)", ["member"]).values() or ({},)
        members = {escape.parts(each.decode()): each.decode() for each in found.get("member", ())}
        keep = [] if self._directory.is_ad else [self._directory.server.reader]
        if join:
            new = among[(pick + 1) % len(among)]
            if escape.parts(new) in members or new == group:
                return False
            members[escape.parts(new)] = new
        elif members:
            members.popitem()
        names = {escape.parts(each): each for each in (*members.values(), *keep)}
        self._directory.modify(group, member=list(names.values()))
        return True

    def _move_branch(self, _):
        """The people in it get other names without being touched."""
        new = self._directory.move(self._branch, name=f"OU={self._new('b')}")
        for known in (self._people, self._deleted):
            known[:] = [
                each[: -len(self._branch)] + new if each.endswith(self._branch) else each
                for each in known
            ]
        self._branch = new


@dataclass
class Known:
    """What a mirror knows of one entry; of a group's members the keys, or else the names."""

    dn: str
    group: bool
    values: dict
    members: set


class Mirror:
    """Follows a base by deltas."""

    def __init__(self, directory, base):
        self._directory, self._base = directory, base
        person, group = ("user", "group") if directory.is_ad else ("person", "groupOfNames")
        self._condition = f"(|(objectClass={person})(objectClass={group}))"
        self._client = directory.client()
        self._root = self._client.root()
        self._key = self._root.key_attribute
        self.known, self.deltas, self.full = {}, 0, 0
        self.read()

    def close(self):
        self._client.close()

    def read(self):
        """Everything, and where deltas go on."""
        self.full += 1
        self._cookie = self._client.mark(self._base, self._condition, ATTRIBUTES)
        pages = self._client.entries(self._base, self._condition, (*WANTED, self._key))
        self.known = dict(self._understood(each) for page in pages for each in page)

    def follow(self):
        """What changed; everything where that can't be told."""
        try:
            found = self._client.changes(self._base, self._condition, ATTRIBUTES, self._cookie)
        except RejectedError:
            return self.read()
        self._cookie = found.cookie
        self.deltas += 1
        for key in found.deleted | found.left | found.changed:
            self.known.pop(key, None)
        for page in self._client.by_keys(found.changed, (*WANTED, self._key)):
            for entry in page:
                if escape.below(entry.dn, self._base):
                    key, known = self._understood(entry)
                    self.known[key] = known
        return None

    def _understood(self, entry):
        values = {name: sorted(found) for name, found in entry.values.items() if found}
        key = self._root.key_of(values.pop(self._key)[0])
        classes = {each.lower() for each in values.pop("objectClass")}
        members = {self._link(each.decode()) for each in values.pop("member", ())}
        return key, Known(entry.dn, bool(classes & {b"group", b"groupofnames"}), values, members)

    def _link(self, dn):
        """Active Directory's links follow whoever is renamed; OpenLDAP's are names."""
        if not self._directory.is_ad:
            return escape.parts(dn)
        return self._root.key_of(self._client.one(dn, [self._key]).values[self._key][0])

    def said(self):
        """People with their values, and who is in which group in the end."""
        names = {escape.parts(known.dn): key for key, known in self.known.items()}
        direct = {
            key: {each if self._directory.is_ad else names.get(each) for each in known.members}
            for key, known in self.known.items()
            if known.group
        }
        return _told({key: known for key, known in self.known.items() if not known.group}, direct)

    def searched(self):
        """The same, as `ldapsearch` says it."""
        found = self._directory.search(self._base, self._condition, (*WANTED, self._key))
        people, direct, names = {}, {}, {}
        for dn, raw in found.items():
            values = {name: sorted(each) for name, each in raw.items()}
            names[escape.parts(dn)] = key = self._root.key_of(values.pop(self._key)[0])
            classes = {each.lower() for each in values.pop("objectClass")}
            members = values.pop("member", ())
            if classes & {b"group", b"groupofnames"}:
                direct[key] = {escape.parts(each.decode()) for each in members}
            else:
                people[key] = Known(dn, False, values, set())
        direct = {key: {names.get(each) for each in members} for key, members in direct.items()}
        return _told(people, direct)


def _told(people, direct):
    def closure(group, seen):
        for member in direct.get(group, ()):
            if member not in seen:
                seen.add(member)
                closure(member, seen)
        return seen

    in_group = {group: closure(group, set()) & people.keys() for group in direct}
    return {key: (escape.parts(p.dn), p.values) for key, p in people.items()}, in_group


class Connected:
    """Follows the people of a base with the connector."""

    def __init__(self, directory, base):
        self._directory, self._base = directory, base
        self._connector = self._made()
        self.known, self.deltas, self.full = {}, 0, 0
        self.read()

    def _made(self):
        access = self._directory.access()
        settings = {
            "urls": list(access.urls), "bind": access.bind, "password": access.password,
            "protection": "none", "bases": [self._base], "page_size": 7,
        }  # fmt: skip
        return LdapConnector(LdapSettings.model_validate(settings), fake_context("directory"))

    def close(self):
        asyncio.run(self._connector.close())

    def read(self):
        """A sweep, and where deltas go on."""
        self.full += 1
        self.known = {}
        self._take(self._connector, "sweep", None)

    def follow(self):
        """A delta; a sweep where there can be none."""
        try:
            self._take(self._connector, "delta", self._since)
        except RejectedError:
            self.read()
        else:
            self.deltas += 1

    def _take(self, connector, reading, since):
        async def batches():
            return [one async for one in connector.read(ReadRequest("people", reading, since))]

        for batch in asyncio.run(batches()):
            assert not batch.unreadable
            for each in batch.records:
                self.known.pop(each.key, None)
                if isinstance(each, Record):
                    self.known[each.key] = each
            self._since = batch.next_delta or getattr(self, "_since", None)

    def said(self):
        """What it knows of each person."""
        return self.known

    def searched(self):
        """What a connector that begins anew says; exactly those that `ldapsearch` finds."""
        fresh = Connected(self._directory, self._base)
        with contextlib.closing(fresh):
            person = "user" if self._directory.is_ad else "person"
            key = "objectGUID" if self._directory.is_ad else "entryUUID"
            found = self._directory.search(self._base, f"(objectClass={person})", [key])
            assert len(fresh.known) == len(found)
            return fresh.known


def play(directory, steps, kind_of_mirror):
    """One script on an empty branch; what was done, and how it was followed."""
    world = World(directory)
    with contextlib.closing(kind_of_mirror(directory, world.base)) as mirror:
        for kind, pick in [*steps, ("sync", 0)]:
            if kind != "sync":
                world.do(kind, pick)
                continue
            mirror.follow()
            followed = mirror.said()
            assert followed == mirror.searched()
        mirror.read()
        assert mirror.said() == followed
        return world.done, mirror.deltas, mirror.full


def check(directory, examples, mirror):
    """Random scripts, after one with every kind of change; what happened, altogether."""
    happened, ways = Counter(), Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @example(EVERY_KIND)
    @given(STEPS)
    def scripts(steps):
        done, deltas, full = play(directory, steps, mirror)
        happened.update(done)
        ways.update(deltas=deltas, full=full)

    scripts()
    assert happened.keys() == set(KINDS), set(KINDS) - happened.keys()
    assert ways["deltas"] >= 10, "nearly everything was read in full"
    return ", ".join(f"{kind} {number}" for kind, number in sorted((happened + ways).items()))


MIRRORS = pytest.mark.parametrize("mirror", [Mirror, Connected])


def _name(directory, mirror):
    server = "Samba" if directory.is_ad else "OpenLDAP"
    return f"oracle on {server}, {'client' if mirror is Mirror else 'connector'}"


@MIRRORS
def test_deltas_say_what_a_full_reading_says(directory, mirror, record_property):
    said = check(directory, 10 if mirror is Mirror else 5, mirror)
    record_property(_name(directory, mirror), said)


@MIRRORS
@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_deltas_say_what_a_full_reading_says_for_long(directory, mirror, record_property):
    examples = int(os.environ.get("SOAK_N") or 0) or 20 * int(os.environ.get("SOAK_MINUTES") or 5)
    record_property(_name(directory, mirror), check(directory, examples, mirror))
