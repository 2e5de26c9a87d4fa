"""Who issued a certificate that is not trusted: the failed handshake itself does not tell.

OpenSSL says why a chain was refused and keeps the certificate to itself. So the same way is walked
again, without sending a request: once to be handed the certificate, once with that one certificate
as the only one that is trusted, because the standard library shows the fields of none but a trusted
one. Nothing but the name of the issuer is taken from it.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from hub.errors import BadConfigError
from hub.http.dial import Way, dial

PATIENCE = 5.0  # seconds for looking again
LONGEST = 100  # characters of a name that somebody else chose
NOT_KNOWN = (19, 20, 21)  # OpenSSL: a chain that ends in nobody whom we trust
SELF_SIGNED = 18


async def not_trusted(origin: str, error: ssl.SSLCertVerificationError, way: Way) -> BadConfigError:
    """What to tell an administrator; looks again only where the issuer matters."""
    if error.verify_code not in NOT_KNOWN:
        return explained(origin, error, None, proxy=way.proxy is not None)
    name = await issuer(way)
    return explained(origin, error, name, proxy=way.proxy is not None)


def explained(
    origin: str, error: ssl.SSLCertVerificationError, name: str | None, *, proxy: bool
) -> BadConfigError:
    """The message; `name` is the issuer where it is known."""
    what = f"The certificate of {origin} is not trusted ({error.verify_message}): "
    if name is None:
        return BadConfigError(
            f"{what}give the organisation's CA as `ca_file`, or renew the certificate."
        )
    who = f"it was issued by {name}, which looks like a proxy that re-signs TLS"
    if proxy:
        return BadConfigError(f"{what}{who}: give its CA as `ca_file`.")
    return BadConfigError(
        f"{what}{who} or like the organisation's own CA: give the organisation's CA as `ca_file`."
    )


async def issuer(way: Way) -> str | None:
    """The name of the issuer of the certificate at the end of this way; None: it can't be told."""
    try:
        async with asyncio.timeout(PATIENCE):
            shown = await _certificate(way, _believing())
            fields = await _certificate(way, _believing_only(shown.binary))
    except (OSError, ValueError, ssl.SSLError, TimeoutError, _NoWay):
        return None
    return _name(fields.fields)


class _NoWay(Exception):  # noqa: N818 - never leaves this module
    pass


class _Look(asyncio.Protocol):
    """Takes the certificate of a connection and says nothing."""

    def __init__(self) -> None:
        self.binary = b""
        self.fields: Mapping[str, Any] = {}
        self.transport: asyncio.Transport | None = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        found = transport.get_extra_info("ssl_object")
        self.binary = found.getpeercert(binary_form=True) or b""
        self.fields = found.getpeercert() or {}

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.lost.set_result(None)


async def _certificate(way: Way, context: ssl.SSLContext) -> _Look:
    try:
        look = await dial(replace(way, context=context), _Look)
    except OSError:
        raise
    except Exception as error:
        raise _NoWay from error
    if look.transport is not None:
        look.transport.abort()
        await look.lost
    return look


def _believing() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only to be handed the certificate: nothing is sent
    return context


def _believing_only(certificate: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate)
    return context


def _name(fields: Mapping[str, Any]) -> str | None:
    found = {name: value for part in fields.get("issuer", ()) for name, value in part}
    chosen = [found.get("organizationName", ""), found.get("commonName", "")]
    words = ", ".join(dict.fromkeys(one for one in chosen if one))
    shown = "".join(sign if sign.isprintable() else " " for sign in words)[:LONGEST]
    return f'"{shown}"' if shown else None
