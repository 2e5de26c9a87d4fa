"""Who is on the intranet: persons, groups, memberships and own accounts, and how they must fit."""

from collections.abc import Iterator
from typing import Literal

from hub.sandbox.intranet.about import FoundAccount, Wanted
from hub.sandbox.intranet.models import Closed, Kind, Membership, Person, Photo, TimelinePost
from hub.sandbox.intranet.options import Account, IntranetOptions
from hub.sandbox.intranet.problems import ProblemError
from hub.sandbox.intranet.state import ObjectStore, StoredObject

MOST_FOUND = 50


class Directory:
    """Persons and groups that were published, beside the accounts and groups of its own.

    Attributes:
        own: its own accounts by id.
        since: when they came, UTC.
    """

    def __init__(self, options: IntranetOptions, store: ObjectStore) -> None:
        self.own = {one.id: one for one in options.own_accounts()}
        self.since = store.now()
        self._groups = options.groups
        self._store = store

    def find(self, wanted: Wanted, value: str) -> list[FoundAccount]:
        """Return the accounts with exactly this value; names and addresses whatever their case."""
        found = [_of_person(one) for one in self._persons(wanted, value)]
        if wanted != "external_id":
            found += [_of_account(one) for one in self._accounts(wanted, value)]
        return found[:MOST_FOUND]

    def knows_person(self, key: str) -> bool:
        """Whether a membership may name this person."""
        return key in self.own or self._store.get(Kind.PERSON, key) is not None

    def name_of(self, key: str) -> str:
        """Return the name of a person or account, also of who left; the key where it has none."""
        if key in self.own:
            return self.own[key].display_name
        found = self._store.get(Kind.PERSON, key) or self._store.left(key)
        return key if found is None else str(found.body["display_name"])

    def knows_group(self, key: str) -> bool:
        """Whether an audience or a membership may name this group."""
        return key in self._groups or self._store.get(Kind.GROUP, key) is not None

    def group_names(self) -> list[str]:
        """Return every group that an audience may name."""
        made = [one.external_id for one in self._store.of_kind(Kind.GROUP)]
        return [*self._groups, *(key for key in made if key not in self._groups)]

    def groups_of(self, person: str) -> list[str]:
        """Return the groups in which a person is."""
        found = self._store.having(Kind.MEMBERSHIP, "person", person)
        return sorted({one.body["group"] for one in found if one.body["person"] == person})

    def check(self, key: str, body: Closed) -> None:
        """See to it that an object fits with what is there.

        Raises:
            ProblemError: a user name that is taken, or somebody or something that is not there.
        """
        if isinstance(body, Person):
            self._check_account(key, body)
        elif isinstance(body, Membership):
            _there("group", self.knows_group(body.group))
            _there("person", self.knows_person(body.person))
        elif isinstance(body, Photo):
            _there("person", self.knows_person(body.person))
        elif isinstance(body, TimelinePost) and body.author is not None:
            left = self._store.left(body.author) is not None
            _there("author", left or self.knows_person(body.author))

    def end_with(self, kind: Kind, key: str) -> None:
        """End the memberships of a person or group that goes; a picture goes with its person."""
        if kind not in {Kind.PERSON, Kind.GROUP}:
            return
        found = self._store.having(Kind.MEMBERSHIP, kind.value, key)
        if kind == Kind.PERSON:
            found += self._store.having(Kind.PHOTO, "person", key)
        for one in found:
            if one.body[kind.value] == key:
                self._store.delete(one.kind, one.external_id)

    def _check_account(self, key: str, body: Person) -> None:
        if key in self.own:
            detail = "This is the id of an account of the intranet's own, which is not written."
            raise ProblemError(409, "own-account", detail)
        others = [one.id for one in self.find("user_name", body.user_name) if one.id != key]
        if others:
            detail = "Another account has this user name: look it up at /v1/accounts and link it."
            raise ProblemError(409, "user-name-taken", detail)

    def _persons(self, wanted: Wanted, value: str) -> list[StoredObject]:
        if wanted != "external_id":
            return self._store.having(Kind.PERSON, wanted, value)
        found = self._store.get(Kind.PERSON, value)
        return [] if found is None else [found]

    def _accounts(self, wanted: Literal["user_name", "mail"], value: str) -> Iterator[Account]:
        for one in self.own.values():
            theirs = one.user_name if wanted == "user_name" else one.mail
            if theirs is not None and theirs.casefold() == value.casefold():
                yield one


def _there(what: str, known: bool) -> None:  # noqa: FBT001 - said in the words of its callers
    if not known:
        detail = f"The {what} that it names is not on this intranet: publish that first."
        raise ProblemError(409, "missing-reference", detail)


def _of_person(one: StoredObject) -> FoundAccount:
    body = one.body
    return FoundAccount(
        id=one.external_id,
        user_name=body["user_name"],
        mail=body.get("mail"),
        display_name=body["display_name"],
        active=body.get("active", True),
        source="api",
    )


def _of_account(one: Account) -> FoundAccount:
    return FoundAccount.model_validate(one.model_dump())
