"""What `hub people import` shows before anything is stored."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.cli.importing import Bringing
from hub.cli.output import Output, local, shown
from hub.cli.permit import permit
from hub.cli.plan import copy_of, show_holds, show_target
from hub.cli.session import Session, actor, complain, log_of, now, settings_of, veiled, working
from hub.engine import rehearsal, uploads
from hub.engine.reconcile import Step
from hub.events.base import Language
from hub.render import people_words
from hub.render.import_words import FIELD_WORDS, IMPORT_WORDS
from hub.render.imported import Screen, import_page
from hub.settings import Settings
from hub.settings.administrators import Role
from hub.store.store import Store
from hub.web import plan_page

LISTED = 50  # lines of one group


async def preview(
    out: Output, config: Any, given: Bringing, html: Path | None, language: Language | None
) -> None:
    """Show what the file would do, found on a throw-away copy of the store."""
    settings = settings_of(config)
    complain(settings, out)
    if html is not None:
        plan_page.writable(html)
    with veiled(settings):
        async with copy_of(settings) as store:
            one = Session(settings, store, out, log_of(settings, "error"))
            async with working(one) as runner:
                name, stream = uploads.taker(runner.sources, given.instance, store=False)
                await permit(one, Role.VIEWER)
                try:
                    found = await rehearsal.rehearse(runner, name, stream, given.data)
                except rehearsal.TooManyError as error:
                    _show_unreadable(out, error.rows)
                    raise
        await _looked(settings, found)
    if html is not None:
        plan_page.write(html, _page(settings, found, language or settings.hub.language))
    _show(one, found)
    if html is not None:
        out.say(f"The page: {html}")
    out.next(_next(found, given.path))


async def _looked(settings: Settings, found: Mapping[str, Any]) -> None:
    """In the store itself: what is written into the copy is thrown away."""
    real = Store(settings.store)
    if real.exists():
        await rehearsal.looked(await real.open(), found, actor(), now())
    await real.close()


def _page(settings: Settings, found: Mapping[str, Any], language: Language) -> str:
    hub = settings.hub
    screen = Screen(hub.organisation, hub.time_zone, now(), "preview", found=found)
    return import_page(screen, language=language, forms=False).html


def _next(found: Mapping[str, Any], file: Path) -> str:
    if found["same_file"]:
        return "nothing to do: this is the file that was taken last."
    if found["storable"]:
        return f"`hub people import {file} --instance {found['instance']} --yes` stores it."
    return f"put it into the folder of {found['instance']}, then `hub sync {found['instance']}`."


def _show(one: Session, found: Mapping[str, Any]) -> None:
    out, language = one.out, one.settings.hub.language
    out.document({**found, "counts": rehearsal.sizes(found)})
    form = found["file"]
    out.say(f"For {found['instance']} (mode {found['mode']}); nothing is stored.", "bold")
    out.say(
        f"  {form['encoding']}, delimiter {form['delimiter']}, headings in line "
        f"{form['headings']}, {form['rows']} rows"
    )
    if found["settings_first"]:
        out.finding("warning", IMPORT_WORDS[language]["settings_first"])
    _show_columns(out, found, language)
    _show_unreadable(out, found["unreadable"])
    if found["forgotten"]:
        out.finding("ok", f"left out, because they were forgotten: {found['forgotten']}")
    for title, name, line in _GROUPS:
        _show_group(one, f"{title}: {len(found[name])}", found[name], line)
    out.say()
    out.say(f"Unchanged: {found['same']}.")
    _show_targets(one, found["plan"])


def _show_unreadable(out: Output, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows[:LISTED]:
        out.finding("warning", row["reason"])
    _more(out, rows)


def _show_columns(out: Output, found: Mapping[str, Any], language: Language) -> None:
    words, fields = IMPORT_WORDS[language], FIELD_WORDS[language]
    rows = [
        [
            one["heading"],
            ", ".join(
                [fields.get(one["field"], one["field"])] * bool(one["field"])
                + [words["is_key"]] * (one["heading"] in found["key"])
            )
            or words["not_read"],
        ]
        for one in found["columns"]
    ]
    out.table(("column", "taken for"), rows)


def _show_group(one: Session, title: str, rows: Sequence[Mapping[str, Any]], line: Any) -> None:
    if not rows:
        return
    one.out.heading(title)
    for row in rows[:LISTED]:
        one.out.say(f"  {row['name'] or row['account']} ({row['account']})")
        for text in line(row, one.settings.hub.language, one.zone):
            one.out.say(f"      {text}")
    _more(one.out, rows)


def _more(out: Output, rows: Sequence[Any]) -> None:
    if len(rows) > LISTED:
        out.say(f"  and {len(rows) - LISTED} more; `--json` shows all.")


def _nothing(_row: Mapping[str, Any], _language: Language, _zone: str) -> list[str]:
    return []


def _why(row: Mapping[str, Any], language: Language) -> str:
    signs = people_words.signs(row["evidence"], language)
    return people_words.tier(row["tier"], language) + (f" ({signs})" if signs else "")


def _linked(row: Mapping[str, Any], language: Language, _zone: str) -> list[str]:
    return [f"is {row['person_name']} ({row['person'][:8]}): {_why(row, language)}"]


def _doubtful(row: Mapping[str, Any], language: Language, _zone: str) -> list[str]:
    return [
        f"may be {one['name']} ({one['person'][:8]}): {_why(one, language)}"
        for one in row["persons"]
    ]


def _changed(row: Mapping[str, Any], language: Language, zone: str) -> list[str]:
    names, words = FIELD_WORDS[language], IMPORT_WORDS[language]
    return [
        f"{names.get(name, name)}: "
        + (
            words["hidden"]
            if (old, new) == (None, None)
            else f"{_value(old, name, zone)} -> {_value(new, name, zone)}"
        )
        for name, (old, new) in row["fields"].items()
    ]


def _value(value: Any, name: str, zone: str) -> str:
    return local(value, zone) if name in {"starts", "ends"} else shown(value)


def _absent(row: Mapping[str, Any], language: Language, _zone: str) -> list[str]:
    return [IMPORT_WORDS[language][f"follows_{row['follows']}"]]


_GROUPS = (
    ("New", "new", _nothing),
    ("Linked to somebody", "linked", _linked),
    ("Doubtful, would wait for `hub people review`", "doubtful", _doubtful),
    ("Changed", "changed", _changed),
    ("Back", "back", _nothing),
    ("Not in the file", "absent", _absent),
)


def _show_targets(one: Session, plan: Mapping[str, Any]) -> None:
    steps = [Step(**step) for step in plan["steps"]]
    for target in sorted({step.target for step in steps}):
        show_target(one, target, [step for step in steps if step.target == target])
    show_holds(one.out, plan["holds"], one.zone, "Would wait for you")
