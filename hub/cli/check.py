"""`hub check`: files, sources and targets, one line each, and what to do."""

import asyncio
import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer

from hub.cli import exits
from hub.cli.inviting import address_of_hub
from hub.cli.mail import checked
from hub.cli.options import ConfigOption, JsonOption, examples
from hub.cli.output import Output
from hub.cli.pen import Steps
from hub.cli.plan import decide
from hub.cli.session import log_of, now, run, settings_of
from hub.cli.status import call_addresses
from hub.contract import Connector, Finding, Serves, Target
from hub.engine.assemble import assemble
from hub.engine.reconcile import shown_hold
from hub.errors import HubError
from hub.events.objects import Kind
from hub.registry import Plugin, Registry
from hub.settings import ConfigProblems, Problem, Settings
from hub.store import holds, streams
from hub.store.store import Store, Tx
from hub.telemetry import Veil
from hub.web.personal_check import findings as personal_findings

EXAMPLES = examples("hub check", "hub check --offline", "hub check --json | jq .problems")
PATIENCE = 60.0  # seconds for one source or target

Offline = Annotated[
    bool, typer.Option("--offline", help="Only files and store; reach no source and no target.")
]


@dataclass
class Checked:
    """What a check found.

    Attributes:
        findings: per instance or target, by its id.
        orphaned: instances that the store knows and that have no file.
        lonely: the files are good, and not one of them is an instance.
    """

    problems: Sequence[Problem] = ()
    plugins: Sequence[Plugin] = ()
    findings: dict[str, Sequence[Finding]] = field(default_factory=dict)
    holds: Sequence[dict[str, Any]] = ()
    orphaned: Sequence[str] = ()
    lonely: bool = False

    @property
    def code(self) -> int:
        """The exit code: 78 for files, 1 for what failed."""
        if self.problems:
            return exits.CONFIGURATION
        levels = {one.level for found in self.findings.values() for one in found}
        return exits.FAILED if "failed" in levels else exits.OK


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, epilog=EXAMPLES)(check)


def check(
    *, offline: Offline = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Check files, sources and targets, and say what to do.

    Changes nothing. Exit code 78 when a file is wrong, 1 when a source or target failed.
    """
    out = Output(json=json)
    found = run(_check(out, config, offline=offline))
    out.document(_document(found))
    _show(out, found)
    if found.code:
        raise typer.Exit(found.code)


async def _check(out: Output, config: Any, *, offline: bool) -> Checked:
    try:
        settings = settings_of(config)
    except ConfigProblems as error:
        return Checked(problems=error.problems)
    found = Checked(settings.problems, _broken())
    found.lonely = not (settings.instances or settings.problems)
    if not offline:
        found.findings = await _findings(out, settings)
        if settings.mail is not None:
            found.findings["mail"] = [await checked(settings.mail)]
        if settings.hub.personal.login is not None:
            found.findings["personal pages"] = await personal_findings(settings, now)
    for name, one in _doors(settings):
        found.findings[name] = [*found.findings.get(name, ()), one]
    store = Store(settings.store)
    if store.exists():
        known = {one.id for one in settings.instances}
        await store.open()
        found.holds, found.orphaned = await store.read(_waiting, known)
    await store.close()
    return found


def _doors(settings: Settings) -> Iterator[tuple[str, Finding]]:
    """Where an instance may be called and codes are typed, and whether anybody can reach that."""
    for one in call_addresses(settings):
        yield f"instance {one['instance']}", _reached(settings, f"{one['kind']}: {one['shown']}")
    if settings.hub.people.invitations is not None:
        yield "invitations", _reached(settings, f"codes are typed at {address_of_hub(settings)}")
    for shut in settings.instances:
        if issubclass(shut.connector_class, Serves) and shut.settings.receive is None:
            advice = (
                "add `receive: {secret: ${env:NAME}}` to its file, and give the caller the same"
            )
            yield f"instance {shut.id}", Finding("failed", "nobody can call it: no secret", advice)


def _reached(settings: Settings, what: str) -> Finding:
    """An address, and whether anybody can reach it as it is."""
    if settings.hub.web.public_url is not None:
        return Finding("ok", what)
    advice = "set `web.public_url` in hub.yaml: others can't reach this address as it is"
    return Finding("warning", what, advice)


def _broken() -> list[Plugin]:
    return [one for one in Registry.discover().plugins if not one.ready]


def _waiting(tx: Tx, known: set[str]) -> tuple[list[dict[str, Any]], list[str]]:
    lost = sorted(set(streams.instances(tx)) - known)
    return [shown_hold(row) for row in holds.all_open(tx)], lost


async def _findings(out: Output, settings: Settings) -> dict[str, Sequence[Finding]]:
    """Every source and target is asked, side by side."""
    store = Store(settings.store)
    runner = await assemble(settings, store, now=now, log=log_of(settings, "error"))
    try:
        parts: dict[str, Connector[Any] | Target[Any]] = {
            f"instance {one.id}": one.connector for one in runner.sources.values()
        }
        parts |= {f"target {name}": target for name, target in runner.targets.items()}
        with out.progress("asking sources and targets", len(parts)) as steps:
            each = await asyncio.gather(*(_asked(one, steps) for one in parts.values()))
        found = dict(zip(parts, each, strict=True))
        for name, target in runner.targets.items():
            found[f"target {name}"] = await _with_groups(
                found[f"target {name}"], name, target, settings
            )
        return {name: _veiled(each, Veil(settings.secrets)) for name, each in found.items()}
    finally:
        await runner.close()
        await store.close()


def _veiled(found: Sequence[Finding], veil: Veil) -> list[Finding]:
    return [Finding(one.level, veil(one.what), veil(one.advice)) for one in found]


async def _asked(one: Connector[Any] | Target[Any], steps: Steps) -> Sequence[Finding]:
    """A plug-in's own check; its faults are findings too."""
    try:
        return await asyncio.wait_for(one.check(), PATIENCE)
    except TimeoutError:
        advice = "look whether it can be reached from this machine"
        return [Finding("failed", f"no answer within {PATIENCE:.0f} seconds", advice)]
    except HubError as error:
        return [Finding("failed", f"its check stopped: {error}", exits.advice(error))]
    except Exception as error:  # noqa: BLE001  a plug-in's bug must not hide the other findings
        # only the kind: the text of a foreign error may quote a password
        fault = f"its check broke: {type(error).__name__}"
        return [Finding("failed", fault, "report this to the maker of the plug-in")]
    finally:
        steps.end()


async def _with_groups(
    found: Sequence[Finding], name: str, target: Target[Any], settings: Settings
) -> Sequence[Finding]:
    """And the audiences that nobody on this intranet would see, and pictures that it does not take."""
    if any(one.level == "failed" for one in found):
        return found
    try:
        can = await asyncio.wait_for(target.capabilities(), PATIENCE)
    except Exception:  # noqa: BLE001  it answered a moment ago, and its check says how it stands
        return found
    if name in settings.hub.people.photos and Kind.PHOTO not in can.kinds:
        advice = "leave it out of `people.photos` in hub.yaml: nothing else of people is hindered"
        found = [*found, Finding("warning", "it takes no pictures of people", advice)]
    if (known := can.groups) is None:
        return found
    routes = [route for one in settings.instances for route in one.routes if name in route.targets]
    asked = {group for route in routes for group in route.members.groups or ()}
    return [*found, *(_missing(group, known) for group in sorted(asked - known))]


def _missing(group: str, known: Collection[str]) -> Finding:
    near = difflib.get_close_matches(group, known, 1)
    meant = f"did you mean `{near[0]}`? " if near else ""
    return Finding(
        "failed",
        f"the group `{group}` of `audiences` does not exist on this intranet",
        f"{meant}correct `audiences` in hub.yaml, or make the group",
    )


def _document(found: Checked) -> dict[str, Any]:
    return {
        "ok": found.code == exits.OK,
        "problems": [asdict(problem) for problem in found.problems],
        "plugins": [
            {"group": one.group.value, "name": one.name, "state": one.state, "reason": one.reason}
            for one in found.plugins
        ],
        "findings": {name: [asdict(one) for one in each] for name, each in found.findings.items()},
        "holds": found.holds,
        "orphaned": found.orphaned,
    }


def _show(out: Output, found: Checked) -> None:
    _show_files(out, found)
    for name, findings in found.findings.items():
        out.heading(name)
        for one in findings:
            out.finding(one.level, one.what, one.advice)
    if found.holds or found.orphaned:
        out.heading("waiting")
    for row in found.holds:
        what = f"hold {row['hash']} of {row['instance']} ({row['action']}, {row['size']})"
        out.finding("warning", what, f"hub hold show {row['hash']}")
    for name in found.orphaned:
        advice = f"put its file back, or take its objects away: hub withdraw --instance {name}"
        out.finding("warning", f"{name} has no usable file; nothing of it is withdrawn", advice)
    out.next(_next(found))


def _show_files(out: Output, found: Checked) -> None:
    out.say("files", "bold")
    for problem in found.problems:
        spot = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
        what = f"{problem.where} {problem.message}".strip()
        out.finding("failed", f"{spot}: {what}", problem.advice)
    if not found.problems:
        out.finding("ok", "the YAML files can be used")
    if found.lonely:
        out.finding("warning", "no instance is configured", "`hub init` writes a first one")
    for one in found.plugins:
        fault = f"plug-in {one.name} of {one.dist or 'an unknown package'}: {one.reason}"
        out.finding("warning", fault, "reinstall or remove that package")


def _next(found: Checked) -> str:
    if found.problems:
        return "correct the lines above, then run `hub check` again."
    if found.code:
        return "do what the arrows say, then run `hub check` again."
    if found.holds:
        return decide(found.holds[0])
    return "`hub plan` shows what would change on the intranet."
