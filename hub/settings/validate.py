"""A part of a document against a model: the model, or problems with file, line and advice."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hub.settings.document import Document, Referenced
from hub.settings.problems import Fault, Place, near, plain
from hub.settings.shape import Shape

ModelT = TypeVar("ModelT", bound=BaseModel)


def validate(document: Document, model: type[ModelT], place: Place, value: Any) -> ModelT | None:
    """The model made of `value`, which stands at `place`.

    What is wrong becomes problems of the document, which then must not be used; None where no
    model could be made. Secrets that were typed in plain are wrong, and are never shown.
    """
    _plain_secrets(document, Shape.narrow(model, value), place, value)
    return _made(document, model, place, value)


def _plain_secrets(document: Document, shape: Shape, place: Place, value: Any) -> None:
    for below in shape.secrets(value):
        typed = document.at((*place, *below))
        if isinstance(typed, Referenced) or typed is None or (*place, *below) in document.said:
            continue
        if isinstance(typed, str | int | float):
            document.secrets.add(str(typed))
        message = "must not stand in the file: it is a secret"
        advice = "put it into the environment or a file; write `${env:NAME}` or `${file:path}` here"
        document.add((*place, *below), message, advice)


def _made(document: Document, model: type[ModelT], place: Place, value: Any) -> ModelT | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        shape = Shape.of(model)
        for details in found:
            if not _follows(details, found):
                _add(document, shape, place, details)
    except Exception as error:  # noqa: BLE001  # a foreign model's own code may raise anything
        message = f"can't be checked: the plug-in failed with {type(error).__name__}"
        advice = "this is a fault of the plug-in: tell its maker"
        document.add(place, message, advice)
    return None


def _follows(details: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """A list that is too short only because pydantic left out what is wrong in it."""
    at = details["loc"]
    below = (one["loc"] for one in found if len(one["loc"]) > len(at))
    return details["type"] == "too_short" and any(one[: len(at)] == at for one in below)


def _add(document: Document, shape: Shape, base: Place, details: ErrorDetails) -> None:
    below = _existing(document, base, details)
    place = (*base, *below)
    if place in document.said:
        return
    fault = Fault(
        kind=details["type"],
        key=next((one for one in reversed(place) if isinstance(one, str)), ""),
        text=details["msg"],
        context=details.get("ctx", {}),
        known=shape.keys(below[:-1]),
        description=shape.description(below) if below else "",
        given=_given(document, place),
    )
    document.add(place, *_words(fault))


def _words(fault: Fault) -> tuple[str, str]:
    message, advice = plain(fault)
    return message.rstrip("."), advice


def _existing(document: Document, base: Place, details: ErrorDetails) -> Place:
    """The error's place without the names of union branches; a missing key stays at the end."""
    below: Place = ()
    for part in details["loc"]:
        missing = details["type"] == "missing" and part == details["loc"][-1]
        if not missing and _given(document, (*base, *below, part)) is _ABSENT:
            break
        below = (*below, part)
    return below


def _given(document: Document, place: Place) -> Any:
    try:
        return document.at(place)
    except LookupError:
        return _ABSENT


_ABSENT = object()


def unknown_name(document: Document, place: Place, what: str, name: str, known: list[str]) -> None:
    """Note that `name` is none of the known ones."""
    message = f"names the {what} `{name}`, which does not exist"
    document.add(place, message, near(name, known))
