"""Sessions of visitors: found by a token that nobody keeps, and over as soon as the person is."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.engine import forgetting
from hub.people import decisions, erasing
from hub.store import sessions
from hub.store.sessions import How
from hub.store.tables import session

HOUR = timedelta(hours=1)


@pytest.fixture
async def hub(directories, person_of):
    await directories.start("hr", "ad")
    directories["hr"].put("h1", person_of())
    directories["hr"].put("h2", person_of("Sem", "Visser"))
    directories["ad"].put("a1", person_of("Noor", "Bergman"))
    await directories.read()
    return directories


@pytest.fixture
def do(hub):
    async def work(what, *args, **given):
        return await hub.store.write(what, *args, **given)

    return work


@pytest.fixture
def opened(hub, do):
    """A token for the person behind an account."""

    async def work(key, how=How.OIDC, **given):
        ident, at = (await hub.person(key)).id, hub.clock.now()
        return await do(
            sessions.start, ident, how, **{"now": at, "until": at + 8 * HOUR, "idle": HOUR} | given
        )

    return work


@pytest.fixture
def found(hub, do):
    async def work(token):
        return await do(sessions.find, token, hub.clock.now())

    return work


async def test_only_the_token_opens_and_only_its_hash_is_kept(hub, do, opened, found):
    token = await opened("hr/h1", device="Firefox, Linux")
    one = await found(token)
    assert (one.person, one.how, one.device) == (
        (await hub.person("hr/h1")).id, How.OIDC, "Firefox, Linux",
    )  # fmt: skip
    assert len(token) >= 43
    assert await found(token[:-1]) is None
    assert token not in str(await hub.rows(sa.select(session)))
    assert await do(sessions.end, token)
    assert await found(token) is None
    assert not await do(sessions.end, token)


async def test_it_ends_when_it_is_not_used_and_at_last_in_any_case(hub, opened, found):
    used, unused = await opened("hr/h1"), await opened("hr/h1")
    device = await opened("hr/h2", how=How.DEVICE, idle=None)
    for _ in range(9):
        hub.clock.advance(50 * 60)
        assert await found(used)
    assert await found(unused) is None
    hub.clock.advance(29 * 60)
    assert await found(used)
    assert await found(device), "no idle limit"
    hub.clock.advance(2 * 60)
    assert [await found(one) for one in (used, device)] == [None, None]


async def test_a_person_sees_and_ends_the_others(hub, do, opened, found):
    first, second, other = [await opened(key) for key in ("hr/h1", "hr/h1", "hr/h2")]
    hub.clock.advance(120)
    mine = await found(second)
    rows = await do(sessions.of_person, mine.person, hub.clock.now())
    assert [row.id for row in rows] == [mine.id, (await found(first)).id]
    theirs = (await found(other)).id
    assert not await do(sessions.end_one, mine.person, theirs), "of somebody else"
    assert await do(sessions.end_all, [mine.person], mine.id) == 1
    assert [await found(one) is not None for one in (first, second, other)] == [False, True, True]
    assert await do(sessions.count, hub.clock.now()) == {"oidc": 2}


async def test_only_so_many_of_one_person(hub, do, opened, found):
    tokens = []
    for _ in range(sessions.MOST + 2):
        tokens.append(await opened("hr/h1"))
        hub.clock.advance(1)
    assert [await found(one) is not None for one in tokens[:3]] == [False, False, True]
    assert await do(sessions.count, hub.clock.now()) == {"oidc": sessions.MOST}


async def test_who_is_suspended_has_none_also_when_back(hub, opened, found):
    token, other = await opened("hr/h1"), await opened("hr/h2")
    hub["hr"].edit("h1", enabled=False)
    await hub.read()
    assert (await hub.person("hr/h1")).state == "suspended"
    assert await found(token) is None
    hub["hr"].edit("h1", enabled=True)
    await hub.read()
    assert (await hub.person("hr/h1")).state == "active"
    assert await found(token) is None, "it ended then"
    assert await found(other)


async def test_a_state_that_nobody_told_is_enough(hub, do, opened, found):
    token = await opened("hr/h1")
    ident = (await hub.person("hr/h1")).id
    await hub.rows(sa.select(session))
    change = sa.text("update person set state = 'deactivated' where id = :id")
    await do(lambda tx: tx.execute(change, {"id": ident}))
    assert await found(token) is None


async def test_a_merged_person_goes_on_as_the_one_who_stays(hub, do, opened, found):
    stays, goes = await hub.person("hr/h1"), await hub.person("ad/a1")
    token = await opened("ad/a1")
    given = {"actor": "beheer", "now": hub.clock.now()}
    made = await do(decisions.merge, stays.id, goes.id, **given)
    assert made["person"] == stays.id
    assert (await found(token)).person == stays.id
    await do(decisions.unmerge, goes.id, **given)
    assert await found(token) is None, "nobody knows whose login it was"


async def test_when_an_account_changes_hands_by_hand_its_sessions_end(hub, do, opened, found):
    given = {"actor": "beheer", "now": hub.clock.now()}
    await do(decisions.link, "ad/a1", (await hub.person("hr/h1")).id, **given)
    token = await opened("hr/h1")
    await do(decisions.unlink, "ad/a1", **given)
    assert await found(token) is None
    await do(decisions.link, "ad/a1", (await hub.person("hr/h1")).id, **given)
    token, other = await opened("hr/h1"), await opened("hr/h2")
    await do(decisions.link, "ad/a1", (await hub.person("hr/h2")).id, **given)
    assert await found(token) is None
    assert await found(other)


async def test_who_is_forgotten_has_none_and_may_read_about_them_before(hub, do, opened, found):
    token = await opened("hr/h1", how=How.DEVICE, device="Safari, iPhone")
    given = {"actor": "beheer", "now": hub.clock.now()}
    (told,) = (await do(erasing.export, "hr/h1", **given))["sessions"]
    assert (told["how"], told["device"]) == ("device", "Safari, iPhone")
    await do(erasing.forget, "hr/h1", **given)
    assert await found(token) is None
    assert await hub.rows(sa.select(session)) == []


async def test_ended_ones_are_forgotten(hub, do, opened):
    await opened("hr/h1")
    hub.clock.advance(1800)
    await opened("hr/h2")
    hub.clock.advance(1900)
    await forgetting.forget(hub.store, forgetting.Keep(), hub.clock.now())
    rows = await hub.rows(sa.select(session.c.person))
    assert [row.person for row in rows] == [(await hub.person("hr/h2")).id]
