"""`hub plan --html`: the plan as one page for a change board."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hub.engine import reconcile
from hub.engine.board import Board, Name, board
from hub.engine.reading import Report
from hub.errors import BadConfigError
from hub.events.base import Family, Language, fingerprint
from hub.render.naming import short, with_key
from hub.render.plan import Hold, Line, PlanView, Source, Why, plan_html
from hub.settings import Instance, Settings, stable
from hub.store.store import Tx

SAID = ("organisation", "language", "time_zone", "service_desk", "web", "audiences", "tiles")
MEMBERSHIP = str(Family.MEMBERSHIP)  # has no name of its own: only counted
SHORT = 12  # characters of a fingerprint, enough to compare two pages by eye


def writable(path: Path) -> None:
    """Refuse a place where no page can stand, before the sources are asked.

    Raises:
        BadConfigError: its folder does not exist, or it is a folder itself.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise BadConfigError(
            f"No page can be written to {path}: name a file in a folder that exists."
        )


def write(path: Path, text: str) -> None:
    """Put the page there, in place of an older one.

    Raises:
        BadConfigError: it can't be written there.
    """
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise BadConfigError(f"The page can't be written to {path}: {error.strerror}.") from error


def facts(
    tx: Tx,
    now: datetime,
    *,
    people: bool = False,
    waits: Callable[[reconcile.Plan], reconcile.Plan] = lambda found: found,
) -> tuple[reconcile.Plan, Board]:
    """The plan, and what a change board asks beside it, of the same moment.

    Args:
        tx, now: the transaction and the moment.
        people: only persons, groups and who is in them.
        waits: what makes of it the plan that is shown.
    """
    found = waits(reconcile.plan(tx, now))
    if people:
        found = found.of_people()
    moving: set[Name] = {(one.target, one.kind, one.key) for one in found.steps}
    kept: set[Name] = {_name(row) for row in found.withheld}
    held = {line["subject"] for row in found.holds for line in row["content"] if "subject" in line}
    people_held = {x["person"] for row in found.holds for x in row["content"] if x.get("person")}
    return found, board(tx, moving, kept, held, people_held)


def page(
    settings: Settings,
    found: reconcile.Plan,
    about: Board,
    reports: Sequence[Report],
    known: Collection[str],
    *,
    language: Language,
    now: datetime,
) -> str:
    """The page in this language."""
    view = PlanView(
        organisation=settings.hub.organisation,
        made_at=now,
        version=version("intranet-hub"),
        time_zone=settings.hub.time_zone,
        fingerprint=_fingerprint(settings),
        sources=[_source(one) for one in settings.instances],
        readings={f"{one.instance}.{one.stream}": _trouble(one) for one in reports},
        lines=[*_steps(found, about), *_withheld(found, about), *_stays(about)],
        holds=[_hold(row, about, known) for row in found.holds],
        titles={name: tile.title for name, tile in settings.hub.tiles.items()},
    )
    return plan_html(view, language=language)


def _fingerprint(settings: Settings) -> str:
    """Of hub.yaml, without the store's address and what targets keep secret."""
    said = {name: stable(getattr(settings.hub, name)) for name in SAID}
    targets = {
        one.id: {"kind": one.target_class.name, "settings": stable(one.config)}
        for one in settings.targets
    }
    return fingerprint({**said, "targets": targets})[:SHORT]


def _trouble(report: Report) -> str:
    return (report.reason or report.health) if report.outcome == "failed" else ""


def _source(one: Instance) -> Source:
    routes = [route.model_dump(mode="json") for route in one.routes]
    mark = fingerprint({"reading": one.reading_fingerprint, "routes": routes})
    connector = one.connector_class.name
    return Source(one.id, one.name, connector, str(one.settings.mode), mark[:SHORT])


def _name(row: Mapping[str, Any]) -> Name:
    return row["target"], row["kind"], row["key"]


def _steps(found: reconcile.Plan, about: Board) -> list[Line]:
    lines = []
    for one in found.steps:
        name = (one.target, one.kind, one.key)
        tile, audience = about.places[name]
        whys = _whys(about, name)
        lines.append(
            Line(
                one.action,
                one.target,
                tile,
                audience,
                one.key,
                one.before,
                one.after,
                one.blocked,
                whys,
                one.why,
            )
        )
    return lines


def _withheld(found: reconcile.Plan, about: Board) -> list[Line]:
    return [
        Line(
            "withheld",
            row["target"],
            *about.places[_name(row)],
            row["key"],
            after=row["body"],
            whys=_whys(about, _name(row)),
        )
        for row in found.withheld
    ]


def _stays(about: Board) -> list[Line]:
    return [
        Line(
            "stay",
            row.target,
            row.tile or "",
            row.audience or "",
            row.key,
            after=row.done_body,
            title=about.titles.get((row.target, row.kind, row.key), ""),
        )
        for row in about.staying
    ]


def _whys(about: Board, name: Name) -> tuple[Why, ...]:
    return tuple(
        Why(
            f"{one.instance}.{one.stream}",
            with_key(one.subject, one.name),
            one.route,
            one.seen_at,
            one.removed,
        )
        for one in about.causes[name]
    )


def _hold(row: Mapping[str, Any], about: Board, known: Collection[str]) -> Hold:
    return Hold(
        hash=row["hash"],
        instance=row["instance"],
        action=row["action"],
        size=row["size"],
        since=datetime.fromisoformat(row["opened_at"]),
        bodies=[_body(one, about) for one in row["content"] if one.get("family") != MEMBERSHIP],
        foreseen=row["hash"] not in known,
        together=row.get("together", ()),
    )


def _body(line: Mapping[str, Any], about: Board) -> Mapping[str, Any]:
    """What a line of a hold is about: the object there, the subject's state, or an address."""
    if isinstance(there := line.get("from"), dict):
        return there
    if state := about.held.get(line.get("subject", 0)):
        return dict(state)
    person = line.get("person")
    name = about.people.get(person or "") or person
    if group := line.get("name"):
        return {"name": f"{name}, {group}" if name else group}
    if name:
        return {"display_name": name}
    return {"title": short(str(line.get("key") or f"{line.get('from')} > {line.get('to')}"))}
