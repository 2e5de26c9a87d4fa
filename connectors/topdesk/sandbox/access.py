"""Who asks, and what they may: Basic or TOKEN login, rights, silent branch filters."""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.topdesk.sandbox import seed as seeds
from connectors.topdesk.sandbox.options import Right
from connectors.topdesk.sandbox.rows import Row


@dataclass
class Account:
    """An operator account of the API.

    Attributes:
        operator: its card, `{id, name}`.
        denied: rights that it lacks; change it to take rights away.
        branches: names of the only branches whose incidents it sees; empty: all.
    """

    username: str
    password: str = field(repr=False)
    operator: Row
    denied: set[Right] = field(default_factory=set)
    branches: set[str] = field(default_factory=set)

    def sees(self, row: Row) -> bool:
        """Whether the branch filter lets an incident through."""
        if not self.branches:
            return True
        at = (row["branch"] or row["callerBranch"] or {}).get("name")
        return at in self.branches


class Accounts:
    """All accounts, and the tokens of those who logged in."""

    def __init__(self, *accounts: Account) -> None:
        self._accounts = {account.username: account for account in accounts}
        self._tokens: dict[str, Account] = {}
        self._issued = 0

    def add(self, account: Account) -> None:
        """One more account, or another one of the same name."""
        self._accounts[account.username] = account

    def log_in(self, account: Account) -> str:
        """A new token."""
        self._issued += 1
        token = seeds.identifier(0, "token", f"{account.username}:{self._issued}")
        self._tokens[token] = account
        return token

    def log_out(self, request: Request) -> None:
        """The request's token, if any, is worth nothing from now on."""
        self._tokens.pop(_token(request) or "", None)

    def of(self, request: Request) -> Account:
        """Whose request this is.

        Raises:
            HTTPException: 401.
        """
        account = self._tokens.get(_token(request) or "") or self._basic(request)
        if account is None:
            raise HTTPException(401, "No authentication token provided",
                                {"www-authenticate": 'Basic realm="TOPdesk"'})  # fmt: skip
        return account

    def _basic(self, request: Request) -> Account | None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        account = self._accounts.get(name)
        right = account is not None and hmac.compare_digest(
            account.password.encode(), password.encode()
        )
        return account if right else None


def demand(account: Account, right: Right) -> None:
    """Refuse who lacks a right.

    Raises:
        HTTPException: 403.
    """
    if right in account.denied:
        raise HTTPException(403, "No permission to access the data")


async def say_error(_: Request, error: Exception) -> Response:
    """TOPdesk's form of an error: a list with one message."""
    if not isinstance(error, HTTPException):
        raise error
    body = [{"message": error.detail}]
    return JSONResponse(body, error.status_code, headers=dict(error.headers or {}))


def _token(request: Request) -> str | None:
    match = re.fullmatch(r'TOKEN id="([^"]+)"', request.headers.get("authorization", ""))
    return match.group(1) if match else None
