"""`hub disturbance`: what a person types when a source itself is down."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hub.cli.options import ConfigOption, JsonOption, TimeoutOption, examples
from hub.cli.output import Output, local, title_of
from hub.cli.permit import permit
from hub.cli.session import TIMEOUT, Session, actor, now, run, session
from hub.contract import Receives
from hub.engine import reconcile
from hub.errors import BadConfigError
from hub.events.base import Family
from hub.people.guests import CONNECTOR as GUESTS
from hub.settings import Settings
from hub.store import ledger, subjects
from hub.store.store import Tx

STREAM = "disturbances"
MOMENT = "14:30 (today), or 2026-11-23T14:30"

Title = Annotated[str | None, typer.Option(help="What does not work, in Dutch.")]
TitleEn = Annotated[str | None, typer.Option(help="The same in English.")]
Workaround = Annotated[str | None, typer.Option(help="What staff can do meanwhile, in Dutch.")]
WorkaroundEn = Annotated[str | None, typer.Option(help="The same in English.")]
Expected = Annotated[str | None, typer.Option(help=f"When it should be solved: {MOMENT}.")]
Since = Annotated[str | None, typer.Option(help=f"When it began: {MOMENT}. Default: now.")]
NewSince = Annotated[str | None, typer.Option("--since", help=f"When it began: {MOMENT}.")]
Branch = Annotated[str | None, typer.Option(help="The site, for audiences by branch.")]
Category = Annotated[str | None, typer.Option(help="The kind of service, in Dutch.")]
CategoryEn = Annotated[str | None, typer.Option(help="The same in English.")]
Instance = Annotated[
    str | None, typer.Option(help="Which instance takes it; needed when several can.")
]
Key = Annotated[str, typer.Argument(metavar="ID", help="As `hub disturbance list` shows it.")]

POST = 'hub disturbance post --title "Telefonie ligt eruit" --title-en "Phones down"'


def add(app: typer.Typer, name: str) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Post, change or end a disturbance by hand.",
        epilog=examples(POST, "hub disturbance end telefonie-ligt-eruit"),
    )
    later = "hub disturbance update telefonie-ligt-eruit --expected 14:30"
    group.command("post", epilog=examples(POST))(post)
    group.command("update", epilog=examples(later))(update)
    group.command("end", epilog=examples("hub disturbance end telefonie-ligt-eruit"))(end)
    group.command("list", epilog=examples("hub disturbance list --json"))(list_)
    app.add_typer(group, name=name)


def post(
    *,
    title: Title = None,
    title_en: TitleEn = None,
    key: Annotated[
        str | None, typer.Option("--id", help="Its name in later commands; default: the title's.")
    ] = None,
    workaround: Workaround = None,
    workaround_en: WorkaroundEn = None,
    expected: Expected = None,
    since: Since = None,
    branch: Branch = None,
    category: Category = None,
    category_en: CategoryEn = None,
    instance: Instance = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Post a new disturbance. A title in one language is enough."""
    if not (title or title_en):
        raise typer.BadParameter("A new disturbance needs --title, --title-en or both.")
    name = key or slug(title or title_en or "")
    fields = {
        "title": _texts(title, title_en),
        "workaround": _texts(workaround, workaround_en),
        "category": _texts(category, category_en),
        "branch": branch,
    }
    order = {"action": "post", "id": name} | fields
    times = {"expected_at": expected, "since": since}
    run(_send(Output(json=json), config, order, times, instance=instance, timeout=timeout))


def update(
    key: Key,
    *,
    title: Title = None,
    title_en: TitleEn = None,
    workaround: Workaround = None,
    workaround_en: WorkaroundEn = None,
    expected: Expected = None,
    since: NewSince = None,
    branch: Branch = None,
    category: Category = None,
    category_en: CategoryEn = None,
    instance: Instance = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """Change a disturbance; what is not given stays as it was."""
    order = {
        "action": "update",
        "id": key,
        "title": _texts(title, title_en),
        "workaround": _texts(workaround, workaround_en),
        "category": _texts(category, category_en),
        "branch": branch,
    }
    times = {"expected_at": expected, "since": since}
    run(_send(Output(json=json), config, order, times, instance=instance, timeout=timeout))


def end(
    key: Key,
    *,
    instance: Instance = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    timeout: TimeoutOption = TIMEOUT,
) -> None:
    """End a disturbance: its row says solved, and leaves later."""
    order = {"action": "end", "id": key}
    run(_send(Output(json=json), config, order, {}, instance=instance, timeout=timeout))


async def _send(
    out: Output,
    config: Any,
    order: Mapping[str, Any],
    times: Mapping[str, str | None],
    *,
    instance: str | None,
    timeout: float,
) -> None:
    async with session(config, out) as one:
        name = receiver(one.settings, instance)
        await permit(one, instances=[name])
        moments = {field: moment(text, one.zone) for field, text in times.items() if text}
        data = {"at": now().isoformat()} | dict(order) | moments
        data = {field: value for field, value in data.items() if value is not None}
        body = {"instance": name, "stream": STREAM, "data": data, "actor": actor()}
        result = await one.ask("receive", body, timeout)
        mode = next(i.settings.mode for i in one.settings.instances if i.id == name)
        late = await one.store.read(_late, name) if mode in ledger.SENDING else []
    out.document({"id": order["id"], "instance": name, "mode": str(mode)} | result)
    out.say(f"{order['action']}: {order['id']} ({name}, mode {mode})")
    for target in late:
        out.warn(f"{target} did not take it yet; it is tried again. `hub status` says why.")
    out.next(_next(order, str(mode)))


def _late(tx: Tx, name: str) -> list[str]:
    """Targets that something of this instance still waits for."""
    rows = reconcile.status(tx)["objects"]
    return sorted({row["target"] for row in rows if row["instance"] == name and row["ahead"]})


def _next(order: Mapping[str, Any], mode: str) -> str:
    if mode not in ledger.SENDING:
        return "`hub plan --stored` shows it; with `mode: live` in its file it is published."
    if order["action"] == "end":
        return "nothing to do: the tile says solved, and the line leaves by itself."
    return f"`hub disturbance end {order['id']}` when it is over."


def receiver(settings: Settings, name: str | None) -> str:
    """The instance that takes disturbances.

    Raises:
        BadConfigError: there is none, or several and none was named.
    """
    able = _able(settings)
    if not able:
        raise BadConfigError(
            "No instance takes disturbances by hand: write a file `manual.yaml` with "
            "`connector: manual` beside the other instances (`hub init` does so)."
        )
    if name is not None and name not in able:
        raise typer.BadParameter(f"{name} takes no disturbances; these do: {', '.join(able)}.")
    if name is None and len(able) > 1:
        raise typer.BadParameter(f"Several instances can take it: say --instance {'|'.join(able)}.")
    return name or able[0]


def _able(settings: Settings) -> list[str]:
    """Those that take data by request, without those that take guests."""
    found = [i for i in settings.instances if issubclass(i.connector_class, Receives)]
    return sorted(i.id for i in found if i.settings.connector != GUESTS)


def moment(text: str, zone: str) -> str:
    """A typed moment as ISO 8601 with an offset; without one it is the organisation's clock.

    Raises:
        typer.BadParameter: it can't be read.
    """
    local_zone = ZoneInfo(zone)
    day = now().astimezone(local_zone).date().isoformat()
    full = f"{day}T{text.zfill(5)}" if re.fullmatch(r"\d{1,2}:\d\d", text) else text
    try:
        read = datetime.fromisoformat(full)
    except ValueError:
        raise typer.BadParameter(f"{text} is no moment: write {MOMENT}.") from None
    return (read if read.tzinfo else read.replace(tzinfo=local_zone)).isoformat()


def slug(title: str) -> str:
    """A short name made of a title: letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:48].strip("-") or "disturbance"


def _texts(dutch: str | None, english: str | None) -> dict[str, str] | None:
    given = {"nl": dutch, "en": english}
    return {language: text for language, text in given.items() if text} or None


def list_(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List disturbances that were typed in, with their names."""
    run(_list(Output(json=json), config))


async def _list(out: Output, config: Any) -> None:
    async with session(config, out, made=True) as one:
        rows = await one.store.read(_typed_in, _able(one.settings))
        out.document(rows)
        columns = ("id", "instance", "title", "state", "since", "expected")
        out.table(columns, [_cells(one, row) for row in rows])
    if not rows:
        out.say("None.")
    out.next("`hub disturbance update ID ...` or `hub disturbance end ID`.")


def _typed_in(tx: Tx, instances: list[str]) -> list[dict[str, Any]]:
    return [
        {"id": row.key, "instance": name} | dict(row.state or {})
        for name in instances
        for row in subjects.live(tx, name, [str(Family.INCIDENT)])
    ]


def _cells(one: Session, row: Mapping[str, Any]) -> list[Any]:
    since, expected = (local(row.get(name), one.zone) for name in ("since", "expected_at"))
    title = title_of(row, one.language)
    return [row["id"], row["instance"], title, row.get("state"), since, expected]
