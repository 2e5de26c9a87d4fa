"""A socket that listens, taken before anything else begins."""

import socket

from hub.errors import BadConfigError


def listen(host: str, port: int, what_to_do: str) -> socket.socket:
    """A listening socket; port 0: a free one.

    Raises:
        BadConfigError: the port can't be taken; `what_to_do` ends the message.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # naming TCP lets asyncio switch Nagle off: without it each answer waits 40 ms for an ACK
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise BadConfigError(
            f"Port {port} on {host} can't be used ({reason}): {what_to_do}"
        ) from error
    listener.listen()
    return listener
