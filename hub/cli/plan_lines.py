"""The lines of a plan as text."""

from collections.abc import Mapping
from typing import Any

from hub.cli.output import shown, title_of
from hub.engine import reconcile
from hub.render.naming import named_there, short


def line_of(step: reconcile.Step, language: str) -> str:
    """What would be done with one object, for whom, and why not now."""
    body = step.after if step.after is not None else step.before
    state = str((body or {}).get("state", ""))
    title = (step.why or {}).get("title") or title_of(body, language)
    title = title or short(step.key)
    text = f'{step.action} {step.kind} "{title}"'
    text += f" ({state})" if state else ""
    text += for_whom(body or {})
    return text + (f", not now: {step.blocked}" if step.blocked else "")


def for_whom(body: Mapping[str, Any]) -> str:
    """The audience in a body, in words; empty where there is none."""
    audience = body.get("audience") or {}
    groups = audience.get("groups") or ()
    return f" for {' and '.join(groups) or 'everyone'}" if audience else ""


def fields_of(step: reconcile.Step) -> list[str]:
    """The fields that differ, for an update."""
    if step.action != "update":
        return []
    before, after = step.before or {}, step.after or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    names = [name for name in names if name != "sha256"]  # of a picture: says nothing to people
    people = (step.why or {}).get("names", {})
    sides = [
        [shown(named_there(one.get(name), people)) for one in (before, after)] for name in names
    ]
    return [f"{name}: {old} -> {new}" for name, (old, new) in zip(names, sides, strict=True)]
