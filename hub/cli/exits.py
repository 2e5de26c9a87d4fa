"""Exit codes, and what an administrator does next after an error.

0   ok
1   failed
2   the command was typed wrongly
75  try again later (EX_TEMPFAIL)
78  the configuration is wrong (EX_CONFIG)
"""

from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RejectedError,
    RetryableError,
    StreamLostError,
)
from hub.store.database import StoreBrokenError

OK = 0
FAILED = 1
USAGE = 2
TRY_AGAIN = 75
CONFIGURATION = 78

AGAIN = "do what is said above, or try again in a moment"

_NEXT: tuple[tuple[type[HubError], int, str], ...] = (
    (BadConfigError, CONFIGURATION, "correct what is named above; `hub check` looks at all files."),
    (RetryableError, TRY_AGAIN, f"{AGAIN}; `hub check` shows what can be reached."),
    (StoreBrokenError, CONFIGURATION, "put a backup of the store back, then run `hub check`."),
    (
        StreamLostError,
        TRY_AGAIN,
        "`hub status` shows which hub runs on this store; start this one again.",
    ),
    (AuthFailedError, FAILED, "correct user name and password, then run `hub check`."),
    (PermissionMissingError, FAILED, "ask for the right that is missing, then run `hub check`."),
    (RejectedError, FAILED, "change the request as said above and run the command again."),
)


def code_of(error: HubError) -> int:
    """The exit code for an error that ends the command."""
    return next((code for kind, code, _ in _NEXT if isinstance(error, kind)), FAILED)


def advice(error: HubError) -> str:
    """One line that says what to do."""
    found = (words for kind, _, words in _NEXT if isinstance(error, kind))
    return next(found, "`hub check` says more.")
