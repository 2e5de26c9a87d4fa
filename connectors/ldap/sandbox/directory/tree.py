"""Entries and their names, in memory: added, changed, moved, deleted and found."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.ldap.escape import parent, parts, split
from hub.errors import BadConfigError

NO_SUCH, EXISTS, NOT_EMPTY, BAD_NAME = 32, 68, 66, 34
OPERATIONAL = {"entryuuid", "pwdaccountlockedtime"}  # handed over only to who names them


class RefusedError(Exception):
    """The tree can't do that: a result code of LDAP, and words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass
class Entry:
    """One entry.

    Attributes:
        dn: its name as it was written.
        values: attributes by their name in small letters: the name as written, and the values.
        key: its entryUUID, which never changes.
        written: as it goes out, by the attributes that were asked for; emptied by a change.
    """

    dn: str
    values: dict[str, tuple[str, list[bytes]]]
    key: uuid.UUID = field(default_factory=uuid.uuid4)
    written: dict[tuple[str, ...], bytes] = field(default_factory=dict, repr=False)

    def of(self, name: str) -> Sequence[bytes]:
        """The values of an attribute, whatever case its name is in."""
        if name.lower() == "entryuuid":
            return [str(self.key).encode()]
        return self.values.get(name.lower(), ("", []))[1]

    def chosen(self, names: Sequence[str]) -> dict[str, Sequence[bytes]]:
        """The attributes that were asked for; nothing named or `*`: all but the operational ones."""
        wanted = {name.lower(): name for name in names}
        all_ = not names or "*" in wanted
        more = {"entryUUID": self.of("entryUUID")} if {"+", "entryuuid"} & wanted.keys() else {}
        return more | {
            wanted.get(low, name): found
            for low, (name, found) in self.values.items()
            if low in wanted or (all_ and low not in OPERATIONAL)
        }


Written = Mapping[str, str | bytes | Sequence[str | bytes]]


class Tree:
    """All entries, by their folded names; the topmost one is the suffix."""

    def __init__(self, suffix: str) -> None:
        self.suffix = suffix
        self._entries: dict[tuple[str, ...], Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, dn: str, values: Written, key: uuid.UUID | None = None) -> Entry:
        """A new entry; all but the suffix need one above.

        Raises:
            RefusedError: it is there already, nothing is above it, or its name is none.
        """
        name = _folded(dn)
        if name in self._entries:
            raise RefusedError(EXISTS, "there is such an entry")
        if name != _folded(self.suffix):
            self._need(name[1:])
        kept = {low: (one, [_raw(each) for each in _many(found)]) for one, found in values.items()
                for low in [one.lower()]}  # fmt: skip
        self._entries[name] = Entry(dn, kept, key or uuid.uuid4())
        return self._entries[name]

    def get(self, dn: str) -> Entry:
        """The entry of that name.

        Raises:
            RefusedError: there is none.
        """
        return self._need(_folded(dn))

    def find(self, base: str, scope: int, fits: Callable[[Entry], bool]) -> Iterator[Entry]:
        """Entries below a base; scope 0: itself, 1: those right below it, 2: all of it.

        Raises:
            RefusedError: there is no such base.
        """
        top = _folded(base)
        here = self._need(top)
        if scope == 0:
            yield from (one for one in (here,) if fits(one))
            return
        deep = len(top)
        for name, one in list(self._entries.items()):
            inside = name[len(name) - deep :] == top if len(name) >= deep else False
            far = len(name) - deep
            if inside and (far == 1 or scope > 1) and fits(one):
                yield one

    def change(self, dn: str, attribute: str, values: Sequence[bytes], how: int = 2) -> None:
        """Change one attribute; 0 adds values, 1 takes them away (none: all), 2 replaces them.

        Raises:
            RefusedError: there is no such entry.
        """
        one, low = self.get(dn), attribute.lower()
        before = list(one.of(attribute))
        if how == 0:
            after = [*before, *(each for each in values if each not in before)]
        elif how == 1:
            after = [each for each in before if values and each not in values]
        else:
            after = list(values)
        one.values.pop(low, None)
        one.written.clear()
        if after:
            one.values[low] = (attribute, after)

    def move(self, dn: str, rdn: str, above: str | None = None) -> None:
        """Give an entry another name, or another place; what is below it goes along.

        Raises:
            RefusedError: there is no such entry or place, or somebody has that name.
        """
        old = _folded(dn)
        one = self._need(old)
        where = parent(one.dn) if above is None else self._need(_folded(above)).dn
        new_dn = f"{rdn},{where}"
        new = _folded(new_dn)
        if new in self._entries and new != old:
            raise RefusedError(EXISTS, "there is such an entry")
        moved: dict[tuple[str, ...], Entry] = {}
        for name, each in self._entries.items():
            far = len(name) - len(old)
            if far >= 0 and name[far:] == old:
                each.dn = ",".join([*split(each.dn)[:far], new_dn])
                each.written.clear()
                moved[(*name[:far], *new)] = each
            else:
                moved[name] = each
        self._entries = moved

    def delete(self, dn: str) -> None:
        """Take away an entry that has none below it.

        Raises:
            RefusedError: there is no such entry, or others stand below it.
        """
        name = _folded(dn)
        self._need(name)
        if any(each != name and each[len(each) - len(name) :] == name for each in self._entries):
            raise RefusedError(NOT_EMPTY, "others stand below it")
        del self._entries[name]

    def _need(self, name: tuple[str, ...]) -> Entry:
        if name not in self._entries:
            raise RefusedError(NO_SUCH, "")
        return self._entries[name]


def _folded(dn: str) -> tuple[str, ...]:
    try:
        return parts(dn)
    except BadConfigError as error:
        raise RefusedError(BAD_NAME, "this is no name of an entry") from error


def _many(found: str | bytes | Sequence[str | bytes]) -> Sequence[str | bytes]:
    return [found] if isinstance(found, str | bytes) else found


def _raw(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
