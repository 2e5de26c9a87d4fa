"""`hub new-connector` and `hub new-target`: a package of one's own, red until it is filled in."""

import re
import shlex
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from jinja2 import Environment, StrictUndefined

from hub.cli.options import JsonOption, UnusedConfigOption, examples
from hub.cli.output import Output
from hub.registry import Group, Registry
from hub.testing.quality import Kind, rules_of

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 24  # characters of a name, so that every generated line stays short
SUFFIX = ".template"
FORM = Environment(
    autoescape=False,  # noqa: S701  Python, TOML, YAML and Markdown, of a name that is checked
    trim_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
)  # nosec B701
GROUPS: Mapping[Kind, Group] = {"connector": Group.CONNECTORS, "target": Group.TARGETS}

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="As in YAML: lower-case letters, digits, hyphens.")
]
IntoOption = Annotated[
    Path, typer.Option(metavar="DIR", help="The package becomes a new folder in DIR.")
]


def add(app: typer.Typer, name: str) -> None:
    """Add the command of this name."""
    command, example = (
        (new_connector, "parking") if name == "new-connector" else (new_target, "kiosk")
    )
    lines = [f"hub {name} {example}", f"hub {name} {example} --into ~/src --json"]
    if name == "new-connector":
        lines.append(f"hub {name} {example} --deltas --hints")
    app.command(name, epilog=examples(*lines))(command)


def new_connector(
    name: NameArgument,
    *,
    into: IntoOption = Path(),
    deltas: Annotated[
        bool, typer.Option("--deltas", help="The source can say what changed since a position.")
    ] = False,
    hints: Annotated[
        bool, typer.Option("--hints", help="The source can call the hub when something changed.")
    ] = False,
    config: UnusedConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Begin a package for a connector of your own.

    Nothing is overwritten. Its contract test is red until it is filled in, and says what comes
    next. It lives outside the
    hub: installed beside it, it is found by its entry point.
    """
    del config
    _make("connector", name, into, Output(json=json), deltas=deltas, hints=hints)


def new_target(
    name: NameArgument,
    *,
    into: IntoOption = Path(),
    config: UnusedConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Begin a package for a target of your own.

    Nothing is overwritten. Its contract test is red until it is filled in, and says what comes
    next. It lives outside the
    hub: installed beside it, it is found by its entry point.
    """
    del config
    _make("target", name, into, Output(json=json))


def _make(kind: Kind, name: str, into: Path, out: Output, **chosen: bool) -> None:
    _check_name(kind, name)
    words = _words(kind, name)
    folder = into / words["dist"]
    texts = {folder / path: text for path, text in _texts(kind, words, chosen)}
    _write(texts)
    out.document({"folder": str(folder), "written": list(map(str, texts))})
    for path in texts:
        out.say(f"wrote {path}")
    test = shlex.quote(f"{folder.absolute()}[test]")
    out.next(f"`pip install -e {test}`, then `pytest {shlex.quote(str(folder))}`.")


def _check_name(kind: Kind, name: str) -> None:
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise typer.BadParameter(
            f"{name!r} can't be a name: use lower-case letters, digits and single hyphens, a "
            f"letter first, at most {LONGEST}, such as parking-lots."
        )
    taken = Registry.discover().find(GROUPS[kind], name)
    if taken is not None:
        owner = taken.dist or "another package"
        raise typer.BadParameter(f"There is a {kind} {name} already, from {owner}: choose another.")


def _words(kind: Kind, name: str) -> dict[str, str]:
    dist = f"intranet-hub-{name}" + ("-target" if kind == "target" else "")
    return {
        "name": name,
        "dist": dist,
        "package": dist.replace("-", "_"),
        "cls": "".join(part.capitalize() for part in name.split("-")),
        "env": name.replace("-", "_").upper(),
        "version": version("intranet-hub"),
    }


def _texts(
    kind: Kind, words: Mapping[str, str], chosen: Mapping[str, bool]
) -> Iterator[tuple[Path, str]]:
    for path, template in _templates(files("hub.cli") / "scaffolds" / kind):
        place = Path(words["package"], *path.parts[1:]) if path.parts[0] == "package" else path
        yield place, FORM.from_string(template).render(words, **chosen)
    yield Path(words["package"], "quality.yaml"), _promises(kind)


def _templates(folder: Traversable, above: Path = Path()) -> Iterator[tuple[Path, str]]:
    for one in sorted(folder.iterdir(), key=lambda found: found.name):
        if one.is_dir():
            yield from _templates(one, above / one.name)
        elif one.name.endswith(SUFFIX):
            yield above / one.name.removesuffix(SUFFIX), one.read_text("utf-8")


def _promises(kind: Kind) -> str:
    """Every rule, still to do."""
    lines = [
        "# What is promised: done (shown_by: tests), todo, or exempt (with a reason).",
        f"kind: {kind}",
        "rules:",
    ]
    for group, rules in groupby(rules_of(kind), key=lambda rule: rule.group):
        lines.append(f"  # {group}")
        for rule in rules:
            lines += [f"  {rule.name}: # {rule.text}", "    status: todo"]
    return "\n".join(lines) + "\n"


def _write(texts: Mapping[Path, str]) -> None:
    """All files, or none when one of them is there already."""
    there = next((path for path in texts if path.exists()), None)
    if there is not None:
        raise typer.BadParameter(f"{there} is there already: nothing was written.")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise typer.BadParameter(f"{error.filename} can't be written: {error.strerror}.") from error
