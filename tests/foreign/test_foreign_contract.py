"""A connector and a target of somebody else pass the shipped suites, and work in the hub."""

import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from xml.etree import ElementTree as ET

import pytest

LIFTS = Path(__file__).parent / "lifts"
RAISES = "raise  # nothing was done yet, so nothing is hidden"
LIES = 'return [Outcome("done", remote_id=one.key) for one in items]'

OPTIONS = (
    "-ra",
    "-Werror",
    "-pno:cacheprovider",
    "-oasyncio_default_fixture_loop_scope=function",
    "--junitxml=report.xml",
)

HUB = """\
store: sqlite:///hub.db
organisation: Duo+
targets:
  hall: {target: kiosk, settings: {url: "https://kiosk.test", password: "${env:PASSWORD}"}}
"""

INSTANCE = """\
connector: lifts
mode: live
targets: [hall]
settings: {url: "https://lifts.test/api", api_key: "${env:API_KEY}"}
"""

SECRETS = {"PASSWORD": "p4ssword-of-the-kiosks", "API_KEY": "k3y-of-the-building"}


@dataclass
class Suite:
    """What a run of the foreign tests said."""

    done: CompletedProcess
    passed: Counter
    failed: set[str]
    skipped: list[str]


def read(done, report):
    """The report of pytest, by test class."""
    suite = Suite(done, Counter(), set(), [])
    for case in ET.parse(report).iter("testcase"):
        cls = case.get("classname").rpartition(".")[2]
        skipped = case.find("skipped")
        if skipped is not None:
            suite.skipped.append(skipped.get("message"))
        elif len(case):
            suite.failed.add(f"{cls}.{case.get('name')}")
        else:
            suite.passed[cls] += 1
    return suite


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The package's source, outside of the repository."""
    return shutil.copytree(LIFTS, tmp_path_factory.mktemp("somebody") / "lifts")


@pytest.fixture(scope="module")
def site(source, tmp_path_factory, install):
    return install(source, tmp_path_factory.mktemp("installed") / "site")


@pytest.fixture(scope="module")
def run_suite(source, tmp_path_factory, python):
    """Runs the package's tests, apart from its source: what is imported is what was installed."""

    def run(site):
        folder = tmp_path_factory.mktemp("suite")
        shutil.copy(source / "tests" / "test_contract.py", folder)
        done = python(site, "-m", "pytest", *OPTIONS, folder, cwd=folder, COLUMNS="200")
        assert (folder / "report.xml").exists(), done.stdout + done.stderr
        return read(done, folder / "report.xml")

    return run


@pytest.fixture(scope="module")
def suite(run_suite, site):
    return run_suite(site)


@pytest.fixture(scope="module")
def told(tmp_path_factory, source, site, python):
    """What a hub with the foreign connector and target did, in a fresh process."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "connectors").mkdir()
    (folder / "hub.yaml").write_text(HUB)
    (folder / "connectors" / "lifts.yaml").write_text(INSTANCE)
    story = shutil.copy(source / "tests" / "in_the_hub.py", folder)
    done = python(site, "-W", "error", story, folder / "hub.yaml", cwd=folder, **SECRETS)
    assert done.returncode == 0, done.stderr
    assert not [secret for secret in SECRETS.values() if secret in done.stdout + done.stderr]
    return json.loads(done.stdout)


def test_the_shipped_suites_pass(suite):
    assert suite.done.returncode == 0, suite.done.stdout
    assert suite.passed["TestLifts"] >= 25
    assert suite.passed["TestKiosk"] >= 15


def test_what_was_skipped_is_said_with_its_reason(suite):
    assert "lifts receives nothing" in suite.skipped
    assert "this intranet keeps no versions of tile-item" in suite.skipped
    unsaid = [reason for reason in suite.skipped if f": {reason}\n" not in suite.done.stdout]
    assert not unsaid


def test_a_target_that_says_done_on_failure_is_caught(run_suite, site, tmp_path):
    lying = shutil.copytree(site, tmp_path / "lying")
    module = lying / "lifts_for_the_hub" / "target.py"
    text = module.read_text()
    assert text.count(RAISES) == 1
    module.write_text(text.replace(RAISES, LIES))
    suite = run_suite(lying)
    assert suite.done.returncode == 1, suite.done.stdout
    assert "TestKiosk.test_no_fault_is_done" in suite.failed
    assert "auth was taken for success" in suite.done.stdout
    assert not [name for name in suite.failed if not name.startswith("TestKiosk.")]


def test_the_hub_takes_them_by_name_from_where_they_were_installed(told, site):
    assert told["problems"] == []
    assert all(Path(file).is_relative_to(site) for file in told["code"])


def test_outages_come_change_and_leave_the_kiosks(told):
    assert told["cycles"] == [
        {"outcome": "complete", "shown": ["Lift 1 is defect", "Lift 2 is defect"]},
        {"outcome": "complete", "shown": ["Lift 2 is defect", "Lift van hal 1 is defect"]},
        {"outcome": "complete", "shown": ["Lift van hal 1 is defect"]},
    ]
    assert told["fresh"] == ["lifts.outages"]
    assert told["log"] == []


def test_each_change_is_one_write(told):
    """Two cards and their freshness, one changed card, one taken away."""
    assert told["writes"] == ["PUT", "PUT", "PUT", "PUT", "DELETE"]
