"""The hub that is killed, its source by number of scene, and the intranet that outlives it.

Used by `soak_nursery` (which forks a hub per life) and by the tests beside it.
"""

import asyncio
import json
import os
import pickle
import random
import signal
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from hub.contract import Gone
from hub.engine.configuration import Source
from hub.engine.runner import Runner
from hub.events.base import Family
from hub.events.objects import Audience
from hub.events.route import Route
from hub.store.store import Store
from hub.testing.fakes import FakeLog, MemoryTarget, ScriptedSource, fake_context

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SUBJECTS = 12
ROUND = 20  # scenes after which the story of presence repeats; it rests at the 8th of a round
ROUTE = Route(
    name="r1",
    family=Family.INCIDENT,
    tile="disturbances",
    audience="everyone",
    members=Audience(everyone=True),
    targets=("intranet",),
)


# --- the source -----------------------------------------------------------------------------


def scene(number: int) -> ScriptedSource:
    """What the source holds at the reading of that number: titles change, rows leave and return."""
    source = ScriptedSource(batch_size=4, resumable=True)
    for index in range(SUBJECTS):
        key = f"k{index:02}"
        if _silent(number, index):
            continue  # absent without a proof: gone after two complete sweeps
        if _proven(number, index):
            source.answers[key] = Gone("deleted")
            continue
        changed = number - (number + index) % 3
        source.put(key)
        source.edit(key, title={"nl": f"Item {index} at {max(changed, 0)}"})
    return source


def _silent(number: int, index: int) -> bool:
    return index == SUBJECTS - 1 and 10 <= number % ROUND < 16


def _proven(number: int, index: int) -> bool:
    return number % 4 in {2, 3} and index == (number // 4) % (SUBJECTS - 1)


# --- the intranet ---------------------------------------------------------------------------


class Intranet(MemoryTarget):
    """An intranet that writes down what each item did: created, changed, same, removed, refused."""

    def __init__(self, **how):
        super().__init__(**how)
        self.log: list[tuple[str, str, str, int]] = []

    async def publish(self, items):
        outcomes = []
        for item in items:
            where = (item.kind, item.key)
            before = self.objects.get(where)
            (outcome,) = await super().publish([item])
            after = self.objects.get(where)
            self.log.append((str(item.kind), item.key, _fate(before, after), _scene_of(item.body)))
            outcomes.append(outcome)
        return outcomes


def _fate(before, after) -> str:
    if before is after:
        return "same"
    if before is None:
        return "created"
    return "removed" if after is None else "changed"


def _scene_of(body) -> int:
    title = dict(body).get("title", {}).get("nl", "")
    return int(title.rsplit(" at ", 1)[1]) if " at " in title else -1


class Serving:
    """The intranet behind a socket, so that it outlives every hub that talks to it.

    Args:
        delay: the longest time in seconds that it takes for an answer.
    """

    def __init__(self, intranet: Intranet, delay: float = 0.002):
        self.intranet, self._delay, self._rng = intranet, delay, random.Random(7)

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_error) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader, writer) -> None:
        try:
            method, arguments = await _hear(reader)
            await asyncio.sleep(self._rng.uniform(0, self._delay))
            answer = await getattr(self.intranet, method)(*arguments)
            await asyncio.sleep(self._rng.uniform(0, self._delay))
            await _say(writer, answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever asked was killed
        finally:
            writer.close()


class Remote(MemoryTarget):
    """The hub's side of the socket."""

    def __init__(self, port: int):
        super().__init__()
        self._port = port

    async def capabilities(self):
        return await self._ask("capabilities")

    async def publish(self, items):
        return await self._ask("publish", list(items))

    async def find(self, kind, keys):
        return await self._ask("find", kind, list(keys))

    async def _ask(self, method: str, *arguments):
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await _say(writer, (method, arguments))
            return await _hear(reader)
        finally:
            writer.close()


async def _say(writer, value) -> None:
    data = pickle.dumps(value)
    writer.write(struct.pack("!I", len(data)) + data)
    await writer.drain()


async def _hear(reader):
    (size,) = struct.unpack("!I", await reader.readexactly(4))
    return pickle.loads(await reader.readexactly(size))


# --- the hub --------------------------------------------------------------------------------


class Killer:
    """Ends this very process at a hit of a named point; tells the last point that it saw."""

    def __init__(self, point: str, hit: int, seen: Callable[[str], None]):
        self._point, self._left, self._seen = point, hit, seen
        self.counts: Counter[str] = Counter()

    def __call__(self, name: str) -> None:
        self._seen(name)
        self.counts[name] += 1
        if name == self._point:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, engine: sa.Engine) -> None:
        """Points inside transactions, known by their statements."""
        sa.event.listen(engine, "before_cursor_execute", self._before)

    def _before(self, _connection, _cursor, statement, *_rest) -> None:
        if statement.startswith("INSERT INTO event"):
            self("inside")
        elif statement.startswith(("INSERT INTO object", "UPDATE object")):
            self("projecting")


async def live(folder: Path, url: str, ports: Mapping[str, int], until: int, at: Killer) -> None:
    """One life: play scenes from where the last life stood, up to `until`."""
    store = await Store(url, lease=2).open()
    at.watch(store._engine)
    if url.startswith("sqlite"):
        store.own()
    progress = folder / "scene"
    first = int(progress.read_text()) if progress.exists() else 0
    for number in range(first, until):
        await play(number, store, ports, at)
        progress.with_suffix(".new").write_text(str(number + 1))
        progress.with_suffix(".new").replace(progress)
    await store.close()
    (folder / "points.json").write_text(json.dumps(at.counts))


async def play(
    number: int, store: Store, ports: Mapping[str, int], at: Callable[[str], None]
) -> None:
    """One reading and one pass of delivery, to an intranet behind each of the ports."""
    route = ROUTE.model_copy(update={"targets": tuple(ports)})
    connector = scene(number).connector(fake_context("desk"))
    source = Source(
        "desk", "scripted", connector, (route,), "live", "f", timedelta(hours=72), None, {}
    )
    runner = Runner(
        store,
        {"desk": source},
        {name: Remote(port) for name, port in ports.items()},
        now=lambda: START + timedelta(minutes=number),
        log=FakeLog(),
        rng=random.Random(1),
        point=at,
        together=1,
    )
    await runner.start()
    at("started")
    report = await runner.run("desk", "majors")
    assert report.outcome == "complete", report.reason
    at("settled")
    await runner.deliver()


# --- what is compared -----------------------------------------------------------------------


def end_state(url: str) -> dict:
    """Everything that matters in the store, without moments, ids and run numbers."""
    from hub.store.tables import event, obj, subject

    ahead = (obj.c.seq > obj.c.done_seq).label("ahead")
    shape = (obj.c.kind, obj.c.key, obj.c.body, obj.c.state, ahead, obj.c.done_state)
    items = sa.select(*shape).where(obj.c.kind == "tile-item").order_by(obj.c.key)
    state = (subject.c.key, subject.c.state, subject.c.seq, subject.c.removed_at.is_(None))
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as db:
        subjects = [tuple(row) for row in db.execute(sa.select(*state).order_by(subject.c.key))]
        rows = db.execute(sa.select(event.c.id, event.c.type, event.c.body).order_by(event.c.id))
        events = [(row.id, row.type, row.body["data"]) for row in rows]
        objects = [tuple(row) for row in db.execute(items)]
    engine.dispose()
    plain = json.loads(json.dumps([subjects, events, objects]))
    return dict(zip(("subjects", "events", "objects"), map(_sorted, plain), strict=True))


def _sorted(rows: list) -> list:
    return sorted(rows, key=json.dumps)


def shown(intranet: Intranet) -> list:
    """The tile items that stand on the intranet."""
    found = intranet.objects.items()
    return sorted((key, dict(one.body)) for (kind, key), one in found if kind == "tile-item")


def count_faults(log: list) -> dict[str, int]:
    """From the request log: creations of what stood already, and older versions after newer."""
    stands: set[tuple[str, str]] = set()
    newest: dict[tuple[str, str], int] = {}
    found = {"created twice": 0, "out of order": 0, "sent again": 0}
    for kind, key, fate, number in log:
        where = (kind, key)
        if fate == "created":
            found["created twice"] += where in stands
            stands.add(where)
        elif fate == "removed":
            stands.discard(where)
        else:
            found["sent again"] += fate == "same"
        if fate in {"created", "changed"}:
            found["out of order"] += number < newest.get(where, -1)
            newest[where] = max(number, newest.get(where, -1))
    return found
