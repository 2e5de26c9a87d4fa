"""A lift company and a row of kiosks in memory."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from hub.events.objects import Kind
from hub.testing.worlds import SourceWorld, TargetWorld
from lifts_for_the_hub.connector import LiftsConnector
from lifts_for_the_hub.target import KioskTarget

API_KEY = "k3y-of-the-building"
PASSWORD = "p4ssword-of-the-kiosks"
PAGE = 100


class LiftsWorld(SourceWorld):
    connector = LiftsConnector
    secrets = (API_KEY,)

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.false_alarms: set[str] = set()
        self.edits = 0

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"url": "https://lifts.test/api", "api_key": API_KEY, "page_size": self.page_size}

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.MockTransport(self._answer)

    def populate(self, count: int) -> Sequence[str]:
        for number in range(1, count + 1):
            self._put(f"outage-{number:02}", lift=f"{number}")
        return list(self.rows)

    def edit(self, key: str) -> None:
        self.edits += 1
        self._put(key, lift=f"van hal {self.edits}")

    def remove(self, key: str) -> None:
        del self.rows[key]

    def retire(self, key: str) -> None:
        del self.rows[key]
        self.false_alarms.add(key)

    def spoil(self) -> None:
        self._put("outage-02x", lift="")

    def _put(self, key: str, *, lift: str) -> None:
        self.rows[key] = {"id": key, "lift": lift, "since": "2026-11-02T08:30:00+01:00"}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("x-api-key") != API_KEY:
            return httpx.Response(401)
        name = request.url.path.removeprefix("/api/outages").strip("/")
        if not name:
            return httpx.Response(200, json={"outages": self._page(request.url.params)})
        if name in self.false_alarms:
            return httpx.Response(200, json={"id": name, "false_alarm": True})
        return httpx.Response(200, json=self.rows[name]) if name in self.rows else missing()

    def _page(self, params: httpx.QueryParams) -> list[dict[str, Any]]:
        keys = sorted(key for key in self.rows if key > params["after"])
        return [self.rows[key] for key in keys[: int(params["limit"])]]


class KioskWorld(TargetWorld):
    target = KioskTarget
    secrets = (PASSWORD,)

    def __init__(self) -> None:
        self.cards: dict[tuple[str, str], dict[str, Any]] = {}

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"url": "https://kiosk.test/", "password": PASSWORD}

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.MockTransport(self._answer)

    def body(self, kind: Kind, title: str) -> Mapping[str, Any]:
        return {"tile": "disturbances", "title": {"nl": title}}

    def stored(self, kind: Kind) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return [(key, card) for (of, key), card in self.cards.items() if of == kind]

    def vanish(self, kind: Kind, key: str) -> None:
        del self.cards[kind, key]

    def bad_body(self, kind: Kind) -> Mapping[str, Any]:
        return {"title": {"nl": "op geen enkele tegel"}}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        login = base64.b64encode(f"hub:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return httpx.Response(401)
        kind, _, key = request.url.path.removeprefix("/cards/").partition("/")
        if not key:
            return httpx.Response(200, json={"cards": self._page(kind, request.url.params)})
        if request.method == "PUT":
            return self._put(kind, key, json.loads(request.content))
        if request.method == "DELETE":
            self.cards.pop((kind, key), None)
            return httpx.Response(200, json={"key": key})
        card = self.cards.get((kind, key))
        return missing() if card is None else httpx.Response(200, json={"key": key, "card": card})

    def _put(self, kind: str, key: str, card: dict[str, Any]) -> httpx.Response:
        if "tile" not in card:
            return httpx.Response(422)
        self.cards[kind, key] = card
        return httpx.Response(200, json={"key": key})

    def _page(self, kind: str, params: httpx.QueryParams) -> list[dict[str, Any]]:
        keys = sorted(key for of, key in self.cards if of == kind and key > params["after"])
        return [{"key": key, "card": self.cards[kind, key]} for key in keys[:PAGE]]


def missing() -> httpx.Response:
    return httpx.Response(404)
