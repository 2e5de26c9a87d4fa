"""The personal page: what one person sees, and how a session is left, here and elsewhere."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from hub.contract import Answered, OwnTicket
from hub.errors import AuthFailedError, RejectedError, RetryableError
from hub.store import sessions, trail
from hub.store.sessions import How
from hub.web.device import device
from hub.web.own import OwnTicketsOf

CHROME = (
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"
)
KEPT = "__Host-hub-session"


def proof(page: str) -> str:
    return re.findall(r'name="proof" value="([0-9a-f]{64})"', page)[0]


async def count(house) -> int:
    return sum((await house.store.read(sessions.count, house.clock.now())).values())


def ticket(house, number="I 2611 001", **more) -> OwnTicket:
    now = house.clock.now()
    given = {"status": "In behandeling", "opened_at": now, "changed_at": now}
    return OwnTicket(number, **given | more)


def in_files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("hub.db*"))


async def open_device(house, key="h1") -> str:
    from hub.store import recognising

    rows = await house.store.read(recognising.saying, ("hr",), "key", key)
    now = house.clock.now()
    given = {"now": now, "until": now + timedelta(days=30)}
    return await house.store.write(sessions.start, rows[0].person, How.DEVICE, **given)


@pytest.fixture
async def browser(house, visit):
    async with house.browser(**{"user-agent": CHROME}) as one:
        await visit(one)
        yield one


async def test_without_a_session_there_is_the_way_in_and_nothing_else(house):
    async with house.browser() as stranger:
        page = await stranger.get("/me?lang=en")
        assert page.status_code == 200
        assert "You are not logged in" in page.text
        assert 'href="/me/login?lang=en"' in page.text
        assert "Noor" not in page.text
        for made_up in ("x", "x" * 5000):
            stranger.cookies.set(KEPT, made_up, domain="hub.example.org", path="/")
            assert "Je bent niet ingelogd" in (await stranger.get("/me")).text


async def test_texts_of_a_source_are_texts(house, visit):
    house.provider.claims = {"employee": "0452"}
    async with house.browser() as sem:
        await visit(sem)
        page = (await sem.get("/me")).text
    assert "Sem &lt;b&gt;Visser" in page
    assert "<b>Visser" not in page


async def test_in_english(browser):
    page = (await browser.get("/me", params={"lang": "en"})).text
    assert '<html lang="en">' in page
    assert "Hello Noor van den Berg" in page
    assert "This device: Chrome, Android" in page


async def test_logging_out_ends_it_here_and_shows_the_way_out_there(house, browser):
    page = (await browser.get("/me")).text
    answer = await browser.post("/me/logout", data={"proof": proof(page), "lang": "en"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me/left?lang=en")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    left = (await browser.get("/me/left?lang=en")).text
    assert "You are logged out" in left
    assert (
        "https://login.example.org/tenant/end?client_id=intranet-hub&amp;post_logout_redirect_uri="
        "https%3A%2F%2Fhub.example.org%2Fme%2Fleft"
    ) in left
    assert await count(house) == 0
    actions = [row.action for row in await house.store.read(trail.rows)]
    assert actions[-1] == "people logout"


async def test_a_stolen_form_does_nothing(house, browser, visit):
    page = (await browser.get("/me")).text
    async with house.browser() as other:
        await visit(other)
        for data in ({"x": "y"}, {"proof": ""}, {"proof": "0" * 64}, {"proof": proof(page)}):
            answer = await other.post("/me/logout", data=data)
            assert (answer.status_code, answer.headers["location"]) == (303, "/me")
            await other.post("/me/sessions", data=data)
        assert await count(house) == 2
        assert (await other.post("/me/logout", data={"x": "x" * 5000})).status_code == 413
        assert (await other.post("/me/logout", content=b"x")).status_code == 415
        assert (await other.get("/me/logout")).status_code == 405


async def test_other_devices_are_shown_and_ended(house, browser, visit):
    house.clock.advance(120)
    async with house.browser(**{"user-agent": "Firefox/132 (Windows NT)"}) as two:
        await visit(two)
        three = await open_device(house)
        page = (await browser.get("/me")).text
        assert page.count("Ander apparaat") == 2
        assert "Firefox, Windows" in page
        number = re.findall(r'name="session" value="(\d+)"', page)[0]
        await browser.post("/me/sessions", data={"proof": proof(page), "session": number})
        assert await count(house) == 2
        await browser.post("/me/sessions", data={"proof": proof(page)})
        assert await count(house) == 1
        assert "Noor" in (await browser.get("/me")).text
        assert "Noor" not in (await two.get("/me")).text
        assert await house.store.read(sessions.find, three, house.clock.now()) is None


async def test_nobody_ends_the_session_of_somebody_else(house, browser, visit):
    house.provider.claims = {"employee": "0452"}
    async with house.browser() as sem:
        await visit(sem)
        page = (await browser.get("/me")).text
        for number in ("1", "2", "3", "²", "-1", "9" * 30):
            data = {"proof": proof(page), "session": number}
            await browser.post("/me/sessions", data=data)
        assert "Sem" in (await sem.get("/me")).text


async def test_a_login_ends_when_it_is_not_used(house, browser):
    for _ in range(3):
        house.clock.advance(50 * 60)
        assert "Noor" in (await browser.get("/me")).text
    house.clock.advance(61 * 60)
    assert "Je bent niet ingelogd" in (await browser.get("/me")).text


async def test_a_provider_that_does_not_answer_keeps_nobody_from_leaving(house, browser):
    page = (await browser.get("/me")).text
    house.clock.advance(13 * 3600)
    house.provider.down.add("/.well-known/openid-configuration")
    await browser.post("/me/logout", data={"proof": proof(page)})
    left = (await browser.get("/me/left")).text
    assert "Je bent uitgelogd" in left
    assert "/end?" not in left


async def test_a_new_login_replaces_the_one_of_this_browser(house, browser, visit):
    await visit(browser)
    assert await count(house) == 1


# --- own tickets ---------------------------------------------------------------------------------


async def test_own_tickets_are_shown_and_that_somebody_looked_is_recorded(house, browser):
    given = {"title": "Agenda <i>delen</i>", "url": "https://desk.example.org/t?unid=1"}
    solved = ticket(house, "I 2611 002", closed_at=house.clock.now(), status="Gesloten")
    evil = ticket(house, "I 2611 003", url="javascript:alert(1)")
    house.desk.said["0451"] = Answered([ticket(house, **given), solved, evil], more=True)
    page = (await browser.get("/me")).text
    assert house.desk.asked == ["0451"]
    assert "I 2611 001: Agenda &lt;i&gt;delen" in page
    assert 'href="https://desk.example.org/t?unid=1"' in page
    assert "In behandeling" in page
    assert "afgesloten" in page
    assert "javascript" not in page
    assert "Er zijn er meer" in page
    lines = [row for row in await house.store.read(trail.rows) if row.action == "people tickets"]
    assert [line.what["sources"] for line in lines] == [["desk"]]
    everything = str(await house.store.read(trail.rows))
    assert "I 2611" not in everything
    kept = in_files(house.settings.path.parent)
    assert b"Burgerzaken" in kept
    assert not [word for word in (b"2611 00", b"Agenda", b"unid=1") if word in kept]


async def test_what_can_not_be_shown_is_said(house, browser):
    for said, shown in (
        (Answered(()), "Je hebt geen lopende meldingen"),
        (RetryableError("secret of the desk"), "Nu even niet te zien"),
        (ValueError("0451 is Noor"), "Nu even niet te zien"),
        (RejectedError("nobody"), "Je meldingen zijn niet te vinden"),
    ):
        house.desk.said["0451"] = said
        answer = await browser.get("/me")
        assert answer.status_code == 200
        assert shown in answer.text
        assert "secret" not in answer.text
        assert "Noor van den Berg" in answer.text
    assert not re.search(r"\b0451\b", str(house.log.lines))


async def test_a_slow_source_does_not_keep_the_page(house, browser):
    never = asyncio.Event()
    house.desk.said["0451"] = never.wait
    house.pages._own = OwnTicketsOf(house.settings, house.runner, patience=0.02)
    assert "Nu even niet te zien" in (await browser.get("/me")).text


async def test_only_the_word_of_a_named_source_counts(house, browser):
    house.sources["ad"].edit("guid-1", employee_number="0999")
    await house.read()
    await browser.get("/me")
    house.sources["hr"].edit("h1", employee_number=None)
    await house.read()
    page = (await browser.get("/me")).text
    assert house.desk.asked == ["0451"], "the directory's word is not asked"
    assert "Je meldingen zijn niet te vinden" in page


async def test_a_device_sees_them_only_where_that_is_configured(make_house, house):
    house.desk.said["0451"] = Answered([ticket(house)])
    token = await open_device(house)
    async with house.browser() as phone:
        phone.cookies.set(KEPT, token, domain="hub.example.org", path="/")
        page = (await phone.get("/me")).text
        assert "Noor" in page
        assert "Log in om je meldingen te zien" in page
        assert house.desk.asked == []
        tickets = house.settings.hub.personal.tickets
        both = tickets["desk"].model_copy(update={"sessions": ("oidc", "device")})
        house.pages._own._asked = {"desk": both}
        assert "I 2611 001" in (await phone.get("/me")).text


async def test_a_source_that_is_not_there_is_said(house, browser):
    del house.runner.sources["desk"]
    assert "Nu even niet te zien" in (await browser.get("/me")).text


async def test_a_refused_login_is_not_tried_again_and_again(house, browser):
    house.desk.said["0451"] = AuthFailedError("wrong password")
    for _ in range(3):
        assert "Nu even niet te zien" in (await browser.get("/me")).text
    assert house.desk.asked == ["0451"]
    house.desk.said["0451"] = Answered([ticket(house)])
    house.clock.advance(11 * 60)
    assert "I 2611 001" in (await browser.get("/me")).text


async def test_a_source_that_rests_is_left_alone(house, browser):
    house.desk.said["0451"] = Answered([ticket(house)])
    for change, undo in (
        (
            "update instance set paused = true where id = 'desk'",
            "update instance set paused = false",
        ),
        ("update stream set health = 'auth' where instance = 'desk'", ""),
    ):
        assert "I 2611 001" in (await browser.get("/me")).text
        asked = len(house.desk.asked)
        await house.store.write(lambda tx, text=change: tx.exec_driver_sql(text))
        assert "Nu even niet te zien" in (await browser.get("/me")).text
        assert len(house.desk.asked) == asked, change
        if undo:
            await house.store.write(lambda tx, text=undo: tx.exec_driver_sql(text))


async def test_without_a_provider_there_is_a_page_for_devices_only(make_house):
    house = await make_house("store: sqlite:///hub.db\norganisation: O\nweb: {public_url: @BASE}\n")
    house.sources["hr"].put("h1", _noor())
    await house.read()
    async with house.browser() as phone:
        assert (await phone.get("/me")).status_code == 404
        assert (await phone.get("/me/login")).status_code == 404
        token = await open_device(house)
        phone.cookies.set(KEPT, token, domain="hub.example.org", path="/")
        page = (await phone.get("/me")).text
        assert "Dag Noor" in page
        assert "/me/login" not in page
        await phone.post("/me/logout", data={"proof": proof(page)})
        assert "Je bent uitgelogd" in (await phone.get("/me/left")).text


def _noor():
    from hub.events.person import Person

    return Person(enabled=True, display_name="Noor")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("curl/8.9", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_a_device_is_called(agent, name):
    assert device(agent) == name
