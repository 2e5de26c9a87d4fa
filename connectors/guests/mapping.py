"""Pure: what was asked about a guest, and the state before it, become the state after it."""

from connectors.guests.models import Action, Order
from hub.contract import Record, Ref
from hub.errors import RejectedError
from hub.events.person import SPONSOR, Person

PEOPLE, PERSON = "people", "person"  # numbering and kind of the hub's own persons
CONTAINER = "guests"


def record(order: Order) -> Record:
    """The record after this request.

    Raises:
        RejectedError: it does not fit the state before it; the message says what to do.
    """
    made = {Action.ADD: _add, Action.EXTEND: _extend, Action.END: _end}[order.action](order)
    vouches = Ref(role=SPONSOR, namespace=PEOPLE, kind=PERSON, value=order.sponsor)
    return Record(order.id, made, CONTAINER, changed_at=order.at, refs=(vouches,))


def _add(order: Order) -> Person:
    """The same request twice is one: a repeat gives the same state and is let through."""
    if not (order.given_name and order.family_name):
        raise RejectedError("A guest needs a given name and a family name.")
    if order.ends <= order.begins():
        raise RejectedError("The guest would end before it begins: give a later end.")
    named = (order.given_name, order.infix, order.family_name)
    shown = " ".join(one for one in named if one)
    made = Person(enabled=True, external=True, display_name=shown, **order.said())
    if order.previous is not None and order.previous != made:
        raise RejectedError("There is a guest of this key already: extend it, or use another key.")
    return made


def _extend(order: Order) -> Person:
    before = _before(order)
    begins = before.starts or order.at
    if order.ends <= max(begins, order.at):
        raise RejectedError("The new end is over, or before the beginning: give a later end.")
    return before.model_copy(update={"ends": order.ends})


def _end(order: Order) -> Person:
    """An end that is over or earlier stays: ending twice keeps the first end."""
    before = _before(order)
    ends = min(order.ends, before.ends or order.ends)
    begins = before.starts if before.starts is None or before.starts < ends else None
    return before.model_copy(update={"ends": ends, "starts": begins})


def _before(order: Order) -> Person:
    if order.previous is None:
        raise RejectedError(
            "There is no guest of this key: `hub people guests` shows them; a new one comes with "
            "`hub people add`."
        )
    return order.previous
