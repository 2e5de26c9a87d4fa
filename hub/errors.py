"""Errors, named after what happens next.

    HubError
    ├── BadConfigError          stop the instance; an administrator edits the YAML
    ├── AuthFailedError         stop the instance, probe rarely: more tries may lock the account
    ├── PermissionMissingError  stop this one stream; somebody grants the right that is missing
    ├── RetryableError          try again later, with back-off
    │   └── RateLimitedError    try again after `retry_after` seconds
    ├── RejectedError           this one item can't succeed; set it aside and go on
    │   └── RepeatedCallError   this call from outside was taken before; do nothing
    └── StreamLostError         another worker took the stream or the store; stop writing

A message speaks to an administrator: what is wrong and what to do. The cause is chained for us
(`raise ... from error`). Neither holds a secret or a body. What people read on a page in their own
language also carries its code and values (`Coded`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Coded:
    """What a message says, for pages in other languages.

    Attributes:
        code: names the words; whoever has none for it shows the message as it is, in English.
        values: what is filled in. Never what stands in somebody's cell.
    """

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def veiled(self, veil: Callable[[str], str]) -> "Coded":
        """The same without the secrets that `veil` takes out of a text."""
        values = self.values.items()
        return Coded(self.code, {x: veil(y) if isinstance(y, str) else y for x, y in values})


class HubError(Exception):
    """Base of all errors that the hub raises on purpose.

    Attributes:
        coded: what the message says, for pages in other languages; None: only the message does.
    """

    def __init__(self, *args: object, coded: Coded | None = None) -> None:
        super().__init__(*args)
        self.coded = coded


class BadConfigError(HubError):
    """The configuration can't work: the instance stops until the YAML is edited."""


class AuthFailedError(HubError):
    """The credentials were refused: stop, and probe rarely, because tries may lock the account."""


class PermissionMissingError(HubError):
    """The account may not do this: one stream stops, the others go on."""


class RetryableError(HubError):
    """A fault that passes: try again later."""


class RateLimitedError(RetryableError):
    """The other side asked us to slow down.

    Attributes:
        retry_after: seconds to wait, as the other side said; None where it did not say.
        everyone: True: our pace is too high, so that any other call would be refused as well (429);
            False: this one call should come back later (503), others may pass.
    """

    def __init__(
        self, message: str, retry_after: float | None = None, *, everyone: bool = True
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.everyone = everyone


class RejectedError(HubError):
    """This one item was refused for good: it is set aside, everything else goes on."""


class RepeatedCallError(RejectedError):
    """A signed call from outside that was taken before: nothing is done again."""


class StreamLostError(HubError):
    """The epoch is no longer ours: another worker owns the stream, so nothing is written."""
