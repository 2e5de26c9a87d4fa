"""The whole morning at the service desk, looked at on the served pages every 15 seconds."""

from datetime import timedelta

import pytest

from connectors.topdesk.sandbox.script import BEATS, CASES, MAIL, PHONES, WIFI
from connectors.topdesk.sandbox.seed import identifier
from hub.sandbox.intranet import report as seen

SHARED = ["Ouder-Amstel", "Diemen", "Uitvoeringsorganisatie"]
ROUTES = [
    {"tile": "disturbances", "keep_solved": "1h", "when": {"branch": SHARED}},
    {
        "tile": "disturbances",
        "audience": "uithoorn",
        "keep_solved": "1h",
        "when": {"branch": ["Uithoorn"]},
    },
]
SOLVED_FOR = timedelta(hours=1)
GRACE = timedelta(seconds=60)
PAGES = {"": "Diemen", "uithoorn": "Uithoorn"}  # whose page it is, and the branch that they are of
NUMBERS = sorted({beat.shows[0] for beat in BEATS if beat.shows})
KEYS = {identifier(1, "story", number): number for number in NUMBERS}
KEY_OF = {number: key for key, number in KEYS.items()}


# a whole morning in steps of 15 seconds: what the databases do differently, the others show
pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


class Telling:
    """Plays the story and compares each page with what the script alone says."""

    def __init__(self, world):
        self.world = world
        self.story = world.desk.story
        self.keys: dict[str, set[str]] = {}
        self.seen: dict[str, list[tuple[str, str | None]]] = {}
        self.steps: list = []

    async def tell(self, until):
        before, pages = None, {}
        while self.world.clock.now() < until:
            now = self.world.clock.now()
            self.steps += [now] * len(self.story.play_until(now))
            await self.world.cycle(0)
            stands = [(one.external_id, one.etag) for one in self.world.intranet.store]
            if stands != before:  # else the served pages have the rows that they had
                before, pages = stands, {group: await self._rows(group) for group in PAGES}
                await self._no_leaks()
            for group, branch in PAGES.items():
                self._compare(group, branch, pages[group], now)
            self.world.clock.advance(15)

    async def _rows(self, group):
        shown = {}
        for key, state in (await self.world.states(group)).items():
            number = KEYS[key.split(".")[3]]
            self.keys.setdefault(number, set()).add(key)
            shown[number] = state
        self._note(group, shown)
        return shown

    def _compare(self, group, branch, shown, now):
        for number in NUMBERS:
            allowed = [self._expected(now - late, branch, number) for late in (GRACE, GRACE * 0)]
            assert shown.get(number) in allowed, (group, number, now)

    def _expected(self, moment, branch, number):
        return self.story.expected(moment, solved_for=SOLVED_FOR, branch=branch).get(number)

    def _note(self, group, shown):
        for number in NUMBERS:
            states = self.seen.setdefault(f"{number}/{group}", [None])
            if states[-1] != shown.get(number):
                states.append(shown.get(number))

    async def _no_leaks(self):
        """On the hub's own pages, in both languages, for both audiences, HTML and JSON."""
        for audience in ("everyone", "uithoorn"):
            for view in ("live", "preview"):
                for language in ("nl", "en"):
                    html, data = await self.world.own_pages(language, audience, view)
                    text = f"{html}{data}".casefold()
                    assert [c for c in self.story.canaries if c.casefold() in text] == []


@pytest.fixture
async def told(make_world):
    world = await make_world(desk={"story": True}, routes=ROUTES)
    telling = Telling(world)
    await telling.tell(world.desk.options.start + timedelta(hours=3, minutes=20))
    return telling


async def test_the_story(told):
    world, seen_states = told.world, told.seen
    # each row came, changed and left as the script says, without a flicker in between
    mail = [None, "open", "solved", "open", "solved", "open", "solved", None]
    assert seen_states[f"{MAIL}/"] == seen_states[f"{MAIL}/uithoorn"] == mail
    assert seen_states[f"{PHONES}/"] == [None]
    assert seen_states[f"{PHONES}/uithoorn"] == [None, "open", "solved", None]
    assert seen_states[f"{CASES}/"] == [None, "open", None]
    assert seen_states[f"{WIFI}/"] == [None, "open", None]
    # one object per matter, however often it came back
    assert {number: len(keys) for number, keys in told.keys.items()} == dict.fromkeys(NUMBERS, 1)
    puts = [one for one in world.intranet.requests if KEY_OF[MAIL] in one.path and one.body]
    assert ['"reopened":' + str(n) in one.body.replace(" ", "") for n, one in
            zip((0, 0, 1, 1, 2, 2), puts, strict=True)] == [True] * 6  # fmt: skip
    # nothing leaked, nothing twice, nothing on the timeline
    assert seen.leaks(world.intranet, told.story.canaries) == []
    assert str(told.story.canaries[0]) not in str(world.log.lines)
    assert seen.timeline_posts(world.intranet) == 0
    assert seen.duplicates(world.intranet) == []
    # a call only where the script changed something; else freshness alone, and that seldom
    changes = [moment + late for moment in told.steps for late in (timedelta(0), SOLVED_FOR)]
    for one in world.intranet.requests:
        if "/tile-item/" in one.path:
            assert any(at <= one.at <= at + GRACE for at in changes), one
    renewals = sum("/freshness/" in one.path for one in world.intranet.requests)
    assert renewals <= 2 * 200 / 2 + 2  # two tiles, 200 minutes, at most every two minutes
    assert [line for line in world.log.lines if line.level != "info"] == []
    assert (await world.status())["holds"] == []


@pytest.mark.parametrize(("hours", "again"), [(0.5, True), (70, True), (74, False)])
async def test_it_says_so_when_something_came_back(make_world, hours, again):
    world = await make_world()
    key = world.major("E-mail hapert")
    await world.passes(minutes=1)
    before = world.item(key)["external_id"]
    world.edit(key, completed=True, closed=True)
    await world.passes(minutes=2)
    assert await world.rows() == {"E-mail hapert": "solved"}
    world.clock.advance(hours * 3600)
    await world.passes(minutes=1)
    assert await world.rows() == ({"E-mail hapert": "solved"} if hours < 1 else {})
    world.edit(key, completed=False, closed=False)
    await world.passes(minutes=1)
    assert await world.rows() == {"E-mail hapert": "open"}
    item, [row] = world.item(key), (await world.tile())["items"]
    assert (item["external_id"] == before) is again
    assert item["reopened"] == row["reopened"] == again
    assert ("Opnieuw gemeld" in await world.page()) is again
    assert seen.timeline_posts(world.intranet) == 0
