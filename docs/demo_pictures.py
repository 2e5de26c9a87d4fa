"""Pictures of the demo at the moment at which somebody has to decide: what waits, and who is there."""

import asyncio
import io
import re
from pathlib import Path
from typing import Any

from rich.console import Console

from hub.sandbox.demo import live

SPEED = 120.0
PATIENCE = 180.0  # seconds until the story is that far
WAITS = " hold drop "  # the last line that is told of a hold
PICTURES = (
    ("demo-desktop", "{guide}?lang=en", (1280, 900)),
    ("demo-phone", "{guide}?lang=en", (360, 780)),
    ("people-phone", "{intranet}people?lang=en", (360, 780)),
)


def take(folder: Path, browser: str, flags: list[str]) -> None:
    """Play the demo that far, and look at it.

    Raises:
        TimeoutError: the story did not come that far.
    """
    asyncio.run(_take(folder, browser, flags))


async def _take(folder: Path, browser: str, flags: list[str]) -> None:
    out, stop = io.StringIO(), asyncio.Event()
    console = Console(file=out, width=200)
    task = asyncio.create_task(live(console=console, speed=SPEED, stop=stop))
    try:
        async with asyncio.timeout(PATIENCE):
            while WAITS not in out.getvalue():  # noqa: ASYNC110 - a console wakes nobody
                await asyncio.sleep(0.2)
        guide, intranet = re.findall(r"http://127\.0\.0\.1:\d+/", out.getvalue())[:2]
        await _photograph(folder, browser, flags, {"guide": guide, "intranet": intranet})
    finally:
        stop.set()
        await task


async def _photograph(folder: Path, browser: str, flags: list[str], places: dict[str, str]) -> None:
    from playwright.async_api import async_playwright  # noqa: PLC0415  only this command needs it

    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=browser, args=flags)
        for name, url, (width, height) in PICTURES:
            size: Any = {"width": width, "height": height}
            page = await chromium.new_page(viewport=size, locale="en-GB")
            await page.goto(url.format(**places))
            await page.screenshot(path=str(folder / f"{name}.png"))
        await chromium.close()
