"""The frame of pages that stand by themselves: whose they are, the other language, one column."""

from typing import Any

from markupsafe import Markup

from hub.events.base import Language
from hub.render.policy import policy
from hub.render.tile import Page, asset, templates


class Frame:
    """One kind of page: its style and script, and the policy that allows just these.

    Args:
        kind: the name of its style sheet, and of the class of its body.
        script: the name of its script; None: it has none.
    """

    def __init__(self, kind: str, script: str | None = None) -> None:
        self._kind = kind
        self._style = "\n".join(map(asset, ("tile.css", "page.css", f"{kind}.css")))
        self._script = None if script is None else asset(script)
        self._policy = policy(
            style=self._style, script=self._script, frame_ancestors=(), forms=True, reads=False
        )

    def page(self, template: str, *, language: Language, **rest: Any) -> Page:
        """A page, from a template that extends `page.html`.

        Args:
            template: its name.
            language: what it is written in.
            rest: what it shows: `organisation` and `heading` for the frame, and its own.
        """
        html = (
            templates()
            .get_template(template)
            .render(
                kind=self._kind,
                language=language,
                other="en" if language == "nl" else "nl",
                style=Markup(self._style),  # noqa: S704  # nosec B704  # our own file
                script=self._script and Markup(self._script),  # noqa: S704  # nosec B704  # the same
                **rest,
            )
        )
        return Page(html, self._policy)
