"""What changed since, with the real engine: told by the directory, completed by reading again."""

import pytest

from hub.contract import Checkpoint, ReadRequest
from hub.errors import RejectedError


@pytest.fixture
async def hub(desk, make_hub):
    """Five people, swept once."""
    desk.keys = [desk.person(f"Persoon {one}") for one in range(5)]
    made = await make_hub(desk)
    assert (await made.delta()).counts == {"accepted": 5, "new": 5}
    return made


async def last_reading(hub):
    (row,) = [one for one in await hub.runs() if one.id == max(r.id for r in await hub.runs())]
    return row.reading


async def test_nothing_changed(hub):
    report = await hub.delta()
    assert (report.outcome, dict(report.counts)) == ("complete", {})
    assert await last_reading(hub) == "delta"


async def test_new_edited_renamed_and_cleared(hub):
    desk = hub.desk
    new = desk.person("Nieuw")
    desk.directory.modify(desk.dn("Persoon 1"), title="Adviseur")
    desk.directory.modify(desk.dn("Persoon 2"), mail="x@example.org")
    desk.directory.move(desk.dn("Persoon 3"), name="CN=Anders")
    assert (await hub.delta()).counts["accepted"] == 4
    desk.directory.modify(desk.dn("Persoon 2"), mail=[])
    assert (await hub.delta()).counts == {"accepted": 1}
    here = await hub.here()
    assert here[desk.keys[1]]["title"] == "Adviseur"
    assert "mail" not in here[desk.keys[2]]
    assert here[desk.keys[3]]["display_name"] == "Anders"
    assert new in here
    assert await last_reading(hub) == "delta"


async def test_deleted_and_moved_out_and_in_again(hub):
    desk = hub.desk
    desk.directory.delete(desk.dn("Persoon 0"))
    assert (await hub.delta()).counts == {"removed": 1, "staged": 1}
    elsewhere = desk.directory.ou()
    away = desk.directory.move(desk.dn("Persoon 1"), parent=elsewhere)
    assert (await hub.delta()).counts == {"removed": 1, "staged": 1}
    assert await hub.removed() == set(desk.keys[:2])
    desk.directory.move(away, parent=desk.ou)
    assert (await hub.delta()).counts == {"accepted": 1}
    assert set(await hub.here()) == set(desk.keys[1:])
    reasons = await hub.reasons()
    assert reasons[desk.keys[0]] == "deleted"
    assert reasons[desk.keys[1]].casefold() == f"moved to {elsewhere}".casefold()


async def test_out_of_the_filter(desk, make_hub):
    key = desk.person("Noor", title="a")
    other = desk.person("Daan", title="a")
    hub = await make_hub(desk, filter="(title=a)")
    await hub.delta()
    desk.directory.modify(desk.dn("Noor"), title="b")
    desk.person("Sem", title="b")
    await hub.delta()
    assert (set(await hub.here()), await hub.removed()) == ({other}, {key})


async def test_another_manager(hub):
    desk = hub.desk
    desk.directory.modify(desk.dn("Persoon 1"), manager=desk.dn("Persoon 2"))
    assert (await hub.delta()).counts == {"accepted": 1}
    desk.directory.modify(desk.dn("Persoon 1"), manager=desk.dn("Persoon 3"))
    assert (await hub.delta()).counts == {"accepted": 1}
    assert [one.value for one in await hub.refs()] == [desk.keys[3]]
    assert (await hub.sweep()).counts == {"same": 5}


async def test_an_entry_that_can_not_be_read_any_more_stays_as_it_was(desk, make_hub):
    desk.person("Noor", description="1990-02-28")
    hub = await make_hub(desk, attributes={"birth_date": "description"})
    await hub.delta()
    desk.directory.modify(desk.dn("Noor"), description="in mei")
    report = await hub.delta()
    assert report.counts == {"unreadable": 1}
    assert [one["birth_date"] for one in (await hub.here()).values()] == ["1990-02-28"]


async def test_what_happens_between_position_and_sweep_comes_by_the_next_delta(desk, make_hub):
    keys = [desk.person(f"Persoon {one}") for one in range(5)]
    hub = await make_hub(desk)

    calls = []

    def meanwhile():
        calls.append(1)
        if len(calls) == 6:
            desk.faults.before = None
            desk.directory.modify(desk.dn("Persoon 0"), title="Anders")

    desk.faults.before = meanwhile
    await hub.delta()
    assert len(calls) == 6, "the change was to happen in mid-sweep"
    await hub.delta()
    assert (await hub.here())[keys[0]]["title"] == "Anders"


@pytest.mark.parametrize("value", ["", "nonsense", "{}", '{"vendor": "other", "places": {}}'])
async def test_a_position_that_is_none_is_refused(desk, value):
    made = desk.connector()
    with pytest.raises(RejectedError, match="a sweep follows"):
        async for _ in made.read(ReadRequest("people", "delta", Checkpoint(value))):
            pass
    await made.close()


async def test_a_position_that_the_directory_forgot_makes_a_sweep_at_once(hub):
    desk = hub.desk
    await hub.spoil_position()
    desk.directory.modify(desk.dn("Persoon 1"), title="Adviseur")
    report = await hub.delta()
    assert (report.outcome, report.counts["accepted"]) == ("complete", 1)
    assert await last_reading(hub) == "sweep"
    await hub.delta()
    assert await last_reading(hub) == "delta"


async def test_without_deltas_everything_is_read_every_quarter(desk, make_hub):
    (stream,) = desk.connector(deltas="off").streams()
    assert (stream.every.total_seconds(), stream.sweep_every) == (900, None)
    desk.person("Noor")
    hub = await make_hub(desk, deltas="off")
    for _ in range(2):
        await hub.delta()
        assert await last_reading(hub) == "sweep"
