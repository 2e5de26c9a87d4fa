"""`hub status`: how everything stands, from the store alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import typer

from hub.cli import exits
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local, shown, standing
from hub.cli.plan import decide, show_holds
from hub.cli.session import Session, now, run, session
from hub.contract import Serves, TakesFiles
from hub.engine import reconcile
from hub.settings import Settings
from hub.store import invitations, sessions

EXAMPLES = examples("hub status", "hub status --json | jq .streams")
WELL = {"ok", "unknown"}


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(status)


def status(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show how everything stands.

    Exit code 1 when something is wrong or waits for a person.
    """
    code = run(_status(Output(json=json), config))
    if code:
        raise typer.Exit(code)


async def _status(out: Output, config: Any) -> int:
    async with session(config, out, made=True) as one:
        found = await one.store.read(reconcile.status)
        running = one.store.in_use()
        found["running"] = one.store.holder() if running else None
        found["people"]["sessions"] = await one.store.read(sessions.count, now())
        found["people"]["codes"] = await one.store.read(invitations.count_open, now())
        found["processes"] = await one.store.read(one.store.processes)
        found["tiles"] = [{**row, "url": tile_url(one.settings, row)} for row in found["tiles"]]
        found["wrong"] = wrong = what_is_wrong(found)
        out.document(found)
        _show(one, found)
        for line in wrong:
            out.finding("failed", line)
        out.next(_next(found, wrong))
        return exits.FAILED if wrong else exits.OK


def tile_url(settings: Settings, row: Mapping[str, Any]) -> str:
    """The address of a tile, as people outside reach it where that is configured."""
    return f"{settings.address}/t/{row['token']}"


def call_addresses(settings: Settings) -> list[dict[str, str]]:
    """Where sources, senders and people with a file may come.

    Returns:
        kind (`webhook`, `receive`, `serve`, `page`), instance, url, and `shown` as people read it.
    """
    base, found = settings.address, []
    for one in settings.instances:
        if one.settings.webhook:
            found.append(("webhook", one.id, f"{base}/hooks/{one.id}"))
        if one.settings.receive and issubclass(one.connector_class, Serves):
            path = one.connector_class.served_at()
            found.append(("serve", one.id, f"{base}/in/{one.id}/{path}"))
        elif one.settings.receive:
            found.append(("receive", one.id, f"{base}/in/{one.id}/<stream>"))
            if issubclass(one.connector_class, TakesFiles):
                found.append(("page", one.id, f"{base}/import/{one.id}"))
    return [
        {
            "kind": kind,
            "instance": instance,
            "url": url,
            "shown": url if kind in {"serve", "page"} else f"POST {url}",
        }
        for kind, instance, url in found
    ]


def what_is_wrong(found: Mapping[str, Any]) -> list[str]:
    """One line per thing that somebody should look at."""
    lines = [f"{row['id']} {STANDS_STILL[row['state']]}" for row in _idle(found)]
    lines += [
        f"{row['instance']}.{row['stream']} is {row['health']}: {row['reason']}"
        for row in found["streams"]
        if row["health"] not in WELL
    ]
    lines += [
        f"target {row['id']} is {row['health']}: {row['reason']}"
        for row in found["targets"]
        if row["health"] not in WELL
    ]
    lines += [
        f"{row['key']} on {row['target']} is {row['status']}: {row['reason']}"
        for row in found["troubled"]
    ]
    lines += [f"{row['instance']}: a row can't be read: {row['reason']}" for row in _dead(found)]
    lines += _alone(found["people"]["without_sponsor"])
    lines += _untold(found["people"]["notices"])
    return lines + [f"hold {row['hash']} of {row['instance']} waits" for row in found["holds"]]


def _untold(counts: Mapping[str, int]) -> list[str]:
    """Notices that somebody should look at; what waits for its hour is as it should be."""
    words = {
        "uncertain": "may not have arrived",
        "refused": "were refused",
        "late": "can't be sent",
    }
    return [
        f"notices that {said}: {counts[name]}; `hub notices list`"
        for name, said in words.items()
        if counts.get(name)
    ]


def _alone(number: int) -> list[str]:
    if not number:
        return []
    return [f"guests for whom nobody answers: {number}; `hub people guests --without-sponsor`"]


STANDS_STILL = {
    "orphaned": "has no file any more; nothing of it is withdrawn",
    "failed": "can't be used as its file stands; nothing of it is withdrawn",
}


def _idle(found: Mapping[str, Any]) -> list[Any]:
    return [row for row in found["instances"] if row["state"] in STANDS_STILL]


def _dead(found: Mapping[str, Any]) -> list[Any]:
    return list(found["unreadable"])


def _show(one: Session, found: Mapping[str, Any]) -> None:
    running = found["running"]
    one.out.say(f"Running: {running}" if running else "No hub runs on this store.")
    for row in found["processes"]:
        one.out.say(f"  {row['process']}: {_owned(row)}")
    parts: Sequence[tuple[str, str, Callable[[Mapping[str, Any], str], list[list[Any]]], str]] = (
        ("Instances", "instances", _instances, "instance connector mode state subjects"),
        ("Streams", "streams", _streams, "stream health since complete failures"),
        ("Targets", "targets", _targets, "target health since address"),
        ("Objects", "objects", _objects, "target instance kind published waiting withheld status"),
    )
    for title, name, rows, columns in parts:
        if found[name]:
            one.out.heading(title)
            one.out.table(columns.split(), rows(found, one.zone))
    for name, number in found["unmatched"].items():
        for line in _unmatched(found, name, number):
            one.out.say(line)
    _show_people(one, found["people"])
    if found["tiles"]:
        one.out.heading("Tiles")
    for row in found["tiles"]:
        one.out.say(f"{row['tile']} for {row['audience']}, {row['view']}: {row['url']}")
    show_holds(one.out, found["holds"], one.zone)
    if found["wrong"]:
        one.out.heading("Wrong")


def _show_people(one: Session, found: Mapping[str, Any]) -> None:
    if not found["states"]:
        return
    waiting = f"{found['waiting']} wait for `hub people review list`"
    one.out.heading("People")
    one.out.say(f"Persons: {shown(found['states'])}; accounts: {waiting}.")
    if found["sessions"]:
        one.out.say(f"Sessions on personal pages: {shown(found['sessions'])}.")
    if found["codes"]:
        one.out.say(f"One-time codes that nobody used yet: {found['codes']}.")
    if number := found["without_login"]:
        said = "nothing to log in with, and no account on a target (`people.user_name`)"
        one.out.say(f"Active, but with {said}: {number}.")
    for target, number in found["not_linked"].items():
        one.out.say(f"Without an account on {target} that could be linked: {number}.")
    for target, number in found["not_in_groups"].items():
        if number:
            one.out.say(f"In a group, but without an account on {target}: {number}.")


def _owned(row: Mapping[str, Any]) -> str:
    named = [*row["instances"], *(f"target {name}" for name in row["targets"])]
    return ", ".join(named) or "nothing yet"


def _instances(found: Mapping[str, Any], _zone: str) -> list[list[Any]]:
    return [
        [
            row["id"],
            row["connector"],
            row["mode"],
            "paused" if row["paused"] else "withdrawn" if row["withdrawn"] else row["state"],
            found["subjects"].get(row["id"], {}).get("live", 0),
        ]
        for row in found["instances"]
    ]


def _streams(found: Mapping[str, Any], zone: str) -> list[list[Any]]:
    return [
        [
            f"{row['instance']}.{row['stream']}",
            row["health"],
            local(row["since"], zone),
            local(row["complete_at"], zone),
            row["failures"],
        ]
        for row in found["streams"]
    ]


def _targets(found: Mapping[str, Any], zone: str) -> list[list[Any]]:
    return [
        [row["id"], row["health"], local(row.get("since"), zone), row["address"]]
        for row in found["targets"]
    ]


def _objects(found: Mapping[str, Any], _zone: str) -> list[list[Any]]:
    names = ("target", "instance", "kind", "published", "ahead", "withheld", "status")
    modes = {row["id"]: row["mode"] for row in found["instances"]}
    rows = [
        row | {"status": standing(row["status"], modes.get(row["instance"]))}
        for row in found["objects"]
    ]
    return [[row[name] for name in names] for row in rows]


def _unmatched(found: Mapping[str, Any], name: str, number: int) -> Iterator[str]:
    """What no route takes, and for each condition of the routes what the source says itself."""
    yield f"{name}: no route takes {number} of its open subjects, so nobody sees them."
    for field, used in found["used"].get(name, {}).items():
        for word in used["asked"]:
            if word not in used["found"]:
                there = ", ".join(f"`{one}`" for one in used["found"]) or "none"
                yield f"  a route asks {field} `{word}`; the source uses: {there}"


def _next(found: Mapping[str, Any], wrong: Sequence[str]) -> str:
    if found["holds"]:
        return decide(found["holds"][0])
    if wrong:
        return "`hub check` says what to do about what is wrong."
    if not found["running"]:
        return "`hub run` reads and delivers from now on."
    return "nothing to do. `hub explain TEXT` leads an object back to its cause."
