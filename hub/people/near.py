"""Whoever shares something with accounts that ask whose they are."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from hub.events.person import Person
from hub.people.matching import Decision, Match, Profile, Sign, Tier, judge, match
from hub.people.policy import Policy
from hub.people.profile import Anchor, profile_of, without
from hub.people.standing import Account, account_of
from hub.store import persons, reviews
from hub.store.store import Tx

CROWD = 20  # accounts: what more of them share is a placeholder or a mailbox of a team


def profile_in(one: Account, policy: Policy) -> Profile:
    """The profile of an account; of one that is gone, by what its source said last."""
    payload = one.payload
    if payload is None and one.body:
        payload = Person.model_validate(one.body)
    return profile_of(payload, policy.namespace(one.instance)) if payload else Profile()


class Near:
    """The persons and waiting accounts around some accounts, loaded at once, as decisions go on.

    Args:
        tx: the transaction.
        policy: of the organisation.
        profiles: of the accounts of this transaction, as they are now.
        shared: what each of them is found by.
        asking: those that ask whose they are.
    """

    def __init__(
        self,
        tx: Tx,
        policy: Policy,
        profiles: Mapping[int, Profile],
        shared: Mapping[int, Collection[Anchor]],
        asking: Sequence[int],
    ) -> None:
        self._policy, self._profiles, self._shared = policy, profiles, shared
        values = {value for one in asking for _, value in shared[one]}
        sharing = persons.sharing(tx, sorted(values))
        self._crowded = {anchor for anchor, listed in sharing.items() if len(listed) > CROWD}
        self._sharing = {k: listed for k, listed in sharing.items() if k not in self._crowded}
        near = {one for listed in self._sharing.values() for one in listed}
        self._person = {one: link.person for one, link in persons.links(tx, near).items()}
        self._accounts: dict[str, dict[int, Profile]] = {}
        for row in persons.of_persons(tx, sorted({one for one in self._person.values() if one})):
            self._accounts.setdefault(row.person, {})[row.subject] = self._known(row)
        waiting = [one for one, person in self._person.items() if person is None]
        self._waiting = {row.subject: self._known(row) for row in persons.accounts(tx, waiting)}
        told = {one for listed in self._accounts.values() for one in listed}
        self._asked: dict[int, list[str]] = {}
        self._rejected: set[tuple[int, str]] = set()
        for row in reviews.of_accounts(tx, {*asking, *waiting, *told}):
            if row[3] == "rejected":
                self._rejected.add((row[1], row[2]))
            elif row[3] == "open":
                self._asked.setdefault(row[1], []).append(row[2])

    def _known(self, row: Any) -> Profile:
        """As it is now, where this transaction changed it."""
        found = self._profiles.get(row.subject)
        return profile_in(account_of(row), self._policy) if found is None else found

    def add(self, one: int, person: str) -> None:
        """From now on this account counts as the person's."""
        self._person[one] = person
        self._accounts.setdefault(person, {})[one] = self._profiles[one]
        self._waiting.pop(one, None)

    def wait(self, one: int, whom: Sequence[str]) -> None:
        """From now on this account waits for a human's word about these persons."""
        self._waiting[one] = self._profiles[one]
        self._asked[one] = list(whom)

    def waiting(self, one: int) -> set[int]:
        """Accounts that wait and share something with this one."""
        return {other for other in self._around(one) if other in self._waiting}

    def released(self, tx: Tx) -> set[int]:
        """Accounts that wait, and share something that has become too common to mean anything."""
        return persons.waiting_with(tx, sorted(value for _, value in self._crowded))

    def _around(self, one: int) -> Iterator[int]:
        for anchor in self._shared[one]:
            yield from (other for other in self._sharing.get(anchor, ()) if other != one)

    def match(self, one: int) -> Match:
        """Whose this account may be."""
        own = self._person.get(one)
        around = {self._person.get(other) for other in self._around(one)}
        asked = sorted(p for p in around if p and p != own and not self._is_not(one, p))
        known = {person: list(self._accounts[person].values()) for person in asked}
        profile = without(self._profiles[one], self._crowded)
        found = match(profile, known, is_ours=self._policy.is_ours)
        like = (
            self._like_one_that_waits(one) if found.decision is Decision.NEW and not own else None
        )
        return like or found

    def _is_not(self, one: int, person: str) -> bool:
        """Whether a human said no, of this account or of any other of either person."""
        own = self._person.get(one)
        pairs = {(one, person)}
        if own is not None:
            pairs |= {(other, person) for other in self._accounts.get(own, ())}
            pairs |= {(other, own) for other in self._accounts.get(person, ())}
        return bool(pairs & self._rejected)

    def _like_one_that_waits(self, one: int) -> Match | None:
        """It waits for the same answer, or the two would end as two persons."""
        for other in sorted(self.waiting(one)):
            profile = without(self._profiles[one], self._crowded)
            theirs = self._waiting[other]
            like = judge(profile, theirs, is_ours=self._policy.is_ours)
            whom = [p for p in self._asked.get(other, []) if not self._is_not(one, p)]
            if like.decision is not Decision.NEW and whom:
                signs = (*like.signs, Sign.SEVERAL)
                return Match(Decision.REVIEW, Tier.DISPUTED, signs, tuple(whom))
        return None
