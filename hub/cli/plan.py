"""`hub plan`: what would change, found on a throw-away copy of the store."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli import exits
from hub.cli.looking import looked, removed
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output, local, shown, title_of
from hub.cli.plan_lines import fields_of, for_whom, line_of
from hub.cli.plan_preview import Before, pretend
from hub.cli.session import Session, complain, log_of, now, run, settings_of, veiled, working
from hub.engine import doubts, reconcile
from hub.engine.board import Board
from hub.engine.reading import Report
from hub.engine.runner import Runner
from hub.events.base import Language
from hub.render import people_words
from hub.render.people_words import why
from hub.settings import Settings
from hub.store import holds
from hub.store.store import Store, Tx
from hub.web import plan_page

EXAMPLES = examples(
    "hub plan",
    "hub plan --stored",
    "hub plan --people",
    "hub plan --html plan.html",
    "hub plan --json | jq .counts",
)
SIGNS = {"create": "+", "update": "~", "remove": "-"}
Stored = Annotated[
    bool, typer.Option("--stored", help="Ask no source: only what the store knows already.")
]

People = Annotated[bool, typer.Option("--people", help="Only persons, groups and who is in them.")]
Html = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        help="Write the plan as one page as well, for a change board; it prints on A4.",
        show_default=False,
    ),
]
PageLanguage = Annotated[
    Language | None,
    typer.Option(
        "--language", help="The page's language; hub.yaml's unless named.", show_default=False
    ),
]


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(plan)


def plan(
    *,
    stored: Stored = False,
    people: People = False,
    html: Html = None,
    language: PageLanguage = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what would change on the intranet; change nothing.

    The sources are read once into a copy of the store, which is thrown away: nothing is
    delivered, and the store itself stays as it is.
    """
    out = Output(json=json)
    code = run(_plan(out, config, stored=stored, people=people, html=html, language=language))
    if code:
        raise typer.Exit(code)


async def _plan(
    out: Output,
    config: Any,
    *,
    stored: bool,
    people: bool,
    html: Path | None,
    language: Language | None,
) -> int:
    settings = settings_of(config)
    complain(settings, out)
    if html is not None:
        plan_page.writable(html)
    with veiled(settings):
        async with copy_of(settings) as store:
            one = Session(settings, store, out, log_of(settings, "error"))
            known = {row.hash for row in await store.read(holds.all_open)}
            async with working(one) as runner:
                reports = [] if stored else await _read(out, runner)
                before = Before() if stored else await pretend(store, runner, now())
                page = html is not None
                found, about = await store.read(_facts, now(), before, people=people, page=page)
            if out.json or html is not None:
                await _looked(settings, removed(found.holds))
    if html is not None and about is not None:
        said = language or settings.hub.language
        text = plan_page.page(settings, found, about, reports, known, language=said, now=now())
        plan_page.write(html, text)
    _show(one, found, reports, known)
    if html is not None:
        out.say(f"The page for the change board: {html}")
    return _code(reports)


def _facts(
    tx: Tx, moment: datetime, before: Before, *, people: bool, page: bool
) -> tuple[reconcile.Plan, Board | None]:
    """The plan; for the page also why of each line, which costs more than all the rest."""
    if page:
        return plan_page.facts(tx, moment, people=people, waits=before.waits)
    found = before.waits(reconcile.plan(tx, moment))
    return (found.of_people() if people else found), None


async def _looked(settings: Settings, subjects: Sequence[tuple[str, str, str]]) -> None:
    """In the store itself: what is written into the copy is thrown away."""
    real = Store(settings.store)
    if subjects and real.exists():
        await looked(await real.open(), "plan", subjects)
    await real.close()


@asynccontextmanager
async def copy_of(settings: Settings) -> AsyncIterator[Store]:
    """The store as it stands, or an empty one where nothing was read yet."""
    real = Store(settings.store)
    if real.exists():
        store = await real.shadow()
        folder = None
    else:
        folder = Path(tempfile.mkdtemp(prefix="hub-plan-"))
        store = await Store(f"sqlite:///{folder / 'plan.db'}").open()
    try:
        yield store
    finally:
        await store.close()
        await real.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


async def _read(out: Output, runner: Runner) -> list[Report]:
    todo = [
        (source.id, stream.name)
        for source in runner.sources.values()
        for stream in doubts.in_order(source.connector.streams())
    ]
    reports = []
    with out.progress("reading", len(todo)) as steps:
        for instance, stream in todo:
            steps.begin(f"reading {instance}.{stream}")
            reports.append(await runner.run(instance, stream))
            steps.end()
    return reports


def _code(reports: Sequence[Report]) -> int:
    failed = {report.health for report in reports if report.outcome == "failed"}
    if failed - {"unreachable"}:
        return exits.FAILED
    return exits.TRY_AGAIN if failed else exits.OK


def _show(
    one: Session, found: reconcile.Plan, reports: Sequence[Report], known: Collection[str]
) -> None:
    shown_reports = [asdict(report) for report in reports]
    if one.out.json:
        one.out.document(reconcile.as_json(found) | {"read": shown_reports})
        return
    _show_reading(one.out, reports)
    for target in sorted({step.target for step in found.steps}):
        show_target(one, target, [step for step in found.steps if step.target == target])
    if not found.steps:
        one.out.say("Nothing would change.")
    _show_withheld(one, found.withheld)
    said = one.settings.hub.language
    show_holds(
        one.out, [row for row in found.holds if row["hash"] in known], one.zone, language=said
    )
    new = [row for row in found.holds if row["hash"] not in known]
    show_holds(one.out, new, one.zone, "Would wait for you", language=said)
    one.out.next(_next(found, reports, known))


def _show_reading(out: Output, reports: Sequence[Report]) -> None:
    for report in reports:
        name = f"{report.instance}.{report.stream}"
        if report.outcome == "failed":
            out.finding("failed", f"{name} could not be read: {report.reason}")
        else:
            out.finding("ok", f"{name} read: {shown(report.counts) or 'nothing new'}")


def show_target(one: Session, target: str, steps: Sequence[reconcile.Step]) -> None:
    """What would be done on one target, line by line."""
    number = {action: sum(step.action == action for step in steps) for action in SIGNS}
    one.out.heading(f"{target}: " + ", ".join(f"{many} to {name}" for name, many in number.items()))
    for step in steps:
        one.out.say(f"  {SIGNS[step.action]} {line_of(step, one.language)}")
        if step.why is not None:
            one.out.say(f"      {why(step.why, one.settings.hub.language)}")
        for line in fields_of(step):
            one.out.say(f"      {line}")


def _show_withheld(one: Session, found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        return
    one.out.heading(f"Withheld: {len(found)}, for audiences outside the pilot")
    for row in found:
        title = title_of(row["body"], one.language) or row["key"]
        whom = for_whom(row["body"])
        one.out.say(f'  . {row["kind"]} "{title}"{whom}, not on {row["target"]}')


def show_holds(
    out: Output,
    found: Sequence[Mapping[str, Any]],
    zone: str,
    heading: str = "Waiting for you",
    *,
    language: Language = "en",
) -> None:
    """Changes that wait for a person, one line each."""
    if not found:
        return
    out.heading(heading)
    rows = [
        [row["hash"], row["instance"], row["action"], row["size"], local(row["opened_at"], zone)]
        for row in found
    ]
    out.table(("hold", "of", "what", "size", "since"), rows)
    for row in found:
        for asked in row.get("together", ()):
            out.say(f"  {row['hash']}: {people_words.together(asked, language)}")


def decide(hold: Mapping[str, Any]) -> str:
    """How a person decides about a hold."""
    if hold["action"] in {"removal", "people", "groups"}:
        return f"`hub hold show {hold['hash']}`, then release or drop it."
    else_ = "mend the source" if hold["action"] == "attributes" else "put the old YAML back"
    return f"`hub hold show {hold['hash']}`, then release it or {else_}."


def _next(found: reconcile.Plan, reports: Sequence[Report], known: Collection[str]) -> str:
    if any(report.outcome == "failed" for report in reports):
        return "`hub check` says what to do about what could not be read."
    if waiting := [row for row in found.holds if row["hash"] in known]:
        return decide(waiting[0])
    if found.holds:
        return "correct the YAML if this is not meant; else start `hub run`, then `hub hold list`."
    if any(step.blocked == "watch" for step in found.steps):
        return "`hub run` keeps this plan true; `mode: live` in the instance's file sends it."
    if found.steps:
        return "`hub sync` does this once, `hub run` goes on doing it."
    return "`hub status` shows how everything stands."
