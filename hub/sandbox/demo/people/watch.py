"""What became of the people, by the intranet's own pages and log: the proof of their story."""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.engine import crowds
from hub.events.base import Family
from hub.sandbox.demo.pages import canaries_in
from hub.sandbox.demo.people.company import DIRECTORY, Company
from hub.sandbox.demo.people.invite import come_in, invite, is_used
from hub.sandbox.demo.people.office import Step
from hub.sandbox.demo.people.plans import planned
from hub.sandbox.demo.scene import Scene
from hub.sandbox.intranet import report as seen
from hub.sandbox.intranet.models import Kind
from hub.store import holds
from hub.store.store import Tx
from hub.store.tables import account

READ = timedelta(minutes=11)  # by then a change in the directory was read and acted upon


@dataclass(frozen=True)
class Figures:
    """The people in numbers; `wrong`: sentences about what is not as it should be."""

    persons: int = 0
    accounts_made: int = 0
    linked: int = 0
    leavers: int = 0
    held: int = 0
    invited: int = 0
    wrong: Sequence[str] = ()
    leaks: frozenset[str] = frozenset()


async def go_on(scene: Scene, company: Company, log: Any) -> Sequence[Step]:
    """Let the directory's story go on; before the hub reads it, keep what the plan says of it."""
    done = company.play_until(scene.clock.now())
    for step in done:
        found = await planned(scene.settings, scene.store, scene.clock.now, log)
        company.plans[step.name] = found
    return done


@dataclass(frozen=True)
class Held:
    """What waits for an administrator.

    Attributes:
        hash: its name.
        people: how many of them.
        asked: what they have in common, for `hub.render.people_words.together`.
    """

    hash: str
    people: int
    asked: Sequence[Mapping[str, Any]]


async def hold_of(scene: Scene) -> Held | None:
    """The hold over people of the directory, or None."""
    return await scene.store.read(_held, scene.clock.now())


def _held(tx: Tx, now: datetime) -> Held | None:
    row = holds.find_open(tx, DIRECTORY, "removal")
    if row is None:
        return None
    people = sum(line.get("family") == Family.PERSON for line in row.content)
    return Held(row.hash, people, crowds.said(tx, row, now))


async def figures(scene: Scene, company: Company) -> Figures:
    """The people in numbers, at this moment; the last of them is somebody who is invited."""
    invited = await invite(scene, company)
    faults = await come_in(invited)
    came_in = await scene.store.read(is_used, invited.person)
    hold = await hold_of(scene)
    pages = [text async for text in _pages(scene)]
    now, known = scene.clock.now(), scene.intranet.store.of_kind(Kind.PERSON)
    wrong = [*faults, *_wrong(company, "\n".join(pages), now), *_missing(company, hold, now)]
    linked, persons = await scene.store.read(counted)
    texts = company.canaries
    leaks = {one for page in pages for one in canaries_in(page, texts)}
    found = seen.leaks(scene.intranet, texts)
    leaks |= {one for one in texts if any(line.startswith(f"{one!r} in ") for line in found)}
    return Figures(
        persons=persons,
        accounts_made=len(known),
        linked=linked,
        leavers=sum(not one.body.get("active", True) for one in known),
        held=hold.people if hold else 0,
        invited=int(came_in),
        wrong=wrong,
        leaks=frozenset(leaks),
    )


async def _pages(scene: Scene) -> Any:
    """The list of colleagues, page by page, as a browser gets it."""
    number = scene.intranet.pages.profiles.search("", None, 1).pages
    for page in range(1, number + 1):
        answer = await scene.browser.get(f"{scene.intranet_address}/people?page={page}")
        answer.raise_for_status()
        yield html.unescape(answer.text)


def counted(tx: Tx) -> tuple[int, int]:
    """How many persons have more than one account, and how many there are."""
    counted = sa.select(sa.func.count()).where(account.c.person.is_not(None))
    sizes = [number for (number,) in tx.execute(counted.group_by(account.c.person))]
    return sum(number > 1 for number in sizes), len(sizes)


def _wrong(company: Company, shown: str, now: datetime) -> Iterator[str]:
    """Who should be shown and is not, or the other way about."""
    office = company.office
    left = next(one for one in office.steps if one.name == "leaver").at
    for name in company.everybody:
        if name != office.leaver.name and f">{name}<" not in shown:
            yield f"not among the colleagues: {name}"
    stays = f">{office.leaver.name}<" in shown
    if stays and now > left + READ:
        yield f"still among the colleagues: {office.leaver.name}"
    if not stays and now < left:
        yield f"not among the colleagues: {office.leaver.name}"


def _missing(company: Company, hold: Held | None, now: datetime) -> Iterator[str]:
    """What the plan and the hold do not say."""
    leaver = company.office.leaver.name
    for text in company.plans.get("leaver", {}).values():
        if leaver not in html.unescape(text):
            yield f"the plan does not name {leaver}"
    moved = next(one for one in company.office.steps if one.name == "moved")
    wanted, held = len(company.office.moved), hold.people if hold else 0
    if now > moved.at + READ and held != wanted:
        yield f"{held} people wait in a hold, and it should be {wanted}"
