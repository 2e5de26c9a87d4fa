"""Accounts of an intranet's own, by both of its APIs: put into groups, and not once written."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from connectors.topdesk.sandbox import serving
from hub.contract import Context, Ref, Stream
from hub.events.base import Family
from hub.events.group import GROUP, MEMBER, Group, Membership, membership_key
from hub.http import HttpFactory, HttpOptions
from hub.people.policy import Policy
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind
from hub.settings.groups import GroupRule
from hub.targets.openintranet import OpenIntranetSettings, OpenIntranetTarget
from hub.targets.scim import ScimSettings, ScimTarget
from hub.testing.fakes import FakeLog

EVERYTHING = frozenset({Family.PERSON, Family.GROUP, Family.MEMBERSHIP})
POLICY = Policy(
    accounts={"intranet": "link"}, groups={"intranet": (GroupRule(instance="ad", name="*"),)}
)
OWN = ("bea bea@example.org Bea Bos", "carl carl@example.org Carl Crul")


@pytest.fixture
def store_url(tmp_path):
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
def intranet():
    sandbox = IntranetSandbox(IntranetOptions(ad_accounts=OWN), lambda: datetime.now(UTC))
    with serving(sandbox.app) as address:
        yield sandbox, address


def target_of(kind, address, now):
    context = Context("intranet", HttpFactory(HttpOptions(), now, asyncio.sleep), FakeLog(), now)
    if kind == "openintranet":
        return OpenIntranetTarget(OpenIntranetSettings(url=address, token="sandbox-token"), context)
    return ScimTarget(ScimSettings(url=f"{address}/scim/v2", token="sandbox-token"), context)


@pytest.mark.parametrize("kind", ["openintranet", "scim"])
async def test_own_accounts_stand_in_groups_and_are_not_written(
    directories, intranet, person_of, kind
):
    sandbox, address = intranet
    directories.targets["intranet"] = target_of(kind, address, directories.clock.now)
    hub = await directories.start("ad", policy=POLICY)
    hub["ad"].streams = (Stream("people", EVERYTHING, timedelta(minutes=15)),)
    hub["ad"].put("g1", Group(name="Zorg"), container="g1")
    for number, values in enumerate(
        [
            {"user_name": "BEA"},
            {"user_name": "c", "mail": "carl@example.org"},
            {"user_name": "dirk"},
        ]
    ):
        hub["ad"].put(f"a{number}", person_of("Noor", f"Berg{number}", **values))
        refs = (Ref(GROUP, "ad", GROUP, "g1"), Ref(MEMBER, "ad", "account", f"a{number}"))
        key = membership_key("g1", f"a{number}")
        hub["ad"].put(key, Membership(direct=True), container="g1", refs=refs)
    before = {one.id: one for one in sandbox.pages.directory.own.values()}
    await hub.read()
    await hub.runner.deliver()
    assert inside(sandbox) == {"bea", "carl"}
    hub["ad"].remove(membership_key("g1", "a0"), proof="left the group")
    await hub.read()
    await hub.runner.deliver()
    assert inside(sandbox) == {"carl"}
    assert sandbox.pages.directory.own == before
    assert sandbox.store.of_kind(Kind.PERSON) == []
    tried = [one for one in sandbox.requests if one.method not in {"GET", "HEAD"}]
    assert tried
    assert not [one.path for one in tried if "/person" in one.path or "/Users" in one.path]
    await hub.runner.close()


def inside(sandbox):
    own = {one.id: one.user_name for one in sandbox.pages.directory.own.values()}
    return {own[one.body["person"]] for one in sandbox.store.of_kind(Kind.MEMBERSHIP)}
