"""Whether two accounts are one person. Pure: profiles in, a decision with its evidence out.

Only three things link by themselves: the account is known already; the employee number is equal in the
same numbering and the family name or birth date agrees; the work mail is equal, in a domain that the
organisation calls its own, and the names agree in full. Anything that contradicts stops it. Equal name
and birth date is a question for a person, for twins and namesakes exist; an equal name alone is nothing.
No national number is ever asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from hub.people.names import Names, Relation, compare_given, families_agree


class Decision(StrEnum):
    """What becomes of an account that nobody linked yet."""

    LINK = "link"
    REVIEW = "review"
    NEW = "new"


class Tier(StrEnum):
    """What a decision rests on, the strongest first."""

    KNOWN = "known"
    NUMBER = "number"
    MAIL = "mail"
    BIRTH = "birth"
    CONFLICT = "conflict"  # the same number or address, of somebody else
    DISPUTED = "disputed"  # several persons fit
    HINT = "hint"
    NONE = "none"


class Sign(StrEnum):
    """One thing that was compared, and how it stands."""

    ACCOUNT = "account"
    NUMBER = "number"
    MAIL = "mail"
    MAIL_ELSEWHERE = "mail-elsewhere"  # equal, in a domain that is not the organisation's
    PRIVATE_MAIL = "private-mail"
    FAMILY = "family"
    FAMILY_DIFFERS = "family-differs"
    GIVEN = "given"
    INITIALS = "initials"
    GIVEN_DIFFERS = "given-differs"
    BIRTH = "birth"
    BIRTH_DIFFERS = "birth-differs"
    SEVERAL = "several"
    BY_HAND = "by-hand"


@dataclass(frozen=True, slots=True)
class Profile:
    """What one account says of who it is.

    Attributes:
        birth: the date as `1980-02-29`.
        number: the numbering's name and the employee number in it.
        mail: the work address, in small letters.
        private_mail: another address of the person's own.
    """

    names: Names = field(default_factory=Names)
    birth: str | None = None
    number: tuple[str, str] | None = None
    mail: str | None = None
    private_mail: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What was decided of one account, and why.

    Attributes:
        persons: to link: the one; to review: those it may be; new: none.
    """

    decision: Decision
    tier: Tier
    signs: tuple[Sign, ...] = ()
    persons: tuple[str, ...] = ()


NOTHING = Match(Decision.NEW, Tier.NONE)
IsOurs = Callable[[str], bool]
_STRENGTH = {tier: at for at, tier in enumerate(Tier)}


def match(one: Profile, candidates: Mapping[str, Sequence[Profile]], *, is_ours: IsOurs) -> Match:
    """Decide of an account that is not linked yet.

    Args:
        one: the account.
        candidates: the accounts of every person that shares something with it, by person.
        is_ours: whether the organisation vouches for the addresses of a mail domain.
    """
    found = {person: _person(one, known, is_ours) for person, known in candidates.items()}
    links = [person for person, judged in found.items() if judged.decision is Decision.LINK]
    against = [person for person, judged in found.items() if judged.tier is Tier.CONFLICT]
    if len(links) == 1 and not against:
        return replace(found[links[0]], persons=(links[0],))
    if links:
        return _held(Tier.DISPUTED, {name: found[name] for name in [*links, *against]})
    if against:
        return _held(Tier.CONFLICT, {name: found[name] for name in against})
    asked = {k: judged for k, judged in found.items() if judged.decision is Decision.REVIEW}
    if asked:
        return _held(min((one.tier for one in asked.values()), key=_STRENGTH.__getitem__), asked)
    hints = [judged for judged in found.values() if judged.tier is Tier.HINT]
    return hints[0] if hints else NOTHING


def _held(tier: Tier, found: Mapping[str, Match]) -> Match:
    signs = dict.fromkeys(sign for judged in found.values() for sign in judged.signs)
    more = (Sign.SEVERAL,) if len(found) > 1 else ()
    return Match(Decision.REVIEW, tier, (*signs, *more), tuple(found))


def _person(one: Profile, known: Sequence[Profile], is_ours: IsOurs) -> Match:
    """The strongest that any account of the person says; a contradiction outweighs it."""
    judged = [judge(one, other, is_ours=is_ours) for other in _filled(known)]
    against = (found for found in judged if found.tier is Tier.CONFLICT)
    by_rank = sorted(judged, key=lambda m: (list(Decision).index(m.decision), _STRENGTH[m.tier]))
    return next(against, by_rank[0] if by_rank else NOTHING)


def _filled(known: Sequence[Profile]) -> Iterator[Profile]:
    """What one account does not say another one of the same person does."""
    birth = next((one.birth for one in known if one.birth), None)
    given = next((one.names.given for one in known if one.names.given), ())
    for one in known:
        names = one.names if one.names.given else replace(one.names, given=given)
        yield replace(one, birth=one.birth or birth, names=names)


def judge(one: Profile, other: Profile, *, is_ours: IsOurs) -> Match:
    """How two accounts stand to each other; `persons` is left to the caller."""
    seen = _Compared(one, other, is_ours)
    for rule in (_by_number, _by_mail, _by_birth):
        if (found := rule(seen)) is not None:
            decision, tier = found
            return Match(decision, tier, tuple(seen.signs(tier)))
    hint = (seen.family and seen.given == "same" and seen.birth is None) or seen.private
    return Match(Decision.NEW, Tier.HINT, tuple(seen.signs(Tier.HINT))) if hint else NOTHING


class _Compared:
    """Two profiles side by side; None: one of them does not say."""

    def __init__(self, one: Profile, other: Profile, is_ours: IsOurs) -> None:
        self.number = one.number is not None and one.number == other.number
        self.mail = one.mail is not None and one.mail == other.mail
        self.ours = self.mail and is_ours((one.mail or "").rpartition("@")[2])
        known = bool(one.names.surnames and other.names.surnames)
        self.family = families_agree(one.names, other.names) if known else None
        self.given: Relation = compare_given(one.names, other.names)
        self.birth = one.birth == other.birth if one.birth and other.birth else None
        addresses = {one.mail, one.private_mail} & {other.mail, other.private_mail} - {None}
        self.private = bool(addresses) and not self.mail

    def signs(self, tier: Tier) -> Iterator[Sign]:
        """What was seen, for people to read."""
        if self.number:
            yield Sign.NUMBER
        if self.mail:
            yield Sign.MAIL if self.ours else Sign.MAIL_ELSEWHERE
        if self.private and tier is Tier.HINT:
            yield Sign.PRIVATE_MAIL
        if self.family is not None:
            yield Sign.FAMILY if self.family else Sign.FAMILY_DIFFERS
        yield from _GIVEN.get(self.given, ())
        if self.birth is not None:
            yield Sign.BIRTH if self.birth else Sign.BIRTH_DIFFERS


_GIVEN: Mapping[Relation, tuple[Sign, ...]] = {
    "same": (Sign.GIVEN,),
    "initials": (Sign.INITIALS,),
    "differs": (Sign.GIVEN_DIFFERS,),
}
_Found = tuple[Decision, Tier] | None


def _by_number(seen: _Compared) -> _Found:
    if not seen.number:
        return None
    other_name = seen.family is False and seen.given == "differs"
    if seen.birth is False or other_name:
        return Decision.REVIEW, Tier.CONFLICT
    if seen.given == "differs" or not (seen.family or seen.birth):
        return Decision.REVIEW, Tier.NUMBER
    if seen.family is False and seen.given == "unknown":
        return Decision.REVIEW, Tier.NUMBER
    return Decision.LINK, Tier.NUMBER


def _by_mail(seen: _Compared) -> _Found:
    if not seen.mail:
        return None
    another = seen.given == "differs" and not seen.birth  # the address went on to somebody else
    if seen.ours and (seen.birth is False or another):
        return Decision.REVIEW, Tier.CONFLICT
    if not seen.ours:  # others may have typed it
        alike = seen.family and seen.birth is not False and not another
        return (Decision.REVIEW, Tier.MAIL) if alike else None
    named = seen.family and seen.given == "same"
    born = seen.birth and seen.given in {"same", "initials"}
    return (Decision.LINK if named or born else Decision.REVIEW), Tier.MAIL


def _by_birth(seen: _Compared) -> _Found:
    """Twins share a birth date and a family name: only another given name tells them apart."""
    if seen.birth and seen.family and seen.given != "differs":
        return Decision.REVIEW, Tier.BIRTH
    return None
