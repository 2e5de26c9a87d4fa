"""A connection of ldap3: opened, encrypted, bound; its faults in the words of our errors."""

import contextlib
import ssl
from typing import Any

import ldap3
from ldap3.core.exceptions import (
    LDAPExceptionError,
    LDAPPackageUnavailableError,
    LDAPStartTLSError,
)

from connectors.ldap import kerberos
from connectors.ldap.access import Access, Address, Method
from connectors.ldap.faults import broke_off, refused, untrusted
from hub.errors import BadConfigError, RetryableError
from hub.http import tls_context


class VerifiedTls(ldap3.Tls):
    """TLS as the whole hub has it: ldap3's own looks names up in certificates by itself."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context
        self.failure: Exception | None = None

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: FBT001, FBT002 - ldap3's signature
        """Encrypt a connection's socket; keeps the failure, of which ldap3 passes on the words only."""
        try:
            connection.socket = self._context.wrap_socket(
                connection.socket,
                do_handshake_on_connect=do_handshake,
                server_hostname=connection.server.host,
            )
        except (OSError, ValueError) as error:
            self.failure = error
            raise


def dial(access: Access, address: Address) -> ldap3.Connection:
    """A connection that is open, encrypted and bound.

    Raises:
        BadConfigError: the certificate is not trusted, or the way of logging in can't work.
        AuthFailedError: the account was refused; it was tried once.
        RetryableError: the server can't be reached.
    """
    tls = _tls(access, address)
    connection = _connection(access, address, tls)
    try:
        connection.open(read_server_info=False)
        if access.start_tls and address.scheme == "ldap":
            _encrypt(connection)
        bound = connection.bind(read_server_info=False)
        connection.socket.settimeout(access.answer_timeout)
    except kerberos.faults(LDAPExceptionError, OSError, ValueError, ImportError) as error:
        hang_up(connection)
        raise _fault(address, tls, error) from error
    if not bound:
        fault = refused(address, access.bind, connection.result)
        hang_up(connection)
        raise fault
    return connection


def _encrypt(connection: ldap3.Connection) -> None:
    """Never go on without: the password is sent next."""
    if not connection.start_tls(read_server_info=False):
        raise LDAPStartTLSError("refused")


def hang_up(connection: ldap3.Connection) -> None:
    """Close a connection at once, whatever state it is in."""
    held = connection.socket
    with contextlib.suppress(LDAPExceptionError, OSError):
        connection.strategy.close()
    if held is not None:
        held.close()  # ldap3 forgets a socket that never got as far as being open


def _tls(access: Access, address: Address) -> VerifiedTls | None:
    if address.scheme == "ldapi" or (address.scheme == "ldap" and not access.start_tls):
        return None
    context = tls_context(access.ca_file)
    if access.certificate is not None:
        try:
            context.load_cert_chain(access.certificate)
        except (OSError, ssl.SSLError) as error:
            raise BadConfigError(
                f"{access.certificate} holds no certificate with its key in PEM: check `certificate`."
            ) from error
    return VerifiedTls(context)


def _connection(access: Access, address: Address, tls: VerifiedTls | None) -> ldap3.Connection:
    server = ldap3.Server(
        "ldapi://" + address.host if address.scheme == "ldapi" else address.host,
        port=address.port or None,
        use_ssl=address.scheme == "ldaps",
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=access.connect_timeout,
    )
    if access.method is Method.SIMPLE and access.bind and not access.password:
        raise BadConfigError(
            f"{address}: an account without a password is nobody to a directory: give the password."
        )
    return ldap3.Connection(
        server,
        **_login(access),
        auto_referrals=False,  # another server might not be ours to ask
        auto_range=False,  # ours completes ranges, and tells an incomplete one
        check_names=False,
        return_empty_attributes=False,
        receive_timeout=max(1, round(access.answer_timeout)),
    )


def _login(access: Access) -> dict[str, Any]:
    if access.method is Method.EXTERNAL:
        return {
            "authentication": ldap3.SASL,
            "sasl_mechanism": ldap3.EXTERNAL,
            "sasl_credentials": b"",  # who the certificate or the socket says
        }
    if access.method is Method.GSSAPI:
        return kerberos.login(access)
    if access.method is Method.NTLM:
        return {"authentication": ldap3.NTLM, "user": access.bind, "password": access.password}
    if not access.bind:
        return {"authentication": ldap3.ANONYMOUS}
    return {"authentication": ldap3.SIMPLE, "user": access.bind, "password": access.password}


def _fault(address: Address, tls: VerifiedTls | None, error: Exception) -> Exception:
    failure = tls.failure if tls is not None else None
    if isinstance(failure, ssl.SSLCertVerificationError):
        return untrusted(address, failure)
    if (found := _of_login(address, error)) is not None:
        return found
    if failure is None and isinstance(error, LDAPStartTLSError):
        return BadConfigError(
            f"{address} offers no StartTLS: use ldaps://, or have TLS switched on at the server. "
            "The password was not sent."
        )
    if isinstance(failure, OSError | ValueError):
        return RetryableError(
            f"{address} does not speak TLS with us ({type(failure).__name__}): "
            "is it the right port, and does the server offer TLS?"
        )
    return broke_off(address, error, opening=True)


def _of_login(address: Address, error: Exception) -> Exception | None:
    """Where the way of logging in can't work here; None: something else is wrong."""
    if isinstance(error, LDAPPackageUnavailableError | ImportError):
        return BadConfigError(
            f"{address}: this way of logging in needs the package `gssapi`: install "
            "`intranet-hub[kerberos]`, which needs the system's `libkrb5-dev` and a compiler."
        )
    if isinstance(error, kerberos.faults()):
        return kerberos.fault(address, error)
    if isinstance(error, ValueError):  # OpenSSL 3 has no MD4
        return BadConfigError(
            f"{address}: NTLM can't work on this machine: use a simple login over ldaps://."
        )
    return None
