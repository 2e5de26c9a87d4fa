"""The story of the people, told live."""

import asyncio
from contextlib import suppress
from typing import Any

from rich.console import Console

from hub.events.base import Language
from hub.sandbox.demo.catalogue import TEXTS
from hub.sandbox.demo.guide import ZONE, Guide, says
from hub.sandbox.demo.people.invite import invite, is_used
from hub.sandbox.demo.people.watch import Held, go_on, hold_of
from hub.sandbox.demo.serving import address

GLANCE = 0.4  # real seconds between two looks


async def tell_people(guide: Guide, console: Console, stop: asyncio.Event, log: Any) -> None:
    """Let the directory's story go on, and say what the hub makes of it, until stopped.

    Nothing happens there before everybody is on the intranet: whoever never came can't leave.
    """
    teller = _Teller(guide, console)
    while not stop.is_set():
        for step in await go_on(guide.scene, guide.company, log) if teller.complete else ():
            teller.say(f"  {step.at.astimezone(ZONE):%H:%M}  {step.says['en']}")
            teller.say(f"         the plan of it: {address(guide.scene.guide)}/plan/{step.name}")
        await teller.look()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), GLANCE)


class _Teller:
    """Says what changed since it last looked, here and on the demo's own page."""

    def __init__(self, guide: Guide, console: Console) -> None:
        self._guide, self._console = guide, console
        self._shown, self._hold, self._leaver_seen = 0, "", False
        self._all = len(guide.company.everybody)
        self.complete, self._came_in = False, False

    def say(self, text: str, style: str | None = None) -> None:
        self._console.print(text, style=style, soft_wrap=True, highlight=False, markup=False)

    async def look(self) -> None:
        self._count()
        self._miss_the_leaver()
        await self._invite()
        hold = await hold_of(self._guide.scene)
        if hold is not None and hold.hash != self._hold:
            self._hold = hold.hash
            self._note("hub_holds", number=hold.people)
            self._show(hold)
        elif hold is None and self._hold:
            self._hold = ""
            self._note("hub_decided")

    async def _invite(self) -> None:
        guide, scene = self._guide, self._guide.scene
        if guide.invited is None and self.complete:
            guide.invited = await invite(scene, guide.company)
            self._note("hub_invited", name=guide.invited.name)
            self.say(f"         use it, with number {guide.invited.number}: {guide.invited.link}")
        if guide.invited is None or self._came_in:
            return
        self._came_in = await scene.store.read(is_used, guide.invited.person)
        if self._came_in:
            self._note("hub_came_in", name=guide.invited.name)

    def _count(self) -> None:
        shown = self._guide.scene.intranet.pages.profiles.search("", None, 1).count
        if shown != self._shown:
            self._shown = shown
            self.complete = self.complete or shown == self._all
            self.say(f"         colleagues on the intranet: {shown}", style="dim")

    def _miss_the_leaver(self) -> None:
        name = self._guide.company.office.leaver.name
        there = self._guide.scene.intranet.pages.profiles.search(name, None, 1).count > 0
        if self._leaver_seen and not there:
            self._note("hub_leaver", name=name)
        self._leaver_seen = there

    def _note(self, text: str, **given: Any) -> None:
        at = self._guide.scene.clock.now()
        words: dict[Language, str] = {
            language: TEXTS[language][text].format(**given) for language in TEXTS
        }
        self._guide.company.told.append((at, words))
        self.say(f"  {at.astimezone(ZONE):%H:%M}  {words['en']}", style="bold")

    def _show(self, hold: Held) -> None:
        self.say(f"         {says(hold, 'en')}")
        program = self._guide.program
        for what in ("show", "release", "drop"):
            self.say(
                f"           {program} hold {what} {hold.hash} --config {self._guide.scene.config}"
            )
