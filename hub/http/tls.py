"""TLS that verifies: the system's trust store, plus the organisation's own CA."""

import ssl
from pathlib import Path

from hub.errors import BadConfigError


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS that verifies: the system's trust store, plus the organisation's own CA.

    Raises:
        BadConfigError: the file holds no certificates.
    """
    import truststore  # noqa: PLC0415  a cold start counts, and not every address wants TLS

    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise BadConfigError(
            f"The CA file {ca_file} can't be read as PEM certificates: check `ca_file`."
        ) from error
    return context
