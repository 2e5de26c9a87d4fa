"""A hub to which identity providers push, over a real store, through its real doors."""

import json
import random
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from connectors.scim_in.connector import ScimInConnector
from connectors.scim_in.settings import ScimInSettings
from hub.contract import Stream
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.objects import Kind
from hub.people.policy import Policy
from hub.settings import CallSettings
from hub.settings.removals import Removals
from hub.store import holds
from hub.store.store import Store
from hub.store.tables import account, person, subject
from hub.testing.fakes import FakeClock, FakeLog, MemoryTarget, ScriptedSource, fake_context
from hub.web.app import WebOptions, app
from hub.web.served import Served

USER, GROUP = (f"urn:ietf:params:scim:schemas:core:2.0:{name}" for name in ("User", "Group"))
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PEOPLE = Stream("people", frozenset({Family.PERSON}), timedelta(minutes=15))


def secret(instance: str) -> str:
    return f"0123456789-canary-{instance}"


class Provider:
    """One identity provider, with its own token."""

    def __init__(self, hub: "Hub", instance: str):
        self.hub, self.instance = hub, instance

    async def call(self, method, path, body=None, **headers):
        shown = {"authorization": f"Bearer {secret(self.instance)}"}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if content is not None:
            shown["content-type"] = "application/scim+json"
        url = f"/in/{self.instance}/scim/v2{path}"
        return await self.hub.client.request(method, url, content=content, headers=shown | headers)

    async def push(self, login="noor", /, **more):
        """Create a user; the answer's document."""
        answer = await self.call("POST", "/Users", user(login, **more))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, path, *operations):
        return await self.call("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    async def get(self, path):
        answer = await self.call("GET", path)
        return answer.json() if answer.status_code == 200 else answer.status_code

    async def find(self, query, kind="Users"):
        answer = await self.call("GET", f"/{kind}?filter={query}")
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json().get("Resources", [])]


def user(login, /, **more):
    given = {
        "schemas": [USER],
        "userName": f"{login}@werk.example.org",
        "externalId": f"ext-{login}",
        "name": {"givenName": login.capitalize(), "familyName": "Berg"},
        "active": True,
    }
    return {key: value for key, value in (given | more).items() if value is not None}


class Hub:
    def __init__(self, store, instances=("entra",), limits=Removals(), **policy):  # noqa: B008  frozen
        self.store, self.clock, self.log = store, FakeClock(), FakeLog()
        self.target, self.ad = MemoryTarget(), ScriptedSource(streams=(PEOPLE,))
        made = {one: ScimInConnector(ScimInSettings(), self._context(one)) for one in instances}
        sources = {one: self._source(one, "scim_in", made[one], limits) for one in made}
        directory = self.ad.connector(self._context("ad"))
        sources["ad"] = self._source("ad", "scripted", directory, limits)
        given = {"accounts": {"intranet": "manage"}, "removals": limits}
        self.runner = Runner(
            store,
            sources,
            {"intranet": self.target},
            now=self.clock.now,
            log=self.log,
            rng=random.Random(1),
            people=Policy(**given | policy),
        )

    def _context(self, name):
        return fake_context(name, clock=self.clock)

    def _source(self, name, kind, connector, limits):
        return Source(
            id=name,
            connector_name=kind,
            connector=connector,
            routes=(),
            mode="live",
            fingerprint="f",
            reopen=timedelta(hours=72),
            every=None,
            stale_after={},
            removals=limits,
        )

    async def start(self):
        await self.runner.start()
        callers = {
            one: CallSettings(secret=SecretStr(secret(one)))
            for one in self.runner.sources
            if one != "ad"
        }
        self.served = Served(self.runner, callers, self.clock.now, "https://hub.example.org")
        pages = app(None, None, WebOptions(), self.clock.now, self.served.routes())
        transport = httpx.ASGITransport(pages, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://hub")
        return self

    def provider(self, instance="entra"):
        return Provider(self, instance)

    async def rows(self, query):
        return await self.store.read(lambda tx: list(tx.execute(query)))

    async def persons(self):
        """Names by state of the persons."""
        return sorted((row.name, row.state) for row in await self.rows(sa.select(person)))

    async def person_of(self, instance, key):
        mine = sa.select(subject.c.id).where(subject.c.instance == instance, subject.c.key == key)
        query = sa.select(account.c.person).where(account.c.subject.in_(mine))
        return (await self.rows(query))[0].person

    async def published(self):
        """Accounts on the intranet, by user name, with whether they can be used."""
        await self.runner.deliver()
        stored = self.target.objects.items()
        bodies = [one.body for (kind, _), one in stored if kind is Kind.PERSON]
        return {body["user_name"]: body["active"] for body in bodies}

    async def held(self):
        rows = await self.store.read(holds.all_open)
        return [(row.instance, row.action, len(row.content), row.hash) for row in rows]


@pytest.fixture
async def make(tmp_path):
    made = []

    async def start(url=None, **how) -> Hub:
        store = await Store(url or f"sqlite:///{tmp_path / 'hub.db'}").open()
        made.append(await Hub(store, **how).start())
        return made[-1]

    yield start
    for one in made:
        await one.client.aclose()
        await one.store.close()


@pytest.fixture
async def hub(make):
    return await make()


@pytest.fixture
def entra(hub):
    return hub.provider()


@pytest.fixture
def documents():
    """Return the functions and names that make documents."""
    return user


@pytest.fixture
def enterprise():
    return ENTERPRISE
