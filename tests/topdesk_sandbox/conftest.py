from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox

Connect = Callable[[TopdeskSandbox], httpx.AsyncClient]


@pytest.fixture
def small() -> TopdeskSandbox:
    return TopdeskSandbox(SandboxOptions(closed_tickets=60))


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    clients: list[httpx.AsyncClient] = []

    def open_client(sandbox: TopdeskSandbox, **more) -> httpx.AsyncClient:
        about = {"auth": (sandbox.options.username, sandbox.options.password)} | more
        client = httpx.AsyncClient(
            transport=sandbox.transport(), base_url="http://desk.example.org", **about
        )
        clients.append(client)
        return client

    yield open_client
    for client in clients:
        await client.aclose()
