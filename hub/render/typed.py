"""What somebody types or finds, inside a text: it stands in backticks."""

import re

from markupsafe import Markup, escape

_TYPED = re.compile(r"`([^`]+)`")


def typed(text: str) -> Markup:
    """The text for a page, escaped, with what stands in backticks as code."""
    return Markup(_TYPED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # nosec B704  # escaped
