"""What is wrong with a YAML file: where, what, and what to do; pydantic's words made plain."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.errors import BadConfigError

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that an administrator has to correct.

    Attributes:
        file: as seen from the folder of hub.yaml, or `environment`.
        line: counted from 1; None where no line can be named.
        where: the dotted path of the key, or the environment variable.
        message: what is wrong; never a value that may be secret.
        advice: what to do.
    """

    file: str
    line: int | None
    where: str
    message: str
    advice: str

    def __str__(self) -> str:
        spot = self.file if self.line is None else f"{self.file}:{self.line}"
        subject = f"{self.where}: " if self.where else ""
        return f"{spot}: {subject}{self.message}; {self.advice}"


class ConfigProblems(BadConfigError):  # noqa: N818  # named after what it carries
    """The configuration can't be used; one readable line per problem.

    Attributes:
        problems: in the order of the files and lines.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


def dotted(place: Iterable[str | int]) -> str:
    """`routes[0].audience` for ("routes", 0, "audience")."""
    parts = (f"[{one}]" if isinstance(one, int) else f".{one}" for one in place)
    return "".join(parts).removeprefix(".")


def near(word: object, known: Iterable[str]) -> str:
    """Advice for a name that does not exist: the nearest one, and all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    meant = f"did you mean `{close[0]}`? " if close else ""
    return f"{meant}known are {', '.join(f'`{name}`' for name in names) or 'none'}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One pydantic error, and what is known about its place.

    Attributes:
        known: the keys that exist where an unknown one stands.
        description: of the field, from its model.
    """

    kind: str
    key: str | int
    text: str
    context: Mapping[str, Any]
    known: Sequence[str] = ()
    description: str = ""
    given: Any = None


def plain(fault: Fault) -> tuple[str, str]:
    """Message and advice in words for an administrator; quotes no value."""
    if fault.kind in _SAID:
        return _SAID[fault.kind](fault)
    if fault.kind in _TYPES:
        return f"must be {_TYPES[fault.kind]}", _as_described(fault)
    if fault.kind in _BOUNDS:
        return _bound(fault), _as_described(fault)
    return fault.text[:1].lower() + fault.text[1:], _as_described(fault)


def _as_described(fault: Fault) -> str:
    if fault.description:
        return f"correct `{fault.key}`: {fault.description.rstrip('.')}"
    return f"correct `{fault.key}`"


def _missing(fault: Fault) -> tuple[str, str]:
    about = f" ({fault.description.rstrip('.')})" if fault.description else ""
    return "is missing", f"add `{fault.key}: ...`{about}"


def _unknown(fault: Fault) -> tuple[str, str]:
    return "is not known here", f"{near(fault.key, fault.known)}; correct it or remove it"


def _choice(fault: Fault) -> tuple[str, str]:
    expected = str(fault.context.get("expected", "")).replace("'", "`")
    words = expected.replace(" or ", ", ").replace("`", "").split(", ")
    close = difflib.get_close_matches(str(fault.given), words, n=1, cutoff=0.6)
    advice = f"did you mean `{close[0]}`?" if close else _as_described(fault)
    return f"must be {expected}", advice


def _own_words(fault: Fault) -> tuple[str, str]:
    return str(fault.context.get("error", fault.text)), _as_described(fault)


def _address(fault: Fault) -> tuple[str, str]:
    schemes = str(fault.context.get("expected_schemes", "")).replace("'", "`")
    only = f" that begins with {schemes}" if schemes else ""
    return f"is not a full address{only}", "write it like `https://intranet.example.org`"


def _bound(fault: Fault) -> str:
    numbers = ("min_length", "max_length", "ge", "gt", "le", "lt")
    number = next((fault.context[name] for name in numbers if name in fault.context), "")
    return _BOUNDS[fault.kind].format(number)


_SAID: Mapping[str, Callable[[Fault], tuple[str, str]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _choice,
    "enum": _choice,
    "value_error": _own_words,
    "assertion_error": _own_words,
    "url_parsing": _address,
    "url_scheme": _address,
    "url_syntax_violation": _address,
    "url_too_long": _address,
    "url_type": _address,
}

_TYPES: Mapping[str, str] = {
    "string_type": "text; put numbers, dates and true or false in quotes",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "keys with values, indented below it",
    "model_type": "keys with values, indented below it",
    "mapping_type": "keys with values, indented below it",
    "list_type": "a list; write `[one]` or lines that begin with `- `",
    "tuple_type": "a list; write `[one]` or lines that begin with `- `",
    "set_type": "a list; write `[one]` or lines that begin with `- `",
    "frozen_set_type": "a list; write `[one]` or lines that begin with `- `",
}

_BOUNDS: Mapping[str, str] = {
    "too_short": "needs at least {} entries",
    "too_long": "takes at most {} entries",
    "string_too_short": "needs at least {} characters",
    "string_too_long": "takes at most {} characters",
    "greater_than_equal": "must be at least {}",
    "greater_than": "must be more than {}",
    "less_than_equal": "must be at most {}",
    "less_than": "must be less than {}",
}
