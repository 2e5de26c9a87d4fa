import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from hub.errors import BadConfigError
from hub.events.objects import Audience, Freshness
from hub.render.view import ServiceDesk, TileView
from hub.web.app import WebOptions, app

NOW = datetime(2026, 11, 5, 7, 31, tzinfo=UTC)
TOKEN = "kY7p-unguessable_token"
VIEW = TileView(
    title={"nl": "Storingen", "en": "Disturbances"},
    items=(),
    freshness=(
        Freshness(
            tile="disturbances",
            audience=Audience(everyone=True),
            source="desk.majors",
            as_of=NOW,
            fresh_until=NOW + timedelta(minutes=5),
        ),
    ),
    service_desk=ServiceDesk(),
    organisation="Gemeente Voorbeeld",
)


class Tiles:
    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.asked: list[str] = []

    async def tile(self, token: str) -> TileView | None:
        self.asked.append(token)
        if self.broken:
            raise RuntimeError("secret of the database")
        return VIEW if token == TOKEN else None


class State:
    def __init__(self, status: str = "ok") -> None:
        self.status = status

    async def health(self) -> Mapping[str, Any]:
        if self.status == "raises":
            raise RuntimeError("secret of the database")
        return {"status": self.status, "streams": []}

    def metrics(self) -> bytes:
        return b"hub_events_total 3\n"


@pytest.fixture
async def visit():
    clients: list[httpx.AsyncClient] = []

    def make(*, broken=False, status="ok", client=("127.0.0.1", 1), **options):
        site = app(Tiles(broken=broken), State(status), WebOptions(**options), lambda: NOW)
        transport = httpx.ASGITransport(site, raise_app_exceptions=False, client=client)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://hub.test"))
        return clients[-1]

    yield make
    for one in clients:
        await one.aclose()


async def test_a_tile_is_a_page_that_a_named_intranet_may_frame(visit):
    answer = await visit(frame_ancestors=("https://intranet.example.org",)).get(f"/t/{TOKEN}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (
        "frame-ancestors https://intranet.example.org" in answer.headers["content-security-policy"]
    )
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "permissions-policy" in answer.headers
    assert "x-frame-options" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert "Geen gemelde storingen" in answer.text


@pytest.mark.parametrize(
    ("query", "header", "configured", "language"),
    [
        ("", None, "nl", "nl"),
        ("", None, "en", "en"),
        ("", "en-GB,en;q=0.9,nl;q=0.8", "nl", "en"),
        ("", "de, nl;q=0.5, en;q=0.2", "en", "nl"),
        ("", "en;q=0, de", "nl", "nl"),
        ("", "en;q=nonsense, ;;,", "nl", "nl"),
        ("?lang=nl", "en", "en", "nl"),
        ("?lang=xx", "en", "nl", "en"),
    ],
)
async def test_the_language_is_asked_then_preferred_then_configured(
    visit, query, header, configured, language
):
    headers = {} if header is None else {"accept-language": header}
    answer = await visit(language=configured).get(f"/t/{TOKEN}{query}", headers=headers)
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["vary"] == "Accept-Language"


async def test_an_unchanged_tile_is_not_sent_again(visit):
    client = visit()
    for path in (f"/t/{TOKEN}", f"/t/{TOKEN}.json"):
        first = await client.get(path)
        assert first.headers["cache-control"] == "private, no-cache"
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await client.get(path, headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
            assert "content-security-policy" in again.headers
        changed = await client.get(path, headers={"if-none-match": '"other"'})
        assert changed.status_code == 200


async def test_the_same_tile_is_json(visit):
    answer = await visit().get(f"/t/{TOKEN}.json")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.text)["trust"] == "fresh"


@pytest.mark.parametrize("token", ["guess", "", "../etc", "%00", "x" * 4000, f"{TOKEN}x"])
async def test_an_unknown_tile_is_said_in_plain_words(visit, token):
    answer = await visit(frame_ancestors=("https://intranet.example.org",)).get(f"/t/{token}")
    assert answer.status_code == 404
    assert "Deze tegel bestaat niet" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors https://intranet" in answer.headers["content-security-policy"]


async def test_an_unknown_tile_as_json_is_a_problem(visit):
    answer = await visit().get("/t/guess.json")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


@pytest.mark.parametrize("path", [f"/t/{TOKEN}", f"/t/{TOKEN}.json"])
async def test_a_fault_shows_no_cause(visit, path):
    answer = await visit(broken=True).get(path, headers={"accept-language": "en"})
    assert answer.status_code == 500
    assert "cannot be shown right now" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_the_root_says_nothing(visit):
    answer = await visit().get("/")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_head_is_answered_and_writing_is_not(visit):
    client = visit()
    assert (await client.head(f"/t/{TOKEN}")).status_code == 200
    refused = await client.post(f"/t/{TOKEN}")
    assert refused.status_code == 405
    assert "GET" in refused.headers["allow"]
    assert (await client.get(f"/t/{TOKEN}/")).status_code == 404


@pytest.mark.parametrize(
    ("status", "code"), [("ok", 200), ("degraded", 200), ("failed", 503), ("raises", 503)]
)
async def test_health_is_a_status(visit, status, code):
    answer = await visit(status=status).get("/healthz")
    assert answer.status_code == code
    assert answer.json()["status"] == ("failed" if status == "raises" else status)
    assert "secret" not in answer.text


async def test_metrics_are_text_for_prometheus(visit):
    answer = await visit().get("/metrics")
    assert answer.text == "hub_events_total 3\n"
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
@pytest.mark.parametrize(
    ("client", "headers", "code"),
    [
        (("127.0.0.1", 1), {}, 200),
        (("127.9.9.9", 1), {}, 200),
        (("::1", 1), {}, 200),
        (("::ffff:127.0.0.1", 1), {}, 200),
        (("10.0.0.5", 1), {}, 404),
        (("::ffff:10.0.0.5", 1), {}, 404),
        (("localhost", 1), {}, 404),
        (("127.0.0.1", 1), {"x-forwarded-for": "127.0.0.1"}, 404),
        (("127.0.0.1", 1), {"Via": "1.1 proxy"}, 404),
    ],
)
async def test_the_inside_is_for_this_machine_only(visit, path, client, headers, code):
    answer = await visit(client=client).get(path, headers=headers)
    assert answer.status_code == code
    assert ("hub_events" in answer.text or "streams" in answer.text) == (code == 200)


def test_a_wrong_origin_stops_the_start():
    with pytest.raises(BadConfigError, match="frame_ancestors"):
        app(Tiles(), State(), WebOptions(frame_ancestors=("example.org",)), lambda: NOW)
