"""Cookies of personal pages: for this host alone, out of reach of scripts and other sites."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

SESSION = "hub-session"  # the token of an open session
LOGIN = "hub-login"  # the secret that binds a login under way to this browser
WELCOME = "hub-welcome"  # what a one-time code let the browser take along to the login


@dataclass(frozen=True, slots=True)
class Cookies:
    """How cookies are set.

    `Lax`, not `Strict`: a link on the intranet and the provider's answer lead here from elsewhere.
    A form from elsewhere does not carry them.

    Attributes:
        secure: the pages are served by https, so the cookies have the prefix `__Host-` as well.
    """

    secure: bool

    def put(self, answer: Response, name: str, value: str, seconds: int) -> None:
        """Keep this in the browser for so long."""
        answer.set_cookie(
            self._named(name),
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def get(self, request: Request, name: str) -> str:
        """What the browser kept; empty: nothing."""
        return request.cookies.get(self._named(name), "")

    def drop(self, answer: Response, name: str) -> None:
        """The browser forgets it."""
        answer.delete_cookie(
            self._named(name), path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name
