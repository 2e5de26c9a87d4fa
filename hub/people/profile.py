"""What an account says of who it is, made comparable; and what others like it are found by."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from hub.events.person import Person
from hub.people.matching import Profile
from hub.people.names import names_of

Anchor = tuple[str, str]  # kind and value


def profile_of(one: Person, namespace: str) -> Profile:
    """The profile of an account.

    Args:
        namespace: the name of the numbering that its source gives employee numbers in.
    """
    number = plain_number(one.employee_number or "")
    return Profile(
        names=names_of(
            given=one.given_name,
            infix=one.infix,
            family=one.family_name,
            partner=one.partner_name,
            shown=one.display_name,
        ),
        birth=one.birth_date.isoformat() if one.birth_date else None,
        number=(namespace, number) if number else None,
        mail=_address(one.mail),
        private_mail=_address(one.contact_mail),
    )


def plain_number(text: str) -> str:
    """An employee number without spaces, capitals and leading noughts: sources differ in them."""
    return "".join(text.split()).casefold().lstrip("0")


def _address(text: str | None) -> str | None:
    return (text or "").strip().casefold() or None


def without(one: Profile, crowded: Collection[Anchor]) -> Profile:
    """The profile without a number and an address that too many have."""
    number, mail = one.number, one.mail
    if number is not None and ("number", _joined(number)) in crowded:
        one = replace(one, number=None)
    if mail is not None and ("mail", mail) in crowded:
        one = replace(one, mail=None)
    return one


def _joined(number: tuple[str, str]) -> str:
    return f"{number[0]}/{number[1]}"


def anchors(one: Profile) -> Iterator[Anchor]:
    """What accounts of the same person may share; a birth date only with a family name."""
    if one.number is not None:
        yield "number", _joined(one.number)
    if one.mail is not None:
        yield "mail", one.mail
    if one.birth is not None:
        for core in sorted(one.names.cores):
            yield "born", f"{one.birth}/{core}"
