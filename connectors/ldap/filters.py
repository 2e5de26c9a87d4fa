"""Filters (RFC 4515) put together so that no part can break out of its place. Pure."""

_ITEM = "="


def whole(condition: str) -> bool:
    """Whether the text is exactly one filter: brackets in pairs, an operator with what it needs."""
    try:
        return _filter(condition, 0) == len(condition)
    except IndexError:
        return False


def both(*conditions: str | None) -> str:
    """All of them must be true; None is no condition."""
    given = [one for one in conditions if one]
    return given[0] if len(given) == 1 else f"(&{''.join(given)})"


def any_of(*conditions: str) -> str:
    """One of them must be true."""
    return conditions[0] if len(conditions) == 1 else f"(|{''.join(conditions)})"


def _filter(text: str, at: int) -> int:
    """Where the filter that begins here ends; -1 where none does."""
    if text[at] != "(":
        return -1
    operator = text[at + 1]
    if operator in "&|":
        return _list(text, at + 2)
    if operator == "!":
        end = _filter(text, at + 2)
        return _closed(text, end)
    return _item(text, at + 1)


def _list(text: str, at: int) -> int:
    end = _filter(text, at)
    while end > 0 and text[end] == "(":
        end = _filter(text, end)
    return _closed(text, end)


def _closed(text: str, at: int) -> int:
    return at + 1 if at > 0 and text[at] == ")" else -1


def _item(text: str, at: int) -> int:
    end = at
    while text[end] != ")":
        if text[end] in "(\x00":
            return -1
        end += 1
    name, equals, _ = text[at:end].partition(_ITEM)
    return end + 1 if name.strip() and equals else -1
