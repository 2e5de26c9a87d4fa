import re
from datetime import timedelta

import httpx
import pytest
from pydantic import ValidationError

from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.sandbox.intranet import sandbox as entry
from hub.sandbox.intranet.catalogue import EN, NL

ALARM = "Geen gemelde storingen"


async def publish(api, kind, key, body):
    response = await api.put(f"/v1/{kind}/{key}", json=body)
    assert response.status_code in {200, 201}, response.text


def test_both_languages_have_every_text():
    assert NL.keys() == EN.keys()
    assert all(text.strip() for text in (*NL.values(), *EN.values()))
    for key in NL:
        fields = re.findall(r"{\w+}", NL[key])
        assert fields == re.findall(r"{\w+}", EN[key]), key


async def test_nothing_heard_is_not_calm(visitor):
    page = (await visitor.get("/")).text
    assert "Nog niets ontvangen" in page
    assert ALARM not in page


async def test_calm_only_while_fresh(api, visitor, freshness, clock):
    await publish(api, "freshness", "f", freshness())
    assert ALARM in (await visitor.get("/")).text
    clock.advance(301)
    stale = (await visitor.get("/")).text
    assert ALARM not in stale
    assert "Niet bijgewerkt sinds 08:30." in stale


async def test_a_row_says_everything(api, visitor, item, freshness):
    links = [
        {"rel": "details", "href": "https://servicepunt.example/a?b=1&c=2"},
        {"rel": "subscribe", "href": "https://servicepunt.example/volg"},
    ]
    body = item(links=links, workaround={"nl": "Gebruik papier."}, reopened=1)
    await publish(api, "tile-item", "a", body)
    await publish(api, "freshness", "f", freshness())
    page = (await visitor.get("/")).text
    for text in (
        "Zaaksysteem niet bereikbaar",
        "Sinds",
        "08:12",
        "nog onbekend",
        "Gebruik papier.",
    ):
        assert text in page
    assert "Opnieuw gemeld" in page
    assert "1 storing<" in page
    assert 'href="https://servicepunt.example/a?b=1&amp;c=2"' in page
    assert "Houd mij op de hoogte" in page
    assert "Bijgewerkt 08:30" in page


async def test_solved_says_when_and_comes_last(api, visitor, item):
    solved = item("Printen lukt niet", state="solved", solved_at="2026-11-22T15:00:00Z")
    await publish(api, "tile-item", "a", solved)
    await publish(api, "tile-item", "b", item("Telefonie"))
    page = (await visitor.get("/")).text
    assert page.index("Telefonie") < page.index("Printen lukt niet")
    assert "zo 22 nov 16:00" in page
    assert "1 storing<" in page


async def test_order_of_the_maker_is_kept(api, visitor, item):
    await publish(api, "tile-item", "a", item("Eerst gemeld", order=2))
    await publish(api, "tile-item", "b", item("Vooraan", order=1, since="2026-11-20T07:00:00Z"))
    page = (await visitor.get("/")).text
    assert page.index("Vooraan") < page.index("Eerst gemeld")


async def test_markup_of_others_is_text(api, visitor, item):
    await publish(api, "tile-item", "a", item("<script>alert(1)</script>"))
    await publish(
        api, "timeline", "t", {"text": {"nl": "<img src=x>"}, "audience": {"everyone": True}}
    )
    for path in ("/", "/timeline", "/requests"):
        page = (await visitor.get(path)).text
        assert "<script" not in page
        assert "<img" not in page
    assert "&lt;script&gt;" in (await visitor.get("/")).text


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", "", "nl"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "de,fr", "nl"),
        ("?lang=en", "nl", "en"),
        ("?lang=nl", "en", "nl"),
        ("?lang=xx", "en", "en"),
    ],
)
async def test_language(visitor, query, accept, language):
    headers = {"Accept-Language": accept}
    for path in ("/", "/timeline", "/requests"):
        page = (await visitor.get(path + query, headers=headers)).text
        assert f'<html lang="{language}">' in page
        assert ("Hoofdmenu" in page) is (language == "nl")


async def test_a_missing_translation_says_its_language(api, visitor, item):
    await publish(api, "tile-item", "a", item("Alleen Nederlands"))
    page = (await visitor.get("/?lang=en")).text
    assert '<span lang="nl">Alleen Nederlands</span>' in page


async def test_a_colleague_sees_only_what_is_for_them(api, visitor, item, freshness):
    mine = {"groups": ["uithoorn"]}
    await publish(api, "tile-item", "a", item("Voor allen"))
    await publish(api, "tile-item", "b", item("Balie Uithoorn", audience=mine))
    post = {"text": {"nl": "Alleen Uithoorn"}, "audience": mine}
    await publish(api, "timeline", "t", post)
    seen = {
        group: (await visitor.get("/", params={"group": group})).text
        for group in ("", "uithoorn", "diemen", "atlantis")
    }
    assert all("Voor allen" in page for page in seen.values())
    assert [group for group, page in seen.items() if "Balie Uithoorn" in page] == ["uithoorn"]
    assert "Alleen Uithoorn" in (await visitor.get("/timeline?group=uithoorn")).text
    assert "Alleen Uithoorn" not in (await visitor.get("/timeline?group=diemen")).text
    assert '<option value="uithoorn" selected>Uithoorn' in seen["uithoorn"]


async def test_the_timeline_shows_published_posts_first(api, visitor, clock):
    for key in ("old", "new"):
        post = {"text": {"nl": f"Bericht {key}"}, "audience": {"everyone": True}}
        await publish(api, "timeline", key, post)
        clock.advance(60)
    page = (await visitor.get("/timeline")).text
    assert page.index("Bericht new") < page.index("Bericht old") < page.index("Team Groen")


async def test_the_frame_is_allowed_for_its_origin_only(clock):
    options = IntranetOptions(tile_url="http://127.0.0.1:8300/t/abc?lang=nl")
    transport = httpx.ASGITransport(IntranetSandbox(options, clock).app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intranet.example") as client:
        response = await client.get("/")
    assert 'src="http://127.0.0.1:8300/t/abc?lang=nl"' in response.text
    assert 'title="Storingen, rechtstreeks van de hub"' in response.text
    policy = response.headers["content-security-policy"]
    assert "frame-src http://127.0.0.1:8300;" in policy
    assert "script-src" not in policy


async def test_without_a_tile_there_is_no_frame(visitor):
    response = await visitor.get("/")
    assert "<iframe" not in response.text
    assert "frame-src 'none'" in response.headers["content-security-policy"]


async def test_requests_are_shown_newest_first(api, visitor, item):
    await publish(api, "tile-item", "first", item())
    await publish(api, "tile-item", "second", item())
    page = (await visitor.get("/requests")).text
    assert page.index("tile-item/second") < page.index("tile-item/first")


async def test_several_tiles_each_have_their_place(api, visitor, item, freshness, clock):
    await publish(api, "freshness", "f", freshness())
    await publish(api, "freshness", "g", freshness(tile="werkplek"))
    late = freshness(source="manual", as_of=(clock.at - timedelta(minutes=2)).isoformat())
    await publish(api, "freshness", "h", late)
    await publish(api, "tile-item", "a", item(tile="werkplek"))
    page = (await visitor.get("/")).text
    assert re.findall(r'data-tile="(\w+)"', page) == ["storingen", "werkplek"]
    assert "Bijgewerkt 08:28" in page


async def test_the_entry_point_builds_a_working_app():
    assert (entry.name, bool(entry.description)) == ("intranet", True)
    app = entry.build(entry.settings(name="Proef"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intranet.example") as client:
        assert "Proef" in (await client.get("/")).text
    with pytest.raises(ValidationError):
        entry.settings(tile_url="javascript:alert(1)")


async def test_the_tile_names_its_state_for_machines(api, visitor, item, freshness, clock):
    states = []
    for publishing in (None, ("freshness", "f", freshness()), ("tile-item", "a", item())):
        if publishing:
            await publish(api, *publishing)
        states += re.findall(r'data-state="(\w+)"', (await visitor.get("/")).text)
    await api.delete("/v1/tile-item/a")
    clock.advance(301)
    states += re.findall(r'data-state="(\w+)"', (await visitor.get("/")).text)
    assert states == ["unknown", "calm", "rows", "stale"]


WORK = {"since": "2026-11-28T21:00:00Z", "until": "2026-11-29T01:00:00Z"}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("planned", ("Gepland onderhoud", "Planned maintenance")),
        ("open", ("Onderhoud bezig", "Maintenance in progress")),
        ("solved", ("Onderhoud klaar", "Maintenance finished")),
    ],
)
async def test_planned_work_has_words_of_its_own(api, visitor, item, state, words):
    dutch, english = words
    await publish(api, "tile-item", "a", item(state=state, **WORK))
    page = (await visitor.get("/")).text
    assert f"</svg>\n{dutch}</span>" in page
    assert f"</svg>\n{english}</span>" in (await visitor.get("/?lang=en")).text
    assert "28 nov" in page
    assert "29 nov" in page
    assert '<span class="count">' not in page, "work is no disturbance"


async def test_planned_work_stands_behind_what_is_broken(api, visitor, item):
    for key, more in (
        ("over", {"state": "solved"}),
        ("later", {"state": "planned", **WORK, "since": "2026-11-28T22:00:00Z"}),
        ("soon", {"state": "planned", **WORK}),
        ("busy", {"state": "open", **WORK}),
        ("broken", {"state": "open"}),
    ):
        await publish(api, "tile-item", key, item(title=f"rij {key}", **more))
    page = (await visitor.get("/")).text
    order = re.findall(r"rij (\w+)</span></h3>", page)
    assert order == ["broken", "busy", "soon", "later", "over"]
