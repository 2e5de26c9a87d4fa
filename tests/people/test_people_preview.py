"""People under another filter, base, mapping or account: shown first, and asked about once."""

import pytest
import sqlalchemy as sa

from connectors.ldap.settings import LdapSettings
from hub.contract import Unreadable
from hub.engine import reconcile
from hub.errors import RetryableError
from hub.events.objects import Kind
from hub.people import erasing
from hub.people.policy import Policy
from hub.settings.routing import reading_fingerprint
from hub.store import holds, tables, trail
from hub.testing.fakes import MemoryTarget

PEOPLE = 12
POLICY = Policy(accounts={"intranet": "manage"})
DAY = 86400


@pytest.fixture
def store_url(tmp_path):
    return f"sqlite:///{tmp_path / 'hub.db'}"


@pytest.fixture
def worker(person_of):
    def make(number, **more):
        given = {"employee_number": f"n{number}", "user_name": f"noor.{number}"}
        return person_of("Noor", f"Berg{number}", **given | more)

    return make


@pytest.fixture
async def hub(directories, worker):
    """Twelve people, all of them on the intranet."""
    directories.targets["intranet"] = MemoryTarget()
    made = await directories.start("ad", policy=POLICY)
    for one in range(PEOPLE):
        made["ad"].put(f"a{one}", worker(one, department="Zorg"))
    await made.read()
    assert len(await published(made)) == PEOPLE
    return made


async def published(hub):
    await hub.runner.deliver()
    found = hub.targets["intranet"].objects
    return [one.body for (kind, _), one in found.items() if kind == Kind.PERSON]


async def actives(hub):
    return sum(body["active"] for body in await published(hub))


async def configure(hub, mark="f2"):
    await hub.start(fingerprints={"ad": mark})


async def run(hub):
    report = await hub.runner.run("ad", "people", full=True)
    hub.clock.advance(900)
    return report


async def opened(hub):
    return await hub.store.read(holds.all_open)


async def known(hub):
    """Every account as the hub knows it."""
    rows = await hub.rows(sa.select(tables.subject).order_by(tables.subject.c.key))
    return [(row.key, row.fingerprint, row.staged, row.removed_at) for row in rows]


async def change(hub, worker):
    """What another configuration may come to: four gone, two with another title, one new."""
    for one in range(4):
        hub["ad"].remove(f"a{one}")
    for one in (4, 5):
        hub["ad"].put(f"a{one}", worker(one, department="Zorg", title="Kok"))
    hub["ad"].put("a99", worker(99))
    await configure(hub)


async def test_everything_is_shown_and_nothing_is_done(hub, worker):
    before = await known(hub)
    await change(hub, worker)
    report = await run(hub)
    assert (report.outcome, report.health) == ("previewed", "ok")
    assert report.counts == {"gone": 4, "changed": 2, "new": 1}
    (hold,) = await opened(hub)
    assert (hold.instance, hold.action, hold.hash) == ("ad", "preview", report.hold)
    shown = [(one["change"], one["key"], one.get("fields")) for one in hold.content]
    assert shown == [
        *(("gone", f"a{one}", None) for one in range(4)),
        *(("changed", f"a{one}", ["title"]) for one in (4, 5)),
        ("new", "a99", None),
    ]
    assert await known(hub) == before
    assert await actives(hub) == PEOPLE
    assert [line.event for line in hub.log.lines].count("preview_waits") == 1


async def test_released_by_its_hash_it_is_carried_out_once_and_for_all(hub, worker):
    """Four of twelve would be too many to go by themselves, here and on the intranet."""
    await change(hub, worker)
    report = await run(hub)
    counts = await hub.runner.release(report.hold, "anna")
    assert (counts["removed"], counts["accepted"], counts["new"]) == (4, 3, 1)
    assert await opened(hub) == []
    assert await actives(hub) == PEOPLE - 4 + 1
    report = await run(hub)
    assert (report.outcome, report.counts.get("accepted", 0)) == ("complete", 0)
    (row,) = [one for one in await hub.store.read(trail.rows) if one.action == "release"]
    assert (row.actor, row.what["gone"], row.what["new"]) == ("anna", 4, 1)
    (hold,) = await hub.rows(sa.select(tables.hold))
    assert hold.content == [], "keys are not kept longer than they are needed"


async def test_what_was_shown_is_asked_once_and_not_again_for_the_intranet(hub, worker):
    """All twelve get another title, which would be too many to change by themselves."""
    for one in range(PEOPLE):
        hub["ad"].put(f"a{one}", worker(one, department="Kunst"))
    await configure(hub)
    report = await run(hub)
    assert {one["department"] for one in await published(hub)} == {"Zorg"}
    await hub.runner.release(report.hold, "anna")
    assert await opened(hub) == []
    assert {one["department"] for one in await published(hub)} == {"Kunst"}


async def test_what_the_source_changed_meanwhile_passes_the_usual_limits(hub, worker):
    await change(hub, worker)
    report = await run(hub)
    for one in range(6, 11):
        hub["ad"].remove(f"a{one}", proof="deleted")
    await hub.runner.release(report.hold, "anna")
    (hold,) = await opened(hub)
    assert (hold.action, len(hold.content)) == ("removal", 5), "only what was not shown"
    assert await actives(hub) == PEOPLE - 4 + 1


async def test_a_removal_that_was_released_is_not_asked_again_for_the_intranet(hub):
    for one in range(6):
        hub["ad"].remove(f"a{one}", proof="deleted")
    await run(hub)
    (hold,) = await opened(hub)
    assert hold.action == "removal"
    await hub.runner.release(hold.hash, "anna")
    assert await opened(hub) == []
    assert await actives(hub) == PEOPLE - 6


async def test_a_target_that_is_away_takes_what_is_true_when_it_is_back(hub, worker):
    """A day is for the release, not for the delivery: what is wanted then is delivered."""
    for one in range(6):
        hub["ad"].remove(f"a{one}", proof="deleted")
    await run(hub)
    (hold,) = await opened(hub)
    hub.targets["intranet"].down = True
    await hub.runner.release(hold.hash, "anna")
    assert await actives(hub) == PEOPLE
    hub["ad"].put("a0", worker(0, department="Zorg"))
    await run(hub)
    hub.clock.advance(3 * DAY)
    hub.targets["intranet"].down = False
    assert await actives(hub) == PEOPLE - 5


async def test_the_old_configuration_closes_it_and_is_read_at_once(hub, worker):
    await change(hub, worker)
    await run(hub)
    for one in range(6):
        hub["ad"].put(f"a{one}", worker(one, department="Zorg"))
    hub["ad"].remove("a99")
    await configure(hub, "f1")
    assert await opened(hub) == []
    (row,) = await hub.rows(sa.select(tables.stream))
    assert row.due is None
    assert (await run(hub)).counts == {"same": PEOPLE}


async def test_what_would_change_nothing_goes_on_by_itself(hub):
    await configure(hub)
    report = await run(hub)
    assert (report.outcome, report.counts) == ("complete", {"same": PEOPLE})
    assert await opened(hub) == []
    (row,) = await hub.rows(sa.select(tables.stream))
    assert row.fingerprint == "f2"


async def test_another_version_of_the_connector_is_no_other_configuration(hub, worker):
    mark = "a" * 24
    await configure(hub, mark + "11111111")
    await run(hub)
    hub["ad"].put("a99", worker(99))
    await configure(hub, mark + "22222222")
    assert (await run(hub)).counts["new"] == 1


async def test_it_rests_for_a_day_so_that_what_is_seen_is_what_is_released(hub, worker):
    await change(hub, worker)
    at = hub.clock.now()
    first = await run(hub)
    (row,) = await hub.rows(sa.select(tables.stream))
    assert (row.due - at).total_seconds() == DAY
    await hub.start()
    assert [one.hash for one in await opened(hub)] == [first.hold], "also over a restart"
    hub["ad"].put("a98", worker(98))
    second = await run(hub)
    assert second.counts["new"] == 2
    assert [one.hash for one in await opened(hub)] == [second.hold] != [first.hold]


async def test_a_release_counts_for_a_day(hub, worker):
    await change(hub, worker)
    report = await run(hub)
    hub["ad"].fail(RetryableError("away"))
    assert await hub.runner.release(report.hold, "anna") == {"waits": 1}
    assert await actives(hub) == PEOPLE
    hub["ad"].heal()
    hub.clock.advance(DAY - 2000)
    assert (await run(hub)).counts["removed"] == 4
    assert await actives(hub) == PEOPLE - 4 + 1


async def test_after_a_day_it_is_shown_again(hub, worker):
    await change(hub, worker)
    report = await run(hub)
    hub["ad"].fail(RetryableError("away"))
    await hub.runner.release(report.hold, "anna")
    hub["ad"].heal()
    hub.clock.advance(DAY + 1)
    assert (await run(hub)).outcome == "previewed"
    assert await actives(hub) == PEOPLE
    assert len(await opened(hub)) == 1


async def test_a_reading_that_breaks_shows_nothing(hub, worker):
    await change(hub, worker)
    hub["ad"].fail_next(RetryableError("hung up"))
    assert (await run(hub)).outcome == "failed"
    assert await opened(hub) == []
    assert await actives(hub) == PEOPLE


async def test_rows_that_can_not_be_read_are_not_shown_as_gone(hub, worker):
    hub["ad"].remove("a1")
    hub["ad"].put("a2", worker(2, title="Kok"))
    hub["ad"].unreadable.append(Unreadable("no name", key="a1"))
    await configure(hub)
    assert (await run(hub)).counts == {"changed": 1}
    hub["ad"].remove("a3")
    hub["ad"].unreadable.append(Unreadable("nothing at all"))
    assert (await run(hub)).counts == {"changed": 1}, "an incomplete reading says nothing of a1, a3"


async def test_who_is_forgotten_is_neither_new_nor_in_the_hold(hub, worker):
    who = await hub.person("ad/a4")
    await change(hub, worker)
    report = await run(hub)
    given = {"actor": "anna", "now": hub.clock.now()}
    await hub.store.write(erasing.forget, who.id, **given)
    (hold,) = await opened(hub)
    assert "a4" not in [one["key"] for one in hold.content]
    again = await run(hub)
    assert again.counts == report.counts | {"changed": 1}


async def test_a_plan_says_that_it_waits(hub, worker):
    await change(hub, worker)
    await run(hub)
    plan = await hub.store.read(reconcile.plan, hub.clock.now())
    assert [one["action"] for one in plan.holds] == ["preview"]
    assert plan.steps == []


def test_the_account_that_reads_is_part_of_it_and_its_password_is_not():
    given = {"urls": ["ldaps://dc1.example.org"], "bases": ["OU=A,DC=example,DC=org"]}

    def mark(**changes):
        settings = LdapSettings.model_validate(given | {"bind": "hub", "password": "x"} | changes)
        return reading_fingerprint("ldap", settings)

    assert mark(password="other") == mark()
    for changes in (
        {"bind": "other"},
        {"filter": "(employeeType=staff)"},
        {"bases": ["OU=B,DC=example,DC=org"]},
        {"attributes": {"employee_number": "employeeID"}},
    ):
        assert mark(**changes)[:24] != mark()[:24], changes
