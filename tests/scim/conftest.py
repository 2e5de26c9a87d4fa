"""scim2-server, in an environment of its own below `.cache/peers`, as the world of the target."""

import os
import socket
import subprocess
import time

import httpx
import pytest

from hub.events.objects import Kind
from hub.targets.scim import ScimTarget
from hub.testing.worlds import TargetWorld

SERVER = "scim2-server==0.8.3"
TOKEN = "t0ken-of-the-scim-server"
SCHEMAS = {
    Kind.PERSON: "urn:ietf:params:scim:schemas:core:2.0:User",
    Kind.GROUP: "urn:ietf:params:scim:schemas:core:2.0:Group",
}
PATHS = {Kind.PERSON: "Users", Kind.GROUP: "Groups"}


@pytest.fixture(scope="session")
def scim_server(ready):
    """The address of a server that others wrote; it ends with the tests."""
    programs = ready("scim2-server", SERVER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [programs / "scim2-server", "--port", str(port), "--bearer-token", TOKEN]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}/v2"
    try:
        _await(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _await(url, process):
    for _ in range(300):
        assert process.poll() is None, "the SCIM server ended at once"
        try:
            httpx.get(f"{url}/ServiceProviderConfig")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the SCIM server does not answer")


class ScimWorld(TargetWorld):
    """A real server, emptied first; `meddle` and others speak to it as another client would."""

    target = ScimTarget
    calls_of_create = 5  # what it supports and knows, two searches, the create
    secrets = (TOKEN,)

    def __init__(self, url, *, bulk=True, searches=True, **settings):
        self.url, self.bulk, self.searches, self.more = url, bulk, searches, settings
        bearer = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        self.other = httpx.Client(base_url=url + "/", headers=bearer)

    async def start(self):
        for path in PATHS.values():
            while found := self.other.get(path).json().get("Resources"):
                for one in found:
                    self.other.delete(f"{path}/{one['id']}").raise_for_status()

    async def stop(self):
        self.other.close()

    @property
    def settings(self):
        return {"url": self.url, "token": TOKEN} | self.more

    def transport(self):
        return Between(httpx.AsyncHTTPTransport(), bulk=self.bulk, searches=self.searches)

    def body(self, kind, title):
        return self.body_of(kind, "somebody", title)

    def body_of(self, kind, key, title):
        if kind == Kind.GROUP:
            return {"name": f"Groep {key} {title}"}
        if kind == Kind.MEMBERSHIP:
            return self._membership()
        return {"user_name": f"jan.{key}", "display_name": f"Jan {title}", "active": True}

    def _membership(self):
        for kind, name in ((Kind.GROUP, "displayName"), (Kind.PERSON, "userName")):
            if not [one for one in self.all(kind) if one.get("externalId") == f"the-{kind}"]:
                values = {"schemas": [SCHEMAS[kind]], "externalId": f"the-{kind}", name: f"{kind}"}
                self.other.post(PATHS[kind], json=values).raise_for_status()
        return {"group": "the-group", "person": "the-person"}

    def all(self, kind):
        found, start = [], 1
        while True:
            params = {"startIndex": start, "count": 100}
            page = self.other.get(PATHS[kind], params=params).json()
            found += page.get("Resources", [])
            start += 100
            if start > page["totalResults"]:
                return found

    def stored(self, kind):
        if kind == Kind.MEMBERSHIP:
            groups = [one for one in self.all(Kind.GROUP) if one.get("externalId") == "the-group"]
            return [("subject-1", one) for one in groups for _ in one.get("members", ())]
        if kind not in PATHS:
            return []
        return [
            (one["externalId"], one)
            for one in self.all(kind)
            if one.get("active", True) and "externalId" in one
        ]

    def one(self, kind, key):
        (found,) = [one for one in self.all(kind) if one.get("externalId") == key]
        return found

    def meddle(self, kind, key):
        self.change(kind, key, "displayName", "Van iemand anders")

    def change(self, kind, key, path, value):
        body = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": path, "value": value}],
        }
        where = f"{PATHS[kind]}/{self.one(kind, key)['id']}"
        self.other.patch(where, json=body).raise_for_status()

    def vanish(self, kind, key):
        self.other.delete(f"{PATHS[kind]}/{self.one(kind, key)['id']}").raise_for_status()

    def bad_body(self, kind):
        """Somebody else has its userName."""
        body = self.body_of(kind, "bad", "bad")
        values = {"schemas": [SCHEMAS[kind]], "userName": body["user_name"]}
        self.other.post("Users", json=values).raise_for_status()
        return body


class Between(httpx.AsyncBaseTransport):
    """A server that has no Bulk, or ignores filters: such there are."""

    def __init__(self, inner, *, bulk, searches):
        self.inner, self.bulk, self.searches = inner, bulk, searches

    async def handle_async_request(self, request):
        if not self.searches and "filter=" in str(request.url):
            request.url = request.url.copy_remove_param("filter")
        answer = await self.inner.handle_async_request(request)
        if not self.bulk and request.url.path.endswith("ServiceProviderConfig"):
            text = (await answer.aread()).replace(
                b'"bulk": {"supported": true', b'"bulk": {"supported": false'
            )
            answer = httpx.Response(
                answer.status_code, headers={"content-type": "application/json"}, content=text
            )
        return answer

    async def aclose(self):
        await self.inner.aclose()


@pytest.fixture
def scim_world(scim_server):
    def make(**more):
        return ScimWorld(scim_server, **more)

    return make
