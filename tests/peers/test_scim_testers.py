"""The tester of scim2-tester, by its own command line, against `/scim/v2` of the sandbox intranet.

Their code is installed below `.cache/peers`; an impossible installation is a printed skip.
"""

import os
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime

import pytest
from scim2_models import User

from connectors.topdesk.sandbox import serving
from hub.sandbox.intranet import IntranetOptions, IntranetSandbox
from hub.sandbox.intranet.scim.storage import IntranetStorage

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

LEAST = 130  # what it finds to try on a server with users, groups and the enterprise extension


@pytest.fixture(scope="module")
def tester(ready):
    return str(ready("scim2", "scim2-tester==0.5.2", "scim2-cli==0.6.0") / "scim2")


def verdicts(tester, sandbox):
    headers = f"Authorization: Bearer {sandbox.options.token}"
    env = {**os.environ, "SCIM_CLI_HEADERS": headers, "NO_PROXY": "*"}
    with serving(sandbox.app) as base:
        done = subprocess.run(
            [tester, "--url", f"{base}/scim/v2", "test"],
            capture_output=True, text=True, timeout=200, check=False, env=env,
        )  # fmt: skip
    return Counter(re.findall(r"^(SUCCESS|[A-Z]{4,}) ", done.stdout, re.MULTILINE)), done.stdout


def sandbox():
    return IntranetSandbox(IntranetOptions(), lambda: datetime.now(UTC))


def test_the_tester_finds_no_error(tester):
    found, said = verdicts(tester, sandbox())
    assert found.keys() == {"SUCCESS"}, said
    assert found["SUCCESS"] >= LEAST, said


def test_the_tester_sees_a_server_that_forgets_an_attribute(tester):
    class Forgetful(IntranetStorage):
        async def update(self, resource_type, resource, **more):
            if isinstance(resource, User):
                resource = resource.model_copy(update={"title": None})
            return await super().update(resource_type, resource, **more)

    made = sandbox()
    directory = made.pages.directory
    made.scim.handler.storage = Forgetful(made.store, directory, made.scim.provider)
    found, said = verdicts(tester, made)
    assert found["ERROR"] >= 1, said
    assert "'title'" in said
