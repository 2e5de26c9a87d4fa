"""Pure: what a person typed, and the state before it, become the state after it."""

from typing import Any

from connectors.manual.models import Action, Order, Texts
from hub.contract import Record
from hub.errors import RejectedError
from hub.events.incident import Incident, IncidentState
from hub.events.text import plain_text

MAX_TITLE = 120
MAX_WORKAROUND = 200
MAX_NAME = 80


def record(order: Order) -> Record:
    """The record after this request.

    Raises:
        RejectedError: it does not fit the state before it; the message says what to do.
    """
    state = {Action.POST: _post, Action.UPDATE: _update, Action.END: _end}[order.action]
    return Record(key=order.id, payload=state(order), container="open", changed_at=order.at)


def _post(order: Order) -> Incident:
    """The same request twice is one: a repeat gives the same state and is let through."""
    if order.title is None:
        raise RejectedError("A new disturbance needs a title, in Dutch, English or both.")
    begun = {"since": order.since or order.at, "state": IncidentState.OPEN}
    posted = Incident(**(_kept(order) | begun))
    before = order.previous
    if before and before.state is IncidentState.OPEN and before != posted:
        raise RejectedError(
            f"The disturbance {order.id} is already there and open: change it with "
            f"`hub disturbance update {order.id}`, or post under another id."
        )
    return posted


def _update(order: Order) -> Incident:
    before = _before(order)
    kept = {name: getattr(before, name) for name in Incident.model_fields}
    return Incident(**(kept | _kept(order) | _never_empty(order, before)))


def _end(order: Order) -> Incident:
    """Ending what has ended keeps its first end."""
    ended = _update(order)
    if ended.state is IncidentState.SOLVED:
        return ended
    return ended.model_copy(update={"state": IncidentState.SOLVED, "solved_at": order.at})


def _before(order: Order) -> Incident:
    if order.previous is None:
        raise RejectedError(
            f"There is no disturbance {order.id}: `hub disturbance list` shows them; a new one starts with "
            "`hub disturbance post`."
        )
    return order.previous


def _never_empty(order: Order, before: Incident) -> dict[str, Any]:
    """An update adds or changes languages of the title; neither title nor since can go."""
    title = before.title | (_texts(order.title, MAX_TITLE) if order.title else {})
    return {"title": title, "since": order.since or before.since}


def _kept(order: Order) -> dict[str, Any]:
    """The given fields, made plain."""
    lengths = {"title": MAX_TITLE, "workaround": MAX_WORKAROUND, "category": MAX_NAME}
    fields = order.given()
    for name, maximum in lengths.items():
        if fields.get(name):
            fields[name] = _texts(fields[name], maximum)
    if fields.get("branch"):
        fields["branch"] = plain_text(fields["branch"], MAX_NAME) or None
    return fields


def _texts(texts: Texts, maximum: int) -> dict[str, str]:
    shown = {language: plain_text(text, maximum) for language, text in texts.items()}
    if not all(shown.values()):
        raise RejectedError("A text is empty once its markup is taken out: type it in plain words.")
    return {str(language): text for language, text in shown.items()}
