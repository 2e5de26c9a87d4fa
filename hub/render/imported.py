"""What a file of people would do, as a page: to look at, and to bring one without any script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from markupsafe import Markup

from hub.errors import Coded
from hub.events.base import Language
from hub.render import people_words
from hub.render.catalogue import CATALOGUE
from hub.render.clock import Clock, zone
from hub.render.file_words import told
from hub.render.import_words import FIELD_WORDS, IMPORT_WORDS
from hub.render.policy import digest
from hub.render.tile import Page, asset, templates
from hub.render.typed import typed

GROUPS = ("new", "linked", "doubtful", "changed", "back", "absent")
COUNTED = (*GROUPS, "unreadable", "same")
HUES: Mapping[str, str] = {
    "new": "create", "linked": "update", "doubtful": "hold", "changed": "update",
    "back": "create", "absent": "hold", "unreadable": "remove", "same": "",
}  # fmt: skip
SIGNS: Mapping[str, str] = {"create": "+", "update": "~", "remove": "\N{MINUS SIGN}"}
LISTED = 500  # lines of one group on a page

Step = Literal["secret", "choose", "preview", "done", "again"]


@dataclass(frozen=True, slots=True)
class Screen:
    """One page of bringing a file.

    Attributes:
        step: secret: who brings it; choose: which file; preview: what it would do; done: it is stored;
            again: it can't go on here.
        here: where the forms lead, relative to the page; empty: it has none.
        back: where another file is chosen; empty: nowhere.
        problem: the name of a text that says what went wrong; empty: nothing did.
        detail: more about it, in English.
        coded: what the detail says, for other languages; None: only the detail does.
        rows: those that can't be read, where that is what went wrong.
        most: the most megabytes of a file.
        found: what a file would do, as `hub.engine.rehearsal` gives it.
        outcome: of a stored one: `complete`, `same` or `previewed`.
        held: whether something waits for an administrator.
    """

    organisation: str
    time_zone: str
    made_at: datetime
    step: Step
    here: str = ""
    back: str = ""
    problem: str = ""
    detail: str = ""
    coded: Coded | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    most: int = 0
    found: Mapping[str, Any] | None = None
    outcome: str = ""
    held: bool = False


def import_page(screen: Screen, *, language: Language, forms: bool = True) -> Page:
    """The page, with the policy that it must be served with.

    Args:
        screen: what it shows.
        language: of its texts.
        forms: whether it may send anything; a page on a disk may not.

    Raises:
        BadConfigError: the time zone can't be used.
    """
    style = asset("plan.css") + "\n" + asset("import.css")
    target = "'self'" if forms else "'none'"
    csp = f"default-src 'none'; style-src {digest(style)}; base-uri 'none'; form-action {target}"
    clock = Clock(screen.made_at, zone(screen.time_zone), CATALOGUE[language], dated=True)
    say = _Say(IMPORT_WORDS[language], FIELD_WORDS[language], language, clock)
    html = (
        templates()
        .get_template("import.html")
        .render(
            language=language,
            style=Markup(style),  # noqa: S704  # nosec B704  # ours
            policy=None if forms else csp,
            words=say.words,
            typed=typed,
            say=say,
            screen=screen,
            found=screen.found,
            title=_title(screen, say.words),
            counted=COUNTED,
            groups=GROUPS,
            hues=HUES,
            signs=SIGNS,
            listed=LISTED,
        )
    )
    return Page(html, f"{csp}; frame-ancestors 'none'")


def _title(screen: Screen, words: Mapping[str, str]) -> str:
    if screen.step == "done":
        titles = {"same": "same_title", "previewed": "waits_title"}
        return words[titles.get(screen.outcome, "done_title")]
    return words["preview_title" if screen.step == "preview" else "title"]


@dataclass(frozen=True, slots=True)
class _Say:
    """Values in the page's language, on the organisation's clock."""

    words: Mapping[str, str]
    fields: Mapping[str, str]
    language: Language
    clock: Clock

    def many(self, found: Mapping[str, Any], name: str) -> int:
        """How many of a group."""
        rows = found[name]
        return rows if isinstance(rows, int) else len(rows)

    def field(self, name: str) -> str:
        """A field's name for people."""
        return self.fields.get(name, name)

    def column(self, heading: str, field: str | None, key: Sequence[str]) -> str:
        """What a column was taken for."""
        named = [self.field(field)] if field else []
        named += [self.words["is_key"]] if heading in key else []
        return ", ".join(named) or self.words["not_read"]

    def why(self, row: Mapping[str, Any]) -> str:
        """What a link or a question rests on."""
        signs = people_words.signs(row["evidence"], self.language)
        return people_words.tier(row["tier"], self.language) + (f" ({signs})" if signs else "")

    def unreadable(self, row: Mapping[str, Any]) -> tuple[str, Language]:
        """Why a row can't be read, and the language that this is in."""
        coded = Coded(row.get("code", ""), row.get("values", {}))
        return told(row["reason"], coded, self.language)

    def detail(self, screen: Screen) -> tuple[str, Language]:
        """More about what went wrong, and the language that this is in."""
        return told(screen.detail, screen.coded, self.language)

    def whose(self, text: str, person: str, name: str | None, row: Mapping[str, Any]) -> str:
        """Whose an account is or may be, and why."""
        return text.format(person=f"{name or '?'} ({person[:8]})", why=self.why(row))

    def differences(self, fields: Mapping[str, Sequence[Any]]) -> list[tuple[str, str, str]]:
        """Field, before, after; of what is never shown only that it changed."""
        return [
            (self.field(name), self._value(old), self._value(new))
            if (old, new) != (None, None)
            else (self.field(name), "", self.words["hidden"])
            for name, (old, new) in fields.items()
        ]

    def _value(self, value: Any) -> str:
        if value is None:
            return self.words["empty"]
        if isinstance(value, bool):
            return self.words["yes" if value else "no"]
        return str(value)

    def by_target(self, steps: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Any]]]:
        """Lines of the plan by target."""
        names = sorted({str(one["target"]) for one in steps})
        return [(name, [one for one in steps if one["target"] == name]) for name in names]

    def name_of(self, step: Mapping[str, Any]) -> str:
        """Whom or what a line of the plan is about."""
        body = step["after"] or step["before"] or {}
        return str(body.get("display_name") or body.get("name") or step["key"])

    def person(self, step: Mapping[str, Any]) -> str:
        """Why an account is made, changed or taken away; empty where nobody asked."""
        return people_words.why(step["why"], self.language) if step["why"] else ""
