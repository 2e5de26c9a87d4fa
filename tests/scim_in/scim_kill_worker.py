"""A hub to which a provider pushes people, and that kills itself at a named point; run by test_scim_in_kill.

Words: address of the store, a folder for the provider's progress, point, which hit of it (0: never),
`whole` or `torn` (transactions taken out). The provider says again what it got no answer to, and takes
a conflict for a success where a look-up finds its user, as providers do.
"""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import sqlalchemy as sa
from killing import TornStore, killer
from pydantic import SecretStr

from connectors.scim_in.connector import ScimInConnector
from connectors.scim_in.settings import ScimInSettings
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.people.policy import Policy
from hub.settings import CallSettings
from hub.settings.groups import GroupRule
from hub.store.store import Store
from hub.testing.fakes import FakeLog, MemoryTarget, fake_context
from hub.web.app import WebOptions, app
from hub.web.served import Served

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SECRET = "0123456789-canary-entra"
USER, GROUP = (f"urn:ietf:params:scim:schemas:core:2.0:{name}" for name in ("User", "Group"))
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
TABLES = ("subject", "event", "person", "account", "object", "run")


class Entra:
    """The provider: what it wants, call by call."""

    def __init__(self, client: httpx.AsyncClient):
        self._client = client
        self.calls = (
            *(lambda one=one: self._create(one) for one in range(5)),
            self._group,
            lambda: self._change(1, {"op": "Replace", "path": "active", "value": "False"}),
            lambda: self._change(2, {"op": "Replace", "path": "title", "value": "Kok"}),
            lambda: self._change(1, {"op": "Replace", "path": "active", "value": "True"}),
            lambda: self._delete(3),
            lambda: self._create(5),
        )

    async def _said(self, method: str, path: str, body=None) -> httpx.Response:
        headers = {"authorization": f"Bearer {SECRET}", "content-type": "application/scim+json"}
        content = None if body is None else json.dumps(body)
        url = f"/in/entra/scim/v2{path}"
        return await self._client.request(method, url, content=content, headers=headers)

    async def _found(self, kind: str, name: str, value: str) -> str | None:
        asked = quote(f'{name} eq "{value}"')
        answer = await self._said("GET", f"/{kind}?filter={asked}")
        found = answer.json().get("Resources", [])
        assert len(found) <= 1, found
        return found[0]["id"] if found else None

    async def _create(self, one: int) -> None:
        name = {"givenName": f"Noor{one}", "familyName": "Berg"}
        body = {"schemas": [USER], "userName": f"u{one}@example.org", "externalId": f"e{one}"}
        answer = await self._said("POST", "/Users", body | {"name": name, "active": True})
        assert answer.status_code in {201, 409}, answer.text
        assert await self._found("Users", "externalId", f"e{one}") is not None

    async def _group(self) -> None:
        if await self._found("Groups", "displayName", "Zorg") is not None:
            return
        ids = [await self._found("Users", "externalId", f"e{one}") for one in range(4)]
        body = {
            "schemas": [GROUP],
            "displayName": "Zorg",
            "members": [{"value": one} for one in ids],
        }
        answer = await self._said("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text

    async def _change(self, one: int, operation: dict) -> None:
        ident = await self._found("Users", "externalId", f"e{one}")
        body = {"schemas": [PATCH], "Operations": [operation]}
        answer = await self._said("PATCH", f"/Users/{ident}", body)
        assert answer.status_code in {200, 204}, answer.text

    async def _delete(self, one: int) -> None:
        ident = await self._found("Users", "externalId", f"e{one}")
        if ident is not None:  # gone already: the answer was lost
            assert (await self._said("DELETE", f"/Users/{ident}")).status_code == 204


async def main(url: str, folder: Path, point: str, hit: int, kind: str) -> None:
    store = await (TornStore if kind == "torn" else Store)(url).open()
    at = killer(point, hit)

    def before(_connection, _cursor, statement, *_rest) -> None:
        for table in TABLES:
            if statement.startswith((f"INSERT INTO {table} ", f"UPDATE {table} ")):
                at(table)

    sa.event.listen(store._engine, "before_cursor_execute", before)
    sa.event.listen(store._engine, "commit", lambda _connection: at("commit"))
    connector = ScimInConnector(ScimInSettings(), fake_context("entra"))
    source = Source(
        "entra", "scim_in", connector, (), "live", "f", timedelta(hours=72), None, {}
    )  # fmt: skip
    policy = Policy(
        accounts={"intranet": "manage"},
        groups={"intranet": (GroupRule(instance="entra", name="*"),)},
    )
    runner = Runner(
        store, {"entra": source}, {"intranet": MemoryTarget()}, lambda: NOW, FakeLog(),
        random.Random(1), people=policy,
    )  # fmt: skip
    await runner.start()
    served = Served(
        runner, {"entra": CallSettings(secret=SecretStr(SECRET))}, lambda: NOW, "https://hub"
    )
    pages = app(None, None, WebOptions(), lambda: NOW, served.routes())
    progress = folder / "answered"
    first = int(progress.read_text()) if progress.exists() else 0
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(pages), base_url="http://hub"
    ) as one:
        for number, call in list(enumerate(Entra(one).calls))[first:]:
            await call()
            at("answered")
            progress.write_text(str(number + 1))
    await store.close()


def live(url: str, folder: str, point: str, hit: str, kind: str) -> None:
    asyncio.run(main(url, Path(folder), point, int(hit), kind))
