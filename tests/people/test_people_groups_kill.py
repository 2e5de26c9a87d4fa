"""`kill -9` between groups of a source and an intranet: in the end the same people stand in them."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.topdesk.sandbox import serving
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.models import Kind

WORKER = Path(__file__).with_name("groups_kill_worker.py")
KILLS = [
    ("UPDATE person SET", 3), ("INSERT INTO requirement", 1), ("DELETE FROM stale_group", 1),
    ("sent", 4), ("acknowledged", 6),
]  # fmt: skip


@pytest.fixture(scope="module")
def work(nursery):
    lives = nursery(WORKER)

    def one(folder, intranet, point="none", hit=0):
        code, said = lives(f"sqlite:///{folder / 'hub.db'}", folder, intranet, point, hit)
        assert code in {0, -signal.SIGKILL}, said
        return code

    return one


def inside(store):
    """Name of the group to user names; each person once, whatever their number."""
    groups = {one.external_id: one.body["name"] for one in store.of_kind(Kind.GROUP)}
    people = {one.external_id: one.body["user_name"] for one in store.of_kind(Kind.PERSON)}
    assert len(set(people.values())) == len(people) == 14
    found = {name: [] for name in groups.values()}
    for one in store.of_kind(Kind.MEMBERSHIP):
        found[groups[one.body["group"]]].append(people[one.body["person"]])
    return {name: sorted(users) for name, users in found.items()}


@pytest.fixture
def intranet():
    sandbox = IntranetSandbox(IntranetOptions(), lambda: datetime.now(UTC))
    with serving(sandbox.app) as address:
        yield sandbox.store, address


EXPECTED = {
    "GG-0": sorted(f"u{one}" for one in range(14)),
    "GG-1": sorted(f"u{one}" for one in range(2, 14, 2)),
    "GG-2": sorted(f"u{one}" for one in range(3, 14, 3)),
}


def test_unharmed_the_groups_are_those_of_the_last_reading(work, tmp_path, intranet):
    store, address = intranet
    assert work(tmp_path, address) == 0
    assert inside(store) == EXPECTED


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_a_kill_leaves_the_groups_of_an_unharmed_run(
    work, tmp_path, intranet, kill, record_property
):
    store, address = intranet
    assert work(tmp_path, address, *kill) == -signal.SIGKILL, f"{kill} was not reached"
    assert work(tmp_path, address) == 0
    assert inside(store) == EXPECTED
    record_property("kill", f"groups: {kill[0]}")
