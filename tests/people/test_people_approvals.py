"""A hold that takes two administrators: exactly this content, each within a day."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.engine import approving
from hub.errors import RejectedError
from hub.people.policy import Policy
from hub.settings.administrators import Administrator, Role, refusal
from hub.settings.removals import Removals
from hub.store import holds, tables, trail

DAY = timedelta(hours=24)


@pytest.fixture
def store_url(tmp_path):
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
async def hub(directories, person_of):
    """Twenty people, of whom six are proven to be gone: that waits for two."""
    policy = Policy(removals=Removals(approvals=2))
    made = await directories.start("hr", policy=policy)
    for one in range(20):
        made["hr"].put(f"h{one}", person_of("Noor", f"Berg{one}"))
    await made.read()
    await leave(made, 6)
    return made


async def leave(hub, number):
    for one in range(number):
        if f"h{one}" in hub["hr"].subjects:
            hub["hr"].remove(f"h{one}", proof="deleted")
    await hub.read()


async def mark(hub):
    (row,) = await hub.store.read(holds.all_open)
    return row.hash


async def gone(hub):
    rows = await hub.rows(sa.select(tables.subject.c.removed_at))
    return sum(row.removed_at is not None for row in rows)


async def test_the_first_only_counts_and_the_second_applies_it(hub):
    name = await mark(hub)
    assert await hub.runner.release(name, "anna") == {"approved": 1, "missing": 1}
    assert await gone(hub) == 0
    with pytest.raises(RejectedError, match="anna approved"):
        await hub.runner.release(name, "anna")
    hub.clock.advance(DAY.total_seconds() - 1)
    assert (await hub.runner.release(name, "bert"))["removed"] == 6
    assert await gone(hub) == 6
    rows = await hub.store.read(trail.rows)
    told = [(row.actor, row.action) for row in rows if row.action in {"approve", "release"}]
    assert told == [("anna", "approve"), ("bert", "release")]


async def test_after_a_day_an_approval_is_void(hub):
    name = await mark(hub)
    await hub.runner.release(name, "anna")
    hub.clock.advance(DAY.total_seconds() + 1)
    assert await hub.runner.release(name, "bert") == {"approved": 1, "missing": 1}
    assert await gone(hub) == 0
    assert (await hub.runner.release(name, "anna"))["removed"] == 6


async def test_other_content_is_another_hold(hub):
    before = await mark(hub)
    await hub.runner.release(before, "anna")
    await leave(hub, 7)
    assert await mark(hub) != before
    assert await hub.runner.release(await mark(hub), "bert") == {"approved": 1, "missing": 1}
    assert await gone(hub) == 0


async def test_what_was_approved_for_an_earlier_hold_counts_no_more(hub, person_of):
    """The same people leave, come back and leave again: equal content, but another occasion."""
    before = await mark(hub)
    await hub.runner.release(before, "anna")
    for one in range(6):
        hub["hr"].put(f"h{one}", person_of("Noor", f"Berg{one}"))
    await hub.read()
    await leave(hub, 6)
    assert await mark(hub) == before
    assert await hub.runner.release(before, "bert") == {"approved": 1, "missing": 1}


def test_only_what_is_about_people_takes_two():
    two = Removals(approvals=2)

    class Row:
        action = "removal"
        content = ({"family": "incident"},)

    assert approving.needed(Row, two) == 1
    Row.content = ({"family": "person"},)
    assert approving.needed(Row, Removals(), two) == 2
    Row.action, Row.content = "configuration", ({"object": "x"},)
    assert approving.needed(Row, two) == 1


LIST = {
    "anna": Administrator(instances=("noord",), targets=("wiki",)),
    "bert": Administrator(role=Role.VIEWER),
    "carla": Administrator(role=Role.ADMIN),
}


@pytest.mark.parametrize(
    ("name", "needs", "about", "may"),
    [
        ("anna", Role.OPERATOR, {"instances": ["noord"]}, True),
        ("anna", Role.OPERATOR, {"instances": ["noord", "zuid"]}, False),
        ("anna", Role.OPERATOR, {"targets": ["wiki"]}, True),
        ("anna", Role.OPERATOR, {"instances": ["zuid"], "targets": ["wiki"]}, True),
        ("anna", Role.OPERATOR, {"instances": ["noord"], "targets": ["intranet"]}, True),
        ("anna", Role.OPERATOR, {"instances": ["zuid"], "targets": ["intranet"]}, False),
        ("anna", Role.OPERATOR, {}, False),
        ("anna", Role.VIEWER, {}, True),
        ("anna", Role.ADMIN, {"instances": ["noord"]}, False),
        ("bert", Role.VIEWER, {}, True),
        ("bert", Role.OPERATOR, {"instances": ["noord"]}, False),
        ("carla", Role.ADMIN, {}, True),
        ("carla", Role.OPERATOR, {"instances": ["zuid"]}, True),
        ("Anna", Role.OPERATOR, {"instances": ["noord"]}, False),
        ("", Role.VIEWER, {}, False),
    ],
)
def test_who_may_what(name, needs, about, may):
    reason = refusal(LIST, name, needs, **about)
    assert (reason is None) is may
    assert may or "carla" in reason
    assert refusal({}, name, needs, **about) is None, "without a list everybody may"
