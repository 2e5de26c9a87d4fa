"""Whether a call from outside comes from whom it should: a secret, or a signature that is fresh."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hub.settings import CallSettings
from hub.store.calls import Signature

SHOWN = "x-hub-secret"
TIMESTAMP = "x-hub-timestamp"
SIGNATURE = "x-hub-signature-256"
TOLERANCE = timedelta(minutes=5)

_BEARER = "Bearer "
_SECONDS = re.compile(r"[0-9]{1,11}")


@dataclass(frozen=True, slots=True)
class Proven:
    """A call that is what it says; `call` where it counts only once."""

    call: Signature | None = None


class Prover:
    """Checks calls, with as much work for a caller that nobody knows as for any other."""

    def __init__(self, callers: Mapping[str, CallSettings]) -> None:
        self._callers = {name: _Keys.of(one) for name, one in callers.items()}
        stranger = secrets.token_bytes(32)
        self._nobody = _Keys((stranger, stranger), signed=False, known=False)

    def prove(
        self, instance: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Proven | None:
        """None: it is not proven, whatever is missing.

        Args:
            headers: by name in small letters.
            now: UTC; a signature's date may differ by five minutes.
        """
        keys = self._callers.get(instance, self._nobody)
        shown = keys.holds(_shown(headers))
        signed = keys.signed_by(headers, body, now)
        if not keys.known:
            return None
        if not keys.signed:
            return Proven() if shown else None
        return Proven(_once(instance, headers)) if signed else None

    def shows(self, instance: str, headers: Mapping[str, str]) -> bool:
        """Whether the caller shows the secret of an instance whose callers do so; before any body."""
        keys = self._callers.get(instance, self._nobody)
        shown = keys.holds(_shown(headers))
        return shown and keys.known and not keys.signed


@dataclass(frozen=True, slots=True)
class _Keys:
    secrets: tuple[bytes, bytes]
    signed: bool
    known: bool = True

    @classmethod
    def of(cls, given: CallSettings) -> "_Keys":
        newest = given.secret.get_secret_value().encode()
        older = given.previous_secret
        both = newest, older.get_secret_value().encode() if older else newest
        return cls(both, signed=given.hmac)

    def holds(self, shown: bytes) -> bool:
        return sum(hmac.compare_digest(shown, one) for one in self.secrets) > 0  # looks at each

    def signed_by(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        stamp = headers.get(TIMESTAMP, "")
        given = headers.get(SIGNATURE, "").lower().encode("latin-1", "replace")
        expected = [signature(one, stamp, body).encode() for one in self.secrets]
        same = sum(hmac.compare_digest(given, one) for one in expected) > 0
        return same and _is_fresh(stamp, now)


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """What `X-Hub-Signature-256` must say: over the timestamp, a full stop and the body."""
    signed = stamp.encode("latin-1", "replace") + b"." + body
    return "sha256=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()


def _shown(headers: Mapping[str, str]) -> bytes:
    bearer = headers.get("authorization", "").removeprefix(_BEARER)
    return (headers.get(SHOWN) or bearer).encode("latin-1", "replace")


def _is_fresh(stamp: str, now: datetime) -> bool:
    if not _SECONDS.fullmatch(stamp):
        return False
    return abs(datetime.fromtimestamp(int(stamp), UTC) - now) <= TOLERANCE


def _once(instance: str, headers: Mapping[str, str]) -> Signature:
    named = f"{instance} {headers[SIGNATURE].lower()}".encode()
    made = datetime.fromtimestamp(int(headers[TIMESTAMP]), UTC)
    return Signature(hashlib.sha256(named).hexdigest(), made + 2 * TOLERANCE)
