"""The sandbox intranet as the world of the reference target."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from hub.events.objects import Kind
from hub.sandbox.intranet import (
    Account,
    Fault,
    InProcessTransport,
    IntranetOptions,
    IntranetSandbox,
)
from hub.targets.openintranet import OpenIntranetTarget
from hub.testing.worlds import TargetWorld

TOKEN = "t0ken-of-the-intranet"
AUDIENCE = {"everyone": True, "groups": []}
BODIES: Mapping[Kind, Mapping[str, Any]] = {
    Kind.TILE_ITEM: {
        "tile": "storingen",
        "audience": AUDIENCE,
        "title": {"nl": "Zaaksysteem ligt eruit"},
        "state": "open",
        "since": "2026-11-02T07:30:00Z",
        "reopened": 0,
        "links": [],
    },
    Kind.FRESHNESS: {
        "tile": "storingen",
        "audience": {"everyone": None, "groups": ["diemen"]},
        "source": "topdesk.majors",
        "as_of": "2026-11-02T08:00:00Z",
        "fresh_until": "2026-11-02T08:05:00Z",
    },
    Kind.TIMELINE: {"text": {"nl": "Onderhoud vanavond"}, "audience": AUDIENCE},
    Kind.PERSON: {
        "user_name": "anna",
        "display_name": "Anna Smit",
        "mail": "anna@example.org",
        "title": "",
        "office": None,
        "external": False,
        "active": True,
        "manager": "nobody-yet",
    },
    Kind.GROUP: {"name": "", "description": None},
    Kind.MEMBERSHIP: {"group": "diemen", "person": ""},
    Kind.PHOTO: {"person": "", "media_type": "image/jpeg"},
}
PEOPLE = (Kind.PERSON, Kind.GROUP, Kind.MEMBERSHIP, Kind.PHOTO)
TITLES = ("first", "second", "bad")
OWN = tuple(Account(id=f"ad:{one}", user_name=f"ad-{one}", display_name=one) for one in TITLES)


class IntranetWorld(TargetWorld):
    target = OpenIntranetTarget
    secrets = (TOKEN,)
    batch_max = 100
    first = Kind.TILE_ITEM
    kept: Sequence[Kind] = tuple(Kind)

    def __init__(self, token: str = TOKEN) -> None:
        kinds = sorted(self.kept, key=lambda kind: kind != self.first)
        options = IntranetOptions(
            token=TOKEN,
            readonly_token="may-only-read",
            batch_max=self.batch_max,
            at_once=5,
            kinds=tuple(kinds),
            accounts=OWN,
        )
        self.sandbox = IntranetSandbox(options, self.clock.now)
        self.token = token

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"url": "https://intranet.test/", "token": self.token}

    def transport(self) -> httpx.AsyncBaseTransport:
        return InProcessTransport(self.sandbox.app)

    def body(self, kind: Kind, title: str) -> Mapping[str, Any]:
        if kind in PEOPLE:
            text = {"title": title, "name": title, "person": f"ad:{title}"}
        else:
            text = {"title": {"nl": f"Storing {title}"}, "text": {"nl": title}, "source": title}
        body = {name: text.get(name, value) for name, value in BODIES[kind].items()}
        if (data := self.content(kind, title)) is not None:
            body |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return body

    def content(self, kind: Kind, title: str) -> bytes | None:
        return b"\xff\xd8\xff" + title.encode() if kind is Kind.PHOTO else None

    def body_of(self, kind: Kind, key: str, title: str) -> Mapping[str, Any]:
        body = self.body(kind, title)
        return {**body, "user_name": f"user-of-{key}"} if kind is Kind.PERSON else body

    def stored(self, kind: Kind) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return [(one.external_id, one.body) for one in self.sandbox.store.of_kind(kind)]

    def meddle(self, kind: Kind, key: str) -> None:
        old = self.sandbox.store.get(kind, key)
        self.sandbox.store.put(kind, key, {**old.body, "tile": "van-iemand-anders"})

    def vanish(self, kind: Kind, key: str) -> None:
        self.sandbox.store.delete(kind, key)

    def bad_body(self, kind: Kind) -> Mapping[str, Any]:
        spoilt = {
            "name": "x" * 201,
            "person": "-",
            "sha256": "0" * 64,
            "user_name": "",
            "audience": {"groups": ["no"]},
        }
        body = self.body(kind, "bad")
        return body | {name: value for name, value in spoilt.items() if name in body}

    def exists_as_fault(self) -> None:
        self.sandbox.faults.add(Fault(kind="exists500"))


class PersonWorld(IntranetWorld):
    """Persons first: what a suite tries with one kind it tries with these."""

    first = Kind.PERSON


class GroupWorld(IntranetWorld):
    """Groups first."""

    first = Kind.GROUP


class MembershipWorld(IntranetWorld):
    """Memberships of its own accounts in its own groups first."""

    first = Kind.MEMBERSHIP


class PhotoWorld(IntranetWorld):
    """Pictures of its own accounts first."""

    first = Kind.PHOTO


class TilesOnlyWorld(IntranetWorld):
    """An intranet of an earlier version of the API: without people."""

    kept = (Kind.TILE_ITEM, Kind.FRESHNESS, Kind.TIMELINE)


class OneByOneWorld(IntranetWorld):
    """An intranet without batches."""

    batch_max = 0


@pytest.fixture
def world() -> IntranetWorld:
    return IntranetWorld()


@pytest.fixture(scope="session")
def intranet_world() -> type[IntranetWorld]:
    return IntranetWorld


@pytest.fixture(scope="session")
def one_by_one_world() -> type[OneByOneWorld]:
    return OneByOneWorld


@pytest.fixture(scope="session")
def people_worlds() -> Mapping[Kind, type[IntranetWorld]]:
    return {one.first: one for one in (PersonWorld, GroupWorld, MembershipWorld, PhotoWorld)}


@pytest.fixture(scope="session")
def tiles_only_world() -> type[TilesOnlyWorld]:
    return TilesOnlyWorld
