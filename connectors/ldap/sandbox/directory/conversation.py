"""One client of the directory: who it is, what it asks, what it gets."""

from collections.abc import Iterator
from secrets import compare_digest
from typing import Any

from connectors.ldap.escape import below, parts
from connectors.ldap.sandbox.directory import wire
from connectors.ldap.sandbox.directory.conditions import fits
from connectors.ldap.sandbox.directory.options import DirectoryOptions, Fault
from connectors.ldap.sandbox.directory.tree import Entry, RefusedError, Tree
from connectors.ldap.sandbox.directory.wire import GarbledError, Request
from hub.errors import BadConfigError

PROTOCOL, SIZE, METHOD, CRITICAL, CREDENTIALS, RIGHTS, UNWILLING = 2, 4, 7, 12, 49, 50, 53
SECRET = {"userpassword"}
WRITES = {"modifyRequest", "addRequest", "delRequest", "modDNRequest"}
SILENT = {"unbindRequest", "abandonRequest"}


class BrokenOffError(Exception):
    """The connection ends here, as a planted fault or the client asks."""


class Conversation:
    """What one connection says, without a network.

    Args:
        fault: what goes wrong now.
    """

    def __init__(self, tree: Tree, options: DirectoryOptions, fault: Fault | None) -> None:
        self._tree, self._options, self.fault = tree, options, fault
        self._who, self._manages = "", False
        self._pages: dict[bytes, list[Entry]] = {}

    def answer(self, asked: Request) -> Iterator[bytes]:
        """The answer, message by message.

        Raises:
            BrokenOffError: the connection ends.
        """
        if asked.name == "unbindRequest":
            raise BrokenOffError
        if asked.name in SILENT:
            return
        critical = [oid for oid, (must, _) in asked.controls.items() if must and oid != wire.PAGING]
        if critical:
            yield wire.result(asked, CRITICAL, f"this server does not know {critical[0]}")
            return
        try:
            yield from self._answer(asked)
        except RefusedError as error:
            yield wire.result(asked, error.code, str(error))
        except GarbledError as error:
            yield wire.result(asked, PROTOCOL, str(error))

    def _answer(self, asked: Request) -> Iterator[bytes]:
        if asked.name == "bindRequest":
            yield self._bind(asked)
        elif asked.name == "searchRequest":
            yield from self._search(asked)
        elif asked.name in WRITES:
            self._write(asked)
            yield wire.result(asked, 0)
        elif asked.name == "extendedReq":
            yield wire.result(asked, PROTOCOL, "unsupported extended operation")
        else:
            yield wire.result(asked, UNWILLING, "this practice server does not do that")

    def _bind(self, asked: Request) -> bytes:
        self._who, self._manages = "", False
        how = asked.parts["authentication"]
        if how.getName() != "simple":
            return wire.result(asked, METHOD, "only simple logins here")
        name, password = str(asked.parts["name"]), bytes(how.getComponent())
        if name and not password:
            return wire.result(asked, UNWILLING, "unauthenticated bind (DN with no password)")
        if name and not self._knows(name, password):
            return wire.result(asked, CREDENTIALS)
        self._who, self._manages = name, _same(name, self._options.manager)
        return wire.result(asked, 0)

    def _knows(self, name: str, password: bytes) -> bool:
        options = self._options
        if self.fault is Fault.REFUSE:
            return False
        for account, secret in (
            (options.bind, options.password),
            (options.manager, options.manager_password),
        ):
            if _same(name, account):
                return compare_digest(password, secret.encode())
        return False

    def _sees(self, entry: Entry) -> bool:
        if self._manages:
            return True
        return bool(self._who) and not any(below(entry.dn, one) for one in self._options.hidden)

    def _search(self, asked: Request) -> Iterator[bytes]:
        base, scope = str(asked.parts["baseObject"]), int(asked.parts["scope"])
        names = tuple(str(one) for one in asked.parts["attributes"])
        if not base and scope == 0:
            yield wire.found(asked.number, wire.entry("", self._root()))
            yield wire.result(asked, 0)
            return
        found, page, over = self._found(asked, base, scope)
        for at, one in enumerate(found):
            if self.fault is Fault.HALF and at >= len(found) // 2 and scope:
                raise BrokenOffError
            yield wire.found(asked.number, _written(one, names))
        yield wire.result(asked, SIZE if over else 0, page=page)

    def _found(
        self, asked: Request, base: str, scope: int
    ) -> tuple[list[Entry], bytes | None, bool]:
        """What is handed over now, the cookie of the next page, and whether more was cut off."""
        size, cookie = self._paging(asked)
        if cookie:
            found = self._pages.pop(cookie, None)
            if found is None:
                raise RefusedError(UNWILLING, "the cookie of a page is not known here")
        else:
            if not self._sees(self._tree.get(base)):
                raise RefusedError(32, "")
            question = fits(bytes(asked.parts["filter"]))
            found = list(self._tree.find(base, scope, lambda e: self._sees(e) and question(e)))
        if self.fault is Fault.EMPTY and scope:
            found = []
        limit = min(filter(None, (int(asked.parts["sizeLimit"]), self._options.size_limit)))
        if size is None:
            return found[:limit], None, len(found) > limit
        return found[:size], self._keep(found[size:]), False

    def _paging(self, asked: Request) -> tuple[int | None, bytes]:
        if wire.PAGING not in asked.controls:
            return None, b""
        size, cookie = wire.page_of(asked.controls[wire.PAGING][1])
        return min(size or self._options.size_limit, self._options.size_limit), cookie

    def _keep(self, rest: list[Entry]) -> bytes:
        """What the next page begins with; one search in pages at a time, as with slapd."""
        self._pages.clear()
        if not rest:
            return b""
        cookie = str(len(rest)).encode()
        self._pages[cookie] = rest
        return cookie

    def _root(self) -> dict[str, list[bytes]]:
        return {
            "objectClass": [b"top", b"OpenLDAProotDSE"],
            "namingContexts": [self._tree.suffix.encode()],
            "supportedLDAPVersion": [b"3"],
            "supportedControl": [wire.PAGING.encode()],
            "vendorName": [b"intranet-hub sandbox"],
        }

    def _write(self, asked: Request) -> None:
        if not self._manages:
            raise RefusedError(RIGHTS, "only the manager may change anything")
        told, tree = asked.parts, self._tree
        if asked.name == "modifyRequest":
            for one in told["changes"]:
                change = one["modification"]
                values = [bytes(each) for each in change["vals"]]
                tree.change(str(told["object"]), str(change["type"]), values, int(one["operation"]))
        elif asked.name == "addRequest":
            values_of = {str(x["type"]): [bytes(v) for v in x["vals"]] for x in told["attributes"]}
            tree.add(str(told["entry"]), values_of)
        elif asked.name == "delRequest":
            tree.delete(str(told))
        else:
            tree.move(str(told["entry"]), str(told["newrdn"]), _superior(told))


def _same(name: str, other: str) -> bool:
    try:
        return parts(name) == parts(other)
    except BadConfigError:
        return False  # no name of an entry


def _superior(told: Any) -> str | None:
    above = told["newSuperior"]
    return str(above) if above.isValue and str(above) else None


def _written(entry: Entry, names: tuple[str, ...]) -> bytes:
    """The entry as it goes out; written once, for the same is asked again and again."""
    if names not in entry.written:
        entry.written[names] = wire.entry(entry.dn, _readable(entry, names))
    return entry.written[names]


def _readable(entry: Entry, names: tuple[str, ...]) -> dict[str, Any]:
    """What anybody may be told of an entry: everything but passwords."""
    found = entry.chosen(names)
    return {name: values for name, values in found.items() if name.lower() not in SECRET}
