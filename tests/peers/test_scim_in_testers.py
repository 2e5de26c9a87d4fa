"""The tester of scim2-tester, by its own command line, against `scim_in` of a hub.

Their code is installed below `.cache/peers`; an impossible installation is a printed skip.
"""

import asyncio
import os
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.scim_in.connector import ScimInConnector
from connectors.scim_in.settings import ScimInSettings
from connectors.topdesk.sandbox import serving
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.settings import CallSettings
from hub.store.store import Store
from hub.testing.fakes import FakeLog, fake_context
from hub.web.app import WebOptions, app
from hub.web.served import Served

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

SECRET = "0123456789-canary-entra"
LEAST = 90  # what it finds to try on the attributes that are announced


@pytest.fixture(scope="module")
def tester(ready):
    return str(ready("scim2", "scim2-tester==0.5.2", "scim2-cli==0.6.0") / "scim2")


def now():
    return datetime.now(UTC)


async def pages(url, log):
    store = await Store(url).open()
    source = Source(
        id="entra",
        connector_name="scim_in",
        connector=ScimInConnector(ScimInSettings(), fake_context("entra")),
        routes=(),
        mode="live",
        fingerprint="f",
        reopen=timedelta(hours=72),
        every=None,
        stale_after={},
    )
    runner = Runner(store, {"entra": source}, {}, now=now, log=log)
    await runner.start()
    callers = {"entra": CallSettings(secret=SecretStr(SECRET))}
    served = Served(runner, callers, now, None, pace=10_000)
    return store, app(None, None, WebOptions(), now, served.routes())


def verdicts(tester, tmp_path):
    log = FakeLog()
    store, site = asyncio.run(pages(f"sqlite:///{tmp_path / 'hub.db'}", log))
    headers = f"Authorization: Bearer {SECRET}"
    env = {**os.environ, "SCIM_CLI_HEADERS": headers, "NO_PROXY": "*"}
    with serving(site) as base:
        done = subprocess.run(
            [tester, "--url", f"{base}/in/entra/scim/v2", "test"],
            capture_output=True, text=True, timeout=200, check=False, env=env,
        )  # fmt: skip
    asyncio.run(store.close())
    assert not log.lines, log.lines
    return Counter(re.findall(r"^(SUCCESS|[A-Z]{4,}) ", done.stdout, re.MULTILINE)), done.stdout


def test_the_tester_finds_no_error(tester, tmp_path):
    found, said = verdicts(tester, tmp_path)
    assert found.keys() == {"SUCCESS"}, said
    assert found["SUCCESS"] >= LEAST, said
