"""A source that hands over mostly rubbish is left alone, said once, and comes back by itself."""

import pytest
import sqlalchemy as sa

from hub.contract import Unreadable
from hub.engine import reconcile
from hub.people.policy import Policy
from hub.store import holds, tables
from hub.testing.fakes import MemoryTarget

DAY = 86400


@pytest.fixture
def store_url(tmp_path):
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
async def hub(directories, person_of):
    directories.targets["intranet"] = MemoryTarget()
    made = await directories.start("hr", policy=Policy(accounts={"intranet": "manage"}))
    for one in range(10):
        made["hr"].put(f"h{one}", person_of("Noor", f"Berg{one}", user_name=f"noor.{one}"))
    await made.read()
    await made.runner.deliver()
    return made


def spoil(hub, number):
    """So many rows can't be understood any more, in the next reading."""
    for one in range(number):
        hub["hr"].subjects.pop(f"h{one}", None)
        hub["hr"].unreadable.append(Unreadable("no name", key=f"h{one}"))


async def run(hub):
    report = await hub.runner.run("hr", "people", full=True)
    hub.clock.advance(900)
    return report


async def stream(hub):
    (row,) = await hub.rows(sa.select(tables.stream))
    return row


def said(hub):
    return [line.event for line in hub.log.lines if line.event.startswith("source_")]


@pytest.mark.parametrize(("number", "out"), [(5, False), (6, True)])
async def test_from_sixty_percent_on(hub, number, out):
    spoil(hub, number)
    assert (await run(hub)).health == ("quarantined" if out else "ok")


async def test_it_is_read_once_a_day_said_once_and_removes_nobody(hub, person_of):
    hub["hr"].remove("h9", proof="deleted")
    spoil(hub, 7)
    before = hub.clock.now()
    report = await run(hub)
    assert (report.outcome, report.health) == ("failed", "quarantined")
    assert "7 of 10 rows" in report.reason
    assert "hub resume hr" in report.reason
    row = await stream(hub)
    assert ((row.due - before).total_seconds(), row.sweep_open) == (DAY, False)
    spoil(hub, 7)
    await run(hub)
    assert said(hub) == ["source_down"]
    gone = await hub.rows(sa.select(tables.subject).where(tables.subject.c.removed_at.is_not(None)))
    assert gone == []
    assert await hub.store.read(holds.all_open) == []
    found = await hub.store.read(reconcile.status)
    assert [one["health"] for one in found["streams"]] == ["quarantined"]
    for one in range(7):
        hub["hr"].put(f"h{one}", person_of("Noor", f"Berg{one}", user_name=f"noor.{one}"))
    assert (await run(hub)).health == "ok"
    assert said(hub) == ["source_down", "source_back"]


async def test_resume_reads_it_at_once_and_is_in_the_trail(hub):
    spoil(hub, 7)
    await run(hub)
    given = {"paused": False, "actor": "anna", "now": hub.clock.now()}
    assert await hub.store.write(reconcile.pause, ["hr"], **given) == ["hr"]
    assert (await stream(hub)).due is None
    (row,) = await hub.rows(sa.select(tables.audit).where(tables.audit.c.action == "resume"))
    assert row.actor == "anna"


async def test_what_targets_refuse_counts_as_well(hub):
    query = tables.obj.update().where(tables.obj.c.kind == "person")

    async def mark(status):
        await hub.store.write(lambda tx: tx.execute(query.values(status=status)))

    await mark("rejected")
    report = await run(hub)
    assert report.health == "quarantined"
    assert "targets refused 10 of its 10 objects" in report.reason
    await mark("done")
    assert (await run(hub)).health == "ok"


async def test_a_handful_of_rows_is_never_too_much(directories, person_of):
    hub = await directories.start("hr")
    for one in range(4):
        hub["hr"].put(f"h{one}", person_of("Noor", f"Berg{one}"))
    await hub.read()
    spoil(hub, 4)
    assert (await run(hub)).health == "ok"


async def test_under_another_configuration_too(hub):
    spoil(hub, 7)
    await hub.start(fingerprints={"hr": "f2"})
    assert (await run(hub)).health == "quarantined"
    assert await hub.store.read(holds.all_open) == []
