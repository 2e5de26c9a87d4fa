"""Whether the mail server takes the hub's login: a line of `hub check`."""

from hub.cli import exits
from hub.cli.session import now
from hub.contract import Finding
from hub.errors import HubError
from hub.mail import Smtp, SmtpOptions


async def checked(options: SmtpOptions) -> Finding:
    """Connect and log in; nothing is sent."""
    server = Smtp(options, now=now)
    try:
        await server.check()
    except HubError as error:
        return Finding("failed", str(error), exits.advice(error))
    login = f"takes the login of {options.user}" if options.user else "answers, without a login"
    return Finding("ok", f"{server.name} {login}; mail comes from {options.sender}")
