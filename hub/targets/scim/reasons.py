"""Why a server refused something, in words for an administrator; it quotes nothing of a person."""

import re

from hub.http import Answer
from hub.targets.scim.models import Problem, problem_of

_WORDS = {
    "uniqueness": "somebody else has this userName or name there: rename one of the two",
    "invalidValue": "a value is not allowed there",
    "mutability": "a field can't be changed there",
    "invalidPath": "a field is not known there",
    "noTarget": "a field to be changed was not there",
    "invalidFilter": "the server can't search by what the hub asks",
    "tooMany": "too many at once",
    "sensitive": "the server says that it is too sensitive to be asked like this",
}
_FIELDS = frozenset(
    (
        "schemas",
        "externalId",
        "userName",
        "name",
        "formatted",
        "givenName",
        "familyName",
        "displayName",
        "title",
        "active",
        "preferredLanguage",
        "userType",
        "emails",
        "phoneNumbers",
        "addresses",
        "value",
        "type",
        "primary",
        "department",
        "organization",
        "members",
    )
)


def refused(answer: Answer) -> str:
    """What is wrong, with the status and the server's own name for it."""
    return words(answer.status, problem_of(answer))


def words(status: int, problem: Problem) -> str:
    """The same, of an answer within a Bulk."""
    kind = problem.scim_type if problem.scim_type.isalnum() else ""
    said = _WORDS.get(kind, "")
    if not said:
        said = _WORDS["uniqueness"] if status == 409 else "the server refused it"
    named = [one for one in re.findall(r"[A-Za-z]+", problem.detail) if one in _FIELDS]
    fields = f"; it names {', '.join(dict.fromkeys(named))}" if named else ""
    return f"{said} ({status}{f' {kind}' if kind else ''}){fields}"
