"""`hub plan --people --html` of a moment in the demo: what would change, and why."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hub.engine.assemble import assemble
from hub.engine.reading import Report
from hub.events.base import Language
from hub.sandbox.demo.people.company import DIRECTORY, SHOPS
from hub.settings import Settings
from hub.store import holds
from hub.store.store import Store
from hub.web import plan_page

STREAMS = ((DIRECTORY, "people"), (DIRECTORY, "groups"), (SHOPS, "people"))
LANGUAGES: tuple[Language, ...] = ("nl", "en")


async def planned(
    settings: Settings, store: Store, now: Callable[[], datetime], log: Any
) -> Mapping[Language, str]:
    """The page in each language; the sources are read into a copy of the store, as the command does.

    Raises:
        HubError: the copy could not be made.
    """
    known = {row.hash for row in await store.read(holds.all_open)}
    copy = await store.shadow()
    try:
        reports = await _read(settings, copy, now, log)
        found, about = await copy.read(plan_page.facts, now(), people=True)
        return {
            language: plan_page.page(
                settings, found, about, reports, known, language=language, now=now()
            )
            for language in LANGUAGES
        }
    finally:
        await copy.close()


async def _read(
    settings: Settings, copy: Store, now: Callable[[], datetime], log: Any
) -> list[Report]:
    runner = await assemble(settings, copy, now=now, log=log)
    try:
        await runner.start()
        return [await runner.run(instance, stream) for instance, stream in STREAMS]
    finally:
        await runner.close()
