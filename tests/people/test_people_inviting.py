"""One-time codes: for whom, for how long, used once; a wrong one learns nothing."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.engine import forgetting
from hub.errors import RejectedError
from hub.people import codes, decisions, erasing, finding, inviting, redeeming
from hub.people.inviting import Invitee, Terms
from hub.people.redeeming import Typed
from hub.store import invitations, sessions, trail
from hub.store.sessions import How
from hub.store.tables import invitation, login, metadata

DAYS = timedelta(days=14)
MAIL = Terms("mail", mail_from=frozenset({"hr"}))
PAPER = Terms("paper")
ISSUER = "https://login.example.org"


BOTH = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def store_url(request, tmp_path):
    """SQLite, and both where the store's behaviour is the point."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
async def hub(directories, person_of):
    await directories.start("hr", "ad")
    more = {"contact_mail": "noor@thuis.example", "employee_number": "00 1042"}
    directories["hr"].put("h1", person_of(**more))
    directories["hr"].put("h2", person_of("Sem", "Visser", mail="sem@werk.example.org"))
    directories["hr"].put("h3", person_of("Emma", "Bakker", enabled=False))
    directories["ad"].put("a1", person_of("Daan", "Smit", contact_mail="daan@thuis.example"))
    await directories.read()
    return directories


@pytest.fixture
def do(hub):
    async def work(what, *args, **more):
        return await hub.store.write(what, *args, **more)

    return work


@pytest.fixture
def issued(hub, do):
    """A new code for the person behind an account."""

    async def work(key, channel="paper", lasting=DAYS):
        row, at = await hub.person(key), hub.clock.now()
        one = Invitee(row.id, row.name, code=codes.make())
        await do(inviting.issue, [one], channel, at + lasting, actor="beheer", now=at)
        return one.code

    return work


@pytest.fixture
def redeemed(hub, do):
    """Whose code it was; None: it can't be used."""

    async def work(code, number=None, then="device"):
        typed, asked = Typed(code, number or ""), number is not None
        at = hub.clock.now()
        found = await do(redeeming.redeem, typed, number=asked, then=then, now=at)
        return found and found[0].person

    return work


async def rows(hub):
    return await hub.rows(sa.select(invitation).order_by(invitation.c.id))


# --- the code -------------------------------------------------------------------------------------


def test_a_code_is_140_bits_that_a_human_can_type():
    made = [codes.make() for _ in range(200)]
    assert len(set(made)) == 200
    assert 32**codes.LENGTH >= 2**140
    for one in made:
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}", one)
    assert set("".join(made)) - {"-"} == set(codes.ALPHABET), "every character occurs"


@settings(max_examples=50)
@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=28, max_size=28), st.randoms())
def test_however_it_is_typed_it_is_the_same_code(text, chance):
    spoken = {"0": "0oO", "1": "1iIlL"}
    typed = "".join(
        chance.choice(spoken.get(one, one + one.lower())) + chance.choice(["", "", " ", "-", ". "])
        for one in text
    )
    assert codes.digest(typed) == codes.digest(text)


def test_another_code_is_another():
    one = codes.make()
    assert codes.digest(one) != codes.digest(one[:-1] + ("2" if one[-1] != "2" else "3"))


# --- for whom -------------------------------------------------------------------------------------


async def test_only_a_digest_is_stored(hub, issued):
    code = await issued("hr/h1")
    for table in metadata.sorted_tables:
        text = str(await hub.rows(sa.select(table)))
        assert code not in text
        assert codes.plain(code) not in text


@pytest.mark.parametrize(
    ("key", "terms", "said"),
    [
        ("hr/h3", PAPER, "is not active"),
        ("hr/h2", Terms("paper", number=True), "has no employee number"),
        ("ad/a1", MAIL, "has no address"),
        ("hr/h1", Terms("paper", blanks=frozenset({"user_name"})), "has no user name"),
    ],
)
async def test_who_cannot_be_invited_is_told_why(hub, do, key, terms, said):
    with pytest.raises(RejectedError, match=said):
        await do(inviting.one, key, terms, hub.clock.now())


async def test_mail_goes_where_a_trusted_source_or_the_organisation_vouches(hub, do):
    now = hub.clock.now()
    private = await do(inviting.one, "hr/h1", MAIL, now)
    assert private.address == "noor@thuis.example"
    work = await do(inviting.one, "hr/h2", Terms("mail"), now)
    assert work.address == "sem@werk.example.org", "a domain of ours"
    with pytest.raises(RejectedError, match="has no address"):
        await do(inviting.one, "hr/h1", Terms("mail"), now)
    hub["hr"].edit("h2", mail="sem@elders.example")
    await hub.read()
    with pytest.raises(RejectedError, match="has no address"):
        await do(inviting.one, "hr/h2", Terms("mail"), now)


async def test_an_account_that_is_over_vouches_for_nothing(hub, do, person_of):
    number = {"employee_number": "1042"}
    hub["ad"].put("a9", person_of(**number))
    await hub.start(policy=hub.policy.model_copy(update={"namespaces": {"hr": "x", "ad": "x"}}))
    await hub.read()
    hub["hr"].edit("h1", enabled=False)
    await hub.read()
    assert (await hub.person("hr/h1")).id == (await hub.person("ad/a9")).id
    with pytest.raises(RejectedError, match="has no address"):
        await do(inviting.one, "ad/a9", MAIL, hub.clock.now())


async def test_many_are_those_who_never_got_in(hub, do, issued, redeemed):
    async def left(**more):
        given = {"again": False, "instance": None} | more
        found = await do(inviting.many, PAPER, given.pop("instance"), hub.clock.now(), **given)
        return {one.name: one.why for one in found}

    everybody = {"Daan Smit": "", "Noor Berg": "", "Sem Visser": ""}
    assert await left() == everybody
    assert await left(instance="hr") == {"Noor Berg": "", "Sem Visser": ""}
    code = await issued("hr/h1")
    await issued("hr/h2", channel="mail")  # and no server ever took it
    assert await left() == everybody | {"Noor Berg": "open"}
    assert await left(again=True) == everybody
    await redeemed(code)
    assert await left(again=True) == everybody | {"Noor Berg": "begun"}
    ident, at = (await hub.person("ad/a1")).id, hub.clock.now()
    await do(sessions.start, ident, How.OIDC, now=at, until=at + DAYS)
    assert (await left())["Daan Smit"] == "begun"


# --- used once ------------------------------------------------------------------------------------


async def test_a_code_is_good_once_and_bound_to_its_person(hub, issued, redeemed):
    code, other = await issued("hr/h1"), await issued("hr/h2")
    assert await redeemed(code.lower().replace("-", " ")) == (await hub.person("hr/h1")).id
    assert await redeemed(code) is None
    assert await redeemed(other) == (await hub.person("hr/h2")).id
    assert [row.state for row in await rows(hub)] == ["redeemed", "redeemed"]


async def test_looking_uses_nothing_up(hub, do, issued, redeemed):
    code = await issued("hr/h1")
    for _ in range(3):
        found = await do(redeeming.look, Typed(code), number=False, now=hub.clock.now())
        assert found.name == "Noor Berg"
    assert await redeemed(code)


async def test_a_new_code_ends_the_one_before(hub, issued, redeemed):
    old = await issued("hr/h1")
    new = await issued("hr/h1")
    assert await redeemed(old) is None
    assert await redeemed(new)
    assert [row.state for row in await rows(hub)] == ["replaced", "redeemed"]


async def test_it_ends_by_time_and_when_it_is_taken_back(hub, do, issued, redeemed):
    code = await issued("hr/h1")
    hub.clock.advance(14 * 86400)
    assert await redeemed(code) is None
    code = await issued("hr/h2")
    given = {"actor": "beheer", "now": hub.clock.now()}
    made = await do(inviting.revoke, "hr/h2", **given)
    assert made["name"] == "Sem Visser"
    assert await redeemed(code) is None
    with pytest.raises(RejectedError, match="no code that is good"):
        await do(inviting.revoke, "hr/h2", **given)


async def test_who_is_suspended_does_not_get_in(hub, issued, redeemed):
    code = await issued("hr/h1")
    hub["hr"].edit("h1", enabled=False)
    await hub.read()
    assert await redeemed(code) is None
    hub["hr"].edit("h1", enabled=True)
    await hub.read()
    assert await redeemed(code)


async def test_the_number_is_asked_beside_it_and_five_wrong_ones_end_it(hub, issued, redeemed):
    code = await issued("hr/h1")
    assert await redeemed(code, "1043") is None
    assert await redeemed(code, "") is None
    assert await redeemed(code, " 1042 "), "written as sources write it"
    code = await issued("hr/h1")
    for _ in range(redeeming.MOST):
        assert await redeemed(code, "9") is None
    assert await redeemed(code, "1042") is None, "too often"
    assert [row.attempts for row in await rows(hub)] == [2, redeeming.MOST]


async def test_whatever_is_wrong_the_same_work_is_done(hub, do, issued, redeemed):
    """The statements that a database sees, and the answer, are the same for every wrong code."""
    used, over, revoked = await issued("hr/h1"), await issued("hr/h1"), await issued("hr/h2")
    good = await issued("ad/a1")
    hub["ad"].edit("a1", employee_number="7")
    await hub.read()
    await do(inviting.revoke, "hr/h2", actor="beheer", now=hub.clock.now())
    cases = {
        "unknown": (codes.make(), "7"),
        "empty": ("", ""),
        "replaced": (used, "1042"),
        "revoked": (revoked, "1"),
        "another number": (good, "8"),
        "late": (over, "1042"),
    }
    hub.clock.advance(14 * 86400 - 900)
    good_late = await issued("ad/a1", lasting=timedelta(days=30))
    hub.clock.advance(3600)
    cases["another number"] = (good_late, "8")
    seen = {}
    for name, typed in cases.items():
        statements = []

        def look(tx, typed=typed, statements=statements):
            def note(_conn, _cursor, text, *_rest):
                statements.append(text)

            sa.event.listen(tx, "before_cursor_execute", note)
            try:
                return redeeming.look(tx, Typed(*typed), number=True, now=hub.clock.now())
            finally:
                sa.event.remove(tx, "before_cursor_execute", note)

        assert await do(look) is None, name
        seen[name] = statements
    assert len(seen["unknown"]) == 2
    assert all(one == seen["unknown"] for one in seen.values())


@BOTH
async def test_two_at_once_get_one_between_them(hub, issued, redeemed):
    import asyncio

    code = await issued("hr/h1")
    found = await asyncio.gather(*(redeemed(code) for _ in range(5)))
    assert sorted(one is not None for one in found) == [False] * 4 + [True]


# --- whose login it is ----------------------------------------------------------------------------


@BOTH
async def test_a_login_after_the_code_is_the_persons_own(hub, do, issued):
    async def handed(key):
        at = hub.clock.now()
        given = {"number": False, "then": "provider", "now": at}
        return await do(redeeming.redeem, Typed(await issued(key)), **given)

    async def bind(token, subject):
        await do(redeeming.bind, token, ISSUER, subject, hub.clock.now())

    async def whose(token):
        return await do(redeeming.handed_over, token, hub.clock.now())

    found, token = await handed("hr/h1")
    assert await whose("another") is None
    assert await whose(token) == found.person
    await bind(token, "sub-1")
    assert await whose(token) is None, "used up"
    assert [tuple(row)[:3] for row in await hub.rows(sa.select(login))] == [
        (ISSUER, "sub-1", found.person)
    ]
    _, token = await handed("hr/h2")
    for one, subject in ((token, "sub-1"), ("another", "sub-9")):
        with pytest.raises(RejectedError, match="another person's"):
            await bind(one, subject)
    _, late = await handed("hr/h2")
    hub.clock.advance(3601)
    assert await whose(late) is None
    assert token not in str(await rows(hub))


# --- merged, forgotten, shown ----------------------------------------------------------------------


@BOTH
async def test_a_merged_person_keeps_one_good_code(hub, do, issued, redeemed):
    given = {"actor": "beheer", "now": hub.clock.now()}
    stays, goes = await hub.person("hr/h1"), await hub.person("ad/a1")
    first, second = await issued("hr/h1"), await issued("ad/a1")
    await do(decisions.merge, stays.id, goes.id, **given)
    assert await redeemed(first) is None
    assert await redeemed(second) == stays.id
    third = await issued("hr/h1")
    await do(decisions.unmerge, goes.id, **given)
    assert await redeemed(third) is None, "nobody knows whose it is"


@BOTH
async def test_who_is_forgotten_leaves_none_and_may_read_of_them_before(hub, do, issued):
    given = {"actor": "beheer", "now": hub.clock.now()}
    code = await issued("hr/h1")
    then = {"number": False, "then": "provider", "now": hub.clock.now()}
    _, token = await do(redeeming.redeem, Typed(code), **then)
    await do(redeeming.bind, token, ISSUER, "sub-1", hub.clock.now())
    told = await do(erasing.export, "hr/h1", **given)
    assert [(one["by"], one["state"]) for one in told["invitations"]] == [("paper", "redeemed")]
    assert told["logins"][0]["subject"] == "sub-1"
    shown = await do(finding.shown, "hr/h1", **given)
    assert shown["invitations"][0]["state"] == "redeemed"
    await do(erasing.forget, "hr/h1", **given)
    assert await rows(hub) == []
    assert await hub.rows(sa.select(login)) == []


async def test_the_trail_says_who_and_when_and_no_code(hub, do, issued, redeemed):
    code = await issued("hr/h1")
    await issued("hr/h2")
    await redeemed(code)
    await do(inviting.revoke, "hr/h2", actor="beheer", now=hub.clock.now())
    lines = [row for row in await hub.store.read(trail.rows) if row.action != "people"]
    assert [(row.actor, row.action) for row in lines[-4:]] == [
        ("beheer", "people invite"),
        ("beheer", "people invite"),
        ("welcome page", "people redeem"),
        ("beheer", "people revoke"),
    ]
    assert code not in str(lines)


@BOTH
async def test_what_is_over_is_forgotten_with_time(hub, issued):
    await issued("hr/h1")
    await issued("hr/h2", lasting=timedelta(days=90))
    hub.clock.advance((14 + 91) * 86400)
    await forgetting.forget(hub.store, forgetting.Keep(), hub.clock.now())
    assert len(await rows(hub)) == 1


async def test_the_login_of_who_left_is_forgotten_with_the_name(hub, do):
    ident = (await hub.person("hr/h1")).id
    await do(invitations.put_login, ISSUER, "sub-1", ident, hub.clock.now())
    hub["hr"].remove("h1")
    for _ in range(3):
        await hub.read()
    for days in (31, 91):
        hub.clock.advance(days * 86400)
        await hub.read()
        assert len(await hub.rows(sa.select(login))) == 1
    hub.clock.advance(86400)
    await forgetting.forget(hub.store, forgetting.Keep(), hub.clock.now())
    assert (await hub.person("hr/h1")).name is None
    assert await hub.rows(sa.select(login)) == []
