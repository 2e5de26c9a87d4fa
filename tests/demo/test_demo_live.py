"""The live demo: addresses that work, a frame that may be shown, an end without traces."""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta

import httpx
from rich.console import Console

from hub.sandbox.demo import live
from hub.sandbox.demo.live import later
from hub.sandbox.demo.report import DemoReport
from hub.sandbox.demo.running import show


class Told(io.StringIO):
    """What was told so far, and a sign when a certain line has come."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line, self.seen = line, asyncio.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.line in self.getvalue():
            self.seen.set()
        return written


async def test_the_story_plays_and_its_addresses_show_it():
    out, stop = Told("rows on the dashboard: 2"), asyncio.Event()
    console = Console(file=out, width=200)
    task = asyncio.create_task(live(console=console, speed=120, stop=stop))
    try:
        await asyncio.wait_for(out.seen.wait(), 30)
        told = out.getvalue()
        assert "E-mail niet bereikbaar: gepubliceerd" in told
        await look_around(told)
    finally:
        stop.set()
        await task
    assert "nothing is left behind" in out.getvalue()


async def look_around(told: str) -> None:
    addresses = re.findall(r"http://127\.0\.0\.1:\d+\S*", told)
    guide, intranet = addresses[:2]
    tile = next(one for one in addresses if "/t/" in one)
    async with httpx.AsyncClient(trust_env=False) as browser:
        for one in addresses:
            assert (await browser.get(one)).status_code == 200, one
        story = (await browser.get(guide, headers={"Accept-Language": "en"})).text
        assert "Everything on this page runs on this computer" in story
        assert f'href="{intranet.rstrip("/")}/people' in story
        page = (await browser.get(intranet)).text
        assert "E-mail niet bereikbaar" in page
        assert f'src="{tile}"' in page, "the hub's own tile stands on the dashboard"
        answer = await browser.get(tile)
        assert "E-mail niet bereikbaar" in answer.text
        policy = answer.headers["content-security-policy"]
        assert f"frame-ancestors {intranet.rstrip('/')}" in policy
        story = next(one for one in addresses if "__sim" in one)
        calls = (await browser.get(story.replace("story", "webhook"))).json()["calls"]
        assert {one["status"] for one in calls} == {202}, "TOPdesk calls the hub"


def test_ctrl_c_ends_it_with_zero_and_nothing_stays(tmp_path):
    code = "import sys; from hub.sandbox.demo import run; sys.exit(run())"
    env = os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=env) as demo:
        try:
            assert demo.stdout is not None
            told = any(b"Ctrl-C" in line for line in demo.stdout)
            assert told, "it ended before it said where to look"
            assert list(tmp_path.glob("hub-demo-*/hub.yaml"))
            demo.send_signal(signal.SIGINT)
            rest, _ = demo.communicate(timeout=60)
        finally:
            with suppress(ProcessLookupError):
                demo.kill()
    assert demo.returncode == 0
    assert b"nothing is left behind" in rest
    assert list(tmp_path.iterdir()) == []


def test_the_time_since_a_step_is_told_while_it_can_be_the_cause():
    assert later(timedelta(seconds=4.4)) == ", 4 s later"
    assert later(timedelta(seconds=61)) == ""


def test_the_report_for_people_ends_with_what_to_do_next():
    numbers = dict.fromkeys(DemoReport.model_fields, 0) | {"findings": ()}
    for changes, end in (
        ({"tile_items": 7}, "`hub init`"),
        ({"tile_items": 1}, "`hub check`"),
        ({"tile_items": 7, "lost": 1, "findings": ("lost: x",)}, "say where"),
    ):
        out = io.StringIO()
        show(DemoReport.model_validate(numbers | changes), Console(file=out, width=100))
        assert end in out.getvalue().splitlines()[-1]
