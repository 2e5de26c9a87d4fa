"""A hub with people and an identity provider in memory: `visiting` is a browser on its pages."""

import base64
import hashlib
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette

from hub.contract import Answered, Stream
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.person import Person
from hub.http import HttpFactory, HttpOptions
from hub.people.policy import Policy
from hub.registry import Registry
from hub.settings import Settings, load
from hub.store.store import Store
from hub.testing.fakes import FakeClock, FakeLog, ScriptedConnector, ScriptedSource, fake_context
from hub.testing.scripted import ScriptedSettings
from hub.web.personal import PersonalPages

ISSUER = "https://login.example.org/tenant"
BASE = "https://hub.example.org"
SECRET = "canary-oidc-secret/+ "
HUB = """
store: sqlite:///hub.db
organisation: Gemeente Voorbeeld
web: { public_url: @BASE }
service_desk: { phone: "020 555 0100", hours: { nl: ma t/m vr, en: Mon to Fri } }
people: { mail_domains: [werk.example.org] }
personal:
  login:
    issuer: @ISSUER
    client_id: intranet-hub
    client_secret: ${env:OIDC_SECRET}
    person:
      - { claim: employee, attribute: employee_number, sources: [hr] }
      - { claim: email, attribute: mail, sources: [hr, ad] }
      - { claim: oid, attribute: key, sources: [ad] }
"""
TICKETS = """
  tickets:
    desk: { attribute: employee_number, sources: [hr] }
"""


class Answering(ScriptedConnector):
    """Answers with what stands in `said`, by what it is asked; an exception is raised."""

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.said: dict[str, Any] = {}
        self.asked: list[str] = []

    async def answer(self, asker: str) -> Answered:
        self.asked.append(asker)
        found = self.said.get(asker, Answered(()))
        if callable(found):
            return await found()
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class Provider:
    """An identity provider; what it says can be changed before each answer."""

    clock: FakeClock
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    published: list[ECKey] | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] | None = None
    token: Any = None
    down: set[str] = field(default_factory=set)
    seen: list[httpx.Request] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def paths(self) -> list[str]:
        return [one.url.path.removeprefix("/tenant") for one in self.seen]

    def sign_in(self, address: str) -> dict[str, str]:
        """Somebody logs in at the address that the hub sent them to; the query to come back with."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        path = request.url.path.removeprefix("/tenant")
        if path in self.down:
            return httpx.Response(503)
        return {
            "/.well-known/openid-configuration": self._about,
            "/jwks": self._keys,
            "/token": self._tokens,
            "/userinfo": self._info,
        }[path](request)

    def _about(self, _request):
        names = {"authorization": "auth", "token": "token", "userinfo": "userinfo"}
        urls = {f"{name}_endpoint": f"{ISSUER}/{path}" for name, path in names.items()}
        urls |= {"jwks_uri": f"{ISSUER}/jwks", "end_session_endpoint": f"{ISSUER}/end"}
        said = {"issuer": ISSUER, "authorization_response_iss_parameter_supported": True}
        return httpx.Response(200, json=urls | said | self.about)

    def _keys(self, _request):
        keys = [self.key] if self.published is None else self.published
        return httpx.Response(200, json=KeySet(keys).as_dict(private=False))

    def _tokens(self, request):
        form = {name: one[0] for name, one in parse_qs(request.content.decode()).items()}
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        if not self._is_ours(request, form):
            return httpx.Response(401, json={"error": "invalid_client"})
        token = self.token if self.token is not None else self.id_token(asked["nonce"])
        return httpx.Response(200, json={"id_token": token, "access_token": "at"})

    def _is_ours(self, request, form):
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        pair = httpx.QueryParams("p=" + base64.b64decode(given).decode())["p"]
        return pair == f"intranet-hub:{SECRET}" or form.get("client_secret") == SECRET

    def id_token(self, nonce: str) -> str:
        now = int(self.clock.now().timestamp())
        usual = {"iss": ISSUER, "aud": "intranet-hub", "sub": "s-1", "iat": now, "exp": now + 300}
        made = usual | {"nonce": nonce} | self.claims | self.changes
        header = {"alg": "ES256", "kid": self.key.kid} | self.header
        return jwt.encode(header, {k: v for k, v in made.items() if v is not None}, self.key)

    def _info(self, _request):
        return httpx.Response(200, json=self.info or {"sub": "s-1"})


@dataclass
class House:
    """The hub, its provider, and what is at the desk."""

    store: Store
    clock: FakeClock
    log: FakeLog
    provider: Provider
    sources: dict[str, ScriptedSource]
    desk: Answering
    settings: Settings
    runner: Runner
    pages: PersonalPages
    app: Starlette
    base: str = BASE

    async def read(self) -> None:
        for name in self.sources:
            await self.runner.run(name, "people", full=True)

    def browser(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=self.base, headers=headers
        )


@pytest.fixture
async def make_house(tmp_path):
    made: list[House] = []

    async def make(
        yaml: str = HUB + TICKETS, base: str = BASE, issuer: str = ISSUER, clock: Any = None
    ) -> House:
        """A hub; with an issuer of its own it reaches that one over the network."""
        clock, log = clock or FakeClock(), FakeLog()
        path = tmp_path / "hub.yaml"
        path.write_text(yaml.replace("@BASE", base).replace("@ISSUER", issuer))
        settings = load(path, Registry.discover(), {"OIDC_SECRET": SECRET})
        store = await Store(settings.store).open()
        stream = Stream("people", frozenset({Family.PERSON}), timedelta(minutes=15))
        sources = {name: ScriptedSource(streams=(stream,)) for name in ("hr", "ad")}
        parts = {
            name: _source(name, one.connector(fake_context(name, clock=clock)))
            for name, one in sources.items()
        }
        desk = Answering(ScriptedSettings(), fake_context("desk", clock=clock), ScriptedSource())
        parts["desk"] = _source("desk", desk)
        runner = Runner(
            store, parts, {}, now=clock.now, log=log, rng=random.Random(1),
            people=Policy(mail_domains=("werk.example.org",)),
        )  # fmt: skip
        await runner.start()
        provider = Provider(clock)
        transport = httpx.MockTransport(provider.answer) if issuer == ISSUER else None
        http = HttpFactory(HttpOptions(), clock.now, clock.sleep, transport)
        pages = PersonalPages(settings, runner, clock.now, http)
        app = Starlette(routes=pages.routes())
        made.append(
            House(store, clock, log, provider, sources, desk, settings, runner, pages, app, base)
        )
        return made[-1]

    yield make
    for house in made:
        if house.pages.oidc is not None:
            await house.pages.oidc.close()
        await house.runner.close()
        await house.store.close()


def _source(name: str, connector: Any) -> Source:
    return Source(
        id=name,
        connector_name="scripted",
        connector=connector,
        routes=(),
        mode="live",
        fingerprint="f1",
        reopen=timedelta(hours=72),
        every=None,
        stale_after={},
    )


NOOR = {
    "enabled": True, "display_name": "Noor van den Berg", "given_name": "Noor", "infix": "van den",
    "family_name": "Berg", "employee_number": "0451", "department": "Burgerzaken",
    "mail": "noor@werk.example.org",
}  # fmt: skip
SEM = {"enabled": True, "display_name": "Sem <b>Visser</b>", "employee_number": "0452"}


@pytest.fixture
async def house(make_house):
    """Noor, with accounts at two sources, and Sem."""
    made = await make_house()
    made.sources["hr"].put("h1", Person(**NOOR))
    made.sources["ad"].put("guid-1", Person(**NOOR))
    made.sources["hr"].put("h2", Person(**SEM))
    await made.read()
    made.provider.claims = {"employee": "0451"}
    return made


@pytest.fixture
def visit(house):
    """Log in with a browser and come back; the answer to that."""

    async def work(browser: httpx.AsyncClient, **changes: str) -> httpx.Response:
        away = await browser.get("/me/login")
        assert away.status_code == 303, away.text
        query = house.provider.sign_in(away.headers["location"]) | changes
        return await browser.get("/me/callback", params=query)

    return work
