"""The whole story at virtual speed, once as it should be, and spoilt in ways that must show."""

import json
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.sandbox.demo import once, run
from hub.sandbox.intranet import Fault
from hub.testing.fakes import FakeLog


def major(scene, title: str, branch: str = "Diemen") -> None:
    """A published major outside the script, as an operator would make one."""
    scene.stage.sandbox.state.add_incident(
        briefDescription=title, majorCall=True, publishToSsd=True, callerBranch=branch
    )


def test_the_story_comes_out_right_and_is_told_in_json(capsys):
    before = time.process_time()
    code = run(once=True, json=True)
    used = time.process_time() - before
    told = json.loads(capsys.readouterr().out)
    assert told["findings"] == []
    assert (told["majors_open"], told["tile_items"]) == (7, 7)
    assert (told["leaks"], told["lost"], told["duplicates"], told["wrongly_shown"]) == (0, 0, 0, 0)
    assert told["timeline_posts"] == 0
    assert told["events"] == 23, "a write per change that staff may see, and none for the others"
    assert 18 < told["calls_to_intranet"] < 200, "changes and freshness, not every reading"
    assert 0 < told["max_delay_seconds"] <= 60
    assert (told["persons"], told["accounts_made"], told["linked"]) == (179, 179, 1)
    assert (told["leavers"], told["held"], told["people_wrong"]) == (1, 13, 0)
    assert told["invited"] == 1
    assert told["virtual_seconds"] > timedelta(hours=2, minutes=30).total_seconds()
    assert used < 40, "seconds of one processor; others may keep it busy meanwhile"
    assert code == 0


@pytest.mark.slow_on_postgresql
async def test_a_part_of_the_story_comes_out_the_same_on_each_database(store_url):
    log = FakeLog()
    report = await once(log=log, store=store_url, lasting=timedelta(minutes=16))
    assert report.findings == ()
    assert (report.majors_open, report.tile_items, report.timeline_posts) == (2, 2, 0)
    assert report.events == 2
    assert (report.persons, report.leavers, report.people_wrong) == (179, 1, 0)
    assert 0 < report.max_delay_seconds <= 60
    password = sa.make_url(store_url).password
    assert password is None or password not in str(list(log.lines))


async def test_a_name_that_cannot_be_recognised_is_one_leak(tmp_path):
    folders = []

    def prepare(scene):
        folders.append(scene.config.parent)
        major(scene, "Vraag over printers aan Petra Veenstra")

    report = await once(
        prepare=prepare, log=FakeLog(), directory=None, lasting=timedelta(minutes=3)
    )
    assert report.leaks == 1
    assert "Petra Veenstra" in report.findings
    assert report.exit_code == 1
    assert not folders[0].exists(), "nothing is left behind"


async def test_an_intranet_that_swallows_rows_is_a_loss():
    report = await once(
        prepare=lambda scene: scene.intranet.faults.add(
            Fault(kind="swallow", method="PUT", path="tile-item", times=1)
        ),
        log=FakeLog(),
        directory=None,
        lasting=timedelta(minutes=16),
    )
    assert report.lost == 1
    assert report.exit_code == 1


async def test_a_row_that_does_not_leave_is_wrongly_shown():
    report = await once(
        prepare=lambda scene: scene.intranet.faults.add(Fault(kind="swallow", method="DELETE")),
        log=FakeLog(),
        directory=None,
        lasting=timedelta(minutes=53),
    )
    assert (report.wrongly_shown, report.lost) == (2, 0), "the demoted major, on both dashboards"
    assert report.exit_code == 1


async def test_two_rows_with_one_title_are_a_duplicate():
    report = await once(
        prepare=lambda scene: major(scene, "Telefonie balie Uithoorn", "Uithoorn"),
        log=FakeLog(),
        directory=None,
        lasting=timedelta(minutes=7),
    )
    assert report.duplicates == 1
    assert report.exit_code == 1


async def test_too_few_rows_is_no_success():
    report = await once(log=FakeLog(), directory=None, lasting=timedelta(minutes=10))
    assert (report.leaks, report.lost, report.duplicates, report.wrongly_shown) == (0, 0, 0, 0)
    assert report.tile_items == 1
    assert report.exit_code == 1
