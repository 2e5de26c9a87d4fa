"""What `hub check` says about personal pages: the provider, our address, who is asked for tickets."""

from collections.abc import Callable, Sequence
from datetime import datetime

from hub.contract import Finding
from hub.errors import HubError
from hub.http import HttpFactory
from hub.settings import Settings
from hub.settings.personal import is_safe
from hub.web.oidc import Oidc, chance


async def findings(
    settings: Settings, now: Callable[[], datetime], http: HttpFactory | None = None
) -> Sequence[Finding]:
    """All findings; nobody is logged in for it. Empty where there is no provider."""
    login = settings.hub.personal.login
    if login is None:
        return ()
    found = [_address(settings)]
    back = f"{settings.address}/me/callback"
    provider = Oidc(login, http or HttpFactory(settings.login_http, now), now, back)
    try:
        await provider.ask(chance())
    except HubError as error:
        advice = "people can't log in until the provider can be reached as `personal.login` says"
        return [*found, Finding("failed", f"identity provider: {error}", advice)]
    finally:
        await provider.close()
    return [*found, Finding("ok", f"identity provider {login.issuer}"), *_registered(settings)]


def _address(settings: Settings) -> Finding:
    shown = f"page {settings.address}/me"
    if not is_safe(settings.address):
        advice = "serve the pages by https and say so in `web.public_url`: nobody can log in"
        return Finding("failed", shown, advice)
    if settings.hub.web.public_url is None:
        advice = "set `web.public_url` in hub.yaml: others can't reach this address as it is"
        return Finding("warning", shown, advice)
    return Finding("ok", shown)


def _registered(settings: Settings) -> list[Finding]:
    """What only the provider's administrator can see; said, so that it can be compared."""
    what = "to be registered there as redirect address and as the one after logging out"
    return [Finding("ok", f"{what}: {settings.address}/me/callback, {settings.address}/me/left")]
